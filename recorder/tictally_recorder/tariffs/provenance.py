"""Where a figure is from, and how reliable that source is. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Confidence(StrEnum):
    """How reliable the source of a figure is."""

    OFFICIAL = "official"
    """From whoever sets the price."""
    SECONDARY = "secondary"
    """Published by others, or computed from other figures; not verified at the source."""
    OWN = "own"
    """Written by the user: a contract or a bill of theirs."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Of a figure.

    Attributes:
        source: where it is from, for people.
        confidence: how reliable that is.
        note: for people, or an empty text.
    """

    source: str
    confidence: Confidence
    note: str = ""


class Figure(StrEnum):
    """Kinds of amounts in a version."""

    ENERGY = "energy"
    """Of a kWh, with taxes."""
    ENERGY_HT = "energy_ht"
    """Of a kWh, without taxes."""
    SUBSCRIPTION = "subscription"
    """Of a month, with taxes."""
    SUBSCRIPTION_HT = "subscription_ht"
    """Of a month, without taxes."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Some figures of a version that have another source than the version states for all of them.

    Attributes:
        figures: kinds of amounts.
        provenance: of each of them.
        powers: subscribed powers in kVA; empty for all.
        periods: of the tariff; empty for all. A subscription has none, so that they do not limit it.
    """

    figures: frozenset[Figure]
    provenance: Provenance
    powers: frozenset[int] = frozenset()
    periods: frozenset[str] = frozenset()

    def concerns(self, figure: Figure, power_kva: int | None, period: str | None) -> bool:
        """True if an amount is one of those."""
        return (
            figure in self.figures
            and (not self.powers or power_kva in self.powers)
            and (not self.periods or period is None or period in self.periods)
        )
