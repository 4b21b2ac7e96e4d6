"""The dashboards in deploy/grafana are those that `./run dashboards` writes, and are consistent."""

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from grafana_queries import FOLDER, KEYS, dashboard, targets, variable_queries

from devel.dashboards.__main__ import DASHBOARDS, files
from devel.dashboards.words import LANGUAGES, WORDS, Translator

BOTH = [(language, key) for language in LANGUAGES for key in KEYS]


def test_the_committed_files_are_those_that_the_code_writes() -> None:
    written = dict(files())
    assert {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*/*.json")} == written


def test_all_languages_have_the_same_queries() -> None:
    for key in KEYS:
        french, english = ([(each.ref, each.flux) for each in targets(key, language)] for language in ("fr", "en"))
        assert french == english


def test_every_string_of_the_catalogue_is_on_a_dashboard() -> None:
    used = set()

    class Noting(Translator):
        def __call__(self, key: str) -> str:
            used.add(key)
            return super().__call__(key)

    tr = Noting("fr")
    for make in DASHBOARDS:
        make(tr).json(tr)
    assert used == WORDS.keys()


def test_french_and_english_texts_differ_except_for_words_common_to_both() -> None:
    same = {key for key, (french, english) in WORDS.items() if french == english}
    assert same == {"site", "colour", "nothing", "sink_influxdb"}


@pytest.mark.parametrize(("language", "key"), BOTH)
def test_the_uid_of_a_dashboard_never_changes(language: str, key: str) -> None:
    found = dashboard(key, language)
    assert found["uid"] == f"tictally-{language}-{key}"
    assert set(found["tags"]) == {"tictally", f"tictally-{language}"}
    assert found["links"][0]["tags"] == [f"tictally-{language}"]


@pytest.mark.parametrize(("language", "key"), BOTH)
def test_links_lead_to_existing_dashboards(language: str, key: str) -> None:
    there = {dashboard(each, language)["uid"] for each in KEYS}
    assert set(re.findall(r"/d/([\w-]+)", json.dumps(dashboard(key, language)))) <= there


@pytest.mark.parametrize(("language", "key"), BOTH)
def test_no_two_panels_have_one_title(language: str, key: str) -> None:
    titles = [each["title"] for each in dashboard(key, language)["panels"]]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("key", KEYS)
def test_panels_fill_their_rows_and_overlap_nowhere(key: str) -> None:
    rows: dict[int, list[dict[str, Any]]] = {}
    for panel in dashboard(key)["panels"]:
        rows.setdefault(panel["gridPos"]["y"], []).append(panel["gridPos"])
    for y, row in rows.items():
        assert [each["x"] for each in row] == [sum(each["w"] for each in row[:n]) for n in range(len(row))]
        assert sum(each["w"] for each in row) == 24
        assert {each["h"] for each in row} == {max(each["h"] for each in row)}, "a gap below a panel"
        assert not {other for other in rows if y < other < y + row[0]["h"]}
    assert all(upper < lower for upper, lower in pairwise(rows))


@pytest.mark.parametrize("key", KEYS)
def test_a_query_uses_only_variables_of_its_dashboard(key: str) -> None:
    there = {each["name"] for each in dashboard(key)["templating"]["list"]}
    asked = [each.flux for each in targets(key)] + list(variable_queries(key).values())
    assert {name for flux in asked for name in re.findall(r"\$\{(\w+)\}", flux)} <= there


@pytest.mark.parametrize("key", KEYS)
def test_no_query_makes_an_empty_string_which_flux_would_sort_wrongly(key: str) -> None:
    assert not [str(each) for each in targets(key) if '""' in each.flux]


@pytest.mark.parametrize("key", KEYS)
def test_a_cost_that_is_missing_is_not_shown_as_zero(key: str) -> None:
    for panel in dashboard(key)["panels"]:
        shown = [each for each in panel["fieldConfig"]["overrides"] if _unit(each) == "suffix:€"]
        if panel["type"] in {"stat", "bargauge"} and shown:
            assert panel["fieldConfig"]["defaults"]["noValue"] == "unknown"
        for target in panel["targets"] if shown else ():
            assert "fill(" not in target["query"]


@pytest.mark.parametrize("key", KEYS)
def test_a_period_has_one_colour_on_every_panel(key: str) -> None:
    colours: dict[str, set[str]] = {}
    for panel in dashboard(key)["panels"]:
        for override in panel["fieldConfig"]["overrides"]:
            for each in override["properties"]:
                if each["id"] == "color" and override["matcher"]["options"].startswith(("HC", "HP", "BASE", "PM")):
                    colours.setdefault(override["matcher"]["options"], set()).add(each["value"]["fixedColor"])
    assert all(len(each) == 1 for each in colours.values())


def _unit(override: dict[str, Any]) -> object:
    return next((each["value"] for each in override["properties"] if each["id"] == "unit"), None)
