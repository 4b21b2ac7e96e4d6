"""The view of injection and production: figures are sums by hand; phone, tablet and desktop, French and English."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from api_serving import Served, frames
from axe_playwright_python.sync_playwright import Axe
from page_at import page_at
from playwright.sync_api import Browser, expect
from solar_home import Quarter, quarters, served_solar

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def solar(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    with served_solar(tmp_path_factory.mktemp("solar")) as served:
        yield served


def kwh(wh: int) -> str:
    value = wh / 1000
    return f"{value:.{1 if value >= 10 else 2}f}\u00a0kWh"


def of_june() -> list[Quarter]:
    return [each for each in quarters() if each.at.month == 6]


def test_a_month_has_injection_income_and_self_consumption(solar: Served, browser: Browser) -> None:
    injected = sum(each.injection for each in of_june())
    heard = [each for each in of_june() if each.is_heard]
    produced, own = sum(each.produced for each in heard), sum(each.produced - each.injection for each in heard)
    with page_at(browser, solar) as observed:
        page = observed.page
        observed.visit(f"{solar.base}/#/injection")
        expect(page.get_by_role("heading", level=1)).to_have_text("June 2026")
        tiles = page.locator(".tile")
        expect(tiles.filter(has_text="Injected")).to_contain_text(kwh(injected))
        expect(tiles.filter(has_text="Injected")).to_contain_text(f"income €{injected / 10000:.2f}")
        expect(tiles.filter(has_text="Produced")).to_contain_text(kwh(produced))
        share = f"{own / produced * 100:.1f}".removesuffix(".0")
        expect(tiles.filter(has_text="Self-consumption")).to_contain_text(f"{share}%")
        expect(page.locator("main")).to_contain_text("Shares are of the 98.5% of this time")
        expect(page.locator("main")).to_contain_text("from the inverter\u2019s topic, known until")
        expect(page.locator(".now .figure")).to_have_text(re.compile("^\u2212?[\\d,]+\u00a0(W|VA)$"))
        sale = page.locator(".card").filter(has=page.get_by_role("heading", name="Sale of the injection"))
        expect(sale.locator("tbody tr")).to_have_count(1)
        expect(sale).to_contain_text("€0.1000/kWh")
        page.get_by_text("Figures as a table").first.click()
        page.get_by_role("link", name="2 Jun 2026").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Tuesday,? 2 June 2026$"))


def test_day_month_and_year_are_one_click_apart_and_stepped_through(solar: Served, browser: Browser) -> None:
    with page_at(browser, solar) as observed:
        page, heading = observed.page, observed.page.get_by_role("heading", level=1)
        observed.visit(f"{solar.base}/#/injection/2026-06-02")
        expect(page.locator("figure.chart")).to_have_count(2)
        of_day = sum(each.injection for each in of_june() if each.at.day == 2)
        expect(page.locator(".tile").filter(has_text="Injected")).to_contain_text(kwh(of_day))
        page.get_by_role("link", name="After", exact=True).click()
        expect(heading).to_have_text(re.compile("^Wednesday,? 3 June 2026$"))
        page.get_by_role("navigation", name="Span").get_by_role("link", name="Month").click()
        expect(heading).to_have_text("June 2026")
        page.get_by_role("link", name="Before", exact=True).click()
        expect(heading).to_have_text("May 2026")
        page.get_by_role("navigation", name="Span").get_by_role("link", name="Year").click()
        expect(heading).to_have_text("2026")
        of_year = sum(each.injection for each in quarters())
        expect(page.locator(".tile").filter(has_text="Injected")).to_contain_text(kwh(of_year))


@pytest.mark.parametrize(
    ("locale", "width", "scheme"), [("fr-FR", 390, "dark"), ("en-GB", 820, "light"), ("fr-FR", 1440, "light")]
)
def test_nothing_overflows_and_axe_finds_nothing_serious(
    solar: Served, browser: Browser, locale: str, width: int, scheme: str
) -> None:
    with page_at(browser, solar, locale=locale, width=width, scheme=scheme) as observed:
        for span in ("", "/2026", "/2026-06-02"):
            observed.visit(f"{solar.base}/#/injection{span}")
            assert observed.page.evaluate(SIDEWAYS) == 0, span
            shown = observed.page.locator("main").inner_text()
            assert not re.search(r"\b(undefined|NaN|null|injection\.\w+)\b", shown)
            violations = Axe().run(observed.page).response["violations"]
            assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []


def test_without_a_source_the_page_says_how_to_add_one(tmp_path: Path, browser: Browser) -> None:
    with served_solar(tmp_path, None) as served, page_at(browser, served, locale="fr-FR", width=390) as observed:
        observed.visit(f"{served.base}/#/injection")
        main = observed.page.locator("main")
        expect(main).to_contain_text("TICTALLY_PRODUCTION_TOPIC")
        expect(main).not_to_contain_text("Autoconsommation")


def test_a_site_that_only_consumes_is_not_offered_the_view(tmp_path: Path, browser: Browser) -> None:
    stored = frames(30)
    for each in stored:
        each.values.pop("EAIT")
    now = datetime.fromtimestamp(stored[-1].time_ms / 1000).astimezone() + timedelta(minutes=1)
    with Served(tmp_path, stored=stored, now=now) as served, page_at(browser, served) as observed:
        observed.visit(f"{served.base}/#/overview")
        expect(observed.page.get_by_role("link", name="Tariffs", exact=True)).to_be_visible()
        expect(observed.page.get_by_role("link", name="Injection", exact=True)).to_have_count(0)
