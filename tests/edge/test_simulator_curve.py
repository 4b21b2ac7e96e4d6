"""A simulated meter whose household follows a load curve: it counts what the curve shows, to the Wh, and no more."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

import pytest
from enedis_files import PARIS

from tictally_edge.simulator import SimulatorError
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.exchange import ExchangedMeter
from tictally_edge.simulator.lines import simulated_frames
from tictally_edge.simulator.load_curve import LoadCurve
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.simulator.times import to_ms
from tictally_shared.labels import Mode

QUARTER = timedelta(minutes=15)
HALF_HOUR = timedelta(minutes=30)
# Local midnights: of both clock changes, and of an ordinary day.
DAYS = [datetime(2022, 10, 30, tzinfo=PARIS), datetime(2023, 3, 26, tzinfo=PARIS), datetime(2022, 7, 29, tzinfo=PARIS)]
START = DAYS[2].astimezone(UTC)


def curve(start: datetime, watts: list[int | None], step: timedelta = HALF_HOUR) -> LoadCurve:
    return LoadCurve(to_ms(start), step // timedelta(milliseconds=1), tuple(watts))


def meter(contract: SimulatedContract, followed: LoadCurve, start: datetime, **more: Any) -> SimulatedMeter:  # noqa: ANN401
    mode = more.pop("mode", Mode.STANDARD)
    return SimulatedMeter(contract, mode, start=start, seed=5, curve=followed, **more)


def powers(count: int) -> list[int | None]:
    """Odd and even ones, so that a quarter's energy is mostly no whole Wh."""
    rng = Random(count)
    return [rng.randrange(6000) for _ in range(count)]


@pytest.mark.parametrize("step", [timedelta(minutes=10), HALF_HOUR, timedelta(hours=1)])
@pytest.mark.parametrize("midnight", DAYS, ids=str)
def test_the_registers_are_those_of_the_curve_at_every_step(midnight: datetime, step: timedelta) -> None:
    start = midnight.astimezone(UTC)
    end = (midnight + timedelta(days=1)).astimezone(UTC)
    watts = powers((end - start) // step)
    some = meter(SimulatedContract.HPHC, curve(start, watts, step), start)
    first = some.registers()
    watt_seconds = {"EASF01": 0, "EASF02": 0}
    for power in watts:
        hour = some.moment.astimezone(PARIS).hour
        watt_seconds["EASF02" if 6 <= hour < 22 else "EASF01"] += (power or 0) * int(step.total_seconds())
        some.advance(some.moment + step)
        now = some.registers()
        grown = {register: now[register] - first[register] for register in watt_seconds}
        assert grown == {register: sums // 3600 for register, sums in watt_seconds.items()}
        assert now["EAST"] - first["EAST"] == sum(grown.values())
    assert some.moment == some.end == end


def test_within_a_step_the_power_is_its_mean() -> None:
    some = meter(SimulatedContract.BASE, curve(START, [1001, 1, 3]), START)
    first = some.registers()["EAST"]
    counted = []
    for _ in range(6):
        some.advance(some.moment + QUARTER)
        counted.append(some.registers()["EAST"] - first)
    quarters_wh = [1001 / 4, 1001 / 4, 1 / 4, 1 / 4, 3 / 4, 3 / 4]
    assert counted == [int(wh) for wh in accumulate(quarters_wh)] == [250, 500, 500, 501, 501, 502]


@pytest.mark.parametrize("mode", list(Mode))
def test_a_frame_shows_the_power_of_its_moment(mode: Mode) -> None:
    some = meter(SimulatedContract.BASE, curve(START, [1230, 5000]), START, mode=mode)
    some.advance(START + HALF_HOUR - timedelta(seconds=1))
    label = "PAPP" if mode is Mode.HISTORIQUE else "SINSTS"
    assert {group.label: group.data for group in some.groups()}[label] == "01230"
    some.advance(START + HALF_HOUR)
    assert {group.label: group.data for group in some.groups()}[label] == "05000"


def test_what_is_unknown_is_not_drawn() -> None:
    some = meter(SimulatedContract.BASE, curve(START, [1000, None, 1000]), START)
    first = some.registers()["EAST"]
    some.advance(START + HALF_HOUR)
    assert some.registers()["EAST"] - first == 500
    some.advance(START + 2 * HALF_HOUR)
    assert some.registers()["EAST"] - first == 500
    some.advance(START + 3 * HALF_HOUR)
    assert some.registers()["EAST"] - first == 1000


def test_more_than_subscribed_is_consumed_where_the_curve_shows_so() -> None:
    some = meter(SimulatedContract.BASE, curve(START, [9000, 0]), START, subscribed_kva=6)
    first = some.registers()["EAST"]
    some.advance(START + QUARTER)
    assert some.registers()["EAST"] - first == 2250
    assert int({group.label: group.data for group in some.groups()}["STGE"], 16) & 0x80


def test_nothing_is_counted_beyond_the_end() -> None:
    some = meter(SimulatedContract.BASE, curve(START, [1000]), START)
    some.advance(START + HALF_HOUR)
    with pytest.raises(SimulatorError, match="whose load curve ends at 2022-07-28 22:30"):
        some.advance(START + HALF_HOUR + timedelta(milliseconds=1))


@pytest.mark.parametrize("interval_s", [900.0, 700.0])
def test_the_last_frame_is_that_of_the_end(interval_s: float) -> None:
    some = meter(SimulatedContract.BASE, curve(START, [1000, 2000]), START)
    moments = [moment for moment, _ in simulated_frames(some, interval_s)]
    assert moments == [START + n * timedelta(seconds=interval_s) for n in range(len(moments) - 1)] + [some.end]
    assert moments[-1] == START + 2 * HALF_HOUR
    assert len(set(moments)) == len(moments)


def test_a_meter_may_begin_within_the_curve_and_be_exchanged() -> None:
    followed = curve(START, [1000, 2000, 3000, 4000])
    pair = ExchangedMeter(
        meter(SimulatedContract.BASE, followed, START + HALF_HOUR), START + 2 * HALF_HOUR, "021961000777"
    )
    first = pair.registers()["EAST"]
    pair.advance(START + 2 * HALF_HOUR - timedelta(milliseconds=1))
    assert pair.registers()["EAST"] - first == 999
    pair.advance(START + 2 * HALF_HOUR)
    exchanged = pair.registers()["EAST"]
    moments = [moment for moment, _ in simulated_frames(pair, 900.0)]
    assert (pair.number, pair.registers()["EAST"] - exchanged) == ("021961000777", 3500)
    assert moments[-1] == pair.end == START + 4 * HALF_HOUR


@pytest.mark.parametrize("start", [START - timedelta(seconds=1), START + HALF_HOUR + timedelta(seconds=1)])
def test_a_meter_does_not_begin_outside_the_curve(start: datetime) -> None:
    with pytest.raises(
        SimulatorError, match=r"lies outside the load curve, which goes from 2022-07-29 00:00:00\+02:00"
    ):
        meter(SimulatedContract.BASE, curve(START, [1000]), start)


def test_nothing_else_shows_what_is_consumed() -> None:
    with pytest.raises(SimulatorError, match="neither solar panels nor overloads"):
        meter(SimulatedContract.BASE, curve(START, [1000]), START, producer=True)
    with pytest.raises(SimulatorError, match="neither solar panels nor overloads"):
        meter(SimulatedContract.BASE, curve(START, [1000]), START).overdraw(60)
