"""What a meter reports of its own contract: the option and the subscribed power."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.contracts.reported_periods import calendar_since_ms, reported_periods
from tictally_recorder.energy.period_names import NAMING_LABELS, PeriodNames
from tictally_recorder.energy.register_totals import period_of
from tictally_recorder.ledger import LedgerReader, Meter, Quarter, Site
from tictally_recorder.problem import ProblemCode
from tictally_recorder.tariffs.model import Tariff
from tictally_shared.phrase import Phrase, Value
from tictally_shared.tariff_options import BASE, TARIFF_OPTIONS, TariffOption, option_of_ngtf, option_of_optarif

_OPTIONS: Final = {"NGTF": option_of_ngtf, "OPTARIF": option_of_optarif}
_BLEU: Final = {f"edf-bleu-{key}" for key in TARIFF_OPTIONS}
_POWERS: Final = ("PREF", "ISOUSC")
# ISOUSC is what is subscribed by phase, in A, at the 200 V that contracts assume.
_AMPERES_PER_KVA: Final = 5
_PHASES_OF_THREE: Final = "IINST3"


@dataclass(frozen=True, slots=True)
class Announced:
    """What a meter reported last.

    Attributes:
        name: of its option, as NGTF or OPTARIF has it, or None.
        option: the regulated option that this is, or None if it is another or nothing was reported.
        power_kva: subscribed, or None.
    """

    name: str | None = None
    option: TariffOption | None = None
    power_kva: int | None = None

    @property
    def shipped_tariff(self) -> str | None:
        """The bundled tariff of the option, or None."""
        return f"edf-bleu-{self.option.key}" if self.option else None

    def __str__(self) -> str:
        power = f"{self.power_kva} kVA" if self.power_kva else None
        return " and ".join(each for each in (self.name, power) if each)


def announced(reader: LedgerReader, site: Site) -> Announced:
    """What the meter with a site's latest frame reports of its contract.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    meter = _newest_meter(site)
    seen = reader.labels_seen(meter.id)
    name = _newest(_OPTIONS.keys() & seen.keys(), seen)
    power = _newest(set(_POWERS) & seen.keys(), seen)
    reported = (reader.newest_text(meter.id, name) or None) if name else None
    option = _OPTIONS[name](reported) if name and reported else None
    return Announced(reported, option, _power(reader, meter, power, seen) if power else None)


def contradictions(reader: LedgerReader, site: Site, contract: Contract, tariff: Tariff) -> Iterator[Phrase]:
    """Where a contract differs from what the site's meter announces.

    A tariff of one period that is not called as the meter's is a flat price, which goes with every option; so does one
    whose own rules divide what the meter does not.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    reported = announced(reader, site)
    flat = tariff.series or tariff.rules or (len(tariff.periods) == 1 and tariff.periods != BASE.periods)
    if reported.name and not flat and not _fits(reader, site, contract, tariff, reported):
        yield Phrase(ProblemCode.OPTION_DIFFERS, {"option": reported.name, "tariff": tariff.id})
    if reported.power_kva and contract.power_kva and reported.power_kva != contract.power_kva:
        powers: dict[str, Value] = {"reported_kva": reported.power_kva, "power_kva": contract.power_kva}
        yield Phrase(ProblemCode.POWER_DIFFERS, powers)


def _fits(reader: LedgerReader, site: Site, contract: Contract, tariff: Tariff, reported: Announced) -> bool:
    """True if a tariff has the periods of the option that a meter announces.

    A supplier's own calendar is no option of Tarif Bleu, unless the contract's aliases give its periods names.
    """
    if reported.option and reported.name:
        return _periods(reader, site, contract, reported.option, reported.name) == set(tariff.periods)
    meter = _newest_meter(site)
    found = reported_periods(reader, site, calendar_since_ms(reader, site), meter.last_ms + 1)
    is_named = {each.period(contract.aliases) for each in found} <= set(tariff.periods)
    if tariff.id in _BLEU:
        return is_named and bool(contract.aliases) and bool(found)
    return is_named or (len(tariff.periods) == 1 and len(found) <= 1)


def _periods(reader: LedgerReader, site: Site, contract: Contract, option: TariffOption, name: str | None) -> set[str]:
    """What a contract makes of the periods of a regulated option: its aliases may be of the meter's own words."""
    meter = _newest_meter(site)
    names = PeriodNames.of_all(
        reader.text_changes(meter.id, NAMING_LABELS, 0, meter.last_ms + 1) if contract.aliases else (), meter.last_ms
    )
    standard = name is not None and option_of_ngtf(name) is option
    registers = option.standard_registers if standard else option.registers
    return {period_of(register, names.name(register, meter.last_ms), name, contract.aliases) for register in registers}


def _newest_meter(site: Site) -> Meter:
    return max(site.meters, key=lambda each: each.last_ms)


def _newest(labels: set[str], seen: dict[str, tuple[int, int]]) -> str | None:
    return max(labels, key=lambda label: seen[label][1], default=None)


def _power(reader: LedgerReader, meter: Meter, label: str, seen: dict[str, tuple[int, int]]) -> int | None:
    last_ms = seen[label][1]
    for quarter in reader.quarters(meter.id, 0, last_ms + 1, newest_first=True):
        if (value := _last_number(quarter, label)) is not None:
            if label == "PREF":
                return value
            return value * (3 if _PHASES_OF_THREE in seen else 1) // _AMPERES_PER_KVA
    return None


def _last_number(quarter: Quarter, label: str) -> int | None:
    found = quarter.ends.get(label) or quarter.live.get(label)
    return found.last if found else None
