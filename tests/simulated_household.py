"""A household's years as docs/influxdb.md has them, made by rules simple enough to be computed again by a test.

Nothing here is a ledger: each figure of a day is decided first, and the rows are written from it. The first days are on
HP/HC, the others on Tempo; the meter is exchanged on the way, panels inject in summer, and there are days whose cost is
estimated, provisional or unknown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Final

from tictally_shared.calendar import local_midnight, zone

PARIS: Final = zone("Europe/Paris")
SITE: Final = "021900000002"
METERS: Final = ("021900000002", "021900000077")
EDGE: Final = "pi-cellar"
QUARTER: Final = timedelta(minutes=15)
SUBSCRIBED_KVA: Final = 9
HPHC: Final = ("HC", "HP")
TEMPO: Final = ("HC BLEU", "HP BLEU", "HC BLANC", "HP BLANC", "HC ROUGE", "HP ROUGE")
SURPLUS: Final = "SURPLUS"
_COLOUR_NAMES: Final = {"blue": "BLEU", "white": "BLANC", "red": "ROUGE"}
_WINTER: Final = frozenset({11, 12, 1, 2, 3})
_SUMMER: Final = frozenset({5, 6, 7, 8})
_SATURDAY: Final = 5
_DAWN, _DUSK = 6, 22
_WITHOUT_CONTRACT: Final = (9, 2)


@dataclass(frozen=True)
class Cost:
    """One row of `cost_day`; `amount` is None where it is unknown."""

    direction: str
    period: str
    energy_wh: int
    price: Decimal | None
    amount: Decimal | None
    quality: str
    version: str | None
    reason: str | None = None


@dataclass(frozen=True)
class Quarter:
    """A quarter of an hour: what was consumed and injected, and under which period it was counted."""

    start: datetime
    period: str
    consumption_wh: int
    injection_wh: int
    mean_va: float
    max_va: int


@dataclass(frozen=True)
class Household:
    """From the first local day until now.

    Attributes:
        first: its first day, the first of a month.
        now: the end of the last day's data.
        tempo_from: the first day on Tempo; the days before are on HP/HC.
        exchanged: the first day of the second meter.
        contract_from: the first day on a contract: the cost of the days before is not known.
    """

    first: date
    now: datetime
    tempo_from: date
    exchanged: date
    contract_from: date

    @cached_property
    def days(self) -> list[date]:
        """All local days, today among them."""
        last = self.now.astimezone(PARIS).date()
        return [self.first + timedelta(days=n) for n in range((last - self.first).days + 1)]

    @cached_property
    def quarters_of(self) -> dict[date, list[Quarter]]:
        """Local day → its quarters, in order: 92, 96 or 100 of them, today those that have begun."""
        return {day: list(self._quarters(day)) for day in self.days}

    @cached_property
    def costs_of(self) -> dict[date, list[Cost]]:
        """Local day → what it cost."""
        return {day: list(self._costs(day)) for day in self.days}

    def meter(self, day: date) -> str:
        """The meter of a day."""
        return METERS[day >= self.exchanged]

    def colour(self, day: date) -> str | None:
        """The colour of the Tempo day that begins on a day at 06:00, or None before Tempo."""
        if day < self.tempo_from:
            return None
        if day.month in _WINTER and day.weekday() < _SATURDAY and day.day % 6 == 1:
            return "red"
        return "white" if day.weekday() != 6 and day.day % 7 == 3 else "blue"

    def standby_va(self, day: date) -> int:
        """The base load of a day's night."""
        return 90 + day.toordinal() % 23

    def consumption_wh(self, day: date) -> int:
        """All that was consumed on a day."""
        return sum(each.consumption_wh for each in self.quarters_of[day])

    def injection_wh(self, day: date) -> int:
        """All that was injected on a day."""
        return sum(each.injection_wh for each in self.quarters_of[day])

    def periods(self, day: date) -> tuple[str, ...]:
        """The periods of a day's option."""
        return HPHC if day < self.tempo_from else TEMPO

    def by_period(self, day: date) -> dict[str, int]:
        """Period → Wh, of all periods of the day's option."""
        found = dict.fromkeys(self.periods(day), 0)
        for each in self.quarters_of[day]:
            found[each.period] += each.consumption_wh
        return found

    def amount(self, day: date) -> Decimal | None:
        """What is known of a day's cost, less what was earned; None where nothing is known."""
        known = [each.amount for each in self.costs_of[day] if each.amount is not None]
        return sum(known, Decimal(0)) if known else None

    def hours(self, day: date) -> float:
        """How many hours of a day have passed."""
        start, end = local_midnight(day, PARIS), local_midnight(day + timedelta(days=1), PARIS)
        return (min(end, self.now) - start) / timedelta(hours=1)

    def _quarters(self, day: date) -> Iterator[Quarter]:
        moment, end = local_midnight(day, PARIS), local_midnight(day + timedelta(days=1), PARIS)
        cold = day.month in _WINTER
        summer = day.month in _SUMMER
        while moment < min(end, self.now):
            local = moment.astimezone(PARIS)
            peak = _DAWN <= local.hour < _DUSK
            consumption = (
                40 + (130 if cold else 0) * (not peak) + 60 * peak + (day.toordinal() * 7 + local.hour * 13) % 50
            )
            injection = 90 + local.hour if summer and 10 <= local.hour < 16 else 0
            yield Quarter(moment, self._period(local), consumption, injection, consumption * 4.0, consumption * 9)
            moment += QUARTER

    def _period(self, local: datetime) -> str:
        hours = "HP" if _DAWN <= local.hour < _DUSK else "HC"
        if local.date() < self.tempo_from:
            return hours
        colour = self.colour((local - timedelta(hours=_DAWN)).date()) or "blue"
        return f"{hours} {_COLOUR_NAMES[colour]}"

    def _costs(self, day: date) -> Iterator[Cost]:
        version, step = self.version(day)
        quality, reason = self._quality(day)
        known = quality != "unknown"
        for at, (period, energy_wh) in enumerate(self.by_period(day).items()):
            price = Decimal(1500 + 250 * at + step) / 10000 if known else None
            amount = None if price is None else price * energy_wh / 1000
            yield Cost("consumption", period, energy_wh, price, amount, quality, version, reason)
        yield self._subscription(day, version, step, quality, reason)
        if injection := self.injection_wh(day):
            price = Decimal("0.04")
            yield Cost(
                "injection", SURPLUS, injection, price, -price * injection / 1000, "measured", "surplus 2025-01-01"
            )

    def _subscription(self, day: date, version: str | None, step: int, quality: str, reason: str | None) -> Cost:
        """It is known where a version holds; no gap makes it estimated, and no price of energy is missing for it."""
        if version is None:
            return Cost("consumption", "subscription", 0, None, None, "unknown", None, reason)
        monthly = Decimal("15.50") + Decimal(step) / 100
        worth, why = ("provisional", reason) if quality == "provisional" else ("measured", None)
        return Cost("consumption", "subscription", 0, monthly, monthly / _days_in_month(day), worth, version, why)

    def version(self, day: date) -> tuple[str | None, int]:
        """The tariff's version that holds on a day, or None without contract; and a number that grows with each."""
        option = "hphc" if day < self.tempo_from else "tempo"
        start = date(day.year, 8, 1) if day >= date(day.year, 8, 1) else date(day.year, 2, 1)
        if day < start:
            start = date(day.year - 1, 8, 1)
        return f"edf-bleu-{option} {start}" if self._has_contract(day) else None, (start.year - 2015) * 24 + start.month

    def _has_contract(self, day: date) -> bool:
        return day >= self.contract_from and (day.month, day.day) != _WITHOUT_CONTRACT

    def _quality(self, day: date) -> tuple[str, str | None]:
        if not self._has_contract(day):
            return "unknown", "no_contract"
        if (day.month, day.day) == (6, 3):
            return "unknown", "no_price"
        if day.month == 8 and day.day <= 15:
            return "provisional", "revision_overdue"
        return ("estimated", None) if (day.month, day.day) == (5, 10) else ("measured", None)


def _days_in_month(day: date) -> int:
    return ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day


def utc_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.astimezone(UTC).timestamp() * 1000)
