"""Checking changed, missing or unreadable contracts and tariffs ends at worst in a reported problem."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import PARIS

from tictally_recorder.cost.terms_watcher import WatchedTerms


def test_an_unreadable_folder_is_a_problem_until_it_is_readable(tmp_path: Path) -> None:
    watched = WatchedTerms(tmp_path / "contracts.toml", tmp_path / ("x" * 300), PARIS)
    assert watched.look([])
    assert watched.terms is None
    assert "it cannot be read: File name too long" in str(watched.problem)
    assert not watched.look([])


def test_a_folder_deleted_while_it_is_walked_is_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = WatchedTerms(tmp_path / "contracts.toml", tmp_path / "tariffs", PARIS)
    (tmp_path / "tariffs" / "below").mkdir(parents=True)
    assert watched.look([])

    def gone(*_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", "below")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rglob", gone)
        assert watched.look([])
    assert watched.look([])
    assert watched.problem is None


SERIES = """\
id = "hourly"
supplier = "Somebody"
currency = "EUR"
series = {path}
names.en = "By the hour"
[[version]]
from = 2026-01-01
confidence = "own"
source = "the contract"
subscription = "10"
"""
HOUR = "start,price\n2026-11-21T20:00+01:00,{price}\n"
CONTRACT = '[[contract]]\ntariff = "hourly"\nfrom = 2026-01-01\n'


def beside(_: Path) -> str:
    return "../out/prices.csv"


def absolute(folder: Path) -> str:
    return str(folder / "out" / "prices.csv")


def below_a_link(folder: Path) -> str:
    (folder / "tariffs" / "below").symlink_to(folder / "out")
    return "below/prices.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("tariffs", "out"):
        (tmp_path / name).mkdir()
    return tmp_path


def watched_with_series(folder: Path, path: str) -> WatchedTerms:
    (folder / "tariffs" / "hourly.toml").write_text(SERIES.format(path=json.dumps(path)))
    return WatchedTerms(folder / "contracts.toml", folder / "tariffs", PARIS)


@pytest.mark.parametrize("place", [beside, absolute, below_a_link])
def test_a_changed_series_is_reloaded_wherever_it_is(folder: Path, place: Callable[[Path], str]) -> None:
    prices = folder / "out" / "prices.csv"
    prices.write_text(HOUR.format(price="0.1"))
    watched = watched_with_series(folder, place(folder))
    assert watched.look([])
    assert not watched.look([])
    prices.write_text(HOUR.format(price="0.25"))
    assert watched.look([])
    assert watched.terms is not None
    assert [step.price for step in watched.terms.series["hourly"].steps] == [Decimal("0.25")]
    assert not watched.look([])


@pytest.mark.parametrize("contract", ["", CONTRACT])
def test_a_series_that_appears_after_its_tariff_is_read(folder: Path, contract: str) -> None:
    (folder / "contracts.toml").write_text(contract)
    watched = watched_with_series(folder, "../out/prices.csv")
    assert watched.look([])
    assert watched.terms is not None
    found = watched.problem if contract else watched.unused[0]
    assert "prices.csv, line 1: there is no such file" in str(found)
    assert set(watched.terms.broken) == ({"hourly"} if contract else set())
    assert not watched.look([])
    (folder / "out" / "prices.csv").write_text(HOUR.format(price="0.1"))
    assert watched.look([])
    assert (watched.problem, watched.unused) == (None, ())
    assert watched.terms is not None
    assert not watched.terms.broken


def test_a_deleted_series_is_a_problem(folder: Path) -> None:
    (folder / "contracts.toml").write_text(CONTRACT)
    (folder / "out" / "prices.csv").write_text(HOUR.format(price="0.1"))
    watched = watched_with_series(folder, "../out/prices.csv")
    assert watched.look([])
    assert watched.problem is None
    (folder / "out" / "prices.csv").unlink()
    assert watched.look([])
    assert watched.problem is not None
    assert watched.terms is not None
    assert "hourly" not in watched.terms.tariffs


def test_a_series_with_an_invalid_name_is_a_problem(folder: Path) -> None:
    (folder / "contracts.toml").write_text(CONTRACT)
    watched = watched_with_series(folder, "a\0b")
    assert watched.look([])
    assert "it cannot be read: embedded null byte" in str(watched.problem)
    assert not watched.look([])
