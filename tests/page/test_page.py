"""The page in a real browser, served by a real recorder that records a simulated meter."""

import re
import time
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from page_browsing import PARIS, SHOWS_POWER, TOKEN, ObservedPage, Served, open_page
from playwright.sync_api import Browser, expect
from real_broker import Hub, Mosquitto
from recording import METER, START_MS, frame

VIEWS = (
    "overview",
    "live",
    "day",
    "month",
    "year",
    "years",
    "power",
    "injection",
    "notes",
    "tariffs",
    "imports",
    "system",
)
MOST_BYTES = 400_000
MOST_ANSWERS_BEFORE_POWER = 7
ANSWERS = "performance.getEntriesByType('resource').map((each) => each.name).filter((name) => name.includes('/api/'))"
OTHER = "021900000777"


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def month_before(months_back: int) -> date:
    day = datetime.now(PARIS).date().replace(day=1)
    for _ in range(months_back):
        day = (day - timedelta(days=1)).replace(day=1)
    return day


def long_day(day: date) -> re.Pattern[str]:
    return re.compile(f"^{day:%A},? {day.day} {day:%B %Y}$")  # browsers differ in the comma


def month_name(months_back: int) -> str:
    return f"{month_before(months_back):%B %Y}"


def test_the_live_figure_is_the_meters_and_moves(home: Served, observed: ObservedPage) -> None:
    observed.visit(f"{home.address}/#/live")
    time = observed.page.locator(".power .time")
    before = time.inner_text()
    expect(observed.page.locator(".gauge .figure")).to_have_text(re.compile(r"^[\d,]+$"))
    expect(time).not_to_have_text(before)
    expect(observed.page.locator(".phases li")).to_have_count(3)
    parts = observed.page.locator(".phase-figures").all_inner_texts()
    whole = number(observed.page.locator(".gauge .figure").inner_text())
    assert abs(sum(number(text.split("VA")[0]) for text in parts) - whole) <= 3
    assert observed.errors == []


def test_the_overview_answers_with_what_the_recorder_computes(home: Served, observed: ObservedPage) -> None:
    observed.visit(home.address)  # without a view
    page = observed.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.locator(".now .figure")).to_have_text(re.compile(r"^[\d,]+\u00a0W$"))
    expect(page.locator(".now .note")).to_have_text(re.compile(r"^[\d,]+ VA · \d+% of 9 kVA$"))
    expect(page.locator(".now .hourly")).to_have_text(re.compile(r"^€\d+\.\d+ an hour$"))
    expect(page.locator(".period .next")).to_contain_text(" in ")
    (item,) = httpx.get(f"{home.address}/api/v1/overview").json()["items"]
    shown = float(page.locator(".month .big").first.inner_text().removesuffix("kWh").replace(",", ""))
    assert shown == pytest.approx(item["month"]["energy_wh"] / 1000, rel=0.02, abs=0.02)
    assert len(item["days"]) == page.locator(".bars li").count()
    page.locator(".today .money").press("Enter")
    expect(page.get_by_role("dialog").locator(".lines > li").first).to_contain_text(" kWh \u00d7 ")
    assert observed.errors == []


def test_a_day_is_opened_by_its_bar_by_a_step_and_by_its_date(home: Served, observed: ObservedPage) -> None:
    page, today = observed.page, datetime.now(PARIS).date()
    yesterday, first = today - timedelta(days=1), month_before(1)
    heading = page.get_by_role("heading", level=1)
    observed.visit(f"{home.address}/#/overview")
    page.locator(".bars a").nth(-2).click()
    expect(heading).to_have_text(long_day(yesterday))
    expect(page.locator(".tile").filter(has_text="Peak power")).to_contain_text("VA")
    expect(page.locator("figure.chart")).to_have_count(3)
    page.get_by_role("link", name="Day before").click()
    expect(heading).to_have_text(long_day(yesterday - timedelta(days=1)))
    page.get_by_label("Choose a day").fill(str(first))
    expect(heading).to_have_text(long_day(first))
    observed.visit(f"{home.address}/#/month/{first:%Y-%m}")
    stage = page.locator("figure.chart .stage").first
    last_day = month_before(0) - timedelta(days=1)
    box = stage.bounding_box()
    assert box is not None
    stage.click(position={"x": box["width"] - 20, "y": box["height"] / 2})
    expect(heading).to_have_text(long_day(last_day))
    observed.visit(f"{home.address}/#/day/{first - timedelta(days=1)}")
    expect(page.get_by_role("heading", name="No data on that day")).to_be_visible()
    assert observed.errors == []


def test_on_a_phone_the_other_views_are_behind_a_button(home: Served, browser: Browser) -> None:
    observed = open_page(browser, width=390)
    observed.visit(f"{home.address}/#/overview")
    page = observed.page
    expect(page.get_by_role("link", name="Tariffs", exact=True)).to_be_hidden()
    page.get_by_role("button", name="More").press("Enter")
    page.get_by_role("link", name="Tariffs", exact=True).press("Escape")
    expect(page.get_by_role("button", name="More")).to_be_focused()
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Tariffs", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tariffs")
    observed.page.context.close()


def test_an_amount_opens_its_explanation_and_gets_the_focus_back(home: Served, observed: ObservedPage) -> None:
    observed.visit(f"{home.address}/#/month")
    observed.page.locator(".tile .money").focus()
    observed.page.keyboard.press("Enter")
    dialog = observed.page.get_by_role("dialog")
    expect(dialog.locator(".lines > li").first).to_contain_text(" kWh \u00d7 ")
    text = dialog.inner_text()
    assert re.search(r"EASF0\d [\d,]+ → [\d,]+ Wh", text)
    assert "edf-bleu-tempo 20" in text
    amounts = [float(text.strip("€")) for text in dialog.locator(".line-head strong").all_inner_texts()]
    total = float(dialog.locator(".total strong").inner_text().strip("€"))
    assert total == pytest.approx(sum(amounts), abs=0.01 * len(amounts))
    observed.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(observed.page.locator(".tile .money")).to_be_focused()


def test_months_and_years_are_stepped_through_by_keyboard(home: Served, observed: ObservedPage) -> None:
    observed.visit(f"{home.address}/#/month")
    heading = observed.page.get_by_role("heading", level=1)
    expect(heading).to_have_text(month_name(0))
    energy = observed.page.locator(".tile .big").first.inner_text()
    observed.page.get_by_role("link", name="Month before").press("Enter")
    expect(heading).to_have_text(month_name(1))
    observed.wait_until_still()
    assert observed.page.locator(".tile .big").first.inner_text() != energy
    observed.page.get_by_role("button", name="€", exact=True).press("Enter")
    observed.page.get_by_role("link", name="Month after").press("Enter")
    expect(heading).to_have_text(month_name(0))
    observed.wait_until_still()
    expect(observed.page.get_by_role("button", name="€", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(observed.page.locator("figure .legend").first).to_contain_text("Subscription")
    observed.page.get_by_text("Figures as a table").first.click()
    expect(observed.page.locator("figure.chart tfoot").first).to_contain_text(energy[-3:])
    observed.visit(f"{home.address}/#/year/{month_before(1).year}")
    observed.page.get_by_text("Figures as a table").first.click()
    observed.page.get_by_role("link", name=month_name(1)).click()
    expect(heading).to_have_text(month_name(1))
    assert observed.errors == []


def test_a_lost_recorder_is_reported_and_found_again(home: Served, observed: ObservedPage) -> None:
    observed.visit(f"{home.address}/#/live")
    observed.page.wait_for_selector(".power .time:not(:empty)")
    home.recorder.stop()
    expect(observed.page.locator("#status")).to_contain_text("Connection to the recorder lost since")
    assert "stale" in (observed.page.locator("html").get_attribute("class") or "")
    home.recorder.start()
    expect(observed.page.locator("#status")).to_be_empty()
    before = observed.page.locator(".power .time").inner_text()
    expect(observed.page.locator(".power .time")).not_to_have_text(before)
    # The browser logs each request that is not answered.
    assert [each for each in observed.errors if "ERR_CONNECTION" not in each and "ERR_INCOMPLETE" not in each] == []


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_there_in_both_languages_without_an_error(home: Served, browser: Browser, view: str) -> None:
    for locale in ("fr-FR", "en-GB"):
        observed = open_page(browser, locale=locale, width=390)
        observed.visit(f"{home.address}/#/{view}")
        assert observed.page.locator("html").get_attribute("lang") == locale[:2]
        shown = observed.page.locator("body").inner_text()
        assert not re.search(r"\b(undefined|NaN|null|\[object)\b|\b[a-z]+\.[a-z]+[A-Z]\w*\b", shown)
        wider = observed.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, "a phone would have to be scrolled sideways"
        assert observed.errors == []
        assert {urlsplit(each).netloc for each in observed.requested} == {urlsplit(home.address).netloc}
        observed.page.context.close()


def test_hours_without_a_figure_do_not_widen_a_phones_page(new: Served, browser: Browser, broker: Mosquitto) -> None:
    with Hub(broker.port) as hub:
        frames = [frame(1 + n, time_ms=START_MS + n * 600_000) for n in range(13)]
        hub.publish("page-new/edge/cellar/frame", *frames)
    new.recorder.wait_until(lambda counts: counts.frames == len(frames))
    observed = open_page(browser, width=390)
    observed.visit(f"{new.address}/#/year/2026")
    assert observed.page.locator(".heat .none").count() > 100
    assert observed.page.evaluate("document.documentElement.scrollWidth") == 390
    observed.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(home: Served, browser: Browser, scheme: str) -> None:
    observed = open_page(browser, scheme=scheme)
    found = []
    for view in VIEWS:
        observed.visit(f"{home.address}/#/{view}")
        answer = Axe().run(observed.page).response
        found += [
            (view, each["id"], node["target"], node.get("failureSummary"))
            for each in answer["violations"]
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"]
        ]
    observed.page.context.close()
    assert found == []


def test_the_first_figure_needs_few_requests_and_the_page_is_small(home: Served, observed: ObservedPage) -> None:
    observed.page.goto(f"{home.address}/#/live")
    # Counted by the page in the moment of the figure: what is requested afterwards may already be under way here.
    answers = observed.page.wait_for_function(f"() => ({SHOWS_POWER})() && ({ANSWERS})").json_value()
    assert 0 < len(answers) <= MOST_ANSWERS_BEFORE_POWER, answers
    observed.wait_until_still()
    observed.page.wait_for_timeout(300)
    assert sum(observed.received.values()) < MOST_BYTES


def test_an_empty_first_day_shows_what_to_do_and_updates_by_itself(
    new: Served, observed: ObservedPage, broker: Mosquitto
) -> None:
    for view in VIEWS:
        observed.visit(f"{new.address}/#/{view}")
        expect(observed.page.locator("main")).not_to_contain_text("could not")
    observed.visit(f"{new.address}/#/live")
    expect(observed.page.get_by_role("heading", name="No frame has arrived yet")).to_be_visible()
    with Hub(broker.port) as hub:
        hub.publish("page-new/edge/cellar/frame", frame(1, time_ms=time.time_ns() // 1_000_000))
    expect(observed.page.locator(".gauge .figure")).to_have_text("3,600")
    observed.page.get_by_role("button", name="No contract").click()
    expect(observed.page.get_by_role("dialog")).to_contain_text("[[contract]]")
    assert observed.errors == []


def test_the_token_is_requested_once(guarded: Served, observed: ObservedPage) -> None:
    observed.page.goto(guarded.address)
    observed.page.get_by_label("Token").fill(TOKEN)
    observed.page.keyboard.press("Enter")
    expect(observed.page.get_by_role("heading", name="No frame has arrived yet")).to_be_visible()
    observed.page.reload()
    expect(observed.page.get_by_role("heading", name="No frame has arrived yet")).to_be_visible()


def test_a_site_can_be_chosen_and_a_silent_one_is_reported(
    new: Served, observed: ObservedPage, broker: Mosquitto
) -> None:
    now_ms = time.time_ns() // 1_000_000
    with Hub(broker.port) as hub:
        hub.publish("page-new/edge/cellar/frame", frame(1, time_ms=now_ms))
        hub.publish("page-new/edge/attic/frame", frame(1, edge="attic", meter=OTHER, time_ms=now_ms - 600_000))
    new.recorder.wait_until(lambda counts: counts.frames == 2)
    observed.visit(f"{new.address}/#/live")
    chooser = observed.page.get_by_label("Site")
    chooser.select_option(OTHER)
    expect(observed.page.locator("#status")).to_contain_text("The meter has been silent since")
    expect(observed.page).to_have_url(re.compile(f"site={OTHER}$"))
    chooser.select_option(METER)
    expect(observed.page).to_have_url(re.compile(f"site={METER}$"))
    observed.wait_until_still()
    assert observed.errors == []
