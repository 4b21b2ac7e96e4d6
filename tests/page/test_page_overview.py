"""What a household asks first, answered by the first view or one click from it; each answer is computed by hand."""

from collections.abc import Iterator

import pytest
from api_serving import Served
from odd_even_household import served_household
from page_at import page_at
from playwright.sync_api import Browser, expect


@pytest.fixture(scope="module")
def household(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    with served_household(tmp_path_factory.mktemp("household")) as served:
        yield served


def test_the_first_view_answers_the_first_questions(household: Served, browser: Browser) -> None:
    with page_at(browser, household, width=390) as observed:
        page = observed.page
        observed.visit(household.base)
        card = {name: page.locator(f".overview > .{name}") for name in ("now", "today", "month", "days", "period")}
        # What do I use now, and what does that cost?
        expect(card["now"]).to_contain_text("800\u00a0W")
        expect(card["now"]).to_contain_text("1,600 VA · 27% of 6 kVA")
        expect(card["now"]).to_contain_text("€0.16 an hour")
        expect(card["period"]).to_contain_text("€0.2000/kWh")
        # Is today as usual?
        expect(card["today"]).to_contain_text("9.60\u00a0kWh")
        expect(card["today"]).to_contain_text("€2.92")
        expect(card["today"]).to_contain_text("energy €1.92 · subscription €1.00")
        expect(card["today"]).to_contain_text("0% compared with an ordinary Friday by now (9.60\u00a0kWh, €2.97)")
        # Is this month better than the last one, and what will it be at its end?
        expect(card["month"]).to_contain_text("566\u00a0kWh")
        expect(card["month"]).to_contain_text("€133.28")
        expect(card["month"]).to_contain_text("+100% compared with February by the same day (283\u00a0kWh, €78.78)")
        expect(card["month"]).to_contain_text("At the end of March, about 919\u00a0kWh, €215 between €")
        # What was yesterday, in one click?
        bar = card["days"].get_by_role("link").nth(-2)
        expect(bar).to_have_accessible_name("Thu 19 March · 38.4\u00a0kWh · €8.68")
        bar.press("Enter")
        observed.wait_until_still()
        tiles = page.locator(".tile")
        expect(tiles.first).to_contain_text("38.4\u00a0kWh")
        # A week before it was an even day with half as much.
        expect(tiles.filter(has_text="a week before")).to_contain_text("+100%")


def test_every_card_begins_with_its_heading_at_its_edge(household: Served, browser: Browser) -> None:
    """A class of another view that has the name of a card once moved one."""
    with page_at(browser, household, width=1280) as observed:
        observed.visit(household.base)
        indents = observed.page.eval_on_selector_all(
            ".overview > .card:not([hidden])",
            """(cards) => cards.map((card) => {
              const inside = card.getBoundingClientRect().left + parseFloat(getComputedStyle(card).paddingLeft);
              const [heading, next] = [...card.children].map((each) => each.getBoundingClientRect());
              return [heading.left - inside, next.top >= heading.bottom - 1];
            })""",
        )
        assert len(indents) >= 5
        assert all(abs(indent) < 2 and is_below for indent, is_below in indents), indents
