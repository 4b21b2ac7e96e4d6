"""Months, billing months and years: what was chosen is kept, what is incomplete is marked, days by kind."""

from collections.abc import Iterator

import pytest
from api_serving import Served
from axe_playwright_python.sync_playwright import Axe
from heated_household import served_heated
from odd_even_household import CONTRACT, served_household
from page_at import page_at
from playwright.sync_api import Browser, expect

WIDER = """() => [document.documentElement, ...document.querySelectorAll(".card, .tiles, .views")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""


@pytest.fixture(scope="module")
def heated(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    with served_heated(tmp_path_factory.mktemp("heated"), f"{CONTRACT}billing_day = 24\n") as served:
        yield served


@pytest.fixture(scope="module")
def household(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - as above
    with served_household(tmp_path_factory.mktemp("household")) as served:
        yield served


def test_billing_months_are_chosen_stepped_through_and_kept(heated: Served, browser: Browser) -> None:
    (use,) = heated.items("/api/v1/use?from=2026-01-24&to=2026-02-24&by=bill")
    with page_at(browser, heated, width=390) as observed:
        page = observed.page
        observed.visit(f"{heated.base}/#/month/2026-02")
        page.get_by_role("button", name="Billing month").click()
        page.wait_for_url("**/#/month/2026-02-01")
        observed.wait_until_still()
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("24 Jan 2026 – 23 Feb 2026")  # noqa: RUF001 - a range of days
        expect(page.locator(".tile").first).to_contain_text(f"{use['consumption_wh'] / 1000:.0f}\u00a0kWh")
        expect(page.locator(".tile").filter(has_text="last month")).to_contain_text("%")
        page.get_by_role("link", name="Month before").click()
        observed.wait_until_still()
        expect(heading).to_have_text("24 Dec 2025 – 23 Jan 2026")  # noqa: RUF001 - a range of days
        observed.visit(f"{heated.base}/#/month")
        expect(heading).to_have_text("24 Mar 2026 – 23 Apr 2026")  # noqa: RUF001 - a range of days
        page.get_by_role("button", name="Calendar month").click()
        page.wait_for_url("**/#/month/2026-03")


def test_euros_stay_chosen_also_after_the_page_is_opened_again(heated: Served, browser: Browser) -> None:
    with page_at(browser, heated) as observed:
        page = observed.page
        observed.visit(f"{heated.base}/#/month/2026-02")
        page.get_by_role("button", name="€", exact=True).click()
        observed.visit(f"{heated.base}/?again#/year/2025")
        expect(page.get_by_role("button", name="€", exact=True)).to_have_attribute("aria-pressed", "true")


def test_a_month_and_a_year_have_their_kinds_of_day_and_degree_days(heated: Served, browser: Browser) -> None:
    for view, query in (("month/2025-05", "by=month&day=2025-05-01"), ("year/2025", "by=year&day=2025-01-01")):
        (period,) = heated.items(f"/api/v1/period?{query}")
        with page_at(browser, heated) as observed:
            page = observed.page
            observed.visit(f"{heated.base}/#/{view}")
            rows = page.get_by_role("table", name="Kinds of day").locator("tbody tr")
            shown = [[cell.inner_text() for cell in row.locator("th, td").all()] for row in rows.all()]
            names = ("Workdays", "Saturdays", "Sundays and public holidays")
            assert shown == [
                [name, str(kind["days"]), f"{kind['wh_a_day'] / 1000:.1f}\u00a0kWh", f"€{kind['cost_a_day']}"]
                for name, kind in zip(names, period["kinds"], strict=True)
            ]
            tile = page.locator(".tile").filter(has_text="Degree-days")
            expect(tile).to_contain_text(f"{round(float(period['degree_days'])):,}")
            expect(tile).to_contain_text(f"{period['wh_a_degree_day'] / 1000:.2f}\u00a0kWh per degree-day")


def test_incomplete_months_and_years_are_marked(heated: Served, browser: Browser) -> None:
    with page_at(browser, heated) as observed:
        page = observed.page
        observed.visit(f"{heated.base}/#/year/2024")
        expect(page.locator(".tag.part")).to_have_text("incomplete")
        expect(page.locator(".tile").first).to_contain_text("from 1 Nov 2024")
        for view in ("month/2024-11", "year/2025"):
            observed.visit(f"{heated.base}/#/{view}")
            expect(page.locator(".tag.part")).to_have_count(0)


def test_the_heat_map_is_legible_on_a_phone_and_named_for_screen_readers(household: Served, browser: Browser) -> None:
    with page_at(browser, household, width=390) as observed:
        page = observed.page
        observed.visit(f"{household.base}/#/year/2026")
        table = page.get_by_role("table", name="When do you consume?")
        expect(table).to_be_visible()
        assert table.get_by_role("columnheader").count() == 7
        assert table.get_by_role("row").count() == 25
        assert table.evaluate("(each) => each.parentElement.scrollWidth - each.parentElement.clientWidth") == 0
        cell = table.locator("td:has(span)").first
        size = cell.evaluate("(each) => parseFloat(getComputedStyle(each).fontSize)")
        box = cell.bounding_box()
        assert box is not None
        assert (size >= 11, box["width"] >= 30, box["height"] >= 20) == (True, True, True)
        assert cell.evaluate("(each) => each.scrollWidth <= each.clientWidth")


@pytest.mark.parametrize(
    ("width", "locale", "scheme"), [(390, "fr-FR", "light"), (390, "en-GB", "dark"), (820, "fr-FR", "light")]
)
def test_nothing_is_scrolled_sideways_and_axe_finds_nothing(
    heated: Served, browser: Browser, width: int, locale: str, scheme: str
) -> None:
    with page_at(browser, heated, width=width, locale=locale, scheme=scheme) as observed:
        for view in ("month/2026-01-24", "year/2024"):
            observed.visit(f"{heated.base}/#/{view}")
            assert observed.page.evaluate(WIDER) == []
            violations = Axe().run(observed.page).response["violations"]
            assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []
