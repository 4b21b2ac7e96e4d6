"""The figures of a span of local days. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tictally_recorder.climate import ClimateDay
from tictally_recorder.cost.day_totals import DayTotal
from tictally_recorder.cost.model import Quality
from tictally_recorder.ledger import Site
from tictally_shared.calendar import QUARTER_MS, local_day

_DAY = timedelta(days=1)
_ORDER = tuple(Quality)


@dataclass(frozen=True, slots=True)
class Span:
    """Local days.

    Attributes:
        first: the first one.
        until: the one after the last.
    """

    first: date
    until: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.until - self.first).days

    def cut(self, other: "Span") -> "Span | None":
        """The days that another one has as well, or None."""
        first, until = max(self.first, other.first), min(self.until, other.until)
        return Span(first, until) if first < until else None


@dataclass(frozen=True, slots=True)
class SpanFigures:
    """What is known of a span.

    Attributes:
        span: as it was asked for.
        known: its whole days from the first to the last one with frames, or None.
        days: how many of them have a known consumption.
        energy_wh: of those days.
        injection_wh: likewise.
        cost_days: how many have a known cost.
        energy_amount: what the consumption of those cost.
        subscription: their subscription.
        income: what injection earned on them; None where that is unknown or nothing.
        priced_wh: their consumption.
        currency: of the amounts; None where there is none, or more than one.
        periods: consumption by tariff period, in Wh.
        quality: the least of those days.
        climate: its days with their temperature.
    """

    span: Span
    known: Span | None
    days: int
    energy_wh: int
    injection_wh: int
    cost_days: int
    energy_amount: Decimal
    subscription: Decimal
    income: Decimal | None
    priced_wh: int
    currency: str | None
    periods: Mapping[str, int]
    quality: Quality
    climate: Sequence[ClimateDay]

    @property
    def wh_a_day(self) -> Decimal | None:
        """Mean consumption of a day."""
        return Decimal(self.energy_wh) / self.days if self.days else None

    @property
    def cost(self) -> Decimal | None:
        """Energy and subscription of the days with a known cost."""
        return self.energy_amount + self.subscription if self.cost_days else None

    @property
    def cost_a_day(self) -> Decimal | None:
        """Mean cost of a day."""
        return None if self.cost is None else self.cost / self.cost_days

    @property
    def price(self) -> Decimal | None:
        """What a kWh cost on the mean, without the subscription."""
        return self.energy_amount * 1000 / self.priced_wh if self.priced_wh else None

    def mean_c(self) -> Decimal | None:
        """Mean temperature of the days that have one."""
        known = [each.mean_c for each in self.climate if each.mean_c is not None]
        return sum(known, Decimal(0)) / len(known) if known else None

    def degree_days(self, base_c: Decimal) -> tuple[int, Decimal]:
        """How many days have a temperature, and the sum of their degree-days."""
        known = [found for each in self.climate if (found := each.degree_days(base_c)) is not None]
        return len(known), sum(known, Decimal(0))


def year_earlier(span: Span) -> Span:
    """The same days of the year before; 28 February for the 29th."""
    return Span(_year_before(span.first), _year_before(span.until))


def like(span: Span, first: date) -> Span:
    """The span from a day on that is as long as another one: as many months where that is of whole months."""
    if span.first.day == span.until.day == first.day == 1:
        months = (span.until.year - span.first.year) * 12 + span.until.month - span.first.month
        years, month = divmod(first.month - 1 + months, 12)
        return Span(first, date(first.year + years, month + 1, 1))
    return Span(first, first + (span.until - span.first))


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def whole_days(site: Site, today: date, tz: ZoneInfo) -> Span | None:
    """The days from a site's first whole one to its last, before today; None without any.

    A day counts as whole where at most a quarter-hour of it is missing at its end or its beginning.
    """
    first = local_day(site.first_ms - QUARTER_MS, tz) + _DAY
    until = min(local_day(site.last_ms + QUARTER_MS, tz), today)
    return Span(first, until) if first < until else None


def figures_of(
    span: Span, known: Span | None, totals: Mapping[date, DayTotal], means: Mapping[date, Decimal | None]
) -> SpanFigures:
    """The figures of a span.

    Args:
        span: as it was asked for.
        known: what of it has data.
        totals: of the known days.
        means: mean temperatures of days.
    """
    days = {} if known is None else {day: total for day, total in totals.items() if known.first <= day < known.until}
    metered = [each for each in days.values() if each.energy_wh is not None]
    currencies = {each.currency for each in metered if each.amount is not None}
    currency = currencies.pop() if len(currencies) == 1 else None
    paid = [each for each in metered if each.amount is not None and currency is not None]
    incomes = [each.income for each in paid if each.income is not None]
    periods: Counter[str] = Counter()
    for each in metered:
        periods.update(each.periods)
    return SpanFigures(
        span,
        known,
        len(metered),
        sum(each.energy_wh or 0 for each in metered),
        sum(each.injection_wh for each in metered),
        len(paid),
        sum((each.energy_amount or Decimal(0) for each in paid), Decimal(0)),
        sum((each.subscription or Decimal(0) for each in paid), Decimal(0)),
        sum(incomes, Decimal(0)) if incomes else None,
        sum(each.energy_wh or 0 for each in paid),
        currency,
        dict(periods),
        max((each.quality for each in metered), key=_ORDER.index, default=Quality.UNKNOWN),
        [ClimateDay(day, means.get(day), total.energy_wh) for day, total in sorted(days.items())],
    )
