"""A change of the TIC mode: registers continue under other names where that is plausible; else it is unknown."""

import random
import tempfile
from collections.abc import Callable
from itertools import accumulate, groupby
from pathlib import Path

import pytest
from cost_building import BASE, EJP, HPHC, TEMPO_PERIODS, d, on, tariff, terms, version, words
from energy_building import PARIS, Frame, SimulatedMeter, ms, rows, run, store, to_mode, to_option
from hypothesis import given, settings
from hypothesis import strategies as st

from tictally_recorder.cost import CostRow
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.energy.register_totals import consumption_total
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports.energy import quality_of
from tictally_recorder.tariffs.model import Tariff
from tictally_shared.calendar import QUARTER_MS, By

TEMPO = tariff(
    "tempo", TEMPO_PERIODS, version("tempo", "2025-01-01", dict.fromkeys(TEMPO_PERIODS, "0.1"), {6: "13.97"})
)
TARIFFS: dict[str, Tariff] = {"base": BASE, "hphc": HPHC, "ejp": EJP, "tempo": TEMPO}
WEEK = ("2025-03-03", "2025-03-10")
WEDNESDAY = "2025-03-05T10:00"
SHORT = ("2025-03-05T09:50", "2025-03-05T10:20")
DAYS = ("2025-03-05T09:50", "2025-03-08T10:00")
MIDNIGHT = ("2025-03-05T23:00", "2025-03-06T01:00")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def costs(path: Path, contract: Tariff, window: tuple[str, str] = WEEK) -> list[CostRow]:
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        first, until = map(d, window)
        found = cost_of(reader, SiteDays(site, first, until, PARIS), terms(on(contract), *TARIFFS.values()))
    return [row for row in found if row.period]


def counters() -> list[int]:
    return [12_345_678, 7_654_321, 3_000_000, 2_000_000, 1_000_000, 500_000, 0, 0, 0, 0]


def total(path: Path, window: tuple[str, str] = WEEK, by: By = By.DAY) -> int:
    of_time = groupby(rows(path, window, by), key=lambda row: row.start_ms)
    return sum(consumption_total(found).energy_wh for _, found in of_time)


@pytest.mark.parametrize("option", ["base", "hphc", "ejp", "tempo"])
@pytest.mark.parametrize("silence", [SHORT, DAYS, MIDNIGHT], ids=["short", "days", "over midnight"])
@pytest.mark.parametrize("becomes_standard", [True, False])
def test_a_change_of_mode_loses_no_energy(
    path: Path, option: str, silence: tuple[str, str], *, becomes_standard: bool
) -> None:
    meter = SimulatedMeter(counters=counters(), option=option, is_standard=not becomes_standard)
    changes = {"2025-03-05T23:30" if silence is MIDNIGHT else WEDNESDAY: to_mode(is_standard=becomes_standard)}
    store(path, run(meter, WEEK, minutes=10, changes=changes, silences=[silence]))
    assert total(path) == total(path, by=By.MONTH) == total(path, by=By.QUARTER) == 7 * 1440 * 20
    found = costs(path, TARIFFS[option])
    assert not [row for row in found if row.amount is None]
    sums: dict[str | None, int] = {}
    for row in found:
        sums[row.period] = sums.get(row.period, 0) + row.energy_wh
    right: dict[str | None, int] = dict.fromkeys(TARIFFS[option].periods, 0)
    for (_, period), wh in meter.counted.items():
        right[period] += wh
    assert sums == right
    # Of each register that counted meanwhile, that it continues the other one is inferred.
    days = {row.day for row in found if str(row.quality) == "estimated"}
    first, last = (d(text[:10]) for text in silence)
    assert days
    assert all(first <= day <= last for day in days)


def test_a_base_meter_with_a_past_on_another_option_continues_in_the_total(path: Path) -> None:
    """BASE is what EAST shows: EASF02 stands where the option before left it."""
    meter = SimulatedMeter(counters=[5_000_000, 9_000_000, *[0] * 8], option="base", is_standard=False)

    frames = run(meter, WEEK, minutes=10, changes={WEDNESDAY: to_mode(is_standard=True)}, silences=[DAYS])

    def shown(values: dict[str, int | str]) -> dict[str, int | str]:
        return {**values, "BASE": 9_000_000 + int(values["BASE"])} if "BASE" in values else values

    store(path, ((when, shown(values)) for when, values in frames))
    assert total(path) == 7 * 1440 * 20
    assert not [row for row in costs(path, BASE) if row.amount is None]


def shift(wh: int) -> Callable[[SimulatedMeter], None]:
    def change(meter: SimulatedMeter) -> None:
        meter.is_standard = not meter.is_standard
        meter.counters = [max(0, each + wh) for each in meter.counters]

    return change


@pytest.mark.parametrize("option", ["base", "hphc"])
@pytest.mark.parametrize("wh", [-1_000_000, 3_000_000])
@pytest.mark.parametrize("silence", [SHORT, DAYS, MIDNIGHT, ("2025-03-05T09:50", "2025-03-05T10:00")])
@pytest.mark.parametrize("becomes_standard", [True, False])
def test_registers_that_cannot_continue_leave_the_time_of_the_change_unknown(
    path: Path, option: str, wh: int, silence: tuple[str, str], *, becomes_standard: bool
) -> None:
    meter = SimulatedMeter(counters=counters(), option=option, is_standard=not becomes_standard)
    at = "2025-03-05T23:30" if silence is MIDNIGHT else WEDNESDAY
    store(path, run(meter, WEEK, minutes=10, changes={at: shift(wh)}, silences=[silence]))
    first, last = silence
    quiet_wh = (ms(last) - ms(first)) // 60_000 * 20
    assert total(path) == 7 * 1440 * 20 - quiet_wh
    found = costs(path, TARIFFS[option])
    unknown = {row.day for row in found if row.amount is None}
    assert unknown == {d(f"2025-03-0{day}") for day in range(int(first[9]), int(last[9]) + 1)}
    reasons = {words(row.reason) for row in found if row.amount is None}
    between = f"from {first.replace('T', ' ')} to {last.replace('T', ' ')}"
    assert reasons == {f"the registers do not show the energy {between}"}
    start_ms, end_ms = ms(first), ms(last)
    inside = [row for row in rows(path, WEEK, By.QUARTER) if row.start_ms < end_ms and row.end_ms > start_ms]
    totals = {row.start_ms: str(quality_of(row)) for row in inside if row.register in {"EAST", "BASE", "HCHC", "HCHP"}}
    assert len(totals) == (end_ms - 1) // QUARTER_MS - start_ms // QUARTER_MS + 1
    assert set(totals.values()) == {"unknown"}


def test_a_change_of_mode_and_option_in_a_silence_is_known_in_the_total_only(path: Path) -> None:
    meter = SimulatedMeter(option="base", counters=[5_000_000, *[0] * 9], is_standard=False)

    def change(of: SimulatedMeter) -> None:
        to_option("hphc")(of)
        to_mode(is_standard=True)(of)

    store(path, run(meter, WEEK, minutes=10, changes={WEDNESDAY: change}, silences=[DAYS]))
    assert total(path) == 7 * 1440 * 20
    assert not [row for row in costs(path, BASE) if row.amount is None]
    # No day of the silence has a price by period, and no energy of it is called off-peak or peak.
    by_period = [row for row in costs(path, HPHC) if row.day in {d("2025-03-06"), d("2025-03-07")}]
    assert not [row for row in by_period if row.amount]


DAY = ("2025-03-05", "2025-03-06")


def test_a_change_of_option_in_historique_mode_is_at_its_frame(path: Path) -> None:
    meter = SimulatedMeter(counters=counters()[:1] + [0] * 9, option="base", is_standard=False)
    store(path, run(meter, DAY, changes={"2025-03-05T16:00": to_option("hphc")}))
    found = {row.period: row.energy_wh for row in costs(path, HPHC, DAY)}
    assert found == {"HC": 120 * 20, "HP": 360 * 20, "BASE": 960 * 20}


def test_what_the_registers_of_the_option_before_counted_last_is_unknown(path: Path) -> None:
    """BASE continues the first register or the total; a second one is not shown any more."""
    meter = SimulatedMeter(counters=counters(), option="hphc", is_standard=False)
    store(path, run(meter, DAY, changes={"2025-03-05T16:00": to_option("base")}))
    found = {row.period: (row.energy_wh, words(row.reason)) for row in costs(path, BASE, DAY)}
    assert found["BASE"][0] == 1435 * 20
    assert found["unmetered"][1] == "the registers do not show the energy from 2025-03-05 15:55 to 2025-03-05 16:00"


MODES = st.lists(
    st.tuples(st.integers(1, 120), st.sampled_from(["standard", "historique", "silent"])), min_size=1, max_size=7
)


@settings(max_examples=40, deadline=None)
@given(MODES, st.sampled_from(["base", "hphc", "tempo"]), st.integers(0, 9))
def test_whatever_modes_follow_one_another_no_energy_is_lost_or_counted_twice(
    modes: list[tuple[int, str]], option: str, seed: int
) -> None:
    """Stretches of some twelfths of an hour in a mode, or without frames, on the day of 25 hours and around it."""
    start = "2025-10-25T12:00"
    ends = list(accumulate(length for length, _ in modes))
    meter = SimulatedMeter(counters=counters(), option=option, is_standard=True)
    frames: list[Frame] = []
    for n, (when, _) in enumerate(run(SimulatedMeter(), (start, "2025-10-27T12:00"))):
        stretch = next((at for at, end in enumerate(ends) if n < end), None)
        if stretch is None:
            break
        if modes[stretch][1] != "silent":
            meter.is_standard = modes[stretch][1] == "standard"
            frames.append((when, meter.values(when)))
        meter.count(when, 100)
    if not frames:
        return
    counted = [
        sum(v for name, v in values.items() if name != "EAST" and isinstance(v, int) and v > 1000)
        for _, values in frames
    ]
    shuffled = frames[:]
    random.Random(seed).shuffle(shuffled)
    window = ("2025-10-24", "2025-10-29")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        store(path, shuffled)
        if option == "base":
            counted = [int(values.get("BASE") or values["EASF01"]) for _, values in frames]
        elif option == "hphc":
            counted = [_sum(values, 2) for _, values in frames]
        for by in (By.QUARTER, By.HOUR, By.DAY, By.MONTH):
            assert total(path, window, by) == counted[-1] - counted[0]
        found = costs(path, TARIFFS[option], window)
    assert not [row for row in found if row.energy_wh and row.amount is None]
    assert sum(row.energy_wh for row in found) == counted[-1] - counted[0]


def _sum(values: dict[str, int | str], n: int) -> int:
    registers = [f"EASF{each:02d}" for each in range(1, n + 1)] if "EAST" in values else ["HCHC", "HCHP"]
    return sum(int(values[register]) for register in registers)
