"""Writes a ledger of more than a year: two days of frames, stored as usual, and before them quarters.

The quarters are written as retention leaves them: storing 40 000 frames one by one would take too long.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from demo.past.meter import Home, values_of
from demo.past.quarters import quarters
from tictally_edge.simulator.day import HouseholdDay
from tictally_edge.simulator.household import STEP_MS
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_recorder.cost.standby.base_load import base_load, night_of_day
from tictally_recorder.ledger import Ledger, Message, Quarter
from tictally_recorder.ledger.meters import LabelIds
from tictally_recorder.ledger.quarter_codec import pack
from tictally_recorder.ledger.standby_store import Night
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.frames import Frame

_BOOT = "0000000000000001"
_RAW = timedelta(days=2)
_EVERY, _EVERY_LATELY, _LATELY = timedelta(seconds=60), timedelta(seconds=10), timedelta(minutes=30)
_BATCH = 500
_MINUTE = 6  # steps of a simulated day
_AWAY = ((12, 56, 69), (40, 80, 84), (77, 8, 20))
"""Days ago, and the quarters of that day in which no frame came: a year without a gap would show nothing of them."""


@dataclass(frozen=True, slots=True)
class Past:
    """The past of a meter.

    Attributes:
        home: of the meter.
        edge: that would have read it.
        since: when it begins, the start of a quarter.
        until: when the meter on the line continues.
        tz: of its days.
    """

    home: Home
    edge: str
    since: datetime
    until: datetime
    tz: ZoneInfo


def write_ledger(ledger: Path, past: Past) -> None:
    """Write a ledger at a path if there is none yet."""
    edge, until = past.edge, past.until
    meter = past.home.meter(past.since)
    first = _message(meter, edge, 1)
    recent = _quarter_of(until - _RAW)
    rows, nights = [], list[Night | None]()
    for each in quarters(meter, recent):
        rows.append(each)
        today = meter.reading().today
        if each[0].start_ms == today.start_ms:
            nights.append(night_of(today, past.tz))
    with Ledger.open(ledger) as opened:
        opened.store([first])
        batch: list[Message] = []
        for message in _recent(meter, edge, until):
            batch.append(message)
            if len(batch) == _BATCH:
                opened.store(batch)
                batch.clear()
        opened.store(batch)
        opened.store_standby(night for night in nights if night is not None)
    with closing(sqlite3.connect(ledger)) as connection, connection:
        _write(connection, [each for each in rows if not _is_away(each[0], until)])


def _recent(meter: SimulatedMeter, edge: str, until: datetime) -> Iterator[Message]:
    seq = 1
    while meter.moment < until:
        seq += 1
        yield _message(meter, edge, seq)
        meter.advance(meter.moment + (_EVERY if meter.moment < until - _LATELY else _EVERY_LATELY))


def _message(meter: SimulatedMeter, edge: str, seq: int) -> Message:
    time_ms = meter.reading().moment_ms
    frame = Frame(meter.number, edge, _BOOT, seq, time_ms, meter.mode, values_of(meter), {})
    return Message(edge, frame.to_json().encode(), time_ms, f"tictally/edge/{edge}/frame")


def _write(connection: sqlite3.Connection, rows: list[tuple[Quarter, dict[str, str]]]) -> None:
    ids = LabelIds(connection).ids
    connection.execute("DELETE FROM frame WHERE seq = 1")
    connection.executemany(
        "INSERT OR REPLACE INTO quarter VALUES (1, ?, ?, x'')",
        ((quarter.start_ms // QUARTER_MS, pack(quarter, ids)) for quarter, _ in rows),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO text_change VALUES (1, ?, ?, ?)",
        ((ids[label], at_ms, text) for at_ms, label, text in _changes(rows)),
    )


def _changes(rows: list[tuple[Quarter, dict[str, str]]]) -> Iterator[tuple[int, str, str]]:
    before: dict[str, str] = {}
    for quarter, texts in rows:
        for label, text in texts.items():
            if before.get(label) != text:
                yield quarter.first_ms, label, text
        before = texts


def _is_away(quarter: Quarter, until: datetime) -> bool:
    moment = datetime.fromtimestamp(quarter.start_ms / 1000, UTC)
    ago, of_day = (until.date() - moment.date()).days, (moment.hour * 60 + moment.minute) // 15
    return any(ago == days and first <= of_day < last for days, first, last in _AWAY)


def _quarter_of(moment: datetime) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % (QUARTER_MS / 1000))


def night_of(day: HouseholdDay, tz: ZoneInfo) -> Night | None:
    """The night with which a local day begins, by the recorder's own rule; None if that finds too little of it."""
    date = datetime.fromtimestamp(day.start_ms / 1000, UTC).astimezone(tz).date()
    begin_ms, end_ms = night_of_day(date, tz)
    power = day.consumption.values[: (end_ms - begin_ms) // STEP_MS]
    minutes = range(0, len(power), _MINUTE)
    means = [(begin_ms + n * STEP_MS, {"SINSTS": sum(power[n : n + _MINUTE]) // _MINUTE}) for n in minutes]
    load = base_load(means)
    return None if load is None else Night(1, date, load.va, load.minutes)
