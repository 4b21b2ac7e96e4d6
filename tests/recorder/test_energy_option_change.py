"""A change of the meter's option: each kWh has the name that its register had when it was counted."""

import random
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import BASE, HPHC, d, on, terms, words
from energy_building import PARIS, Frame, SimulatedMeter, moment, ms, named, rows, run, store, to_option
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_building import METER

from tictally_recorder.cost import CostRow
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.tariffs.model import Tariff
from tictally_shared.calendar import By

MARCH = ("2026-03-01", "2026-04-01")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def truth(meter: SimulatedMeter) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for (_, period), wh in meter.counted.items():
        sums[period] += wh
    return dict(sums)


def costs(path: Path, window: tuple[str, str], contract: Tariff) -> list[CostRow]:
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        first, until = map(d, window)
        return cost_of(reader, SiteDays(site, first, until, PARIS), terms(on(contract), BASE, HPHC))


@pytest.mark.parametrize("by", [By.DAY, By.WEEK, By.MONTH, By.YEAR])
def test_a_period_names_each_kwh_as_its_days_do(path: Path, by: By) -> None:
    meter = SimulatedMeter(option="base")
    changes = {"2026-03-20": to_option("hphc"), "2026-03-25T16:00": to_option("tempo"), "2026-03-29": to_option("base")}
    store(path, run(meter, MARCH, minutes=15, changes=changes))
    assert named(rows(path, MARCH, by)) == truth(meter)


OPTIONS = st.sampled_from(["base", "hphc", "ejp", "tempo"])
CHANGES = st.dictionaries(st.integers(1, 5 * 96 - 1), OPTIONS, max_size=4)
SILENCE = st.tuples(st.integers(0, 5 * 96), st.integers(2, 60))


@settings(max_examples=12, deadline=None)
@given(CHANGES, st.none() | SILENCE, st.integers(0, 9))
def test_the_days_of_any_changes_add_up_to_the_month_name_by_name(
    changes: dict[int, str], silence: tuple[int, int] | None, seed: int
) -> None:
    window = ("2026-03-27", "2026-04-01")  # with the day of 23 hours
    meter = SimulatedMeter(option="base")
    start = moment(window[0])
    at = {f"{moment_of(start, quarter):%Y-%m-%dT%H:%M}": to_option(key) for quarter, key in changes.items()}
    quiet = []
    if silence:
        first, length = silence
        quiet = [(f"{moment_of(start, first):%Y-%m-%dT%H:%M}", f"{moment_of(start, first + length):%Y-%m-%dT%H:%M}")]
    frames = list(run(meter, window, minutes=15, changes=at, silences=quiet))
    random.Random(seed).shuffle(frames)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        store(path, frames)
        sums = []
        for by in (By.QUARTER, By.DAY, By.MONTH):
            found: Counter[tuple[str, str | None, str | None]] = Counter()
            for row in rows(path, window, by):
                found[row.register, row.period, row.option] += row.energy
            sums.append({key: wh for key, wh in found.items() if wh})
    assert sums[0] == sums[1] == sums[2]
    readings = sorted(frames, key=lambda each: each[0])
    first_east, last_east = (readings[at][1]["EAST"] for at in (0, -1))
    assert isinstance(first_east, int)
    assert isinstance(last_east, int)
    assert sum(wh for (register, *_), wh in sums[0].items() if register == "EAST") == last_east - first_east


def moment_of(start: datetime, quarter: int) -> datetime:
    return (start + timedelta(minutes=15 * quarter)).astimezone(PARIS)


@pytest.mark.parametrize("settled", [False, True])
def test_a_day_on_which_the_option_changes_is_split_at_the_frame_that_changes_it(path: Path, *, settled: bool) -> None:
    meter = SimulatedMeter(option="base")
    store(path, run(meter, ("2025-03-04", "2025-03-05"), minutes=1, changes={"2025-03-04T16:07": to_option("hphc")}))
    if settled:
        with Ledger.open(path) as ledger:
            while ledger.apply_retention(ms("2025-05-01")):
                pass
    found = {row.period: row for row in costs(path, ("2025-03-04", "2025-03-05"), HPHC)}
    # 16:07 to 22:00 on peak and two hours off-peak, at 20 Wh a minute
    assert (found["HP"].energy_wh, found["HC"].energy_wh) == (353 * 20, 120 * 20)
    assert found["HP"].amount == Decimal("7.060") * Decimal("0.2146")
    assert (found["BASE"].energy_wh, found["BASE"].amount) == (967 * 20, None)
    assert words(found["BASE"].reason) is not None
    assert [(part.start_ms, part.end_ms) for part in found["BASE"].parts] == [
        (ms("2025-03-04"), ms("2025-03-04T16:07"))
    ]
    assert found["HC"].parts[0].start_ms == ms("2025-03-04T16:07")


def test_a_late_frame_with_the_new_option_moves_the_change(path: Path) -> None:
    meter = SimulatedMeter(option="base")
    window = ("2025-03-04", "2025-03-05")
    frames: list[Frame] = list(run(meter, window, minutes=1, changes={"2025-03-04T16:07": to_option("hphc")}))
    late = [each for each in frames if moment("2025-03-04T16:07") <= each[0] < moment("2025-03-04T16:40")]
    store(path, [each for each in frames if each not in late])
    before = {row.period: row.energy_wh for row in costs(path, window, HPHC)}
    assert before["EASF01"] > 0  # counted in a silence in which the option changed
    store(path, late, boot="00000000000000b1")
    found = {row.period: row.energy_wh for row in costs(path, window, HPHC)}
    assert (found["HP"], found["HC"], found["BASE"]) == (353 * 20, 120 * 20, 967 * 20)


def test_what_a_register_counted_in_a_silence_in_which_the_option_changed_has_no_price(path: Path) -> None:
    meter = SimulatedMeter(option="base")
    window = ("2025-03-04", "2025-03-05")
    silence = ("2025-03-04T15:30", "2025-03-04T16:30")
    store(path, run(meter, window, changes={"2025-03-04T16:00": to_option("hphc")}, silences=[silence]))
    found = {row.period: row for row in costs(path, window, HPHC)}
    assert (found["EASF01"].energy_wh, found["EASF01"].amount) == (600, None)
    assert found["BASE"].energy_wh == 930 * 20
    # The register of peak hours counted for half an hour, whatever the option was before.
    assert found["HP"].energy_wh == 360 * 20
    assert sum(row.energy_wh for row in found.values()) == 1440 * 20


def test_a_tariff_of_one_price_has_the_whole_day_of_a_change(path: Path) -> None:
    meter = SimulatedMeter(option="base")
    window = ("2025-03-04", "2025-03-05")
    store(path, run(meter, window, changes={"2025-03-04T16:07": to_option("hphc")}))
    (energy,) = [row for row in costs(path, window, BASE) if row.period]
    assert (energy.period, energy.energy_wh, str(energy.quality)) == ("BASE", 1440 * 20, "measured")


def test_a_meter_that_replaces_another_is_on_its_option_until_it_reports_its_own(path: Path) -> None:
    old = SimulatedMeter()
    store(path, run(old, ("2025-03-04", "2025-03-04T12:00")))
    new = SimulatedMeter()
    frames = run(new, ("2025-03-04T13:00", "2025-03-05"))
    without = [
        (when, {name: value for name, value in values.items() if name not in {"NGTF", "LTARF"}})
        for when, values in frames
    ]
    store(path, without, meter="021900000009", boot="00000000000000b1")
    with Ledger.open(path) as ledger:
        ledger.join_sites("021900000009", METER)
    found = {row.period for row in costs(path, ("2025-03-04", "2025-03-05"), HPHC) if row.energy_wh}
    assert found == {"HC", "HP"}
