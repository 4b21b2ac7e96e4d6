"""Steady quarters and the rows of the others are the rows of energy by quarter-hour, whatever frames came."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_building import NOON_MS, frame, message

from tictally_recorder.energy import EnergyQuery, energy, quarter_energy, rows_of_steady
from tictally_recorder.ledger import Ledger, LedgerReader, Message
from tictally_shared.calendar import QUARTER_MS, By, zone

REGISTERS = ("EAST", "EASF01", "EASF02")
START_MS = NOON_MS // QUARTER_MS * QUARTER_MS

# (milliseconds into its quarter, what each register has risen by, registers that are not in it, the option)
a_frame = st.tuples(
    st.sampled_from([0, 1, 450_000, QUARTER_MS - 1]),
    st.tuples(*[st.sampled_from([0, 0, 1, 7, 7, 7, 30, -5])] * 3),
    st.sampled_from([(), (), (), (), (), ("EASF02",), ("EAST", "EASF01")]),
    st.sampled_from(["BASE", "BASE", "BASE", "H PLEINE/CREUSE"]),
)
# (how many quarters after the one before, its frames)
a_quarter = st.tuples(
    st.sampled_from([1, 1, 1, 1, 1, 2, 4]),
    st.lists(a_frame, min_size=1, max_size=2, unique_by=lambda each: each[0]),
)
QuarterSpec = tuple[int, list[tuple[int, tuple[int, int, int], tuple[str, ...], str]]]
Quarters = list[QuarterSpec]
ON: QuarterSpec = (1, [(450_000, (7, 7, 0), (), "BASE")])
AWAY: QuarterSpec = (1, [(450_000, (7, 7, 0), ("EASF02",), "BASE")])
LATER: QuarterSpec = (4, [(450_000, (7, 7, 0), (), "BASE")])
AT_ONCE: QuarterSpec = (1, [(0, (0, 0, 0), (), "BASE")])
# Another option for a millisecond, in which two registers were not read; the first frame after it is as early.
BRIEFLY_OTHER: QuarterSpec = (1, [(0, (0, 0, 0), (), "H PLEINE/CREUSE"), (1, (0, 0, 0), ("EAST", "EASF01"), "BASE")])
EARLY: QuarterSpec = (1, [(1, (0, 1, 0), (), "BASE")])


def store(path: Path, quarters: Quarters) -> None:
    values, number = dict.fromkeys(REGISTERS, 1000), -1
    messages: list[Message] = []
    for step, frames in quarters:
        number += step
        for since_ms, rises, away, option in sorted(frames):
            values = {name: value + rise for (name, value), rise in zip(values.items(), rises, strict=True)}
            seen = {name: value for name, value in values.items() if name not in away}
            at_ms = START_MS + number * QUARTER_MS + since_ms
            messages.append(message(frame(len(messages) + 1, at_ms, seen | {"NGTF": option, "SINSTS": 300})))
    with Ledger.open(path) as ledger:
        ledger.store(messages)


@settings(max_examples=35, deadline=None)
@given(st.lists(a_quarter, min_size=2, max_size=14), st.integers(0, 3), st.integers(1, 20))
@example([ON, ON, ON, ON], 0, 20)
@example([ON, ON, ON, LATER, ON, ON], 0, 20)
@example([ON, ON, AWAY, AWAY, AWAY, AWAY, ON, ON], 0, 20)
@example([ON, ON, ON, ON, ON, ON], 1, 3)
@example([AT_ONCE, AT_ONCE, BRIEFLY_OTHER, EARLY], 0, 4)
def test_steady_quarters_and_the_others_are_the_rows_of_energy(quarters: Quarters, first: int, length: int) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "ledger.sqlite"
        store(path, quarters)
        with LedgerReader.open(path) as reader:
            (site,) = reader.sites()
            start_ms = START_MS + first * QUARTER_MS
            start, end = (
                datetime.fromtimestamp(each / 1000, UTC) for each in (start_ms, start_ms + length * QUARTER_MS)
            )
            query = EnergyQuery(site.id, start, end, By.QUARTER, zone("Europe/Paris"))
            expected = energy(reader, query, all_registers=True, only=REGISTERS[:2])
            rows, steady = quarter_energy(reader, query, REGISTERS[:2])
    found = [*rows, *(row for each in steady for row in rows_of_steady(each, site.id, REGISTERS[:2]))]
    assert sorted(found, key=lambda row: row.start_ms) == expected


def test_nearly_all_quarters_of_a_meter_that_is_read_without_gap_are_steady(tmp_path: Path) -> None:
    store(tmp_path / "ledger.sqlite", [ON] * 40)
    with LedgerReader.open(tmp_path / "ledger.sqlite") as reader:
        (site,) = reader.sites()
        start, end = (datetime.fromtimestamp((START_MS + each) / 1000, UTC) for each in (0, 40 * QUARTER_MS))
        query = EnergyQuery(site.id, start, end, By.QUARTER, zone("Europe/Paris"))
        rows, steady = quarter_energy(reader, query, REGISTERS)
    assert len(steady) == 38
    assert {row.start_ms for row in rows} == {START_MS, START_MS + 39 * QUARTER_MS}
