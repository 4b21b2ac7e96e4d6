"""What the page shows when an edge goes offline, a tariff changes, and another tariff would have cost less."""

import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from page_browsing import PARIS, ObservedPage, Served
from playwright.sync_api import expect
from real_broker import Hub, Mosquitto
from recording import frame

COMPARED_WITHIN_MS = 120_000
REPRICED_WITHIN_S = 60.0
LIST = """id = "own"
supplier = "A cooperative"
names.en = "Own"
currency = "EUR"
periods = ["BASE"]
"""
VERSION = """
[[version]]
from = {day}
source = "{source}"
confidence = "own"
energy.BASE = {{ ttc = "{price}" }}
subscription = "0"
"""


def fetched(served: Served, path: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{served.address}/api/v1{path}", timeout=COMPARED_WITHIN_MS / 1000)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_an_edge_that_goes_away_is_reported_and_its_return_too(home: Served, observed: ObservedPage) -> None:
    observed.visit(f"{home.address}/#/live")
    status = observed.page.locator("#status")
    expect(status).to_be_empty()
    assert home.edge is not None
    home.edge.stop()
    expect(status).to_contain_text("The edge pi is offline; last frame")
    expect(observed.page.locator("html")).to_have_class(re.compile("stale"))
    home.edge.start()
    expect(status).to_be_empty()
    expect(observed.page.locator("html")).not_to_have_class(re.compile("stale"))
    assert observed.errors == []


def test_a_day_without_frames_is_unknown_and_not_zero(new: Served, observed: ObservedPage, broker: Mosquitto) -> None:
    """A meter without frames since the day before yesterday: nothing is known of today."""
    then_ms = (time.time_ns() // 1_000_000) - 2 * 86_400_000
    with Hub(broker.port) as hub:
        for n in range(3):
            hub.publish("page-new/edge/cellar/frame", frame(1 + 100 * n, time_ms=then_ms + n * 3_600_000))
    new.recorder.wait_until(lambda counts: counts.frames == 3)
    observed.visit(f"{new.address}/#/live")
    today = observed.page.locator("section, .card").filter(has=observed.page.get_by_role("heading", name="Today")).first
    expect(today.locator(".big")).to_have_text("unknown")
    assert "100 %" not in today.inner_text()
    assert observed.errors == []


def test_a_period_without_amounts_is_not_in_the_legend(home: Served, observed: ObservedPage) -> None:
    observed.visit(f"{home.address}/#/month")
    script = f"{home.address}/page/modules/periods.js"
    names = observed.page.evaluate(
        """async (script) => {
            const { moneyBars } = await import(script);
            const line = (period, amount) => ({ from: "a", kind: "energy", period, amount, currency: "EUR" });
            const lines = [line("HP", "1.2"), line("HC", "0.9"), line("unmetered", null)];
            return moneyBars(["a"], lines, String, String).series.map((each) => each.name);
        }""",
        script,
    )
    assert names == ["Subscription", "Off-peak", "Peak"]


def test_other_tariffs_are_compared_cheapest_first(home: Served, observed: ObservedPage) -> None:
    observed.visit(f"{home.address}/#/tariffs")
    observed.page.get_by_role("button", name="Compare").click()
    table = observed.page.get_by_role("table", name="Would another tariff have cost less?")
    expect(table).to_be_visible(timeout=COMPARED_WITHIN_MS)
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
    shown = [
        (re.sub(r"(\s+yours)?(\s+\d+ kVA)?\s*$", "", row[0]), row[1], re.sub(r"[^\d.]", "", row[3]).rstrip("."))
        for row in rows
    ]
    today = datetime.now(PARIS).date()
    first = datetime.fromisoformat(fetched(home, "/sites")[0]["first"]).date()
    since = max(today - timedelta(days=365), first + timedelta(days=1))
    answer = fetched(home, f"/compare?from={since}&to={today}")
    known = sorted((each for each in answer if each["quality"] != "unknown"), key=lambda each: float(each["amount"]))
    assert len(known) >= 3
    names = {each["id"]: each["name"] for each in fetched(home, "/tariffs?language=en")}
    assert shown[: len(known)] == [
        (names[each["tariff"]], f"{each['power_kva']} kVA", each["rounded"]) for each in known
    ]
    assert len(shown) == len(answer)
    mine = next(row for row in rows if "yours" in row[0])
    assert mine[0].startswith(names["edf-bleu-tempo"])
    powers = observed.page.get_by_role("table", name="Would another power have been enough?")
    judged = fetched(home, f"/power?from={since}&to={today}")
    expect(powers.locator("tbody tr")).to_have_count(len(judged))
    expect(powers.locator("tbody tr").first).to_contain_text(f"{judged[0]['power_kva']} kVA")
    table.locator("tbody tr").first.locator(".money").click()
    dialog = observed.page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"by the versions of {names[known[0]['tariff']]} at {known[0]['power_kva']} kVA")
    assert observed.errors == []


def test_a_new_version_of_the_users_own_tariff_changes_the_month(
    new: Served, observed: ObservedPage, broker: Mosquitto
) -> None:
    folder = new.recorder.folder
    (folder / "contracts.toml").write_text('[[contract]]\ntariff = "own"\nfrom = 2020-01-01\n')
    prices = folder / "tariffs" / "own.toml"
    prices.parent.mkdir()
    write(prices, VERSION.format(day="2020-01-01", source="a letter", price="0.20"))
    now_ms = time.time_ns() // 1_000_000
    midnight = datetime.now(PARIS).replace(hour=0, minute=0, second=0, microsecond=0)
    first_ms = int(midnight.timestamp() * 1000)
    with Hub(broker.port) as hub:  # 10 Wh a number: 10 kWh since midnight
        hub.publish("page-new/edge/cellar/frame", frame(1, time_ms=first_ms + 1))
        hub.publish("page-new/edge/cellar/frame", frame(1001, time_ms=max(now_ms - 1000, first_ms + 2)))
    new.recorder.wait_until(lambda counts: counts.frames == 2)
    observed.visit(f"{new.address}/#/month")
    money = observed.page.locator(".tile .money")
    expect(money).to_contain_text("€2.00")
    write(
        prices,
        VERSION.format(day="2020-01-01", source="a letter", price="0.20"),
        VERSION.format(day=midnight.date(), source="another letter", price="0.35"),
    )
    end = time.monotonic() + REPRICED_WITHIN_S
    while fetched(new, f"/cost?from={midnight.date()}")[-1]["rounded"] != "3.50":
        assert time.monotonic() < end
        time.sleep(0.5)
    observed.page.reload()
    expect(money).to_contain_text("€3.50")
    money.click()
    dialog = observed.page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"own {midnight.date()}")
    expect(dialog).to_contain_text("another letter")
    observed.page.keyboard.press("Escape")
    observed.visit(f"{new.address}/#/tariffs/own")
    expect(observed.page.locator(".timeline > li")).to_have_count(2)
    expect(observed.page.locator(".timeline > li").first).to_contain_text("+75")
    assert observed.errors == []


def write(path: Path, *versions: str) -> None:
    """Replace the file as an editor does."""
    part = path.with_suffix(".new")
    part.write_text(LIST + "".join(versions))
    part.replace(path)
