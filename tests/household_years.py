"""Years of a simulated household as the ledger retains them: quarters, and every change of a string."""

import random
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ledger_building import EDGE, frame, message

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_recorder.ledger import Ledger, Quarter
from tictally_recorder.ledger.meters import LabelIds
from tictally_recorder.ledger.quarter_codec import pack
from tictally_recorder.ledger.rollup import Rollup
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.labels import LABELS, Mode

START: Final = datetime(2019, 1, 1, tzinfo=UTC)
# As many frames as the line carries in a quarter would take hours: a few are looked at, and the sums made as many.
_LOOKED_AT: Final = 8
_FRAMES: Final = 600
_FRAME_MS: Final = 1500
_NO_VALUES: Final = frozenset({"ADSC", "ADCO", "PRM", "DATE"})

Seen = tuple[int, dict[str, int | str]]


def build(
    path: Path, days: int, contract: SimulatedContract = SimulatedContract.HPHC, mode: Mode = Mode.STANDARD
) -> None:
    """A ledger of a household after the retention: quarters are settled, raw frames deleted."""
    meter = SimulatedMeter(contract, mode, start=START, seed=3)
    rng = random.Random(7)
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(1, _ms(START), values_of(meter), meter=meter.number))])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM frame")
        connection.execute("DELETE FROM quarter")
        ids = LabelIds(connection).ids
        texts: dict[str, str] = {}
        for number in range(days * 96):
            quarter, changes = _quarter(meter, START + number * timedelta(minutes=15), texts, rng)
            row = (quarter.start_ms // QUARTER_MS, pack(quarter, ids))
            connection.execute("INSERT INTO quarter VALUES (1, ?, ?, x'')", row)
            connection.executemany(
                "INSERT OR REPLACE INTO text_change VALUES (1, ?, ?, ?)",
                ((ids[label], at_ms, text) for label, at_ms, text in changes),
            )
        connection.execute("UPDATE meter SET last_ms = ?", (quarter.last_ms,))
        connection.execute("UPDATE label_seen SET last_ms = ?", (quarter.last_ms,))
        connection.execute("UPDATE frame_number SET last = ?", (days * 96 * _FRAMES,))
    with Ledger.open(path) as ledger:  # a frame of now, so that the ledger has all that a living one has
        last_ms = quarter.last_ms + _FRAME_MS
        meter.advance(START + timedelta(days=days))
        values = values_of(meter)
        ledger.store([message(frame(days * 96 * _FRAMES + 1, last_ms, values, meter=meter.number, edge=EDGE))])


def _quarter(
    meter: SimulatedMeter, start: datetime, texts: dict[str, str], rng: random.Random
) -> tuple[Quarter, list[tuple[str, int, str]]]:
    """The quarter, and the strings that changed in it; `texts` holds the previous ones and is updated."""
    start_ms = _ms(start)
    first_ms, last_ms = start_ms + rng.randrange(_FRAME_MS), start_ms + QUARTER_MS - 1 - rng.randrange(_FRAME_MS)
    rollup, changes = Rollup(1, start_ms), []
    for n in range(_LOOKED_AT):
        at_ms = first_ms + (last_ms - first_ms) * n // (_LOOKED_AT - 1)
        meter.advance(datetime.fromtimestamp(at_ms / 1000, UTC))
        values = values_of(meter)
        rollup.add(at_ms, values)
        for label, value in values.items():
            if isinstance(value, str) and texts.get(label) != value:
                texts[label] = value
                changes.append((label, at_ms, value))
    return _as_many(rollup.quarter(), rng), changes


def _as_many(quarter: Quarter, rng: random.Random) -> Quarter:
    """The same as if every frame of the line had been looked at."""
    n = _FRAMES + rng.randrange(-1, 2)
    live = {
        name: each._replace(n=n, sum=(each.sum * n + rng.randrange(_FRAMES)) // _LOOKED_AT)
        for name, each in quarter.live.items()
    }
    return replace(quarter, n=n, live=live)


def values_of(meter: SimulatedMeter) -> Mapping[str, int | str]:
    """What the meter shows, but its numbers and its date."""
    return dict(_shown(meter))


def _shown(meter: SimulatedMeter) -> Iterator[tuple[str, int | str]]:
    for group in meter.groups():
        if group.label not in _NO_VALUES:
            text = " ".join(group.data.split())
            yield group.label, int(text) if LABELS[group.label].is_number else text


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
