"""What is shown, taken away: CSV, pictures, paper, and addresses; and stepping by the arrow keys."""

import csv
import io
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_serving import Served
from odd_even_household import served_household
from page_at import page_at
from page_browsing import ObservedPage
from playwright.sync_api import Browser, Locator, expect

LATE_TABLE = """() => {
  const card = document.createElement('section');
  card.className = 'card late';
  card.innerHTML = `<h2>Late</h2><div class="scroll" aria-label="Late"><table>
    <thead><tr><th>Name</th><th>Power</th></tr></thead>
    <tbody>
      <tr><th>=HYPERLINK("x")</th><td>-1,234.5 kWh</td></tr>
      <tr><th>@a, "b"</th><td>7 kWh</td></tr>
      <tr><th>-5</th><td>\u2013</td></tr>
    </tbody></table></div>`;
  document.querySelector('main').append(card);
}"""
# locale, separator, and the nineteenth of March with its kWh.
SPREADSHEETS = [("en-GB", ",", "19 March", "38.4"), ("fr-FR", ";", "19 mars", "38,4")]


@pytest.fixture(scope="module")
def household(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    with served_household(tmp_path_factory.mktemp("household")) as served:
        yield served


def saved(observed: ObservedPage, card: Locator, button: str) -> tuple[str, bytes]:
    """The name and content of the file that a button of a card saves."""
    with observed.page.expect_download() as waiting:
        card.locator(".save").get_by_role("button", name=re.compile(button)).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def rows_of(content: bytes, separator: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=separator))


@pytest.mark.parametrize("read", SPREADSHEETS, ids=lambda read: read[0])
def test_a_charts_figures_are_saved_as_spreadsheets_read_them(
    household: Served, browser: Browser, read: tuple[str, str, str, str]
) -> None:
    locale, separator, day, kwh = read
    with page_at(browser, household, locale=locale, width=390) as observed:
        observed.visit(f"{household.base}/#/month/2026-03")
        name, content = saved(observed, observed.page.locator("figure.chart").first, "CSV")
        assert re.fullmatch(r"tictally-mar\w+-2026-[a-z0-9-]+\.csv", name)
        heads, *rows = rows_of(content, separator)
        energy = next(n for n, each in enumerate(heads) if each.endswith("(kWh)"))
        assert next(row[energy] for row in rows if day in row[0]) == kwh


def test_no_cell_is_a_formula_also_of_a_late_table(household: Served, browser: Browser) -> None:
    with page_at(browser, household) as observed:
        observed.visit(f"{household.base}/#/month/2026-03")
        observed.page.locator("figure.chart .save").first.wait_for()
        observed.page.evaluate(LATE_TABLE)
        _, content = saved(observed, observed.page.locator(".late"), "CSV")
        assert rows_of(content, ",") == [
            ["Name", "Power (kWh)"],
            ['\'=HYPERLINK("x")', "-1234.5"],
            ['\'@a, "b"', "7"],
            ["-5", ""],
        ]


def test_a_chart_is_saved_as_a_picture_with_its_title(household: Served, browser: Browser) -> None:
    with page_at(browser, household, scheme="dark") as observed:
        observed.visit(f"{household.base}/#/month/2026-03")
        card = observed.page.locator("figure.chart").first
        name, content = saved(observed, card, "Picture")
        assert name.endswith(".png")
        box = card.locator(".stage").bounding_box()
        assert box is not None
        width, height = struct.unpack(">II", content[16:24])
        assert width == pytest.approx(2 * (box["width"] + 32), abs=4)
        assert height > 2 * (box["height"] + 50)


def test_a_card_is_printed_alone_in_light(household: Served, browser: Browser) -> None:
    with page_at(browser, household, scheme="dark") as observed:
        page = observed.page
        page.add_init_script("window.print = () => dispatchEvent(new Event('beforeprint'))")
        observed.visit(f"{household.base}/#/month/2026-03")
        card = page.locator("figure.chart").first
        card.get_by_role("button", name="Print").click()
        page.emulate_media(media="print")
        expect(card.locator("canvas")).to_be_visible()
        for hidden in (
            page.locator(".top"),
            page.locator("h1"),
            page.locator(".tile").first,
            page.locator(".save").first,
        ):
            expect(hidden).to_be_hidden()
        assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--surface')") == "#ffffff"
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        expect(page.locator("h1")).to_be_visible()
        assert page.locator("html").get_attribute("data-theme") is None


def test_a_month_on_paper_is_a4_and_has_its_charts(household: Served, browser: Browser) -> None:
    with page_at(browser, household) as observed:
        observed.visit(f"{household.base}/#/month/2026-03")
        paper = observed.page.pdf(prefer_css_page_size=True)
        boxes = {
            tuple(round(float(each)) for each in found.split())
            for found in re.findall(rb"/MediaBox \[([\d. ]+)\]", paper)
        }
        assert boxes == {(0, 0, 595, 842)}
        assert len(re.findall(rb"/Type /Page\b", paper)) <= 3
        assert b"/Subtype /Image" in paper


def test_the_unit_is_in_the_address_and_stays_while_stepping_by_key(household: Served, browser: Browser) -> None:
    with page_at(browser, household) as observed:
        page = observed.page
        observed.visit(f"{household.base}/#/month/2026-03?show=eur")
        euros = page.get_by_role("button", name="€", exact=True)
        expect(euros).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_role("heading", level=1)).to_have_text("February 2026")
        observed.wait_until_still()
        assert page.url.endswith("#/month/2026-02?show=eur")
        page.get_by_role("button", name="kWh", exact=True).click()
        assert page.url.endswith("#/month/2026-02")
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("heading", level=1)).to_have_text("March 2026")
        observed.wait_until_still()
        expect(euros).to_have_attribute("aria-pressed", "false")


def test_arrow_keys_stay_where_they_are_needed(household: Served, browser: Browser) -> None:
    with page_at(browser, household) as observed:
        page = observed.page
        observed.visit(f"{household.base}/#/day/2026-03-19")
        page.get_by_label("Choose a day").press("ArrowLeft")
        assert page.url.endswith("#/day/2026-03-19")
        page.locator(".tile .money").first.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("ArrowLeft")
        assert page.url.endswith("#/day/2026-03-19")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_role("heading", level=1)).to_contain_text("18 March 2026")
