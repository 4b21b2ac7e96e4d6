"""A few of the pictures that `./run pictures` takes: nothing is wrong with them, and what is wrong would be found."""

from pathlib import Path

import pytest
from odd_even_household import served_household
from page_at import page_at
from page_browsing import open_page
from page_faults import faults
from pictured_households import HOUSEHOLDS, served
from playwright.sync_api import Browser

FAULTY = """<main><p style="margin:0">Coût unknown</p><p style="margin:-14px 0 0">Énergie par jour</p>
  <p style="width:40px;overflow:hidden;white-space:nowrap">Abonnement et consommation</p>
  <p>overview.now</p><p>NaN kWh</p>
  <div style="width:2000px">large</div><button></button></main>"""
EXPECTED = (
    "overflow",
    "clipped",
    "overlap",
    "untranslated: overview.now",
    "broken text: NaN",
    "English: 'unknown'",
    "axe",
)


def test_every_kind_of_fault_is_found(browser: Browser) -> None:
    observed = open_page(browser, width=390)
    observed.page.set_content(FAULTY)
    found = faults(observed.page, "fr")
    observed.page.context.close()
    for expected in EXPECTED:
        assert [each for each in found if each.startswith(expected)], (expected, found)


@pytest.mark.parametrize("view", ["overview", "month", "tariffs"])
def test_a_phone_in_french_has_no_fault(browser: Browser, tmp_path: Path, view: str) -> None:
    with (
        served_household(tmp_path) as household,
        page_at(browser, household, width=390, locale="fr-FR", scheme="dark") as observed,
    ):
        observed.visit(f"{household.base}/#/{view}")
        assert faults(observed.page, "fr") == []


def test_an_empty_first_day_has_no_fault(browser: Browser, tmp_path: Path) -> None:
    with served(HOUSEHOLDS["empty"], tmp_path) as household, page_at(browser, household, width=820) as observed:
        observed.visit(f"{household.base}/#/overview")
        assert faults(observed.page, "en") == []
