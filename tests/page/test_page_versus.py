"""Two spans beside each other on the page: presets, dates of one's own, a note's effect, by links that stay."""

from collections.abc import Iterator

import pytest
from api_serving import Served
from axe_playwright_python.sync_playwright import Axe
from heated_household import served_heated
from odd_even_household import served_household
from page_at import page_at
from playwright.sync_api import Browser, expect

WIDER = """() => [document.documentElement, ...document.querySelectorAll(".card, .tiles, .views")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""


@pytest.fixture(scope="module")
def heated(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    with served_heated(tmp_path_factory.mktemp("heated")) as served:
        yield served


def test_the_first_comparison_is_of_the_last_month(heated: Served, browser: Browser) -> None:
    (found,) = heated.items(
        "/api/v1/versus?from=2026-03-01&to=2026-04-01&against_from=2025-03-01&against_to=2025-04-01"
    )
    with page_at(browser, heated, width=390) as observed:
        observed.visit(f"{heated.base}/#/versus")
        tiles = observed.page.locator(".tile")
        expect(tiles.nth(0)).to_contain_text(f"{round(100 * float(found['share']))}%")
        expect(tiles.nth(0)).to_contain_text(f"{found['here']['wh_a_day'] / 1000:.1f}\u00a0kWh, compared with")
        expect(tiles.nth(1)).to_contain_text(f"€{found['here']['cost_a_day']}, compared with")
        saved = round(found["saved_wh_a_year"]["value"] / 1000)
        expect(tiles.nth(3)).to_contain_text(f"-{saved:,}\u00a0kWh")
        observed.page.get_by_role("link", name="Last winter").click()
        observed.wait_until_still()
        assert observed.page.url.endswith("#/versus/2025-11-01_2026-04-01_2024-11-01_2025-04-01")


def test_any_two_spans_are_chosen_and_have_an_address(heated: Served, browser: Browser) -> None:
    with page_at(browser, heated, locale="fr-FR") as observed:
        page = observed.page
        observed.visit(f"{heated.base}/#/versus")
        for id_, day in (
            ("from", "2026-03-01"),
            ("to", "2026-03-10"),
            ("against-from", "2025-03-01"),
            ("against-to", "2025-02-01"),
        ):
            page.locator(f"#versus-{id_}").fill(day)
        page.get_by_role("button", name="Comparer").click()
        expect(page.get_by_role("alert")).to_have_text("Une période se termine avant de commencer.")
        page.locator("#versus-against-to").fill("2025-03-31")
        page.get_by_role("button", name="Comparer").click()
        page.wait_for_url("**/#/versus/2026-03-01_2026-03-11_2025-03-01_2025-04-01")
        observed.wait_until_still()
        days = page.get_by_role("row", name="Jours").first
        assert [each.inner_text() for each in days.get_by_role("cell").all()] == ["10", "31", "\u2013"]
        expect(page.locator("main")).to_contain_text("il en faut 20 de chaque côté")
        assert page.locator("#versus-to").input_value() == "2026-03-10"


def test_a_note_leads_to_its_effect_and_the_weeks_can_be_chosen(heated: Served, browser: Browser) -> None:
    with page_at(browser, heated, width=390) as observed:
        page = observed.page
        observed.visit(f"{heated.base}/#/notes")
        page.get_by_role("link", name="Effect of “heat pump installed”").click()
        observed.wait_until_still()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Before and after “heat pump installed” (15 Jan 2026)"
        )
        expect(page.locator("main")).to_contain_text("Over a year, that saves")
        page.get_by_role("button", name="13 weeks").click()
        page.wait_for_url("**/#/versus/note-1-13")
        observed.wait_until_still()
        expect(page.locator("main")).to_contain_text("From 16 Jan 2026 to 16 Apr 2026 75 of 91 days are known")
        page.get_by_role("button", name="Until the next note").click()
        page.wait_for_url("**/#/versus/note-1-notes")
        observed.wait_until_still()
        assert page.get_by_role("row", name="Days").get_by_role("cell").first.inner_text() == "75"


def test_a_span_without_data_is_said_to_have_none(heated: Served, browser: Browser) -> None:
    with page_at(browser, heated) as observed:
        observed.visit(f"{heated.base}/#/versus/2020-01-01_2020-02-01_2019-01-01_2019-02-01")
        expect(observed.page.get_by_role("heading", name="Nothing to compare")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "locale", "scheme"),
    [
        (390, "fr-FR", "light"),
        (390, "en-GB", "dark"),
        (820, "fr-FR", "dark"),
        (1100, "fr-FR", "light"),
        (1440, "fr-FR", "light"),
    ],
)
def test_nothing_is_scrolled_sideways_and_axe_finds_nothing(
    heated: Served, browser: Browser, width: int, locale: str, scheme: str
) -> None:
    with page_at(browser, heated, width=width, locale=locale, scheme=scheme) as observed:
        observed.visit(f"{heated.base}/#/versus/note-1-8")
        assert observed.page.evaluate(WIDER) == []
        violations = Axe().run(observed.page).response["violations"]
        assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []


def test_a_home_of_some_weeks_begins_with_its_last_two(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Seven days have four odd ones of 38.4 kWh and three even ones of 19.2, the seven before them three and four."""
    with (
        served_household(tmp_path_factory.mktemp("young")) as served,
        page_at(browser, served) as observed,
    ):
        observed.visit(f"{served.base}/#/versus")
        tile = observed.page.locator(".tile").first
        expect(tile).to_contain_text("+10%")
        expect(tile).to_contain_text(f"{(4 * 38.4 + 3 * 19.2) / 7:.1f}\u00a0kWh, compared with")
        expect(observed.page.locator("#versus-against-from")).to_have_value("2026-03-06")
