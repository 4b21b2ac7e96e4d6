"""Cached energy of days and months equals computed energy, whatever frames arrive, also late ones."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ledger_building import METER, frame, message

from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.context import Context
from tictally_recorder.api.params import TimeRange
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.features import settings_with
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_shared.calendar import By, zone

PARIS = zone("Europe/Paris")
START = datetime(2026, 3, 24, tzinfo=UTC)  # clocks go forward on the 29th, the month ends on the 31st
HOURS = 12 * 24
NOW = START + timedelta(hours=HOURS)

hours = st.integers(0, HOURS - 1)
# (hour, Wh since the start, which registers): falls, gaps and a change of labels among them
frames = st.lists(
    st.tuples(hours, st.integers(0, 5000), st.sampled_from(["EAST", "EASF01", "BASE"])), min_size=1, max_size=25
)
windows = st.tuples(st.integers(-30, HOURS), st.integers(1, HOURS), st.sampled_from([By.DAY, By.MONTH, By.YEAR]))


def store(ledger: Ledger, found: list[tuple[int, int, str]], seq: int) -> None:
    batch = []
    for number, (hour, value, register) in enumerate(found):
        at_ms = int((START + timedelta(hours=hour, minutes=7)).timestamp()) * 1000
        # One name: which of two that never lasted counts hangs on how far back a query looks, cached or not.
        values: dict[str, int | str] = {register: 1_000_000 + value, "NTARF": "01", "LTARF": "HC"}
        batch.append(message(frame(seq + number, at_ms, values), arrived_ms=int(NOW.timestamp()) * 1000))
    ledger.store(batch)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@example(  # two readings of EAST around a change of mode show nothing of it, in a month or in a year
    first=[(0, 0, "EAST")],
    late=[(36, 0, "BASE"), (37, 0, "EASF01"), (39, 0, "EAST"), (190, 1, "BASE"), (198, 0, "EAST")],
    asked=[(0, 1, By.DAY), (0, 198, By.YEAR)],
)
@given(first=frames, late=frames, asked=st.lists(windows, min_size=2, max_size=6))
def test_cached_energy_is_computed_energy(
    first: list[tuple[int, int, str]], late: list[tuple[int, int, str]], asked: list[tuple[int, int, By]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ledger.sqlite"
        with Ledger.open(path) as ledger, LedgerReader.open(path) as reader:
            recomputer = CostRecomputer(
                ledger, reader, WatchedTerms(Path(name) / "contracts.toml", Path(name) / "tariffs", PARIS), PARIS
            )
            context = Context(settings_with(name="nas", ledger=path), Broadcast(), SimpleQueue(), lambda: NOW)
            computed_ms = [int(NOW.timestamp() * 1000)]
            for batch, seq, keeps in ((first, 1, True), (late, 1000, False), ([], 2000, True)):
                store(ledger, batch, seq)
                if keeps:
                    computed_ms[0] += 1000
                    recomputer.begin()
                    while recomputer.step(lambda: computed_ms[0]):
                        pass
                for _ in range(2):
                    for begin, length, by in asked:
                        check(context, reader, (begin, length), by)


def check(context: Context, reader: LedgerReader, window: tuple[int, int], by: By) -> None:
    session = context.session(reader)
    (site,) = session.sites
    start = START + timedelta(hours=window[0])
    end = start + timedelta(hours=window[1])
    for every in (False, True):
        expected = energy(reader, EnergyQuery(METER, start, end, by, PARIS), all_registers=every)
        found, _ = cached_energy(session, site, TimeRange(start, end), by, all_registers=every)
        assert found == expected
