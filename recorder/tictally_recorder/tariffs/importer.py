"""Where a provider's file differs from a tariff as it stands, and what would be written of it. Pure."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from tictally_recorder.tariffs.catalogue import is_shipped
from tictally_recorder.tariffs.import_merge import Change, ImportTarget, Levy, Merge
from tictally_recorder.tariffs.model import Tariff, Taxes, Version
from tictally_recorder.tariffs.providers.protocol import PublishedHistory, TariffProvider

__all__ = ["Change", "Comparison", "Difference", "ImportTarget", "State", "compare"]
_DAY: Final = timedelta(days=1)


class State(StrEnum):
    """What becomes of a version."""

    NEW = "new"
    """Only the file has it: it would be written."""
    DIFFERS = "differs"
    """The file has other amounts: they would be written."""
    DOUBTFUL = "doubtful"
    """The file's amounts contradict one another: they are reported and not written."""
    BY_HAND = "by hand"
    """A file of the user's has other amounts, and holds."""
    MISSING = "missing"
    """Only the list as it stands has it: it stays."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One version that is not the same in both.

    Attributes:
        start: its first day.
        state: what becomes of it.
        changes: amount by amount; none if it is missing.
        sentence: why it is not written; empty if it is.
        present: as it stands, or None.
        version: as it would be written, or None.
    """

    start: date
    state: State
    changes: tuple[Change, ...]
    sentence: str = ""
    present: Version | None = None
    version: Version | None = None


@dataclass(frozen=True)
class Comparison:
    """A file against a tariff.

    Attributes:
        tariff: id of both.
        differences: in the order of their first days.
        retained: subscriptions with taxes that stay as they stand though the file has others, by first day.
        doubtful: prices with taxes that stay as they stand, because the file's fit its own prices without taxes less
            well, by first day.
        doubts: sentences about revisions whose amounts contradict one another, whether or not they differ.
        untaxed: sentences about new revisions whose amounts hold another levy by the kWh than the table of taxes has:
            it is unknown in their bills.
        same: how many versions are the same in both.
        overlay: every version that the file of imports holds when this is written; those of earlier imports stay.
    """

    tariff: str
    differences: tuple[Difference, ...]
    retained: tuple[tuple[date, Change], ...]
    doubtful: tuple[tuple[date, Change], ...]
    doubts: tuple[str, ...]
    untaxed: tuple[str, ...]
    same: int
    overlay: tuple[Version, ...]
    written: tuple[date, ...]
    """First days of the versions that are to be written now."""


def compare(
    provider: TariffProvider, history: PublishedHistory, target: ImportTarget, *, subscriptions: bool = False
) -> Comparison:
    """What writing a file would change.

    Args:
        provider: whose file it is.
        history: the file.
        target: the tariff that it is compared with.
        subscriptions: take the file's subscriptions with taxes where the tariff has some, also from a provider whose
            subscriptions are not those of bills.
    """
    publication, present = provider.publication, target.present
    if subscriptions:
        publication = replace(publication, has_billed_subscriptions=True)
    standing = {version.start: version for version in present.versions}
    starts = sorted({*standing, *(revision.start for revision in history.revisions)})
    differences: list[Difference] = []
    retained: list[tuple[date, Change]] = []
    doubtful: list[tuple[date, Change]] = []
    doubts: list[str] = []
    untaxed: list[str] = []
    for revision in history.revisions:
        version = standing.get(revision.start)
        levied = present.tax_table.on(revision.start) if present.tax_table else Taxes()
        if version is not None:  # what an earlier import did not know the table may have now
            levied = replace(version, taxes_unknown=frozenset()).taxes_on(revision.start)
        # After the last rate that is known another one is as likely as a wrong amount.
        is_newer = present.tax_table is not None and not present.tax_table.changes(revision.start - _DAY, None)
        doubt = provider.doubt(revision, Taxes() if is_newer else levied)
        misfit = provider.doubt(revision, levied) if is_newer and not doubt else None
        doubts += [doubt] if doubt else []
        untaxed += [misfit] if misfit else []
        merge = Merge(
            revision,
            target,
            starts,
            publication,
            Levy(levied.accise, is_held=not misfit, is_consistent=not (doubt or misfit)),
        )
        changes = tuple(merge.changes())
        retained += [(revision.start, change) for change in merge.retained]
        doubtful += [(revision.start, change) for change in merge.doubtful]
        if version is None or changes:
            differences.append(_difference(merge, changes, doubt, present))
    missing = standing.keys() - {revision.start for revision in history.revisions}
    differences += [Difference(start, State.MISSING, (), present=standing[start]) for start in missing]
    differences.sort(key=lambda difference: difference.start)
    new = {each.start: each.version for each in differences if each.version is not None}
    imported = (version for version in (*present.versions, *target.beneath) if version.file == target.file)
    earlier = {version.start: version for version in imported}
    return Comparison(
        tariff=present.id,
        differences=tuple(differences),
        retained=tuple(retained),
        doubtful=tuple(doubtful),
        doubts=tuple(doubts),
        untaxed=tuple(untaxed),
        same=len(history.revisions) - sum(each.state is not State.MISSING for each in differences),
        overlay=tuple(version for _, version in sorted((earlier | new).items())),
        written=tuple(sorted(new)),
    )


def _difference(merge: "Merge", changes: tuple[Change, ...], doubt: str | None, present: Tariff) -> Difference:
    start, version = merge.revision.start, merge.present
    if version is not None and not is_shipped(version) and not merge.is_ours:
        sentence = f"the version from {start} stands in {version.file}, which holds; take it out there to import it"
        return Difference(start, State.BY_HAND, changes, sentence, version)
    if doubt:
        return Difference(start, State.DOUBTFUL, changes, doubt, version)
    state = State.NEW if version is None else State.DIFFERS
    return Difference(start, state, changes, "", version, merge.version(present.id))
