"""Base load as a table and remarks for people, and as records for programs. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from rich.table import Table

from tictally_recorder.cost.proration import amount_text
from tictally_recorder.cost.standby import HOURS, Trend, Typical, YearCost
from tictally_recorder.cost.standby.trend import ENOUGH_NIGHTS, NIGHTS
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.remark import RemarkCode
from tictally_recorder.reports.cost import Record, cents
from tictally_recorder.reports.table import add_columns, plain_table, site_title
from tictally_recorder.translations import ENGLISH, phrase_record
from tictally_shared.calendar import By
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase, Value

COLUMNS: Final = (
    "site",
    "from",
    "to",
    "kind",
    "va",
    "nights",
    "imported",
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


@dataclass(frozen=True, slots=True)
class _ChangeCodes:
    """What the recent nights are beside others."""

    unknown: RemarkCode
    same: RemarkCode
    more: RemarkCode
    less: RemarkCode


_BEFORE: Final = _ChangeCodes(
    RemarkCode.BEFORE_UNKNOWN, RemarkCode.BEFORE_SAME, RemarkCode.BEFORE_MORE, RemarkCode.BEFORE_LESS
)
_YEAR_AGO: Final = _ChangeCodes(
    RemarkCode.YEAR_AGO_UNKNOWN, RemarkCode.YEAR_AGO_SAME, RemarkCode.YEAR_AGO_MORE, RemarkCode.YEAR_AGO_LESS
)
_TOO_FEW: Final = Reason(ReasonCode.TOO_FEW_NIGHTS, {"enough": ENOUGH_NIGHTS, "nights": NIGHTS})


@dataclass(frozen=True, slots=True)
class SiteStandby:
    """The base load of one site.

    Attributes:
        site: its id.
        sums: the nights of each period of time that was asked for, in order.
        trend: of the newest nights before the answer's end, or None if there are none.
        cost: of the median of the recent nights, or None if that is not known.
    """

    site: str
    sums: Sequence[Typical]
    trend: Trend | None
    cost: YearCost | None


def as_table(answer: SiteStandby, by: By, words: Catalogue = ENGLISH) -> Table:
    """The nights by period of time."""
    table = plain_table(site_title(answer.site, words))
    add_columns(table, words, "from", "to")
    has_imported = any(each.imported for each in answer.sums)
    imported_key = ("imported",) if has_imported else ()
    add_columns(table, words, "va", "minutes" if by is By.DAY else "nights", *imported_key, is_right=True)
    for each in answer.sums:
        imported = (str(each.imported),) if has_imported else ()
        counted = str(each.minutes if by is By.DAY else each.nights)
        table.add_row(str(each.start), str(each.end), str(each.va), counted, *imported)
    return table


def remarks(answer: SiteStandby) -> Iterator[Phrase]:
    """What the newest nights are beside others, and what that costs."""
    if answer.trend is None:
        return
    last = answer.trend.last
    if last.is_imported:
        yield Phrase(RemarkCode.STANDBY_LAST_IMPORTED, {"va": last.va, "day": str(last.day)})
    else:
        yield Phrase(RemarkCode.STANDBY_LAST, {"va": last.va, "day": str(last.day), "minutes": last.minutes})
    yield recent_remark(answer.trend)
    if answer.cost is not None:
        yield from _year(answer.cost)


def recent_remark(trend: Trend) -> Phrase:
    """What the recent nights are beside those before and those of a year ago."""
    recent = trend.recent
    if recent.va is None:
        return Phrase(RemarkCode.STANDBY_RECENT_UNKNOWN, {"reason": _TOO_FEW})
    about: dict[str, Value] = {
        "nights": NIGHTS,
        "va": recent.va,
        "before": _change(trend.change_since(trend.before), trend.before, _BEFORE),
        "year_ago": _change(trend.change_since(trend.year_ago), trend.year_ago, _YEAR_AGO),
    }
    if recent.nights == NIGHTS:
        return Phrase(RemarkCode.STANDBY_RECENT, about)
    return Phrase(RemarkCode.STANDBY_RECENT_IN_PART, about | {"known": recent.nights})


def records(answer: SiteStandby) -> Iterator[Record]:
    """Periods of time (kind `nights`), then the newest nights, what they are compared with, and a year's cost."""
    for each in answer.sums:
        yield _record(answer, "nights", each)
    if (trend := answer.trend) is None:
        return
    last = trend.last
    night = Typical(last.day, last.day + timedelta(days=1), 1, last.minutes, last.va, int(last.is_imported))
    yield _record(answer, "last", night)
    yield _record(answer, "recent", trend.recent)
    for kind, other in (("before", trend.before), ("year_ago", trend.year_ago)):
        yield _record(answer, kind, other) | {"change_va": trend.change_since(other)}
    yield _record(answer, "year_cost", trend.recent) | _of_cost(answer.cost)


def _of_cost(cost: YearCost | None) -> Record:
    if cost is None:
        return {"reason": phrase_record(_TOO_FEW)}
    return {
        "price": amount_text(cost.price),
        "amount": amount_text(cost.amount),
        "rounded": None if cost.amount is None else cents(cost.amount),
        "currency": cost.currency,
        "version": cost.version,
        "shares": _shares(cost) or None,
        "reason": phrase_record(cost.reason) if cost.reason else None,
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
        "imported": nights.imported,
        "minutes": nights.minutes,
    }


def _change(change: int | None, other: Typical, codes: _ChangeCodes) -> Phrase:
    nights: dict[str, Value] = {"nights": NIGHTS} if codes is _BEFORE else {}
    if change is None or other.va is None:
        return Phrase(codes.unknown, nights)
    about = nights | {"va": other.va}
    if change == 0:
        return Phrase(codes.same, about)
    return Phrase(codes.more if change > 0 else codes.less, about | {"change": abs(change)})


def _year(cost: YearCost) -> Iterator[Phrase]:
    if cost.amount is None or cost.price is None or cost.currency is None or cost.version is None:
        if cost.reason is not None:
            yield Phrase(RemarkCode.STANDBY_YEAR_COST_UNKNOWN, {"va": cost.va, "reason": cost.reason})
        return
    about: dict[str, Value] = {
        "va": cost.va,
        "amount": cents(cost.amount),
        "currency": cost.currency,
        "version": cost.version,
        "price": f"{cost.price:.4f}",
    }
    if len(cost.shares) > 1:
        shares = tuple(
            Phrase(RemarkCode.SHARE_OF_TIME, {"period": period, "share": _percent(share)})
            for period, share in cost.shares.items()
        )
        yield Phrase(RemarkCode.STANDBY_YEAR_COST_BY_TIME, about | {"shares": shares})
    else:
        yield Phrase(RemarkCode.STANDBY_YEAR_COST, about)
    yield Phrase(RemarkCode.STANDBY_ASSUMPTION, {"hours": HOURS})
    if cost.reason is not None:
        yield Phrase(RemarkCode.PROVISIONAL, {"reason": cost.reason})


def _shares(cost: YearCost) -> str:
    return ", ".join(f"{period} {_percent(share)} %" for period, share in cost.shares.items())


def _percent(share: Decimal) -> str:
    return f"{100 * share:.1f}"
