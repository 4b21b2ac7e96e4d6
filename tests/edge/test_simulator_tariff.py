"""The simulated meter's tariff clock against the rules of the contracts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.peakdays import DayColour, is_ejp_day, tempo_colour
from tictally_edge.simulator.tariff import Peak, TariffClock, tariff_at
from tictally_edge.simulator.times import to_ms, wall_ms

PARIS = ZoneInfo("Europe/Paris")
SEEDS = range(20)
CLOCK_CHANGES = [date(2025, 10, 26), date(2026, 3, 29)]


def season(year: int) -> list[date]:
    first, end = date(year, 9, 1), date(year + 1, 9, 1)
    return [first + timedelta(days=n) for n in range((end - first).days)]


def is_winter(day: date) -> bool:
    return day.month in {11, 12, 1, 2, 3}


def at(contract: SimulatedContract, wall: datetime, seed: int = 1) -> TariffClock:
    return tariff_at(contract, seed, to_ms(wall.replace(tzinfo=PARIS)))


def ejp_day() -> date:
    return next(day for day in season(2025) if is_ejp_day(day, 1) and not is_ejp_day(day + timedelta(days=1), 1))


def day_before(colour: DayColour) -> date:
    return next(day for day in season(2025) if tempo_colour(day + timedelta(days=1), 1) is colour)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tempo_season_obeys_its_rules(seed: int) -> None:
    colours = {day: tempo_colour(day, seed) for day in season(2025)}
    red = [day for day, colour in colours.items() if colour is DayColour.RED]
    white = [day for day, colour in colours.items() if colour is DayColour.WHITE]
    assert (len(red), len(white)) == (22, 43)
    assert all(is_winter(day) and day.weekday() < 5 for day in red)
    assert all(day.weekday() < 6 for day in white)


@pytest.mark.parametrize("seed", SEEDS)
def test_ejp_has_22_days_in_winter(seed: int) -> None:
    peaks = [day for day in season(2025) if is_ejp_day(day, seed)]
    assert len(peaks) == 22
    assert all(map(is_winter, peaks))


def test_seasons_and_seeds_differ() -> None:
    consumption = {
        tuple(tempo_colour(day, seed) for day in season(year)[:300]) for year in (2024, 2025) for seed in (1, 2)
    }
    assert len(consumption) == 4


@pytest.mark.parametrize("day", [*CLOCK_CHANGES, date(2026, 7, 1)])
def test_off_peak_is_from_22_to_6_by_the_clock_on_the_wall(day: date) -> None:
    moment = datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)
    for _ in range(25 * 60):
        hour = moment.astimezone(PARIS).hour
        period = tariff_at(SimulatedContract.HPHC, 0, to_ms(moment)).period
        assert period.register == ("HCHC" if hour >= 22 or hour < 6 else "HCHP"), moment
        moment += timedelta(minutes=1)


@pytest.mark.parametrize("contract", list(SimulatedContract))
def test_nothing_changes_before_the_end_that_a_tariff_names(contract: SimulatedContract) -> None:
    for first in (*CLOCK_CHANGES, ejp_day(), day_before(DayColour.RED)):
        here, end = wall_ms(first, 0), wall_ms(first + timedelta(days=2), 0)
        tariff = tariff_at(contract, 1, here)
        for moment in range(here, end, 60_000):
            if moment == tariff.end_ms:
                tariff = tariff_at(contract, 1, moment)
            assert tariff_at(contract, 1, moment) == tariff


def test_a_tempo_day_runs_from_6_to_6_and_is_announced_at_20() -> None:
    day = day_before(DayColour.RED)
    eve = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    next_day = eve + timedelta(days=1)
    red = Peak(2, wall_ms(next_day.date(), 6 * 60), wall_ms(next_day.date() + timedelta(days=1), 6 * 60))
    assert at(SimulatedContract.TEMPO, eve.replace(hour=19, minute=59)).tomorrow is None
    announced = at(SimulatedContract.TEMPO, eve.replace(hour=20))
    assert (announced.tomorrow, announced.peak_next) == (DayColour.RED, red)
    assert at(SimulatedContract.TEMPO, next_day.replace(hour=5, minute=59)).tomorrow is DayColour.RED
    begun = at(SimulatedContract.TEMPO, next_day.replace(hour=6))
    assert (begun.today, begun.peak_now, begun.period.register) == (DayColour.RED, red, "BBRHPJR")
    assert at(SimulatedContract.TEMPO, next_day.replace(hour=22)).period.register == "BBRHCJR"
    assert at(SimulatedContract.TEMPO, (next_day + timedelta(days=1)).replace(hour=5)).period.register == "BBRHCJR"


@pytest.mark.parametrize(
    ("hours_after_midnight", "register", "notice", "announced"),
    [
        (-4.5, "EJPHN", False, False),
        (-4, "EJPHN", False, True),
        (6.4, "EJPHN", False, True),
        (6.5, "EJPHN", True, True),
        (7, "EJPHPM", False, False),
        (24.9, "EJPHPM", False, False),
        (25, "EJPHN", False, False),
    ],
)
def test_an_ejp_peak_runs_from_7_to_1(
    *, hours_after_midnight: float, register: str, notice: bool, announced: bool
) -> None:
    moment_ms = wall_ms(ejp_day(), 0) + round(hours_after_midnight * 3_600_000)
    tariff = tariff_at(SimulatedContract.EJP, 1, moment_ms)
    assert tariff.period.register == register
    assert tariff.ejp_notice is notice
    assert (tariff.peak_next is not None) is announced


@pytest.mark.parametrize(
    ("wall", "distributor"),
    [
        (datetime(2026, 7, 1, 3, tzinfo=PARIS), 1),
        (datetime(2026, 7, 1, 12, tzinfo=PARIS), 2),
        (datetime(2026, 1, 5, 23, tzinfo=PARIS), 3),
        (datetime(2026, 3, 31, 12, tzinfo=PARIS), 4),
        (datetime(2026, 4, 1, 12, tzinfo=PARIS), 2),
    ],
)
def test_the_distributor_counts_seasons_and_nights_apart(wall: datetime, distributor: int) -> None:
    assert at(SimulatedContract.BASE, wall).distributor == distributor
