"""Where a provider's file differs from a tariff as it stands, and what would be written of it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from tictally_recorder.tariffs.catalogue import is_shipped
from tictally_recorder.tariffs.model import Price, Tariff, Taxes, Version
from tictally_recorder.tariffs.providers.protocol import (
    Publication,
    PublishedHistory,
    PublishedPrices,
    PublishedRevision,
    TariffProvider,
)

_MONTHS: Final = 12
_CENT: Final = Decimal("0.01")
_HALF: Final = Decimal("0.5")


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
class Change:
    """An amount that the file has otherwise.

    Attributes:
        power: in kVA; None: of the version as a whole.
        item: a period; `subscription`, of a month; `until`, the last day.
        taxes: `ttc` with them, `ht` without; empty for `until`.
        old: as it stands, or None.
        new: as the file has it, rounded as a bill has it, or None.
    """

    power: int | None
    item: str
    taxes: str
    old: Decimal | date | None
    new: Decimal | date | None


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
        doubts: sentences about revisions whose amounts contradict one another, whether or not they differ.
        same: how many versions are the same in both.
        overlay: every version that the file of imports holds when this is written; those of earlier imports stay.
    """

    tariff: str
    differences: tuple[Difference, ...]
    retained: tuple[tuple[date, Change], ...]
    doubts: tuple[str, ...]
    same: int
    overlay: tuple[Version, ...]
    written: tuple[date, ...]
    """First days of the versions that are to be written now."""


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """What an import is compared with, and where it would be written.

    Attributes:
        present: the tariff as it stands, the user's own files and earlier imports in it.
        file: name of the file of imports, as the versions from it have it.
        beneath: versions of that file over which the user's own from the same days hold.
    """

    present: Tariff
    file: str
    beneath: tuple[Version, ...] = ()


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
    doubts: list[str] = []
    for revision in history.revisions:
        version = standing.get(revision.start)
        merge = _Merge(revision, version, starts, target.file, publication)
        doubt = provider.doubt(revision, Taxes() if version is None else version.taxes)
        if doubt:
            doubts.append(doubt)
        changes = tuple(merge.changes())
        retained += [(revision.start, change) for change in merge.retained]
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
        doubts=tuple(doubts),
        same=len(history.revisions) - sum(each.state is not State.MISSING for each in differences),
        overlay=tuple(version for _, version in sorted((earlier | new).items())),
        written=tuple(sorted(new)),
    )


def _difference(merge: "_Merge", changes: tuple[Change, ...], doubt: str | None, present: Tariff) -> Difference:
    start, version = merge.revision.start, merge.present
    if version is not None and not is_shipped(version) and not merge.is_ours:
        sentence = f"the version from {start} stands in {version.file}, which holds; take it out there to import it"
        return Difference(start, State.BY_HAND, changes, sentence, version)
    if doubt:
        return Difference(start, State.DOUBTFUL, changes, doubt, version)
    state = State.NEW if version is None else State.DIFFERS
    return Difference(start, state, changes, "", version, merge.version(present.id))


class _Merge:
    """One revision of the file over the version with the same first day, if there is one.

    Powers that the file does not have stay as they stand, and so do taxes, which the file lacks.
    """

    def __init__(
        self,
        revision: PublishedRevision,
        present: Version | None,
        starts: list[date],
        target: str,
        publication: Publication,
    ) -> None:
        self.revision = revision
        self.present = present
        self.is_ours = present is not None and present.file == target
        self._target = target
        self._next = next((start for start in starts if start > revision.start), None)
        self._until = self._gap_after(revision.end)
        self._publication = publication
        self._powers = {power: self._amounts(power, row) for power, row in sorted(revision.powers.items())}
        self.retained = tuple(self._retained())

    def changes(self) -> Iterator[Change]:
        old_until = None if self.present is None else self._gap_after(self.present.until)
        if old_until != self._until:
            yield Change(None, "until", "", old_until, self._until)
        for power, (prices, monthly, monthly_ht) in self._powers.items():
            for period, price in prices.items():
                old = None if self.present is None else self.present.price(power, period)
                yield from _change(power, period, "ttc", None if old is None else old.ttc, price.ttc)
                yield from _change(power, period, "ht", None if old is None else old.ht, price.ht)
            old_monthly, old_ht = self._standing(power)
            yield from _change(power, "subscription", "ttc", old_monthly, monthly)
            yield from _change(power, "subscription", "ht", old_ht, monthly_ht)

    def version(self, tariff_id: str) -> Version:
        new = Version(
            tariff=tariff_id,
            start=self.revision.start,
            until=self._until,
            energy={power: prices for power, (prices, _, _) in self._powers.items()},
            subscription={power: ttc for power, (_, ttc, _) in self._powers.items() if ttc is not None},
            subscription_ht={power: ht for power, (_, _, ht) in self._powers.items() if ht is not None},
            taxes=self.revision.taxes,
            source=self._publication.source,
            confidence=self._publication.confidence,
            note=self._publication.note,
            file=self._target,
        )
        return new if self.present is None else self._over(self.present, new)

    def _over(self, present: Version, new: Version) -> Version:
        others = [power for power in present.energy if power not in new.energy]
        stays = [f"{', '.join(str(power) for power in others)} kVA"] if others else []
        stays += ["subscriptions with taxes"] if self.retained else []
        merged = replace(
            new,
            energy={**present.energy, **new.energy},
            subscription={**present.subscription, **new.subscription},
            subscription_ht={**present.subscription_ht, **new.subscription_ht},
            taxes=present.taxes,
        )
        if not stays:
            return merged
        note = f"{' and '.join(stays)} as before ({present.confidence})"
        if present.note:
            note = present.note if present.note.startswith(note) else f"{note}; {present.note}"
        ours = self._publication.source
        source = present.source if ours in present.source else f"{ours}; {present.source}"
        return replace(merged, source=source, confidence=present.confidence, note=note)

    def _amounts(self, power: int, row: PublishedPrices) -> tuple[dict[str, Price], Decimal | None, Decimal | None]:
        """Prices and the month's two subscriptions as they would be written."""
        prices, step = {}, self._publication.price_step
        for period, price in row.prices.items():
            old = None if self.present is None else self.present.price(power, period)
            ttc, ht = _rounded(price.ttc, None if old is None else old.ttc, step), None
            if price.ht is not None:
                ht = _rounded(price.ht, None if old is None else old.ht, step)
            elif old is not None and old.ttc == ttc:
                ht = old.ht
            prices[period] = Price(ttc, ht)
        old_monthly, old_ht = self._standing(power)
        monthly = _monthly(row.yearly, old_monthly)
        if old_monthly is not None and not self._publication.has_billed_subscriptions:
            monthly = old_monthly
        return prices, monthly, _monthly(row.yearly_ht, old_ht)

    def _retained(self) -> Iterator[Change]:
        for power, (_, monthly, _) in self._powers.items():
            of_file = _monthly(self.revision.powers[power].yearly, monthly)
            yield from _change(power, "subscription", "ttc", monthly, of_file)

    def _standing(self, power: int) -> tuple[Decimal | None, Decimal | None]:
        if self.present is None:
            return None, None
        present = self.present
        return present.monthly(power), present.subscription_ht.get(power, present.subscription_ht.get(None))

    def _gap_after(self, end: date | None) -> date | None:
        """A last day, or None if the next version follows at once, or earlier: then its first day implies it."""
        if end is None or (self._next is not None and self._next <= end + timedelta(days=1)):
            return None
        return end


def _change(power: int, item: str, taxes: str, old: Decimal | None, new: Decimal | None) -> Iterator[Change]:
    if old != new:
        yield Change(power, item, taxes, old, new)


def _rounded(amount: Decimal, standing: Decimal | None, step: Decimal) -> Decimal:
    """A price with the decimals of a bill; what stands is as good where it has those of the file."""
    return standing if standing == amount else amount.quantize(step, ROUND_HALF_UP)


def _monthly(yearly: Decimal | None, standing: Decimal | None) -> Decimal | None:
    """A twelfth, to the cent; what stands is as good where it is the same year to the cent, or if there is none.

    Half a cent was rounded either way in the tables, so that both count as the same.
    """
    if yearly is None or (standing is not None and abs(standing * _MONTHS - yearly) <= _HALF * _CENT * _MONTHS):
        return standing
    return (yearly / _MONTHS).quantize(_CENT, ROUND_HALF_UP)
