"""The questions of a household, each asked from the first view: its answer stands there, or one click away."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from api_serving import Served
from odd_even_household import served_household
from page_at import page_at
from playwright.sync_api import Browser, Page, expect
from solar_home import quarters, served_solar


@dataclass(frozen=True)
class Question:
    """A question of a household.

    Attributes:
        asked: by whom it is asked, in his words.
        link: accessible name of the only link on the way, or None.
        answers: what the page then shows, computed by hand from the household's rule.
    """

    asked: str
    link: str | None
    answers: tuple[str, ...]


# 38.4 kWh on odd days of March and 19.2 on even ones, half of that in February; 0.2 EUR a kWh and 31 EUR a month.
QUESTIONS = (
    Question("How much do I use now?", None, ("800\u00a0W", "€0.16 an hour")),
    Question("Which period is it, at which price?", None, ("Base", "€0.2000/kWh")),
    Question("What has today cost?", None, ("9.60\u00a0kWh", "€2.92")),
    Question("Is this month better than last, in euros?", None, ("€133.28", "€78.78", "+100%")),
    Question("What will it be at the end of the month?", None, ("919\u00a0kWh, €215",)),
    Question("What was Tuesday?", "Tue 17 March · 38.4\u00a0kWh · €8.68", ("38.4\u00a0kWh", "€8.68", "17 March 2026")),
    Question("And this month, day by day?", "Month", ("566\u00a0kWh", "€133.28", "March 2026")),
    Question("Was the year like the last?", "Year", ("970\u00a0kWh", "€244.92")),
    Question("Could I subscribe to less?", "Power", ("3 kVA would have been exceeded on 10 days of 47.",)),
    Question("What do I pay for?", "Tariffs", ("Own", "6 kVA")),
    Question("Is all well?", "System", ("What needs attention", "no nightly backup")),
)


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Page]]:
    with (
        served_household(tmp_path_factory.mktemp("household")) as served,
        page_at(browser, served) as observed,
    ):
        yield served, observed.page


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.asked)
def test_the_answer_is_at_most_one_click_away(page: tuple[Served, Page], question: Question) -> None:
    served, shown = page
    shown.goto(f"{served.base}/#/overview")
    expect(shown.locator(".overview > .today")).to_contain_text("kWh")
    if question.link is not None:
        shown.get_by_role("link", name=question.link, exact=True).first.click()
    for answer in question.answers:
        expect(shown.locator("main")).to_contain_text(answer)


def test_what_is_injected_and_earned_is_one_click_away(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    injected = sum(each.injection for each in quarters() if each.at.month == 6)
    with (
        served_solar(tmp_path_factory.mktemp("solar")) as served,
        page_at(browser, served) as observed,
    ):
        observed.visit(served.base)
        observed.page.get_by_role("link", name="Injection", exact=True).click()
        main = observed.page.locator("main")
        expect(main).to_contain_text(f"{injected / 1000:.1f}\u00a0kWh")
        expect(main).to_contain_text(f"€{injected / 10000:.2f}")
