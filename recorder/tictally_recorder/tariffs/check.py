"""What is wrong with tariffs by a day: what they lack, and what is overdue. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tictally_recorder.tariffs.model import Tariff, TaxTable, Version
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
    POWERS_NOT_REVISED = "powers_not_revised"
    """A version lacks powers that were sold before it: at these the version before stays in force."""
    TAXES_CHANGED = "taxes_changed"
    """Taxes change while a version holds that has taxes of its own."""
    LIST_ENDED = "list_ended"
    """A list of days that rules ask for does not go on to today: what follows is unknown."""
    LIST_EMPTY = "list_empty"
    """Nothing is known of a list of days that rules ask for."""
    CONTRACT = "contract"
    """The meter announces another option or power than the contract on the list has."""
    ALIAS_UNUSED = "alias_unused"
    """An alias of a contract that has made nothing that the meter reported a period of the tariff."""
    AMOUNT_MISSING = "amount_missing"
    """A version has no price or subscription at the power of a contract on it."""
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


def check(
    tariffs: Iterable[Tariff], day: date, power_kva: int | None = None, tables: Iterable[TaxTable] = ()
) -> list[TariffIssue]:
    """All issues, list by list, in the order of their first days.

    Args:
        tariffs: those that are checked.
        day: today, local.
        power_kva: the only subscribed power that matters, or None: all of them.
        tables: of taxes, with which those of versions that refer to none are compared.
    """
    found = list(tables)
    return [issue for tariff in tariffs for issue in _check(tariff, day, power_kva, found)]


def _check(tariff: Tariff, day: date, power_kva: int | None, tables: Sequence[TaxTable]) -> Iterator[TariffIssue]:
    for version, after in zip(tariff.versions, [*tariff.versions[1:], None], strict=True):
        until = version.until if after is None else min(version.until or date.max, after.start - timedelta(days=1))
        if not version.subscription:
            yield _no_subscription(version, until)
        yield from _not_revised(tariff, version, until, power_kva)
        yield from _taxes_changed(version, until, tables)
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
    yield from _lists(tariff, day)
    if (due := tariff.overdue_since(day)) is not None:
        newest = tariff.versions[-1].start
        overdue = Phrase(IssueCode.OVERDUE, {"tariff": tariff.id, "due": str(due), "newest": str(newest)})
        yield TariffIssue(tariff.id, overdue, due, None)


def _lists(tariff: Tariff, day: date) -> Iterator[TariffIssue]:
    """Lists of days that do not cover today, while a version holds."""
    if tariff.rules is None or tariff.on(day) is None:
        return
    for name, listed in tariff.rules.lists.items():
        about: dict[str, Value] = {"tariff": tariff.id, "list_name": name}
        if listed.until < listed.start:
            yield TariffIssue(tariff.id, Phrase(IssueCode.LIST_EMPTY, about), tariff.versions[0].start, None)
        elif listed.until < day:
            ended = Phrase(IssueCode.LIST_ENDED, about | {"until": str(listed.until)})
            yield TariffIssue(tariff.id, ended, listed.until + timedelta(days=1), None)


def _no_subscription(version: Version, until: date | None) -> TariffIssue:
    phrase = Phrase(IssueCode.NO_SUBSCRIPTION, {"tariff": version.tariff, "span": _span(version.start, until)})
    return TariffIssue(version.tariff, phrase, version.start, until)


def _not_revised(tariff: Tariff, version: Version, until: date | None, power_kva: int | None) -> Iterator[TariffIssue]:
    powers = [
        power
        for power in sorted({power for each in tariff.versions for power in each.powers})
        if power_kva in {None, power} and tariff.in_force(version.start, power) is not version
    ]
    lacking = tuple(str(power) for power in powers if not version.has_power(power))
    if lacking:
        about: dict[str, Value] = {"version": version.id, "powers": lacking, "span": _span(version.start, until)}
        yield TariffIssue(tariff.id, Phrase(IssueCode.POWERS_NOT_REVISED, about), version.start, until)


def _taxes_changed(version: Version, until: date | None, tables: Sequence[TaxTable]) -> Iterator[TariffIssue]:
    """Where a version keeps what a table changes; one that differs from the table from its first day on is meant so."""
    table = version.tax_table or _as_written(version, tables)
    if table is None:
        return
    for day, changed in table.changes(version.start, until).items():
        before = table.on(version.start)
        kept = tuple(
            tax for tax in changed if (own := getattr(version.taxes, tax)) is not None and own == getattr(before, tax)
        )
        if kept:
            about: dict[str, Value] = {"version": version.id, "day": str(day), "table": table.id, "taxes": kept}
            yield TariffIssue(version.tariff, Phrase(IssueCode.TAXES_CHANGED, about), day, until)


def _as_written(version: Version, tables: Sequence[TaxTable]) -> TaxTable | None:
    """The table whose levy by the kWh a version without a table has written down."""
    own = version.taxes.accise
    return next((each for each in tables if own is not None and own == each.on(version.start).accise), None)


def _span(since: date, until: date | None) -> Phrase:
    if until is None:
        return Phrase(IssueCode.SINCE, {"day": str(since)})
    return Phrase(IssueCode.BETWEEN, {"start": str(since), "end": str(until)})
