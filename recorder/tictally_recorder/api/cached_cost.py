"""Cost by day, month and year as records, the past from a cache: the results of `tictally cost`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from tictally_recorder.api.context import CostPeriod, ReadSession
from tictally_recorder.api.params import DayRange
from tictally_recorder.api.period_cache import PeriodQuery
from tictally_recorder.cost.aggregation import PriceLine, Summed, first_day, sum_up
from tictally_recorder.cost.contracts.billing import BillingMonths
from tictally_recorder.cost.model import Quality, Terms
from tictally_recorder.cost.query import SiteDays, cost_of, days_with_frames
from tictally_recorder.ledger import Site
from tictally_recorder.reports import cost as cost_report
from tictally_recorder.reports import cost_explain
from tictally_recorder.reports.cost_before import Before, as_records, read_before
from tictally_shared.calendar import By
from tictally_shared.phrase import Phrase


@dataclass(frozen=True, slots=True)
class CostQuery:
    """A request for cost.

    Attributes:
        days: the range.
        by: length of a period: day, month or year.
        explain: also how each figure came about.
        is_by_bill: the months of the contract's bills in place of `by`.
    """

    days: DayRange
    by: By
    explain: bool = False
    is_by_bill: bool = False


@dataclass(frozen=True, slots=True)
class SiteCost:
    """The cost of a site.

    Attributes:
        periods: in order of time.
        remarks: on figures that are unknown, provisional or estimated.
        state: what they rest on; None if they can change at any moment.
    """

    periods: Sequence[CostPeriod] = ()
    remarks: Sequence[Phrase] = field(default_factory=list)
    state: str | None = None


def cached_cost(session: ReadSession, site: Site, query: CostQuery, terms: Terms, terms_version: int) -> SiteCost:
    """The cost of a site by period. Explained figures and billing months are not cached.

    Args:
        session: of the request.
        site: of the ledger.
        query: the request.
        terms: contracts and tariffs.
        terms_version: another number for other terms.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    tz = session.tz
    if query.explain or query.is_by_bill:
        first = _bills_of(site, terms) if query.is_by_bill else partial(first_day, by=query.by)
        rows = cost_of(session.reader, SiteDays(site, query.days.first, query.days.until, tz), terms)
        before = None
        if query.explain:
            replaced = session.reader.cost_days(site.id, query.days.first, query.days.until, replaced=True)
            before = read_before(site.id, replaced)
        found = [_period(site.id, each, first(each.start), before) for each in sum_up(rows, first)]
        return SiteCost(found, _remarks(site, found))
    known = days_with_frames(site, query.days.first, query.days.until, tz)
    if not known:
        return SiteCost()
    days = DayRange(max(query.days.first, known[0]), min(query.days.until, known[-1] + timedelta(days=1)))

    def compute(missing: DayRange) -> dict[date, CostPeriod]:
        sums = sum_up(cost_of(session.reader, SiteDays(site, missing.first, missing.until, tz), terms), query.by)
        return {each.start: _period(site.id, each, first_day(each.start, query.by)) for each in sums}

    topic = PeriodQuery(site, ("cost", terms_version), days, query.by, tz, session.today)
    periods, state = session.context.caches.cost.fill(session.reader, topic, compute)
    return SiteCost(periods, _remarks(site, periods), None if state is None else f"{terms_version}:{state}")


def _remarks(site: Site, periods: Sequence[CostPeriod]) -> list[Phrase]:
    rows = [row for each in periods for row in each.doubtful]
    days = {day for each in periods for day in each.estimated_days}
    return cost_report.remarks_of(rows, days, is_integrated=site.is_integrated)


def _bills_of(site: Site, terms: Terms) -> Callable[[date], date]:
    return BillingMonths(site.id, terms.contracts).first_day


def _period(site: str, summed: Summed, first: date, before: list[Before] | None = None) -> CostPeriod:
    answer = cost_report.SiteCosts(site, [summed])
    records = [
        record if before is None else record | _explanation(of, before) for record, of in cost_report.records(answer)
    ]
    doubtful = tuple(row for row in summed.rows if row.amount is None or row.quality is Quality.PROVISIONAL)
    estimated = tuple(day for line in summed.lines for day in line.estimated_days)
    return CostPeriod(first, tuple(records), doubtful, estimated)


def _explanation(of: PriceLine | Summed, before: list[Before]) -> cost_report.Record:
    if isinstance(of, PriceLine):
        return {"explain": cost_explain.as_record(of), "before": None}
    return {"explain": None, "before": as_records(before, of)}
