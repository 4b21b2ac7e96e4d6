"""The first useful figure on a slow network: what a browser requests before it, how much, and in whose language."""

from collections.abc import Iterator

import httpx
import pytest
from api_serving import Served
from odd_even_household import served_household
from page_at import page_at
from page_browsing import open_page
from page_network import FAST_4G, first_figure
from playwright.sync_api import Browser, expect

# At 400 kb/s they take nine tenths of a second, after two round trips of 400 ms.
MOST_BYTES_BEFORE = 45_000
MOST_REQUESTS_BEFORE = 8
MOST_BYTES = 400_000


@pytest.fixture(scope="module")
def household(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    with served_household(tmp_path_factory.mktemp("household")) as served:
        yield served


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
def test_the_first_figure_takes_two_round_trips_and_few_bytes(household: Served, browser: Browser, locale: str) -> None:
    observed = open_page(browser, width=390, locale=locale)
    FAST_4G.emulate(observed)
    figure = first_figure(observed, household.base)
    assert len(figure.names) <= MOST_REQUESTS_BEFORE, figure
    assert 0 < figure.bytes < MOST_BYTES_BEFORE, figure
    needed = {"main.js", "page.css", f"translations/{locale[:2]}.json", "api/v1/sites", "api/v1/now"}
    assert needed <= {*figure.names}
    # All of it is named by the page itself: nothing waits for another file to arrive.
    index = httpx.get(household.base, headers={"accept-language": locale}).text
    assert all(f'"{name}"' in index or f'/{name}"' in index for name in needed)
    observed.wait_until_still()
    shell = [each for each in observed.requested if each.endswith(tuple(needed))]
    assert len({*shell}) == len(shell), "something was requested twice"
    assert sum(observed.received.values()) < MOST_BYTES
    assert observed.errors == []
    observed.page.context.close()


def test_the_other_views_are_loaded_while_the_reader_reads(household: Served, browser: Browser) -> None:
    observed = open_page(browser)
    observed.visit(household.base)
    observed.page.wait_for_function("""() => [...document.querySelectorAll('link[rel=prefetch]')].every(
      ({href}) => performance.getEntriesByName(href).some((each) => each.responseEnd))""")
    observed.page.evaluate("performance.clearResourceTimings()")
    observed.page.get_by_role("link", name="Tariffs").click()
    expect(observed.page.get_by_role("heading", level=1)).to_have_text("Tariffs")
    received = """() => performance.getEntriesByType('resource').filter(({name}) => name.endsWith('.js'))
      .map(({name, transferSize}) => [name.split('/').at(-1), transferSize])"""
    scripts = dict(observed.page.evaluate(received))
    assert scripts["tariffs.js"] == 0
    assert {*scripts.values()} == {0}
    observed.page.context.close()


def test_a_chosen_language_comes_with_the_next_page(household: Served, browser: Browser) -> None:
    with page_at(browser, household, locale="fr-FR") as observed:
        observed.visit(household.base)
        observed.page.get_by_role("button", name="English").click()
        expect(observed.page.locator("h1")).to_have_text("Overview")
        observed.page.reload()
        observed.wait_until_still()
        observed.requested.clear()
        observed.page.reload()
        observed.wait_until_still()
        assert observed.page.locator("html").get_attribute("lang") == "en"
        assert {each.rsplit("/", 1)[1] for each in observed.requested if "translations" in each} == {
            "en.json",
            "en.more.json",
        }


def test_the_page_is_cached_by_language(household: Served) -> None:
    french = household.get("/", **{"accept-language": "de-DE, fr-CH;q=0.9, en;q=0.8"})
    assert '<html lang="fr">' in french.text
    assert "accept-language" in french.headers["vary"]
    again = household.get("/", **{"accept-language": "fr", "if-none-match": french.headers["etag"]})
    assert (again.status_code, again.headers["vary"]) == (304, french.headers["vary"])
    other = household.get(
        "/", **{"accept-language": "fr", "cookie": "tictally_language=en", "if-none-match": french.headers["etag"]}
    )
    assert other.status_code == 200
    assert '<html lang="en">' in other.text
    assert '<html lang="en">' in household.get("/", **{"accept-language": "de"}).text


def test_the_modules_are_served_as_they_are_to_those_who_work_on_them(household: Served, browser: Browser) -> None:
    with page_at(browser, household) as observed:
        observed.visit(f"{household.base}/?modules#/overview")
        expect(observed.page.locator(".overview > .now .figure")).to_contain_text("800")
        assert any(each.endswith("/page/modules/views/overview.js") for each in observed.requested)
        observed.page.evaluate("location.hash = '#/tariffs'")
        expect(observed.page.get_by_role("heading", level=1)).to_have_text("Tariffs")
    asset = household.get("/page/modules/main.js")
    assert asset.headers["cache-control"] == "no-cache"
    assert 'from "./api.js";' in asset.text
