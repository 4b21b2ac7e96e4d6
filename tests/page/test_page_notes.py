"""Notes on the page: written, changed and deleted in Day and in their list, shown in Month, Year and Years."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from api_serving import METER, TOKEN, Served
from axe_playwright_python.sync_playwright import Axe
from odd_even_household import served_household
from page_at import page_at
from page_browsing import ObservedPage
from playwright.sync_api import Browser, expect

WIDER = """() => [document.documentElement, ...document.querySelectorAll(".card, .tiles, .views")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""
VIEWS = ("day/2026-03-10", "month/2026-03", "year/2026", "years", "notes")
LONG = "pompe à chaleur installée, chaudière au fioul retirée, anticonstitutionnellement " * 3


@pytest.fixture(scope="module")
def shared(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    with served_household(tmp_path_factory.mktemp("household")) as served:
        yield served


@pytest.fixture
def household(shared: Served) -> Served:
    """The same for all tests, without the notes of the one before."""
    shared.ledger.edit_notes(lambda notes: [notes.delete(each.id) for each in notes.all()])
    return shared


@contextmanager
def with_token(browser: Browser, served: Served, *, width: int = 390, locale: str = "en-GB") -> Iterator[ObservedPage]:
    """A page whose browser has the token."""
    with page_at(browser, served, width=width, locale=locale) as observed:
        observed.page.context.add_cookies([{"name": "tictally_token", "value": TOKEN, "url": served.base}])
        yield observed


def writing(served: Served, observed: ObservedPage, act: Callable[[], object], shows: str) -> None:
    """Do something that writes, and wait until the page shows its result: the ledger is written by this thread."""
    act()
    for _ in range(600):
        served.run_write_commands()
        if observed.page.get_by_text(shows).first.is_visible():
            return
        observed.page.wait_for_timeout(50)
    raise AssertionError(shows)


def test_a_note_is_written_changed_and_deleted_on_its_day(household: Served, browser: Browser) -> None:
    with with_token(browser, household) as observed:
        page = observed.page
        observed.visit(f"{household.base}/#/day/2026-03-10")
        card = page.locator(".notes")
        expect(card).to_contain_text("No note on this day.")
        card.get_by_text("Add a note").click()
        card.get_by_label("Text").fill("heat pump installed")
        writing(household, observed, lambda: card.get_by_role("button", name="Save").press("Enter"), "Note added.")
        assert [(each["day"], each["text"]) for each in household.items("/api/v1/notes")] == [
            ("2026-03-10", "heat pump installed")
        ]
        card.get_by_role("button", name="Edit the note").click()
        expect(card.locator("li input[type=text]")).to_be_focused()
        card.locator("li input[type=text]").fill("heat pump")
        save = card.locator("li").get_by_role("button", name="Save")
        writing(household, observed, save.click, "Note changed.")
        expect(card.locator("li")).to_contain_text("heat pump")
        writing(household, observed, card.get_by_role("button", name="Delete the note").click, "Note deleted.")
        expect(card).to_contain_text("No note on this day.")
        expect(card.get_by_role("button", name="Undo")).to_be_focused()
        writing(household, observed, card.get_by_role("button", name="Undo").click, "Note restored.")
        assert [each["text"] for each in household.items("/api/v1/notes")] == ["heat pump"]


def test_an_error_is_shown_in_the_readers_language_and_nothing_is_lost(household: Served, browser: Browser) -> None:
    with with_token(browser, household, locale="fr-FR") as observed:
        card = observed.page.locator(".notes")
        observed.visit(f"{household.base}/#/notes")
        expect(card).to_contain_text("Aucune note pour l\u2019instant.")
        card.get_by_text("Ajouter une note").click()
        card.get_by_label("Texte").fill(" ")
        writing(household, observed, card.get_by_role("button", name="Enregistrer").click, "la note est vide")
        observed.errors.clear()  # the browser logs the refused request
        assert household.items("/api/v1/notes") == []


def test_without_the_token_notes_are_read_and_the_page_asks_for_it(household: Served, browser: Browser) -> None:
    household.send("POST", "/api/v1/notes", {"day": "2026-03-10", "text": "heat pump"})
    with page_at(browser, household) as observed:
        observed.visit(f"{household.base}/#/notes")
        card = observed.page.locator(".notes")
        expect(card.locator("li")).to_contain_text("heat pump")
        assert card.get_by_role("button", name="Delete").count() == 0
        card.get_by_text("Add a note").click()
        expect(card).to_contain_text("Writing notes requires the recorder\u2019s token")


def test_notes_are_marked_in_month_year_and_years_with_links_to_their_day(household: Served, browser: Browser) -> None:
    household.send("POST", "/api/v1/notes", {"day": "2026-03-10", "text": "heat pump"})
    household.send("POST", "/api/v1/notes", {"day": "2026-02-01", "text": "moved in"})
    with page_at(browser, household) as observed:
        page = observed.page
        for view, texts in (("month/2026-03", ["heat pump"]), ("year/2026", ["moved in", "heat pump"])):
            observed.visit(f"{household.base}/#/{view}")
            listed = page.locator(".card", has=page.get_by_role("heading", name="Notes"))
            assert [each.inner_text().split("2026 ")[1] for each in listed.locator("li").all()] == texts
        marks = """() => [...document.querySelectorAll(".stage")].map((each) => echarts.getInstanceByDom(each))
            .flatMap((each) => each.getOption().series[0].markLine?.data ?? []).map((each) => each.xAxis)"""
        assert page.evaluate(marks) == [1, 2]
        listed.locator("li").last.get_by_role("link").click()
        observed.wait_until_still()
        expect(page.get_by_role("heading", level=1)).to_have_text("Tuesday, 10 March 2026")
        observed.visit(f"{household.base}/#/years")
        assert page.evaluate(marks) == [0]


@pytest.mark.parametrize(("width", "locale"), [(390, "fr-FR"), (390, "en-GB"), (820, "fr-FR"), (1440, "fr-FR")])
def test_nothing_is_scrolled_sideways_and_axe_finds_nothing(
    household: Served, browser: Browser, width: int, locale: str
) -> None:
    household.send("POST", "/api/v1/notes", {"day": "2026-03-10", "text": LONG, "site": METER})
    with with_token(browser, household, width=width, locale=locale) as observed:
        for view in VIEWS:
            observed.visit(f"{household.base}/#/{view}")
            assert observed.page.evaluate(WIDER) == []
        violations = Axe().run(observed.page).response["violations"]
        assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []
