"""What comes of prices, in the live view: the next period and its price, the cheapest hours, tomorrow."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from api_serving import METER, Served
from page_at import page_at, served_at
from page_browsing import PARIS
from playwright.sync_api import Browser, expect

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

NOW = datetime(2025, 7, 2, 12, 0, tzinfo=PARIS)
CONTRACT = (
    f'[[contract]]\nsite = "{METER}"\ntariff = "edf-bleu-hphc"\npower = 6\nfrom = 2024-01-01\n'
    'off_peak = ["22:00-06:00"]\n'
)
SHOWN = {
    "en-GB": [
        ("From 22:00", "Off-peak: €0.1696/kWh"),
        ("Cheapest three hours, from tomorrow 00:00", "€0.16960/kWh"),
        ("Mean price tomorrow", "€0.19960/kWh"),
    ],
    "fr-FR": [
        ("À partir de 22:00", "Heures creuses : 0,1696 €/kWh"),
        ("Les trois heures les moins chères, à partir de demain 00:00", "0,16960 €/kWh"),
        ("Prix moyen de demain", "0,19960 €/kWh"),
    ],
}


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Served]:
    at_ms = int(NOW.timestamp()) * 1000
    values: dict[str, int | str] = {"HCHC": 1000, "HCHP": 2000, "PTEC": "HP..", "OPTARIF": "HC..", "PAPP": 900}
    stored = [
        Frame(METER, "cellar", "a1" * 8, n + 1, at_ms - 60_000 * (9 - n), Mode.HISTORIQUE, values) for n in range(9)
    ]
    with served_at(tmp_path, NOW, stored, contracts=CONTRACT) as served:
        yield served


@pytest.mark.parametrize("locale", SHOWN)
def test_the_period_card_shows_what_comes(household: Served, browser: Browser, locale: str) -> None:
    with page_at(browser, household, locale=locale) as observed:
        observed.visit(f"{household.base}/#/live")
        ahead = observed.page.locator(".period .ahead")
        expect(ahead).to_be_visible()
        box, card = (observed.page.locator(each).bounding_box() for each in (".period .ahead", ".period"))
        assert box is not None
        assert card is not None
        assert card["x"] <= box["x"]
        assert box["x"] + box["width"] <= card["x"] + card["width"]
        assert box["height"] < 200
        names, values = (ahead.locator(each).all_inner_texts() for each in ("dt", "dd"))
    plain = [
        tuple(text.replace("\u00a0", " ").replace("\u202f", " ") for text in each)
        for each in zip(names, values, strict=True)
    ]
    assert plain == SHOWN[locale]
