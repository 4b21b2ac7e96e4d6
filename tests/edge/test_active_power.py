"""Active power: what the register counts is what was shown, in a household whose power factor depends on what runs."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from typing import Final

import pytest

from tictally_edge.simulator.household import STEP_MS, Household, net_power
from tictally_edge.topics.active_power import ActivePower
from tictally_edge.topics.derived_topics import DerivedTopics
from tictally_shared.topics import Topics

FRAME_S: Final = 2.0
_HOUR_FRAMES: Final = round(3600 / FRAME_S)
Values = dict[str, int | str]


def factor_of(va: int) -> float:
    """Electronics and a refrigerator at low power, kettles and radiators at high."""
    return 0.55 if va < 250 else 0.75 if va < 700 else 0.92 if va < 1500 else 0.99


def standard(va: int, consumed_wh: float, injected_wh: float) -> Values:
    wh, va_in, va_out = int(consumed_wh), max(va, 0), max(-va, 0)
    return {"SINSTS": va_in, "EAST": wh, "SINSTI": va_out, "EAIT": int(injected_wh)}


def historique(va: int, consumed_wh: float, _injected_wh: float) -> Values:
    return {"PAPP": round(va, -1), "HCHC": 5_000_000, "HCHP": int(consumed_wh)}


def frames(home: Household, day: date, encode: Callable[[int, float, float], Values]) -> Iterator[Values]:
    """A day of frames in front of a household."""
    consumed_wh, injected_wh = 12_345_678.9, 1_000_000.0
    for va in net_power(home, day):
        for _ in range(round(STEP_MS / 1000 / FRAME_S)):
            consumed_wh += max(va, 0) * factor_of(va) * FRAME_S / 3600
            injected_wh += max(-va, 0) * 0.97 * FRAME_S / 3600
            yield encode(va, consumed_wh, injected_wh)


def shown_wh(frames_of_day: list[Values], name: str) -> Iterator[tuple[float, int, Values]]:
    """The energy of what is shown and the frames without a value, hour by hour, each with the hour's last frame."""
    power, shown, total, unknown = ActivePower(5.0), None, 0.0, 0
    for n, values in enumerate(frames_of_day, 1):
        total += (shown or 0) * FRAME_S / 3600
        unknown += shown is None
        power.add(values, n * FRAME_S)
        text = power.figures(values, n * FRAME_S).get(name)
        shown = None if text is None else int(text)
        if n % _HOUR_FRAMES == 0:
            yield total, unknown, values
            total, unknown = 0.0, 0


@pytest.mark.parametrize(("encode", "register"), [(standard, "EAST"), (historique, "HCHP")])
def test_an_hours_mean_and_a_days_energy_are_the_registers(
    encode: Callable[[int, float, float], Values], register: str
) -> None:
    hours = list(
        shown_wh(list(frames(Household(3, 9000, 1, producer=False), date(2025, 1, 15), encode)), "active_power")
    )
    assert 0 < hours[0][1] * FRAME_S < 900  # some minutes until the factor is known, then always
    assert not any(unknown for _, unknown, _ in hours[1:])
    counted = [int(later[2][register]) - int(earlier[2][register]) for earlier, later in pairwise(hours)]
    errors = [shown - wh for (shown, _, _), wh in zip(hours[1:], counted, strict=True)]
    assert sum(counted) > 20_000
    assert max(map(abs, errors)) < 10
    assert abs(sum(errors)) < 10


def test_the_grids_balance_of_a_producer_is_consumption_minus_injection() -> None:
    day = list(frames(Household(3, 9000, 1, producer=True), date(2025, 6, 21), standard))
    hours = list(shown_wh(day, "grid_power"))
    balances = [int(values["EAST"]) - int(values["EAIT"]) for _, _, values in hours]
    known = [n for n in range(1, len(hours)) if not hours[n][1]]
    assert len(known) > 20
    assert max(abs(hours[n][0] - (balances[n] - balances[n - 1])) for n in known) < 15
    assert min(hours[n][0] for n in known) < -1000


def test_nothing_is_shown_before_it_is_learned_but_zero_is_zero() -> None:
    power = ActivePower(5.0)
    first: Values = {"SINSTS": 300, "EAST": 1000, "SINSTI": 0, "EAIT": 0}
    power.add(first, 0)
    assert power.figures(first, 0) == {}
    injecting: Values = first | {"SINSTS": 0, "SINSTI": 500}
    power.add(injecting, 5)
    assert power.figures(injecting, 5) == {"active_power": "0"}


def learned(factor: str) -> ActivePower:
    power = ActivePower(0.0)
    power.restore("power_factor", factor)
    return power


def test_a_new_life_goes_on_with_the_factor_on_the_broker() -> None:
    power, values = learned("0.800"), {"SINSTS": 1000, "EAST": 1000}
    power.add(values, 0)
    assert power.figures(values, 0) == {"active_power": "800", "power_factor": "0.800"}


@pytest.mark.parametrize("payload", ["", "none", "nan", "-1", "0", "7", "0,8", "inf"])
def test_a_factor_that_is_none_is_ignored(payload: str) -> None:
    power, values = learned(payload), {"PAPP": 1000, "BASE": 1000}
    power.add(values, 0)
    assert power.figures(values, 0) == {}


AFTER: dict[str, tuple[Values, float]] = {
    "a gap": ({"SINSTS": 1000, "EAST": 9000}, 7200),
    "a register that goes back": ({"SINSTS": 1000, "EAST": 10}, 2),
    "another mode": ({"PAPP": 1000, "HCHC": 500, "HCHP": 700}, 2),
    "a frame without register": ({"SINSTS": 1000}, 2),
}


@pytest.mark.parametrize("what", AFTER)
def test_the_factor_stays_after(what: str) -> None:
    power, values = learned("0.800"), {"SINSTS": 1000, "EAST": 1000}
    after, later_s = AFTER[what]
    power.add(values, 0)
    power.figures(values, 0)
    power.add(after, later_s)
    assert 760 <= int(power.figures(after, later_s)["active_power"]) <= 800


def test_active_power_exceeds_apparent_power_by_its_rounding_at_most() -> None:
    power = learned("1.000")
    shown = []
    for n in range(600):
        values: Values = {"SINSTS": 100, "EAST": 1000 + n}  # counts far more than its power shows
        power.add(values, n * 2.0)
        shown.append(int(power.figures(values, n * 2.0)["active_power"]))
    assert max(shown) <= 110


def test_the_topics_of_power_change_no_faster_than_the_interval_and_end_with_their_labels() -> None:
    topics = DerivedTopics(Topics(), "1", every_s=5.0)
    topics.note_retained("power_factor", b"0.500")
    changes: list[tuple[float, str]] = []
    for n in range(10):
        values: Values = {"SINSTS": 1000 + n, "EAST": 1000}
        topics.add(values, n * 2.0)
        published = topics.publish(values, n * 2.0, None, is_complete=True)
        changes += [(n * 2.0, each.payload) for each in published if each.topic == "tictally/1/active_power"]
    assert [at for at, _ in changes] == [0.0, 6.0, 12.0, 18.0]
    gone = topics.publish({"STGE": "00000000"}, 40.0, None, is_complete=True)
    assert {each.topic: each.payload for each in gone}["tictally/1/active_power"] == ""


def test_with_a_power_factor_of_one_it_does_not_exceed_the_meters_apparent_power() -> None:
    power, consumed_wh, shown = ActivePower(0.0), 1000.0, 0
    for n in range(1, _HOUR_FRAMES):
        va = 2600 + 300 * (n // 300 % 2)
        consumed_wh += va * FRAME_S / 3600
        values = standard(va, consumed_wh, 0)
        power.add(values, n * FRAME_S)
        text = power.figures(values, n * FRAME_S).get("active_power")
        if text:  # a meter in standard mode rounds to 1 VA
            shown += 1
            assert int(text) <= va + 1
    assert shown > _HOUR_FRAMES // 2
