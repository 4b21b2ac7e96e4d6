"""ARCHITECTURE.md shows the packages as the import graph has them."""

import pytest

from devel.architecture import PAGE, page, reduced


def test_the_diagrams_are_those_of_the_import_graph() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run ./run architecture"


def test_an_implied_import_is_left_out_and_a_circle_is_named() -> None:
    graph = {"a": frozenset({"b", "c"}), "b": frozenset({"c"}), "c": frozenset[str]()}
    assert reduced(graph) == {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset()}
    with pytest.raises(ValueError, match="a → b → a"):
        reduced({"a": frozenset({"b"}), "b": frozenset({"a"})})
