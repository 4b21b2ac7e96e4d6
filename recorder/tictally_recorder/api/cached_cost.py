"""Cost by day, month and year as records, from periods that were told before: the same as `tictally cost`, sooner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from tictally_recorder.api.period_cache import PeriodCache, periods_of, read_states
from tictally_recorder.cost.aggregation import Line, Summed, sum_up
from tictally_recorder.cost.model import CostRow, Quality, Terms
from tictally_recorder.cost.query import cost_of, days_with_frames
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.reports import cost as cost_report
from tictally_recorder.reports import cost_explain
from tictally_recorder.reports.cost_before import Before, as_records, read_before
from tictally_shared.calendar import By


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a period.

    Attributes:
        records: its lines and totals.
        doubtful: the rows that something must be said of.
    """

    records: tuple[cost_report.Record, ...] = ()
    doubtful: tuple[CostRow, ...] = ()


def cached_cost(  # noqa: PLR0913, PLR0917 - a question has this many parts
    reader: LedgerReader,
    cache: PeriodCache[Told],
    site: Site,
    days: tuple[date, date],
    by: By,
    terms: Terms,
    generation: int,
    tz: ZoneInfo,
    today: date,
) -> tuple[list[Told], str | None]:
    """A site's periods in order, and the state that they rest on.

    Args:
        reader: the ledger.
        cache: of periods.
        site: of the ledger.
        days: from the first to the last, excluded.
        by: day, month or year.
        terms: contracts and price lists.
        generation: another number for other terms.
        tz: whose days.
        today: local.
    """
    known = days_with_frames(site, *days, tz)
    if not known:
        return [], None
    first, until = max(days[0], known[0]), min(days[1], date.fromordinal(known[-1].toordinal() + 1))
    states = read_states(reader, site, first, until, tz, today)

    def work(begin: date, end: date) -> dict[date, Told]:
        sums = sum_up(cost_of(reader, site, begin, end, terms, tz), by)
        return {each.start: _told(site.id, each) for each in sums}

    found = cache.fill((site.id, "cost", by, generation), periods_of(first, until, by, tz), states, work, Told)
    state = states.of(first, until)
    return found, None if state is None else f"{generation}:{state}"


def explained(  # noqa: PLR0913, PLR0917 - as above
    reader: LedgerReader, site: Site, days: tuple[date, date], by: By, terms: Terms, tz: ZoneInfo
) -> list[Told]:
    """The same with how each figure came about, which nothing is kept of."""
    sums = sum_up(cost_of(reader, site, *days, terms, tz), by)
    before = read_before(site.id, reader.cost_days(site.id, *days, replaced=True))
    return [_told(site.id, each, before) for each in sums]


def remarks(site: str, told: Sequence[Told]) -> list[str]:
    """What a person must know of some periods: what is unknown, provisional and estimated, and why."""
    rows = tuple(row for each in told for row in each.doubtful)
    if not rows:
        return []
    return cost_report.remarks(cost_report.Answer(site, [Summed(rows[0].day, rows[-1].day, (Line(rows),))]))


def _told(site: str, summed: Summed, before: list[Before] | None = None) -> Told:
    answer = cost_report.Answer(site, [summed])
    records = [
        record if before is None else record | _explained(of, before) for record, of in cost_report.records(answer)
    ]
    return Told(tuple(records), tuple(row for row in summed.rows if _is_doubtful(row)))


def _explained(of: Line | Summed, before: list[Before]) -> cost_report.Record:
    if isinstance(of, Line):
        return {"explain": cost_explain.as_record(of), "before": None}
    return {"explain": None, "before": as_records(before, of)}


def _is_doubtful(row: CostRow) -> bool:
    return row.amount is None or row.quality is Quality.PROVISIONAL or any(part.estimated for part in row.parts)
