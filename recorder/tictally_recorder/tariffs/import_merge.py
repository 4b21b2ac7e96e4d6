"""One revision of a provider's file over the version of a tariff with the same first day. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from tictally_recorder.tariffs.model import Attribution, Confidence, Figure, Price, Provenance, Tariff, Taxes, Version
from tictally_recorder.tariffs.providers.protocol import Publication, PublishedPrices, PublishedRevision

_MONTHS: Final = 12
_CENT: Final = Decimal("0.01")
_HALF: Final = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Change:
    """An amount that the file has otherwise.

    Attributes:
        power: in kVA; None: of the version as a whole.
        item: a period; `subscription`, of a month; `until`, the last day; `accise`, of a kWh.
        taxes: `ttc` with them, `ht` without; empty for `until` and `accise`.
        old: as it stands, or None.
        new: as the file has it, rounded as a bill has it, or None.
    """

    power: int | None
    item: str
    taxes: str
    old: Decimal | date | None
    new: Decimal | date | None


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


@dataclass(frozen=True, slots=True)
class Levy:
    """What is levied by the kWh on the first day of a revision.

    Attributes:
        accise: before value added tax, as far as it is known.
        is_held: False if the amounts of the revision hold another one.
        is_consistent: False if these amounts contradict one another, so that none of them proves another wrong.
    """

    accise: Decimal | None
    is_held: bool
    is_consistent: bool


class Merge:
    """One revision of the file over the version with the same first day, if there is one.

    Powers that the file does not have stay as they stand, and so do taxes, which the file lacks.
    """

    def __init__(
        self,
        revision: PublishedRevision,
        target: ImportTarget,
        starts: list[date],
        publication: Publication,
        levy: Levy,
    ) -> None:
        self.revision = revision
        self.present = next((each for each in target.present.versions if each.start == revision.start), None)
        self.is_ours = self.present is not None and self.present.file == target.file
        self.doubtful: list[Change] = []
        self._target = target
        self._next = next((start for start in starts if start > revision.start), None)
        self._until = self._gap_after(revision.end)
        self._publication = publication
        self._levy = levy
        self._powers = {power: self._amounts(power, row) for power, row in sorted(revision.powers.items())}
        self.retained = tuple(self._retained())

    def changes(self) -> Iterator[Change]:
        """Amount by amount, what the file has otherwise than the version as it stands."""
        old_until = None if self.present is None else self._gap_after(self.present.until)
        if old_until != self._until:
            yield Change(None, "until", "", old_until, self._until)
        if self.present is not None and self.present.taxes_unknown != self._taxes_unknown:
            old = self.present.taxes_on(self.revision.start).accise
            yield from _change(None, "accise", "", old, self._levy.accise if self._levy.is_held else None)
        for power, (prices, monthly, monthly_ht) in self._powers.items():
            for period, price in prices.items():
                old_price = None if self.present is None else self.present.price(power, period)
                yield from _change(power, period, "ttc", None if old_price is None else old_price.ttc, price.ttc)
                yield from _change(power, period, "ht", None if old_price is None else old_price.ht, price.ht)
            old_monthly, old_ht = self._standing(power)
            yield from _change(power, "subscription", "ttc", old_monthly, monthly)
            yield from _change(power, "subscription", "ht", old_ht, monthly_ht)

    def version(self, tariff_id: str) -> Version:
        """The version as it would be written."""
        table = self._target.present.tax_table
        new = Version(
            tariff=tariff_id,
            start=self.revision.start,
            until=self._until,
            energy={power: prices for power, (prices, _, _) in self._powers.items()},
            subscription={power: ttc for power, (_, ttc, _) in self._powers.items() if ttc is not None},
            subscription_ht={power: ht for power, (_, _, ht) in self._powers.items() if ht is not None},
            taxes=self.revision.taxes if table is None else Taxes(),
            source=self._publication.source,
            confidence=self._publication.confidence,
            note=self._publication.note,
            file=self._target.file,
            tax_table=table,
            taxes_unknown=self._taxes_unknown,
        )
        return new if self.present is None else self._over(self.present, new)

    @property
    def _taxes_unknown(self) -> frozenset[str]:
        return frozenset() if self._levy.is_held else frozenset({"accise"})

    def _over(self, present: Version, new: Version) -> Version:
        """What the file has is attributed to it, figure by figure; the rest stays as the version has it."""
        merged = replace(
            present,
            until=new.until,
            energy={**present.energy, **new.energy},
            subscription={**present.subscription, **new.subscription},
            subscription_ht={**present.subscription_ht, **new.subscription_ht},
            taxes_unknown=new.taxes_unknown,
            attributions=(*present.attributions, *self._attributions(present)),
            file=new.file,
        )
        if all(self._is_ours(merged.provenance(*cell)) for cell in merged.cells()):
            return replace(merged, source=new.source, confidence=new.confidence, note=new.note, attributions=())
        return merged

    def _is_ours(self, provenance: Provenance) -> bool:
        publication = self._publication
        return (provenance.source, provenance.confidence) == (publication.source, publication.confidence)

    def _attributions(self, present: Version) -> Iterator[Attribution]:
        """Of the figures that the file changes, and of those that it confirms and that were not official."""
        of_power: dict[int, set[tuple[Figure, str | None]]] = {}
        for figure, power, period, is_new in self._taken():
            before = present.provenance(figure, power, period)
            if not self._is_ours(before) and (is_new or before.confidence is not Confidence.OFFICIAL):
                of_power.setdefault(power, set()).add((figure, period))
        powers: dict[tuple[Figure, frozenset[str]], set[int]] = {}
        for power, cells in of_power.items():
            for figure in {figure for figure, _ in cells}:
                periods = frozenset(period for each, period in cells if each is figure and period is not None)
                powers.setdefault((figure, periods), set()).add(power)
        all_periods = frozenset(self._target.present.periods)
        publication = self._publication
        for (figure, periods), at in sorted(powers.items(), key=lambda item: (item[0][0], sorted(item[0][1]))):
            note = publication.note if figure is Figure.SUBSCRIPTION else ""
            whence = Provenance(publication.source, publication.confidence, note)
            yield Attribution(
                frozenset({figure}), whence, frozenset(at), frozenset() if periods == all_periods else periods
            )

    def _taken(self) -> Iterator[tuple[Figure, int, str | None, bool]]:
        """Figures that have the file's amount, each with power, period, and whether it had another before."""
        changed = {(change.power, change.item, change.taxes) for change in self.changes()}
        kept = {(change.power, change.item) for change in self.doubtful} | {
            (change.power, change.item) for change in self.retained
        }
        for power, (prices, monthly, monthly_ht) in self._powers.items():
            row = self.revision.powers[power]
            for period, price in prices.items():
                if (power, period) not in kept:
                    yield Figure.ENERGY, power, period, (power, period, "ttc") in changed
                if price.ht is not None and row.prices[period].ht is not None:
                    yield Figure.ENERGY_HT, power, period, (power, period, "ht") in changed
            if monthly is not None and row.yearly is not None and (power, "subscription") not in kept:
                yield Figure.SUBSCRIPTION, power, None, (power, "subscription", "ttc") in changed
            if monthly_ht is not None and row.yearly_ht is not None:
                yield Figure.SUBSCRIPTION_HT, power, None, (power, "subscription", "ht") in changed

    def _amounts(self, power: int, row: PublishedPrices) -> tuple[dict[str, Price], Decimal | None, Decimal | None]:
        """Prices and the month's two subscriptions as they would be written."""
        prices = {period: self._price(power, period, price) for period, price in row.prices.items()}
        old_monthly, old_ht = self._standing(power)
        monthly = _monthly(row.yearly, old_monthly)
        if old_monthly is not None and not self._publication.has_billed_subscriptions:
            monthly = old_monthly
        return prices, monthly, _monthly(row.yearly_ht, old_ht)

    def _price(self, power: int, period: str, published: Price) -> Price:
        step = self._publication.price_step
        old = None if self.present is None else self.present.price(power, period)
        ttc, ht = _rounded(published.ttc, None if old is None else old.ttc, step), None
        if published.ht is not None:
            ht = _rounded(published.ht, None if old is None else old.ht, step)
        elif old is not None and old.ttc == ttc:
            ht = old.ht
        if old is not None and ttc != old.ttc and self._fits_better(old.ttc, ttc, ht):
            self.doubtful.append(Change(power, period, "ttc", old.ttc, ttc))
            ttc = old.ttc
        return Price(ttc, ht)

    def _fits_better(self, old: Decimal, new: Decimal, ht: Decimal | None) -> bool:
        """True if a price as it stands is what the price without taxes of the file gives, and the file's is not."""
        taxes = Taxes() if self.present is None else self.present.taxes_on(self.revision.start)
        if ht is None or taxes.accise is None or taxes.vat_energy is None or not self._levy.is_consistent:
            return False
        right = (ht + taxes.accise) * (1 + taxes.vat_energy)
        return old == right.quantize(self._publication.price_step, ROUND_HALF_UP) != new

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


def _change(power: int | None, item: str, taxes: str, old: Decimal | None, new: Decimal | None) -> Iterator[Change]:
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
