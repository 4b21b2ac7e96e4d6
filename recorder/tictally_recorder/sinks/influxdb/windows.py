"""Which minutes and hours InfluxDB's tasks may have aggregated without a frame that was late. Pure."""

from collections.abc import Iterable
from typing import Final

from tictally_recorder.ledger import TimeWindow

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
# How long after its window's end a task begins: the offsets in the tasks' files.
OFFSET_MS: Final = {MINUTE_MS: 10_000, HOUR_MS: 30_000}


def window_of(time_ms: int, length_ms: int) -> TimeWindow:
    """The window that holds a moment; windows are aligned in UTC."""
    return TimeWindow(length_ms, time_ms - time_ms % length_ms)


def is_due(window: TimeWindow, now_ms: int) -> bool:
    """True if its task may have begun."""
    return window.end_ms + OFFSET_MS[window.length_ms] <= now_ms


def late_windows(times_ms: Iterable[int], written_ms: int, raw_since_ms: int) -> set[TimeWindow]:
    """The windows that frames belong to and whose task may have begun before the frames were written.

    An hour's task makes its minutes too: where it may have begun, only the hour has to run again.

    Args:
        times_ms: of the frames.
        written_ms: the latest time, by InfluxDB's clock, at which it had written them.
        raw_since_ms: windows that begin earlier lack raw frames, and are left as they are.
    """
    found = set()
    for minute in {window_of(each, MINUTE_MS) for each in times_ms}:
        hour = window_of(minute.start_ms, HOUR_MS)
        for window in (hour, minute):
            if is_due(window, written_ms):
                if hour.start_ms >= raw_since_ms:
                    found.add(window)
                break
    return found


def lost_windows(since_ms: int, now_ms: int) -> set[TimeWindow]:
    """The minutes and hours that InfluxDB may not aggregate by itself after an outage; many are not due yet.

    A task that is scheduled anew, at a start of InfluxDB or because it was just created, begins with the window that
    ends next: one whose end has passed by then is never run, even if its offset has not.

    Args:
        since_ms: when InfluxDB was last known to run its tasks.
        now_ms: when they are known to be scheduled again, by InfluxDB's clock.
    """
    hours = {window_of(each, HOUR_MS) for each in (*range(since_ms, now_ms, HOUR_MS), now_ms)}
    # An hour's run makes its minutes too.
    first = min((each.start_ms for each in hours if not is_due(each, now_ms)), default=now_ms)
    minutes = (window_of(each, MINUTE_MS) for each in (*range(max(since_ms, first), now_ms, MINUTE_MS), now_ms))
    return {*hours, *minutes}


def coalesced(windows: Iterable[TimeWindow], now_ms: int) -> dict[TimeWindow, list[TimeWindow]]:
    """The windows to run now → those that are done with it; a minute whose hour is due is done with its hour.

    Args:
        windows: that wait.
        now_ms: by InfluxDB's clock.
    """
    found: dict[TimeWindow, list[TimeWindow]] = {}
    for window in windows:
        hour = window_of(window.start_ms, HOUR_MS)
        run = hour if is_due(hour, now_ms) else window
        if is_due(run, now_ms):
            found.setdefault(run, []).append(window)
    return found
