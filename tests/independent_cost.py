"""What a household's months cost on the regulated tariffs, computed without any code of the program.

Prices are read from the bundled TOML files with the standard library alone, hours and colours of days are decided here,
and a month is priced at once: energy of the month by period times price, and a month's subscription.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

FIRST: Final = date(2016, 8, 1)
END: Final = date(2026, 12, 1)
PERIODS: Final = {
    "base": ("BASE",),
    "hphc": ("HC", "HP"),
    "tempo": tuple(f"{half} {colour}" for colour in ("BLEU", "BLANC", "ROUGE") for half in ("HC", "HP")),
    "ejp": ("HN", "PM"),
}
"""Option → its periods, in the order of the meter's registers EASF01, EASF02 …"""
_PARIS: Final = ZoneInfo("Europe/Paris")
_HALF_HOUR: Final = timedelta(minutes=30)
_WINTER: Final = frozenset({11, 12, 1, 2, 3})
_NIGHT_ENDS, _NIGHT_BEGINS = 6, 22
_PEAK_BEGINS, _PEAK_ENDS = 7, 1
_SUNDAY: Final = 6

Amount = Decimal | None


@dataclass(frozen=True)
class Priced:
    """A month on an option at a power: of each period and of the subscription the amount, or None if it is unknown."""

    energy: Mapping[str, Amount]
    subscription: Amount

    @property
    def total(self) -> Decimal:
        """Of what is known."""
        return sum((each for each in (*self.energy.values(), self.subscription) if each is not None), Decimal(0))


def months() -> Iterator[date]:
    """The first days of all months."""
    month = FIRST
    while month < END:
        yield month
        month = _next(month)


@cache
def energy_wh(option: str) -> Mapping[date, Mapping[str, int]]:
    """Local day → period → Wh."""
    found: dict[date, Counter[str]] = {}
    for local, wh in _half_hours():
        found.setdefault(local.date(), Counter())[_period(option, local)] += wh
    return found


def price(option: str, power: int, month: date) -> Priced:
    """What a month costs: all revisions of these tariffs begin with a month."""
    version, used = _in_force(option, power, month), _used(option)[month]
    if version is None:
        return Priced(dict.fromkeys(PERIODS[option]), None)
    at_power = version["power"].get(str(power))
    if at_power is None:
        return Priced(dict.fromkeys(PERIODS[option]), None)
    energy: dict[str, Amount] = {}
    for period in PERIODS[option]:
        of_kwh = at_power.get("energy", {}).get(period) or version["energy"][period]
        energy[period] = Decimal(of_kwh["ttc"]) * used[period] / 1000
    return Priced(energy, Decimal(at_power["subscription"]))


def powers(option: str) -> list[int]:
    """Every subscribed power that was ever sold."""
    return sorted({int(power) for version in _versions(option) for power in version["power"]})


@cache
def _used(option: str) -> Mapping[date, Counter[str]]:
    """First day of a month → period → Wh."""
    found: dict[date, Counter[str]] = {}
    for day, by_period in energy_wh(option).items():
        found.setdefault(day.replace(day=1), Counter()).update(by_period)
    return found


def _in_force(option: str, power: int, month: date) -> dict[str, Any] | None:
    """A revision that lacks a power leaves what was in force before."""
    found = None
    for version in _versions(option):
        if version["from"] > month:
            break
        is_after_gap = found is not None and "until" in found and found["until"] < version["from"] - timedelta(days=1)
        if found is None or is_after_gap or str(power) in version["power"] or str(power) not in found["power"]:
            found = version
    if found is not None and "until" in found and found["until"] < month:
        return None
    return found


@cache
def _versions(option: str) -> list[dict[str, Any]]:
    file = resources.files("tictally_recorder").joinpath(f"tariffs/shipped/edf-bleu-{option}.toml")
    found: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))["version"]
    assert all(version["from"].day == 1 for version in found)
    return sorted(found, key=lambda version: version["from"])


@cache
def _half_hours() -> list[tuple[datetime, int]]:
    """Each half-hour's local beginning and Wh: more in winter, in the evening and at night, and never the same."""
    found = []
    when = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=_PARIS).astimezone(UTC)
    end = datetime(END.year, END.month, END.day, tzinfo=_PARIS).astimezone(UTC)
    noise = 1
    while when < end:
        local = when.astimezone(_PARIS)
        noise = noise * 1103515245 + 12345 & 0x7FFFFFFF
        evening = 400 if 18 <= local.hour < _NIGHT_BEGINS else 0
        water = 900 if 2 <= local.hour < 4 else 0
        heating = 700 if local.month in _WINTER else 0
        found.append((local, 60 + evening + water + heating + (noise >> 16) % 211))
        when += _HALF_HOUR
    return found


def _period(option: str, local: datetime) -> str:
    half = "HC" if local.hour < _NIGHT_ENDS or local.hour >= _NIGHT_BEGINS else "HP"
    if option == "base":
        return "BASE"
    if option == "hphc":
        return half
    if option == "tempo":
        return f"{half} {_colour((local.replace(tzinfo=None) - timedelta(hours=_NIGHT_ENDS)).date())}"
    day = (local.replace(tzinfo=None) - timedelta(hours=_PEAK_ENDS)).date()
    is_night = _PEAK_ENDS <= local.hour < _PEAK_BEGINS
    return "PM" if _is_peak_day(day) and not is_night else "HN"


def _colour(day: date) -> str:
    if day.month in _WINTER and day.weekday() in {1, 3} and day.day % 2:
        return "ROUGE"
    return "BLANC" if day.weekday() != _SUNDAY and day.toordinal() % 7 == 0 else "BLEU"


def _is_peak_day(day: date) -> bool:
    return day.month in _WINTER and day.weekday() == 2


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
