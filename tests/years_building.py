"""A ledger of years of quarters, written as the retention leaves them: for benchmarks, which need many fast."""

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ledger_building import frame, message

from tictally_recorder.ledger import Ends, Ledger, Live, Quarter, Run
from tictally_recorder.ledger.meters import LabelIds
from tictally_recorder.ledger.quarter_codec import pack
from tictally_shared.calendar import QUARTER_MS

START: Final = datetime(2019, 1, 1, tzinfo=UTC)
_REGISTERS: Final = (
    "EAST",
    *(f"EASF{n:02}" for n in range(1, 11)),
    *(f"EASD{n:02}" for n in range(1, 5)),
)
_LIVE: Final = {"SINSTS": 900, "IRMS1": 4, "URMS1": 234}
_ENDS: Final = {"PREF": 9, "PCOUP": 9, "SMAXSN": 5611, "SMAXSN-1": 6002, "CCASN": 1180, "CCASN-1": 1250, "UMOY1": 234}
_OFF_PEAK: Final = {*range(6), 13, 14}


def build(path: Path, days: int) -> None:
    """A ledger of a standard one-phase meter on peak and off-peak, its quarters as the retention leaves them."""
    quarters = list(_household(days))
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(seq, at_ms, values)) for seq, (at_ms, values) in enumerate(_frames(quarters), 1)])
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        ids = LabelIds(connection).ids
        connection.execute("DELETE FROM frame")
        connection.execute("DELETE FROM quarter")
        connection.execute("DELETE FROM text_change WHERE label IN (?, ?)", (ids["NTARF"], ids["LTARF"]))
        connection.executemany(
            "INSERT INTO quarter VALUES (1, ?, ?, x'')",
            ((each.start_ms // QUARTER_MS, pack(each, ids)) for each in quarters),
        )
        connection.executemany(
            "INSERT INTO text_change VALUES (1, ?, ?, ?)",
            ((ids[label], at_ms, text) for at_ms, texts in _changes(quarters) for label, text in texts.items()),
        )


def _household(days: int) -> Iterator[Quarter]:
    """Quarters in which every frame came, the registers of the present period rising."""
    rng = random.Random(7)
    values = dict.fromkeys(_REGISTERS, 0) | {"EASF01": 20_000_123, "EASF02": 30_019_103}
    for number in range(days * 96):
        start_ms = int(START.timestamp() * 1000) + number * QUARTER_MS
        first_ms, last_ms = start_ms + rng.randrange(1500), start_ms + QUARTER_MS - 1 - rng.randrange(1500)
        before, used = dict(values), rng.randrange(400)
        register = _texts(start_ms)["NTARF"]
        values["EASF" + register] += used
        values |= {"EASD01": values["EASF01"], "EASD02": values["EASF02"], "EAST": values["EASF01"] + values["EASF02"]}
        yield Quarter(
            meter_id=1,
            start_ms=start_ms,
            n=600,
            first_ms=first_ms,
            last_ms=last_ms,
            registers={name: (Run(first_ms, before[name], last_ms, values[name]),) for name in _REGISTERS},
            live={
                name: Live(first_ms, mean, last_ms, mean + 1, 600, 600 * mean + 350, mean // 2, mean + mean // 3)
                for name, mean in _LIVE.items()
            },
            ends={name: Ends(first_ms, value, last_ms, value) for name, value in _ENDS.items()},
        )


def _frames(quarters: list[Quarter]) -> Iterator[tuple[int, dict[str, int | str]]]:
    """The first and the last frame: by them the ledger knows the meter, its labels, and since and until when."""
    first, last = quarters[0], quarters[-1]
    others = _LIVE | _ENDS
    yield (
        first.first_ms,
        {name: runs[0].first for name, runs in first.registers.items()} | others | _texts(first.start_ms),
    )
    yield last.last_ms, {name: runs[0].last for name, runs in last.registers.items()} | others | _texts(last.start_ms)


def _texts(time_ms: int) -> dict[str, str]:
    hour = time_ms // 3_600_000 % 24
    return {"NTARF": "01", "LTARF": "HC"} if hour in _OFF_PEAK else {"NTARF": "02", "LTARF": "HP"}


def _changes(quarters: list[Quarter]) -> Iterator[tuple[int, dict[str, str]]]:
    shown: dict[str, str] = {}
    for quarter in quarters:
        texts = _texts(quarter.start_ms)
        if texts != shown:
            yield quarter.first_ms, texts
        shown = texts
