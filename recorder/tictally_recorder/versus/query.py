"""What a comparison of two spans reads from a ledger."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.climate import mean_temperatures
from tictally_recorder.cost.day_totals import DayTotal
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.versus.compare import Versus, compare
from tictally_recorder.versus.span import Span, SpanFigures, figures_of, whole_days
from tictally_recorder.versus.year import span_before, year_before

BASE_C: Final = Decimal(18)


@dataclass(frozen=True, slots=True)
class VersusQuery:
    """What is compared.

    Attributes:
        here: a span of days.
        against: another one.
        today: the current local day; its figures and those of later days are left out.
        tz: of the days.
        base_c: of the degree-days, °C.
    """

    here: Span
    against: Span
    today: date
    tz: ZoneInfo
    base_c: Decimal = BASE_C


def versus_of(
    reader: LedgerReader, site: Site, query: VersusQuery, totals_of: Callable[[Span], Mapping[date, DayTotal]]
) -> Versus:
    """Compare two spans of a site.

    Args:
        reader: of the ledger.
        site: of the ledger.
        query: which spans.
        totals_of: gives the totals of past days with frames.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    whole = whole_days(site, query.today, query.tz)

    def means(span: Span) -> dict[date, Decimal | None]:
        return mean_temperatures(reader, site, (span.first, span.until), query.tz)

    def figures(span: Span) -> SpanFigures:
        known = None if whole is None else span.cut(whole)
        return figures_of(span, known, {} if known is None else totals_of(known), {} if known is None else means(known))

    here, against = figures(query.here), figures(query.against)
    year = None
    if here.climate and any(each.mean_c is not None for each in here.climate):
        year = year_before(query.today, means(span_before(query.today)), query.base_c)
    return compare(here, against, query.base_c, year)
