"""What the figures of days were before they were computed again, for who has a former answer in hand. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tictally_recorder.cost.aggregation import Summed, reasons_of, sum_up
from tictally_recorder.cost.codec import from_day
from tictally_recorder.cost.model import VersionUsed
from tictally_recorder.cost.proration import amount_text
from tictally_recorder.ledger import CostDay
from tictally_recorder.reason import Reason
from tictally_recorder.reports.cost import cents
from tictally_recorder.reports.reasons import ranges_of
from tictally_recorder.translations import ENGLISH, phrase_record
from tictally_shared.calendar import By
from tictally_shared.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Before:
    """What a day was.

    Attributes:
        day: local.
        until_ms: when it was computed again.
        summed: its figures.
    """

    day: date
    until_ms: int
    summed: Summed


def read_before(site: str, days: Iterable[CostDay]) -> list[Before]:
    """What the ledger keeps of days that were replaced."""
    return [
        Before(each.day, each.replaced_ms, sum_up(from_day(site, each), By.DAY)[0])
        for each in days
        if each.replaced_ms is not None
    ]


def as_text(found: Iterable[Before], by: By, tz: ZoneInfo, words: Catalogue = ENGLISH) -> list[str]:
    """A sentence for each day and time, or one for all of them where the answer is not by day."""
    found = list(found)
    if by is By.DAY or not found:
        return [_sentence(each, tz, words) for each in found]
    days = words.days(ranges_of(each.day for each in found))
    return [words.text("explain_text.before_days", days=days)]


def as_records(found: Iterable[Before], summed: Summed) -> list[dict[str, object]]:
    """The same for a program, of the days that are in a sum: one for each currency."""
    return [
        {
            "day": str(each.day),
            "until": datetime.fromtimestamp(each.until_ms // 1000, UTC).isoformat(),
            "amount": amount_text(amount),
            "rounded": None if amount is None else cents(amount),
            "currency": currency,
            "versions": list(dict.fromkeys(version.id for version in _versions(each))),
            "sources": [
                {
                    "version": version.id,
                    "hash": version.hash,
                    "source": version.source,
                    "confidence": str(version.confidence),
                }
                for version in _versions(each)
            ],
            "quality": str(each.summed.quality),
            "reasons": [phrase_record(reason) for reason in _reasons(each)],
        }
        for each in found
        if summed.start <= each.day < summed.end
        for currency, amount in _known(each)
    ]


def _sentence(each: Before, tz: ZoneInfo, words: Catalogue) -> str:
    amounts = [f"{words.decimal(cents(amount))} {currency}" for currency, amount in _known(each) if amount is not None]
    until = datetime.fromtimestamp(each.until_ms // 1000, UTC).astimezone(tz)
    versions = ", ".join(
        words.text(
            "explain_text.before_version",
            version=version.id,
            hash=version.hash,
            confidence=words.text(f"report.confidence.{version.confidence}"),
            source=version.source,
        )
        for version in _versions(each)
    )
    text = words.text(
        "explain_text.before",
        day=str(each.day),
        was=words.listed([*amounts, *([] if each.summed.is_known else [words.text("unknown")])]),
        until=until.isoformat(sep=" ", timespec="minutes"),
        by=words.text("explain_text.before_by", versions=versions) if versions else "",
    )
    reasons = words.text("list.separator").join(map(words.phrase, _reasons(each)))
    return words.text("report.line", about=text, text=reasons) if reasons else text


def _known(each: Before) -> Iterator[tuple[str | None, Decimal | None]]:
    if each.summed.known:
        yield from each.summed.known.items()
    else:
        yield None, None


def _versions(each: Before) -> list[VersionUsed]:
    """By which the figures were made: as they were then, also where a version of that id has other prices now."""
    return list(dict.fromkeys(row.version for row in each.summed.rows if row.version))


def _reasons(each: Before) -> list[Reason]:
    return [dated.reason for dated in reasons_of(each.summed.rows)]
