"""Years and months that are incomplete look so: begun late, ended early, or with days whose cost is unknown."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from api_serving import METER, Served
from page_at import page_at, served_at
from page_browsing import PARIS
from playwright.sync_api import Browser, expect

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

NOW = datetime(2026, 4, 29, 12, 0, tzinfo=PARIS)
CONTRACT = f'[[contract]]\nsite = "{METER}"\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2026-03-01\n'
_HATCHED = """() => {
  const stage = [...document.querySelectorAll('.stage')][0];
  const { series } = globalThis.echarts.getInstanceByDom(stage).getOption();
  return series.map((each) => each.data.map((one) => Boolean(one?.itemStyle?.decal)));
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """From 20 November 2025 on, under contract since 1 March: two months' cost is unknown, subscription included."""
    start = datetime(2025, 11, 20, tzinfo=PARIS)
    stored = []
    for n in range(160 * 24 + 13):
        values: dict[str, int | str] = {"EAST": 1_000_000 + 300 * n, "SINSTS": 300, "PREF": 6, "LTARF": "BASE"}
        time_ms = int((start + timedelta(hours=n)).timestamp()) * 1000
        stored.append(Frame(METER, "cellar", "a1" * 8, n + 1, time_ms, Mode.STANDARD, values))
    with served_at(tmp_path_factory.mktemp("served"), NOW, stored, contracts=CONTRACT) as found:
        yield found


def test_a_year_with_unknown_days_is_marked_as_incomplete(served: Served, browser: Browser) -> None:
    with page_at(browser, served) as observed:
        observed.visit(f"{served.base}/#/years")
        chart = observed.page.locator("figure.chart").first
        before, year = (chart.locator("tbody tr").nth(n) for n in (0, 1))
        expect(before.locator(".money")).to_have_text("unknown?")
        expect(before.locator("th")).to_contain_text("from 20 Nov 2025")
        expect(year.locator(".money")).to_contain_text("incomplete")
        expect(year.locator(".money")).to_have_attribute("aria-label", "€113.89, incomplete. Explain this amount")
        expect(year.locator("th")).to_contain_text("until 29 Apr 2026")
        expect(chart.locator("figcaption")).to_contain_text("Hatched: incomplete")
        assert observed.page.evaluate(_HATCHED)[-1] == [True, True]
        observed.page.get_by_role("button", name="€", exact=True).first.click()
        expect(chart.locator(".legend")).to_contain_text("Subscription")
        assert observed.page.evaluate(_HATCHED)[-1] == [False, True]


def test_a_year_names_the_days_that_its_cost_lacks(served: Served, browser: Browser) -> None:
    with page_at(browser, served) as observed:
        observed.visit(f"{served.base}/#/year/2026")
        cost = observed.page.locator(".tile").filter(has_text="Cost")
        expect(cost).to_contain_text("incomplete")
        expect(cost).to_contain_text("without 59 days whose cost is unknown")
        expect(cost).not_to_contain_text("subscription included")
    with page_at(browser, served, locale="fr-FR") as observed:
        observed.visit(f"{served.base}/#/year/2026")
        cost = observed.page.locator(".tile").filter(has_text="Coût")
        expect(cost).to_contain_text("sans 59 jours dont le coût est inconnu")
        expect(cost).to_contain_text("incomplet")


def test_a_whole_month_is_not_marked(served: Served, browser: Browser) -> None:
    with page_at(browser, served) as observed:
        observed.visit(f"{served.base}/#/month/2026-03")
        expect(observed.page.locator(".tile").filter(has_text="Cost")).to_contain_text("subscription included")
        assert "incomplete" not in observed.page.locator("main").inner_text().lower()
        observed.visit(f"{served.base}/#/year/2026")
        assert observed.page.evaluate(_HATCHED)[-1] == [False, False, False, True] + [False] * 8
