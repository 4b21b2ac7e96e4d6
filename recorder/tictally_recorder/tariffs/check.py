"""What is wrong with price lists by a day: what they lack, and what is overdue. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tictally_recorder.tariffs.model import Tariff, Version


class Fault(StrEnum):
    """Kinds of findings."""

    GAP = "gap"
    """Days between two versions on which none holds."""
    ENDED = "ended"
    """The newest version has ended, and none follows."""
    OVERDUE = "overdue"
    """A revision was due after the newest version."""
    NO_SUBSCRIPTION = "no-subscription"
    """A version has no subscription for any power."""
    CONTRACT = "contract"
    """The meter announces another option or power than the contract on the list has."""
    NO_SITE = "no-site"
    """A contract on the list is of a site that the ledger does not have."""


@dataclass(frozen=True, slots=True)
class TariffIssue:
    """Something wrong with a list.

    Attributes:
        tariff: its id.
        fault: of which kind.
        since: the first day that it touches.
        until: the last day, or None where it goes on.
        sentence: for a person.
    """

    tariff: str
    fault: Fault
    since: date
    until: date | None
    sentence: str


def check(tariffs: Iterable[Tariff], day: date) -> list[TariffIssue]:
    """All findings, list by list, in the order of their first days."""
    return [finding for tariff in tariffs for finding in _check(tariff, day)]


def _check(tariff: Tariff, day: date) -> Iterator[TariffIssue]:
    for version, after in zip(tariff.versions, [*tariff.versions[1:], None], strict=True):
        until = version.until if after is None else min(version.until or date.max, after.start - timedelta(days=1))
        if not version.subscription:
            yield _no_subscription(version, until)
        if version.until is None or (after is not None and version.until == after.start - timedelta(days=1)):
            continue
        since = version.until + timedelta(days=1)
        if after is not None:
            last = after.start - timedelta(days=1)
            sentence = f"{tariff.id} has no version from {since} to {last}: energy of these days has no cost"
            yield TariffIssue(tariff.id, Fault.GAP, since, last, sentence)
        elif since <= day:
            sentence = f"{tariff.id} ended on {version.until}, and no version follows"
            yield TariffIssue(tariff.id, Fault.ENDED, since, None, sentence)
    if (due := tariff.overdue_since(day)) is not None:
        newest = tariff.versions[-1].start
        sentence = (
            f"{tariff.id} is overdue: a revision was due on {due}, and the newest version is from {newest}; "
            "costs since then are provisional"
        )
        yield TariffIssue(tariff.id, Fault.OVERDUE, due, None, sentence)


def _no_subscription(version: Version, until: date | None) -> TariffIssue:
    sentence = f"{version.tariff} does not know its subscriptions {_span(version.start, until)}"
    return TariffIssue(version.tariff, Fault.NO_SUBSCRIPTION, version.start, until, sentence)


def _span(since: date, until: date | None) -> str:
    return f"since {since}" if until is None else f"from {since} to {until}"
