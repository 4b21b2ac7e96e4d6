"""Which of a contract's figures its tariff asks for: subscribed powers, off-peak hours, a weekday. Pure."""

from dataclasses import dataclass
from typing import Self

from tictally_recorder.tariffs.model import Tariff
from tictally_shared.tariff_options import HPHC


@dataclass(frozen=True, slots=True)
class AskedByTariff:
    """What a contract on a tariff has to have, beside its first day.

    Attributes:
        powers: those that the tariff has prices for, in kVA; none where the price is the same at any power.
        power_names: names of the powers by period, where it has prices of these.
        off_peak: True if it has off-peak hours that are the customer's own.
        chosen_day: True if the customer chooses a weekday.
    """

    powers: tuple[int, ...]
    power_names: tuple[str, ...]
    off_peak: bool
    chosen_day: bool

    @classmethod
    def of(cls, tariff: Tariff) -> Self:
        """What a tariff asks for, by all of its versions."""
        rules = tariff.rules.rules if tariff.rules else ()
        return cls(
            powers=tuple(sorted({power for version in tariff.versions for power in version.powers})),
            power_names=tuple(dict.fromkeys(name for version in tariff.versions for name in version.power_term)),
            off_peak=set(tariff.periods) == set(HPHC.periods) or any(rule.is_off_peak for rule in rules),
            chosen_day=any(rule.has_chosen_weekday for rule in rules),
        )
