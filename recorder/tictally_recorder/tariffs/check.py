"""What is wrong with tariffs by a day: what they lack, and what is overdue. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from tictally_recorder.tariffs.model import Tariff, Version
from tictally_shared.phrase import Phrase, PhraseCode, Value


class IssueCode(PhraseCode):
    """Kinds of issues; the last ones are parts of others."""

    GAP = "gap"
    """Days between two versions on which none holds."""
    ENDED = "ended"
    """The newest version has ended, and none follows."""
    OVERDUE = "overdue"
    """A revision was due after the newest version."""
    NO_SUBSCRIPTION = "no_subscription"
    """A version has no subscription for any power."""
    CONTRACT = "contract"
    """The meter announces another option or power than the contract on the list has."""
    NO_SITE = "no_site"
    """A contract on the list is of a site that the ledger does not have."""
    BROKEN_FILE = "broken_file"
    """A file of the user's cannot be used."""

    SINCE = "since"
    BETWEEN = "between"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `issue.`."""
        return "issue"


@dataclass(frozen=True, slots=True)
class TariffIssue:
    """Something wrong with a list.

    Attributes:
        tariff: its id.
        phrase: what is wrong.
        since: the first day that it touches.
        until: the last day, or None if it goes on.
    """

    tariff: str
    phrase: Phrase
    since: date
    until: date | None


def check(tariffs: Iterable[Tariff], day: date) -> list[TariffIssue]:
    """All issues, list by list, in the order of their first days."""
    return [issue for tariff in tariffs for issue in _check(tariff, day)]


def _check(tariff: Tariff, day: date) -> Iterator[TariffIssue]:
    for version, after in zip(tariff.versions, [*tariff.versions[1:], None], strict=True):
        until = version.until if after is None else min(version.until or date.max, after.start - timedelta(days=1))
        if not version.subscription:
            yield _no_subscription(version, until)
        if version.until is None or (after is not None and version.until == after.start - timedelta(days=1)):
            continue
        since = version.until + timedelta(days=1)
        about: dict[str, Value] = {"tariff": tariff.id}
        if after is not None:
            last = after.start - timedelta(days=1)
            gap = Phrase(IssueCode.GAP, about | {"since": str(since), "until": str(last)})
            yield TariffIssue(tariff.id, gap, since, last)
        elif since <= day:
            ended = Phrase(IssueCode.ENDED, about | {"until": str(version.until)})
            yield TariffIssue(tariff.id, ended, since, None)
    if (due := tariff.overdue_since(day)) is not None:
        newest = tariff.versions[-1].start
        overdue = Phrase(IssueCode.OVERDUE, {"tariff": tariff.id, "due": str(due), "newest": str(newest)})
        yield TariffIssue(tariff.id, overdue, due, None)


def _no_subscription(version: Version, until: date | None) -> TariffIssue:
    phrase = Phrase(IssueCode.NO_SUBSCRIPTION, {"tariff": version.tariff, "span": _span(version.start, until)})
    return TariffIssue(version.tariff, phrase, version.start, until)


def _span(since: date, until: date | None) -> Phrase:
    if until is None:
        return Phrase(IssueCode.SINCE, {"day": str(since)})
    return Phrase(IssueCode.BETWEEN, {"start": str(since), "end": str(until)})
