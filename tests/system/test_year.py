"""Energy against the meter's own registers, to the Wh: clock changes, an exchange of meters, outages, late frames.

A full year, which takes minutes, is `./run year`; here are days around the clock changes.
"""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from simulated_ledger import Truth, messages, store

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.exchange import ExchangedMeter
from tictally_edge.simulator.meter import HouseholdMeter, SimulatedMeter
from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.ledger import Ledger, LedgerReader, Message, join_sites
from tictally_shared.calendar import By
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

PARIS = ZoneInfo("Europe/Paris")
FIRST, SECOND, OTHER = "021961000001", "021961000002", "021961000009"
FULL = "TICTALLY_FULL_YEAR" in os.environ


@dataclass(frozen=True)
class Span:
    """A time that is simulated, with an exchange of meters and an outage in it."""

    name: str
    contract: SimulatedContract
    mode: Mode
    start: datetime
    hours: int
    exchanged_on: int
    out_on: int
    out_days: int
    interval_s: float | None = 60.0
    hours_of_days: frozenset[int] = frozenset({23, 24, 25})
    producer: bool = False

    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=self.hours)

    def meter(self) -> HouseholdMeter:
        meter = SimulatedMeter(self.contract, self.mode, start=self.start, number=FIRST, seed=3, producer=self.producer)
        return ExchangedMeter(meter, self.start + timedelta(days=self.exchanged_on, hours=7.3), SECOND)


SPRING = datetime(2025, 3, 28, 23, tzinfo=UTC)
AUTUMN = datetime(2025, 10, 24, 22, tzinfo=UTC)
YEAR = Span("a year", SimulatedContract.HPHC, Mode.STANDARD, datetime(2024, 12, 31, 23, tzinfo=UTC), 8760, 200, 60, 7)
SPANS = (
    [
        YEAR,
        # As fast as the line carries them, on the day that has 23 hours.
        Span(
            "a day",
            SimulatedContract.TEMPO,
            Mode.STANDARD,
            SPRING + timedelta(days=1),
            23,
            0,
            0,
            0,
            None,
            frozenset({23}),
        ),
    ]
    if FULL
    else [
        Span(
            "spring",
            SimulatedContract.HPHC,
            Mode.STANDARD,
            SPRING,
            71,
            0,
            1,
            1,
            120.0,
            frozenset({23, 24}),
            producer=True,
        ),
        Span("autumn", SimulatedContract.TEMPO, Mode.HISTORIQUE, AUTUMN, 73, 1, 0, 1, 60.0, frozenset({24, 25})),
    ]
)


@pytest.fixture(scope="module", params=SPANS, ids=lambda span: span.name)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Span, Path, Truth]:
    span: Span = request.param
    path, truth = tmp_path_factory.mktemp("ledger") / "ledger.sqlite", Truth()
    with Ledger.open(path) as ledger:
        store(ledger, messages(span.meter(), span.interval_s, span.end, truth))
        while ledger.recompute_dirty(1000):
            pass
    join_sites(path, SECOND, FIRST)
    return span, path, truth


def answer(path: Path, span: Span, by: By) -> list[EnergyRow]:
    reader = LedgerReader.open(path)
    try:
        return energy(reader, EnergyQuery(FIRST, span.start, span.end, by, PARIS))
    finally:
        reader.close()


@pytest.mark.parametrize("by", list(By))
def test_energy_equals_the_registers(recorded: tuple[Span, Path, Truth], by: By) -> None:
    span, path, truth = recorded
    rows = answer(path, span, by)
    wrong = [row for row in rows if row.energy != truth.energy(row.register, row.start_ms, row.end_ms)]
    assert wrong == []
    assert not any(row.estimated or row.fell for row in rows)
    moved = {name for name in truth.names if truth.energy(name, rows[0].start_ms, rows[-1].end_ms)}
    assert moved <= {row.register for row in rows}
    if by is By.DAY:
        hours = {(row.end_ms - row.start_ms) // 3_600_000 for row in rows}
        assert hours == span.hours_of_days
    for name in moved:
        shown = sum(row.energy for row in rows if row.register == name)
        assert shown == truth.energy(name, rows[0].start_ms, rows[-1].end_ms)


def test_the_command_shows_the_same(recorded: tuple[Span, Path, Truth]) -> None:
    span, path, truth = recorded
    command = ["energy", "--from", span.start.isoformat(), "--to", span.end.isoformat(), "--by", "day", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "tictally_recorder", *command],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "TICTALLY_LEDGER": str(path)},
    )
    output = json.loads(done.stdout)
    days = {(row.start_ms, row.register): row.energy for row in answer(path, span, By.DAY)}
    shown = {(_ms(row["from"]), row["register"]): row["energy"] for row in output}
    assert shown == days
    assert truth.names


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.fixture(scope="module")
def parted(
    recorded: tuple[Span, Path, Truth], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Message], range]:
    """A ledger without the frames of an outage, those frames, doubled and shuffled, and the milliseconds it lasted."""
    span, _, _ = recorded
    if not span.out_days:
        pytest.skip("no outage within a day")
    path = tmp_path_factory.mktemp("parted") / "ledger.sqlite"
    out = range(
        *(
            int((span.start + timedelta(days=day, hours=5.1)).timestamp() * 1000)
            for day in (span.out_on, span.out_on + span.out_days)
        )
    )
    late: list[Message] = []

    def timely() -> Iterator[Message]:
        for message in messages(span.meter(), span.interval_s, span.end, Truth()):
            if message.arrived_ms - 50 in out:
                late.append(message)
            else:
                yield message

    with Ledger.open(path) as ledger:
        store(ledger, timely())
    join_sites(path, SECOND, FIRST)
    doubled = late * 2
    random.Random(1).shuffle(doubled)
    return path, doubled, out


def test_an_outage_is_divided_and_marked(
    recorded: tuple[Span, Path, Truth], parted: tuple[Path, list[Message], range]
) -> None:
    span, _, truth = recorded
    path, _, out = parted
    rows = answer(path, span, By.QUARTER)
    for name in {row.register for row in rows}:
        shown = sum(row.energy for row in rows if row.register == name)
        assert shown == truth.energy(name, rows[0].start_ms, rows[-1].end_ms)
    within = [row for row in rows if out.start <= row.start_ms and row.end_ms <= out.stop]
    assert within
    # A register that stood still has nothing to divide.
    counted = {row.register for row in within if row.energy}
    assert counted
    assert all(row.estimated == (row.register in counted) for row in within)
    assert not any(row.estimated for row in rows if row.end_ms < out.start or row.start_ms > out.stop)


def test_late_frames_end_in_the_same_rows(
    recorded: tuple[Span, Path, Truth], parted: tuple[Path, list[Message], range], tmp_path: Path
) -> None:
    span, whole, _ = recorded
    path = Path(shutil.copy(parted[0], tmp_path))
    with Ledger.open(path) as ledger:
        assert store(ledger, parted[1]) == len(parted[1]) // 2
        while ledger.recompute_dirty(1000):
            pass
    assert contents(path) == contents(whole)
    assert answer(path, span, By.QUARTER) == answer(whole, span, By.QUARTER)


def test_late_frames_whose_raw_neighbours_are_deleted_end_in_the_same_rows(
    recorded: tuple[Span, Path, Truth], parted: tuple[Path, list[Message], range], tmp_path: Path
) -> None:
    span, whole, _ = recorded
    path = Path(shutil.copy(parted[0], tmp_path))
    expected, energies = contents(whole), answer(whole, span, By.QUARTER)
    with Ledger.open(path) as ledger:
        apply_retention(ledger, span.end + timedelta(days=3))
        assert raw_frames(path) == 0
        assert store(ledger, parted[1]) == len(parted[1]) // 2
        assert raw_frames(path) == len(parted[1]) // 2
        assert answer(path, span, By.QUARTER) == energies  # while quarters wait to be computed
        while ledger.recompute_dirty(1000):
            pass
        assert contents(path) == expected
        apply_retention(ledger, span.end + timedelta(days=6))
        assert raw_frames(path) == 0
    assert contents(path) == expected
    assert answer(path, span, By.QUARTER) == energies


def apply_retention(ledger: Ledger, now: datetime) -> None:
    """Apply the retention as a recorder does when another meter sends frames."""
    now_ms = _ms(now.isoformat())
    frame = Frame(OTHER, "attic", "00000000000000a1", now_ms // 1000, now_ms, Mode.STANDARD, {"EAST": 1})
    ledger.store([Message("attic", frame.to_json().encode(), now_ms, "tictally/edge/attic/frame")])
    while ledger.apply_retention(now_ms):
        pass


def raw_frames(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        select = "SELECT count(*) FROM frame JOIN meter ON meter.id = meter WHERE key != ?"
        return int(connection.execute(select, (OTHER,)).fetchone()[0])


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What answers about the two meters are made of: quarters and text changes."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        select = "SELECT key, {} FROM {} JOIN meter ON meter.id = meter WHERE key != ?"
        return {
            table: sorted(connection.execute(select.format(columns, table), (OTHER,)))
            for table, columns in (
                ("quarter", "quarter, packed"),
                ("text_change", "label, time_ms, value"),
                ("dirty_quarter", "quarter"),
            )
        }
