"""The page over ledgers that end in the past, and on the days on which the clocks change."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from api_serving import MIDNIGHT, frames
from page_at import page_at, served_at
from page_browsing import PARIS
from playwright.sync_api import Browser, expect

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

# Labels of the axis and data of a chart, as ECharts has them.
_OPTION = """(n) => {
  const stage = [...document.querySelectorAll('.stage')].at(n);
  const option = globalThis.echarts.getInstanceByDom(stage).getOption();
  return [option.xAxis[0].data, option.series.map((each) => each.data)];
}"""
VIEWS = ("overview", "live", "day", "month", "year", "years", "tariffs", "system")


@pytest.mark.parametrize("days", [1, 40, 400])
def test_every_view_is_there_after_a_long_silence(browser: Browser, tmp_path: Path, days: int) -> None:
    now = MIDNIGHT + timedelta(hours=59, days=days)
    with served_at(tmp_path, now, frames(59)) as served, page_at(browser, served) as observed:
        for view in (*VIEWS, "month/2026-03", "year/2026", "year/2025", "month/2019-01"):
            observed.visit(f"{served.base}/#/{view}")
            expect(observed.page.locator("main .failed")).to_have_count(0)
            shown = observed.page.locator("body").inner_text()
            assert not re.search(r"\b(undefined|NaN|null|Infinity|Invalid)\b", shown), (view, shown)
        observed.page.goto(f"{served.base}/#/live")
        observed.wait_until_still()
        # Not the time alone, which would pass for today's.
        expect(observed.page.locator(".power .time")).to_contain_text("30 Mar 2026")
        expect(observed.page.locator(".chart .note").last).to_contain_text("30 Mar 2026")


def quarter_frames(until: datetime) -> list[Frame]:
    """A frame each five minutes for 26 hours: 100 Wh an hour at 100 VA."""
    found = []
    for seq in range(26 * 12 + 1):
        at = until - timedelta(hours=26) + timedelta(minutes=5 * seq)
        values: dict[str, int | str] = {
            "EAST": 1_000_000 + seq * 100 // 12,
            "SINSTS": 100 + seq,
            "PREF": 6,
            "LTARF": "BASE",
        }
        found.append(
            Frame("021900000002", "cellar", "a1" * 8, seq + 1, int(at.timestamp()) * 1000, Mode.STANDARD, values)
        )
    return found


@pytest.mark.parametrize(
    "until",
    [
        datetime(2026, 3, 29, 12, 0, tzinfo=PARIS),
        datetime(2026, 3, 29, 3, 5, tzinfo=PARIS),
        datetime(2026, 10, 25, 12, 0, tzinfo=PARIS),
        datetime(2026, 10, 25, 2, 10, tzinfo=PARIS, fold=1),
        datetime(2026, 10, 26, 0, 0, tzinfo=PARIS),
        datetime(2026, 7, 1, 12, 0, tzinfo=PARIS),
    ],
    ids=str,
)
def test_24_hours_are_24_hours_on_the_days_of_the_clock_change(
    browser: Browser, tmp_path: Path, until: datetime
) -> None:
    now = until.astimezone(UTC)
    with served_at(tmp_path, now, quarter_frames(now)) as served, page_at(browser, served) as observed:
        observed.visit(f"{served.base}/#/live")
        day = observed.page.locator("figure.chart").last
        day.get_by_text("Figures as a table").click()
        rows = day.locator("tbody tr")
        shown = [each.split("\t") for each in rows.all_inner_texts()]
        energy = sum(float(cells[-1].split("\u00a0")[0]) for cells in shown)
        assert len(shown) in {24, 25}  # the first hour and the last may be parts
        assert energy == pytest.approx(2.4, abs=0.05)
        labels, series = observed.page.evaluate(_OPTION, -1)
        end = now.replace(minute=now.minute // 15 * 15) + timedelta(minutes=15)
        assert labels == [f"{(end - timedelta(minutes=15 * n)).astimezone(PARIS):%H:%M}" for n in range(96, 0, -1)]
        # The current quarter-hour may have begun this second.
        assert [value for data in series for value in data[:-1]].count(None) == 0
        # The fifteen minutes go on across the change.
        _, (points,) = observed.page.evaluate(_OPTION, 0)
        times = [at for at, _ in points]
        assert times == sorted(times)
        assert (len(times), times[-1] - times[0]) == (4, 900_000)
