"""A reading as the groups of a standard frame, in a Linky's order. Source: Enedis-NOI-CPT_54E §6.2."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.simulator.contracts import TERMS, SimulatedContract
from tictally_edge.simulator.day import Curve, HouseholdDay
from tictally_edge.simulator.encode import EncodedGroup
from tictally_edge.simulator.household import STEP_MS
from tictally_edge.simulator.reading import Reading
from tictally_edge.simulator.times import from_ms
from tictally_shared.calendar import format_horodate

_ALWAYS: Final = 0x003A0000  # standard TIC, Euridis with security, PLC new and locked, as on most lines seen
_CONTACT_OPEN, _OVERLOADED, _PRODUCER, _INJECTING = 1 << 0, 1 << 7, 1 << 8, 1 << 9
_SUPPLIER, _DISTRIBUTOR, _TODAY, _TOMORROW, _NOTICE, _NOW = 10, 14, 24, 26, 28, 30  # first bit of a field

_LOAD_MS: Final = 30 * 60_000  # a point of the load curve
_VOLT_MS: Final = 10 * 60_000
_PROFILE_ENTRIES: Final = 11
_WHITE_PROFILE, _RED_PROFILE = ("00004003", "06004004", "22004003"), ("00004005", "06004006", "22004005")
_EJP_PROFILE: Final = ("00004001", "07004002")
_MESSAGE: Final = "PAS DE          MESSAGE         "


def registers(reading: Reading) -> dict[str, int]:
    """All registers by label, in Wh (VArh)."""
    energy = reading.energy
    found = {"EAST": energy.consumption}
    found |= {f"EASF{n:02d}": wh for n, wh in enumerate(energy.supplier, 1)}
    found |= {f"EASD{n:02d}": wh for n, wh in enumerate(energy.distributor, 1)}
    if reading.producer:
        found["EAIT"] = energy.injection
        found |= {f"ERQ{n}": varh for n, varh in enumerate(energy.reactive, 1)}
    return found


def standard_groups(reading: Reading) -> tuple[EncodedGroup, ...]:
    """The frame now."""
    return tuple(_groups(reading))


def _groups(reading: Reading) -> Iterator[EncodedGroup]:
    terms, tariff = TERMS[reading.contract], reading.tariff
    yield EncodedGroup("ADSC", reading.number)
    yield EncodedGroup("VTIC", "02")
    yield EncodedGroup("DATE", "", _horodate(reading.moment_ms, reading.tz))
    yield EncodedGroup("NGTF", terms.ngtf)
    yield EncodedGroup("LTARF", tariff.period.ltarf)
    for label, energy_wh in registers(reading).items():
        yield EncodedGroup(label, f"{energy_wh:09d}")
    yield from _instants(reading)
    yield from _maxima(reading)
    yield from _load_curves(reading)
    yield from _mean_volts(reading)
    yield EncodedGroup("STGE", f"{_status(reading):08X}")
    yield from _peaks(reading)
    yield EncodedGroup("MSG1", _MESSAGE)
    yield EncodedGroup("PRM", f"09{reading.number}")
    yield EncodedGroup("RELAIS", "001" if tariff.period.off_peak else "000")
    yield EncodedGroup("NTARF", f"{tariff.period.number:02d}")
    yield EncodedGroup("NJOURF", "00")
    yield EncodedGroup("NJOURF+1", "00")
    yield EncodedGroup("PJOURF+1", _profile(terms.profile))
    if tariff.peak_next is not None:
        yield EncodedGroup("PPOINTE", _profile(_peak_profile(reading.contract, tariff.peak_next.number)))


def _instants(reading: Reading) -> Iterator[EncodedGroup]:
    today, step = reading.today, reading.step
    for phase, ampere in enumerate(today.amperes(step), 1):
        yield EncodedGroup(f"IRMS{phase}", f"{ampere:03d}")
    for phase, volts in enumerate(today.volts, 1):
        yield EncodedGroup(f"URMS{phase}", f"{volts.values[step]:03d}")
    yield EncodedGroup("PREF", f"{reading.subscribed_kva:02d}")
    yield EncodedGroup("PCOUP", f"{reading.subscribed_kva:02d}")
    yield EncodedGroup("SINSTS", f"{reading.consumption_va:05d}")
    if reading.phases > 1:
        for phase, consumption in enumerate(today.consumption_by_phase, 1):
            yield EncodedGroup(f"SINSTS{phase}", f"{consumption.values[step]:05d}")


def _maxima(reading: Reading) -> Iterator[EncodedGroup]:
    today, yesterday, step = reading.today, reading.yesterday, reading.step
    last = len(yesterday.consumption.values) - 1
    yield _maximum("SMAXSN", today, today.consumption, step)
    if reading.phases > 1:
        for phase, consumption in enumerate(today.consumption_by_phase, 1):
            yield _maximum(f"SMAXSN{phase}", today, consumption, step)
    yield _maximum("SMAXSN-1", yesterday, yesterday.consumption, last)
    if reading.phases > 1:
        for phase, consumption in enumerate(yesterday.consumption_by_phase, 1):
            yield _maximum(f"SMAXSN{phase}-1", yesterday, consumption, last)
    if reading.producer:
        yield EncodedGroup("SINSTI", f"{reading.injection_va:05d}")
        yield _maximum("SMAXIN", today, today.injection, step)
        yield _maximum("SMAXIN-1", yesterday, yesterday.injection, last)


def _maximum(label: str, day: HouseholdDay, curve: Curve, step: int) -> EncodedGroup:
    value, reached = curve.maximum(step)
    return EncodedGroup(label, f"{value:05d}", _horodate(day.start_ms + reached * STEP_MS, day.tz))


def _load_curves(reading: Reading) -> Iterator[EncodedGroup]:
    end_ms = reading.moment_ms // _LOAD_MS * _LOAD_MS
    ends = (("", end_ms), ("-1", end_ms - _LOAD_MS))
    for before, end in ends:
        yield EncodedGroup(f"CCASN{before}", f"{_mean(reading, 'consumption', end):05d}", _horodate(end, reading.tz))
    if reading.producer:
        for before, end in ends:
            yield EncodedGroup(f"CCAIN{before}", f"{_mean(reading, 'injection', end):05d}", _horodate(end, reading.tz))


def _mean_volts(reading: Reading) -> Iterator[EncodedGroup]:
    end_ms = reading.moment_ms // _VOLT_MS * _VOLT_MS
    day = _day_at(reading, end_ms - _VOLT_MS)
    first, end = day.step(end_ms - _VOLT_MS), day.step(end_ms)
    for phase, volts in enumerate(day.volts, 1):
        yield EncodedGroup(f"UMOY{phase}", f"{volts.mean(first, end):03d}", _horodate(end_ms, reading.tz))


def _mean(reading: Reading, which: str, end_ms: int) -> int:
    day = _day_at(reading, end_ms - _LOAD_MS)
    curve = day.consumption if which == "consumption" else day.injection
    return curve.mean(day.step(end_ms - _LOAD_MS), day.step(end_ms))


def _day_at(reading: Reading, moment_ms: int) -> HouseholdDay:
    return reading.today if moment_ms >= reading.today.start_ms else reading.yesterday


def _status(reading: Reading) -> int:
    tariff = reading.tariff
    status = _ALWAYS | (0 if tariff.period.off_peak else _CONTACT_OPEN)
    status |= _OVERLOADED if reading.is_overloaded else 0
    status |= _PRODUCER if reading.producer else 0
    status |= _INJECTING if reading.injection_va else 0
    status |= (tariff.period.number - 1) << _SUPPLIER | (tariff.distributor - 1) << _DISTRIBUTOR
    status |= (tariff.today or 0) << _TODAY | (tariff.tomorrow or 0) << _TOMORROW
    status |= (tariff.peak_next.number if tariff.peak_next else 0) << _NOTICE
    return status | (tariff.peak_now.number if tariff.peak_now else 0) << _NOW


def _peaks(reading: Reading) -> Iterator[EncodedGroup]:
    now, coming = reading.tariff.peak_now, reading.tariff.peak_next
    # A label stands once in a frame: of two peaks with one number, the one that comes.
    by_number = {peak.number: peak for peak in (now, coming) if peak is not None}
    for number, peak in sorted(by_number.items()):
        yield EncodedGroup(f"DPM{number}", "00", _horodate(peak.start_ms, reading.tz, season=False))
        yield EncodedGroup(f"FPM{number}", "00", _horodate(peak.end_ms, reading.tz, season=False))


def _peak_profile(contract: SimulatedContract, number: int) -> tuple[str, ...]:
    if contract is SimulatedContract.EJP:
        return _EJP_PROFILE
    return _WHITE_PROFILE if number == 1 else _RED_PROFILE


def _profile(entries: tuple[str, ...]) -> str:
    return " ".join((*entries, *["NONUTILE"] * (_PROFILE_ENTRIES - len(entries))))


def _horodate(moment_ms: int, tz: ZoneInfo | None, *, season: bool = True) -> str:
    return _horodate_of_second(moment_ms // 1000, tz, season=season)


@lru_cache(maxsize=256)  # most horodates of a frame are those of the frame before
def _horodate_of_second(moment_s: int, tz: ZoneInfo | None, *, season: bool) -> str:
    return format_horodate(from_ms(moment_s * 1000), season=season, tz=tz)
