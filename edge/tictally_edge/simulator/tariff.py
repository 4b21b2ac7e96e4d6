"""State of the meter's tariff clock at a moment: the period, the colours, the mobile peaks, and until when.

Hours in French legal time, or that of another zone: off-peak and Tempo's HC 22:00 to 06:00, a Tempo day from 06:00, an
EJP peak from 07:00 to 01:00. The distributor counts winter (November to March) and summer apart, each by the same
off-peak hours.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.simulator.contracts import TERMS, Period, SimulatedContract
from tictally_edge.simulator.peakdays import DayColour, is_ejp_day, tempo_colour
from tictally_edge.simulator.times import local, wall_ms

_H: Final = 60
_EJP_END, _DAY_START, _EJP_START, _ANNOUNCED, _NIGHT = 1 * _H, 6 * _H, 7 * _H, 20 * _H, 22 * _H
_EJP_NOTICE: Final = _EJP_START - 30  # PEJP announces 30 minutes
_MIDNIGHT: Final = 24 * _H
# Between two of these no tariff state can change, whatever the contract.
_CUTS: Final = (_EJP_END, _DAY_START, _EJP_NOTICE, _EJP_START, _ANNOUNCED, _NIGHT, _MIDNIGHT)
_WINTER_MONTHS: Final = frozenset({11, 12, 1, 2, 3})
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Peak:
    """A mobile peak, [start, end): PM1 is a white day or an EJP peak, PM2 a red day."""

    number: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class TariffClock:
    """State of the tariff clock, unchanged from the moment in question until `end_ms`, a midnight at the latest.

    Attributes:
        period: what counts for the supplier.
        distributor: the register that counts for the distributor, 1 to 4.
        today: colour of the Tempo day, else None.
        tomorrow: the next one's from 20:00 on, else None.
        peak_now: the mobile peak that lasts, or None.
        peak_next: the one announced, from 20:00 on, or None.
        ejp_notice: True for the half hour before an EJP peak.
        end_ms: when it may change.
    """

    period: Period
    distributor: int
    today: DayColour | None
    tomorrow: DayColour | None
    peak_now: Peak | None
    peak_next: Peak | None
    ejp_notice: bool
    end_ms: int


def tariff_at(contract: SimulatedContract, seed: int, moment_ms: int, tz: ZoneInfo | None = None) -> TariffClock:
    """The tariff at a moment, by the hours of a zone; the seed decides which days are expensive."""
    here = local(moment_ms, tz)
    minute = here.hour * _H + here.minute
    night = not _DAY_START <= minute < _NIGHT
    today = tomorrow = peak_now = peak_next = None
    if contract is SimulatedContract.TEMPO:
        day = _day_of(here, minute, _DAY_START)
        announced = night or minute >= _ANNOUNCED
        today = tempo_colour(day, seed)
        tomorrow = tempo_colour(day + _DAY, seed) if announced else None
        peak_now = _tempo_peak(day, today, tz)
        peak_next = _tempo_peak(day + _DAY, tomorrow, tz)
    elif contract is SimulatedContract.EJP:
        peak_now, peak_next = _ejp_peaks(here, minute, seed, tz)
    return TariffClock(
        period=TERMS[contract].periods[_period(contract, night=night, colour=today, peak=peak_now) - 1],
        distributor=(3 if here.month in _WINTER_MONTHS else 1) + (0 if night else 1),
        today=today,
        tomorrow=tomorrow,
        peak_now=peak_now,
        peak_next=peak_next,
        ejp_notice=peak_next is not None and contract is SimulatedContract.EJP and _EJP_NOTICE <= minute < _EJP_START,
        end_ms=min(end for cut in _CUTS if (end := wall_ms(here.date(), cut, tz)) > moment_ms),
    )


def _day_of(here: datetime, minute: int, begins: int) -> date:
    return here.date() if minute >= begins else here.date() - _DAY


def _period(contract: SimulatedContract, *, night: bool, colour: DayColour | None, peak: Peak | None) -> int:
    if contract is SimulatedContract.BASE:
        return 1
    if contract is SimulatedContract.EJP:
        return 1 if peak is None else 2
    return (1 if night else 2) + (2 * (colour - 1) if colour is not None else 0)


def _tempo_peak(day: date, colour: DayColour | None, tz: ZoneInfo | None) -> Peak | None:
    if colour is None or colour is DayColour.BLUE:
        return None
    return Peak(colour - 1, wall_ms(day, _DAY_START, tz), wall_ms(day + _DAY, _DAY_START, tz))


def _ejp_peaks(here: datetime, minute: int, seed: int, tz: ZoneInfo | None) -> tuple[Peak | None, Peak | None]:
    day = _day_of(here, minute, _EJP_END)
    lasts = is_ejp_day(day, seed) and (minute >= _EJP_START or minute < _EJP_END)
    coming = here.date() if minute < _EJP_START else here.date() + _DAY
    announced = is_ejp_day(coming, seed) and (minute < _EJP_START or minute >= _ANNOUNCED)
    return _ejp_peak(day, tz) if lasts else None, _ejp_peak(coming, tz) if announced else None


def _ejp_peak(day: date, tz: ZoneInfo | None) -> Peak:
    return Peak(1, wall_ms(day, _EJP_START, tz), wall_ms(day + _DAY, _EJP_END, tz))
