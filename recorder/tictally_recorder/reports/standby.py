"""Base load as a table and sentences for people, and as records for programs. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rich.table import Table

from tictally_recorder.cost.standby import HOURS, Trend, Typical, YearCost
from tictally_recorder.cost.standby.trend import ENOUGH_NIGHTS, NIGHTS
from tictally_recorder.ledger import Night
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.reports.cost import Record, cents
from tictally_recorder.reports.table import plain_table
from tictally_recorder.translations import ENGLISH, reason_record
from tictally_shared.calendar import By

COLUMNS: Final = (
    "site",
    "from",
    "to",
    "kind",
    "va",
    "nights",
    "minutes",
    "change_va",
    "price",
    "amount",
    "rounded",
    "currency",
    "version",
    "shares",
    "reason",
)
_TOO_FEW: Final = Reason(ReasonCode.TOO_FEW_NIGHTS, {"enough": ENOUGH_NIGHTS, "nights": NIGHTS})


@dataclass(frozen=True, slots=True)
class SiteStandby:
    """The base load of one site.

    Attributes:
        site: its id.
        sums: the nights of each period of time that was asked for, in order.
        trend: of the newest nights before the answer's end, or None where there are none.
        cost: of the median of the recent nights, or None where that is not known.
    """

    site: str
    sums: Sequence[Typical]
    trend: Trend | None
    cost: YearCost | None


def as_table(answer: SiteStandby, by: By) -> Table:
    """The nights by period of time."""
    table = plain_table(f"Site {answer.site}")
    for heading in ("From", "To"):
        table.add_column(heading, no_wrap=True)
    for heading in ("VA", "Minutes" if by is By.DAY else "Nights"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in answer.sums:
        table.add_row(str(each.start), str(each.end), str(each.va), str(each.minutes if by is By.DAY else each.nights))
    return table


def remarks(answer: SiteStandby) -> Iterator[str]:
    """What the newest nights are beside others, and what that costs."""
    if answer.trend is None:
        return
    yield f"The last night: {answer.trend.last.va} VA ({_of_night(answer.trend.last)})."
    yield _recent(answer.trend)
    if answer.cost is not None:
        yield from _year(answer.cost)


def records(answer: SiteStandby) -> Iterator[Record]:
    """Periods of time (kind `nights`), then the newest nights, what they are compared with, and a year's cost."""
    for each in answer.sums:
        yield _record(answer, "nights", each)
    if (trend := answer.trend) is None:
        return
    last = trend.last
    night = Typical(last.day, last.day + timedelta(days=1), 1, last.minutes, last.va)
    yield _record(answer, "last", night)
    yield _record(answer, "recent", trend.recent)
    for kind, other in (("before", trend.before), ("year_ago", trend.year_ago)):
        yield _record(answer, kind, other) | {"change_va": trend.change_since(other)}
    yield _record(answer, "year_cost", trend.recent) | _of_cost(answer.cost)


def _of_cost(cost: YearCost | None) -> Record:
    if cost is None:
        return {"reason": reason_record(_TOO_FEW)}
    return {
        "price": None if cost.price is None else f"{cost.price:f}",
        "amount": None if cost.amount is None else f"{cost.amount:f}",
        "rounded": None if cost.amount is None else cents(cost.amount),
        "currency": cost.currency,
        "version": cost.version,
        "shares": _shares(cost) or None,
        "reason": reason_record(cost.reason) if cost.reason else None,
    }


def _record(answer: SiteStandby, kind: str, nights: Typical) -> Record:
    record: Record = dict.fromkeys(COLUMNS)
    return record | {
        "site": answer.site,
        "from": str(nights.start),
        "to": str(nights.end),
        "kind": kind,
        "va": nights.va,
        "nights": nights.nights,
        "minutes": nights.minutes,
    }


def _of_night(night: Night) -> str:
    return f"{night.day}, from {night.minutes} minutes with frames"


def _recent(trend: Trend) -> str:
    recent = trend.recent
    if recent.va is None:
        return f"What is usual is not known yet: {ENGLISH.reason(_TOO_FEW)}."
    known = "" if recent.nights == NIGHTS else f", {recent.nights} of them known"
    parts = [f"The last {NIGHTS} nights{known}: {recent.va} VA"]
    for other, when in ((trend.before, "the {} nights before"), (trend.year_ago, "the same nights a year earlier")):
        change = trend.change_since(other)
        what = when.format(NIGHTS)
        if change is None:
            parts.append(f"{what} are not known")
        else:
            parts.append(f"{_more(change)} {what} ({other.va} VA)")
    return "; ".join(parts) + "."


def _more(change: int) -> str:
    if change == 0:
        return "as in"
    return f"{abs(change)} VA {'more' if change > 0 else 'less'} than in"


def _year(cost: YearCost) -> Iterator[str]:
    if cost.amount is None or cost.price is None:
        because = f", because {ENGLISH.reason(cost.reason)}" if cost.reason else ""
        yield f"What {cost.va} VA cost a year is unknown{because}."
        return
    by_time = f" ({_shares(cost)} of the time)" if len(cost.shares) > 1 else ""
    yield (
        f"{cost.va} VA cost {cents(cost.amount)} {cost.currency} a year by {cost.version}: "
        f"{cost.price:.4f} {cost.currency} a kWh{by_time}, taxes included, without subscription."
    )
    yield f"Assumed: all {HOURS} hours of a year are as these nights, and a VA is a W, which is the most it can be."
    if cost.reason is not None:
        yield f"Provisional: {ENGLISH.reason(cost.reason)}."


def _shares(cost: YearCost) -> str:
    return ", ".join(f"{period} {100 * share:.1f} %" for period, share in cost.shares.items())
