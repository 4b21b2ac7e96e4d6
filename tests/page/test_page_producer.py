"""The page of a site that injects: beside its consumption, and of one that does nothing else."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from api_serving import CONTRACT, Served
from page_at import page_at, served_at
from page_browsing import PARIS
from playwright.sync_api import Browser, expect

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

NOW = datetime(2026, 6, 3, 12, 0, tzinfo=PARIS)
TARIFF = """
id = "oa-surplus"
supplier = "EDF OA"
currency = "EUR"
periods = ["SURPLUS"]
direction = "injection"
names.fr = "Vente du surplus"
[[version]]
from = 2015-01-01
confidence = "own"
source = "my contract"
energy.SURPLUS = { ttc = "0.1000" }
"""
SOLD = '[[contract]]\nsite = "021900000002"\ntariff = "oa-surplus"\nfrom = 2015-01-01\n'


def producing(*, consumes: bool) -> list[Frame]:
    """From 1 June on: 1 kWh an hour injected by day, and maybe 0.3 kWh an hour consumed at night."""
    found, consumed, injected = [], 55, 12_000_000
    for seq in range(60 * 6 + 1):
        at = datetime(2026, 6, 1, tzinfo=PARIS) + timedelta(minutes=10 * seq)
        is_day = 8 <= at.hour < 20
        power: dict[str, int | str] = {"SINSTS": 300 if consumes and not is_day else 0, "SINSTI": 1800 if is_day else 0}
        values: dict[str, int | str] = {
            "EAST": consumed,
            "EAIT": injected,
            "PREF": 9,
            "LTARF": "BASE",
            "STGE": "003A0301",
        }
        found.append(
            Frame(
                "021900000002", "cellar", "a1" * 8, seq + 1, int(at.timestamp()) * 1000, Mode.STANDARD, values | power
            )
        )
        injected += 180 if is_day else 0
        consumed += 50 if consumes and not is_day else 0
    return found


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[Served]:
    with served_at(tmp_path, NOW, producing(consumes=True), contracts=CONTRACT + SOLD, tariffs=TARIFF) as served:
        yield served


@pytest.fixture
def pure(tmp_path: Path) -> Iterator[Served]:
    with served_at(tmp_path, NOW, producing(consumes=False), contracts=SOLD, tariffs=TARIFF) as served:
        yield served


@pytest.mark.parametrize(("kind", "locale"), [("mixed", "en-GB"), ("pure", "fr-FR")])
def test_live_shows_what_is_injected_in_place_of_zero(
    request: pytest.FixtureRequest, browser: Browser, kind: str, locale: str
) -> None:
    served: Served = request.getfixturevalue(kind)
    with page_at(browser, served, locale=locale) as observed:
        observed.visit(f"{served.base}/#/live")
        figure = observed.page.locator(".gauge .figure")
        expect(figure).to_have_text("1,800" if locale == "en-GB" else "1\u202f800")
        injecting = "injected into the grid" if locale == "en-GB" else "injectés sur le réseau"
        expect(observed.page.locator(".gauge .under")).to_have_text(injecting)
        gauge = observed.page.get_by_role("meter")
        assert injecting in (gauge.get_attribute("aria-valuetext") or "")
        # 4.32 kWh since 8:00, at 10 ct.
        today = observed.page.locator(".today")
        expect(today).to_contain_text("4.32 kWh injected" if locale == "en-GB" else "4,32\u00a0kWh injectés")
        expect(today).to_contain_text("€0.43" if locale == "en-GB" else "0,43\u00a0€")
        minutes = observed.page.evaluate(
            "globalThis.echarts.getInstanceByDom(document.querySelector('.stage')).getOption().series[0].data"
        )
        assert {va for _, va in minutes} == {-1800}
        day = observed.page.locator("figure.chart").last
        expect(day.locator(".legend") if kind == "mixed" else day).to_contain_text(
            "Injected" if kind == "mixed" else "Injecté"
        )


def test_months_and_years_have_columns_of_what_was_injected_and_its_income(mixed: Served, browser: Browser) -> None:
    with page_at(browser, mixed) as observed:
        for view in ("month/2026-06", "year/2026", "years"):
            observed.visit(f"{mixed.base}/#/{view}")
            chart = observed.page.locator("figure.chart").first
            if view != "years":
                chart.get_by_text("Figures as a table").click()
            heads = chart.locator("thead th").all_inner_texts()
            assert heads[1:5] == ["Energy", "Cost", "Injected", "Income"], view
            cells = chart.locator("tbody tr").first.locator("th, td").all_inner_texts()
            # A day: 12 times 1.08 kWh at 10 ct. In all: 2 days and 4 hours.
            assert cells[3:5] == (["13.0\u00a0kWh", "€1.30"] if "month" in view else ["30.2\u00a0kWh", "€3.02"]), view
            expect(chart.locator(".legend")).to_contain_text("Injected")
            observed.page.get_by_role("button", name="€", exact=True).first.click()
            expect(chart.locator(".legend")).to_contain_text("Income")
            observed.page.get_by_role("button", name="kWh", exact=True).first.click()


def test_tiles_and_lines_have_the_income(mixed: Served, browser: Browser) -> None:
    with page_at(browser, mixed) as observed:
        observed.visit(f"{mixed.base}/#/month/2026-06")
        tiles = observed.page.locator(".tile")
        expect(tiles.filter(has_text="Injected")).to_contain_text("30.2\u00a0kWh")
        expect(tiles.filter(has_text="Injected")).to_contain_text("income €3.02")
        expect(observed.page.locator(".bill tbody").get_by_role("rowheader", name="Injected")).to_be_visible()


def test_a_site_that_only_consumes_has_no_such_columns(tmp_path: Path, browser: Browser) -> None:
    plain = [
        Frame(
            each.meter,
            each.edge,
            each.boot,
            each.seq,
            each.time_ms,
            each.mode,
            {k: v for k, v in each.values.items() if k not in {"EAIT", "SINSTI"}},
        )
        for each in producing(consumes=True)
    ]
    with served_at(tmp_path, NOW, plain) as served, page_at(browser, served) as observed:
        for view in ("month/2026-06", "year/2026", "years"):
            observed.visit(f"{served.base}/#/{view}")
            assert "Injected" not in observed.page.locator("main").inner_text()
            assert "Income" not in observed.page.locator("main").inner_text()
