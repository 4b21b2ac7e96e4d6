"""What the recorder says in English of what is unknown, as a French reader gets it."""

import re

import pytest
from page_browsing import Served, opened
from playwright.sync_api import Browser, Page

# One of each that tictally_recorder.cost, compare and standby can say.
REASONS = (
    "there is no contract for 2026-08-03",
    "there is no tariff 'own'",
    "edf-bleu-ejp has no version for 2016-07-31",
    "edf-bleu-ejp has no version",
    "a revision was due on 2026-08-01, and edf-bleu-base@2026-02-01 is the newest known",
    "own@2026-02-01 has no price of HP WE at 6 kVA",
    "own@2026-02-01 has no price of HP WE",
    "own@2026-02-01 has no subscription at 6 kVA",
    "own@2026-02-01 has no subscription at this power",
    "own has no price in the 365 days to 2026-08-03",
    "there is no price for 2026-10-25 02:15+02:00",
    "the prices of own are missing",
    "the meter told nothing of 2026-08-03",
    "the meter told nothing",
    "the colour of a Tempo day is not known",
    "no register counts its periods",
    "the registers do not say all that was counted",
    "no register counted HP on 2026-08-03",
    "EASF03 counted energy, and no period of own is known for it",
    "EASF03 counted HP WE, which is no period of own and no alias of the contract",
    "the registers do not say what was counted from 2026-08-03 10:00 to 2026-08-03 12:30",
    "the registers do not say what was counted from 2026-08-03 10:00 to 2026-08-03 12:30 and from 2026-08-04 01:00 to 2026-08-05 02:00",  # noqa: E501
    "HCHC, HCHP counted more than any meter can",
    "BASE, EAST counted on one day with a gap, so the same energy may be in two of them",
    "EASF01 fell while nothing was heard, so what was counted meanwhile is not known",
)
ENGLISH = re.compile(
    r"\b(the|is|are|no|has|and|of|for|what|counted|because|days?|unknown|energy|stretch\w*|subscription)\b"
)


@pytest.fixture(scope="module")
def french(browser: Browser, home: Served) -> Page:
    listening = opened(browser, locale="fr-FR")
    listening.see(f"{home.address}/#/month")
    script = next(url for url in listening.asked if url.endswith("/sentences.js"))
    listening.page.evaluate("async (script) => { window.said = (await import(script)).sentence }", script)
    return listening.page


def said(page: Page, text: str) -> str:
    found: str = page.evaluate("(text) => window.said(text)", text)
    return found.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2019", "'")


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_told_in_french(french: Page, reason: str) -> None:
    told = said(french, reason)
    assert told != reason
    assert ENGLISH.search(told) is None, told
    assert re.search(r"undefined|(?<![@\d])\d{4}-\d\d-\d\d", told) is None, told


def test_what_is_unknown_is_told_with_its_reason_and_its_days(french: Page) -> None:
    reason = (
        "unknown: 1.250 kWh (HP, HC) and the subscription, because the meter told nothing (8 days: 2026-08-03 to "
        "2026-08-05, 2026-08-09, 2 more stretches); unknown: energy (HP), because there is no contract (1 day: "
        "2026-09-01)"
    )
    assert said(french, reason) == (
        "inconnu : 1,250 kWh (Heures pleines, Heures creuses) et l'abonnement, car le compteur n'a rien dit (8 jours : "
        "du 3 août 2026 au 5 août 2026, le 9 août 2026, 2 autres) ; inconnu : énergie (Heures pleines), car il n'y a "
        "pas de contrat (1 jour : le 1 sept. 2026)"
    )


def test_a_sentence_that_is_not_known_stays_as_it_came(french: Page) -> None:
    assert said(french, "something new (3 days: 2026-08-03)") == "something new (3 jours : le 3 août 2026)"
