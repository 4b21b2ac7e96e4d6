"""The regulated options: which periods they have, which register counts which, and how meters name them.

Periods bear the names that meters and suppliers give them, in one spelling for both modes: `HC`, `HP BLEU`, `PM`.
Source: Enedis-NOI-CPT_54E §5.3 (historique) and §6.2 (standard).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TariffOption:
    """One option.

    Attributes:
        key: base, hphc, ejp or tempo.
        periods: in the order of the standard mode's registers: the first is counted in EASF01, and NTARF calls it 01.
        registers: the historique registers, in the same order.
    """

    key: str
    periods: tuple[str, ...]
    registers: tuple[str, ...]

    @property
    def standard_registers(self) -> tuple[str, ...]:
        """Those of the standard mode, in the same order."""
        return tuple(f"EASF{n:02d}" for n in range(1, len(self.periods) + 1))

    def period_of(self, register: str) -> str | None:
        """The period that a register counts, or None if this option does not use it."""
        if register in self.registers:
            return self.periods[self.registers.index(register)]
        standard = self.standard_registers
        return self.periods[standard.index(register)] if register in standard else None


BASE: Final = TariffOption("base", ("BASE",), ("BASE",))
HPHC: Final = TariffOption("hphc", ("HC", "HP"), ("HCHC", "HCHP"))
EJP: Final = TariffOption("ejp", ("HN", "PM"), ("EJPHN", "EJPHPM"))
TEMPO: Final = TariffOption(
    "tempo",
    ("HC BLEU", "HP BLEU", "HC BLANC", "HP BLANC", "HC ROUGE", "HP ROUGE"),
    ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
)
TARIFF_OPTIONS: Final = {option.key: option for option in (BASE, HPHC, EJP, TEMPO)}

PRODUCER: Final = "PRODUCTEUR"
"""NGTF of a meter whose site only injects: what it consumes is on no tariff of consumption."""

STANDARD: Final = "standard"
"""The set of registers that a meter shows in standard mode, whatever the option."""
CONSUMPTION_TOTAL: Final = "EAST"
SUPPLIER: Final = "EASF"
OPTION_OF_REGISTER: Final = {register: option for option in TARIFF_OPTIONS.values() for register in option.registers}
"""The option of each historique register."""

_OF_OPTARIF: Final = {"BASE": BASE, "HC..": HPHC, "EJP.": EJP}
_OF_NGTF: Final = {"BASE": BASE, "H PLEINE/CREUSE": HPHC, "EJP": EJP, "TEMPO": TEMPO}
_OF_PTEC: Final = {
    "TH..": "BASE",
    "HC..": "HC",
    "HP..": "HP",
    "HN..": "HN",
    "PM..": "PM",
    "HCJB": "HC BLEU",
    "HPJB": "HP BLEU",
    "HCJW": "HC BLANC",
    "HPJW": "HP BLANC",
    "HCJR": "HC ROUGE",
    "HPJR": "HP ROUGE",
}


def register_set(register: str) -> str | None:
    """What a register of consumption is shown with: `STANDARD`, or an option's key in historique mode; else None."""
    if register == CONSUMPTION_TOTAL or register.startswith(SUPPLIER):
        return STANDARD
    option = OPTION_OF_REGISTER.get(register)
    return option.key if option else None


def register_sets(registers: Iterable[str]) -> set[str]:
    """The sets of some registers."""
    return {found for each in registers if (found := register_set(each))}


def option_of_optarif(optarif: str) -> TariffOption | None:
    """The option that OPTARIF names, or None. The last character of Tempo's is its programme, and may be any."""
    return TEMPO if optarif.startswith("BBR") else _OF_OPTARIF.get(optarif)


def option_of_ngtf(ngtf: str) -> TariffOption | None:
    """The option that NGTF, stripped, names; None for a supplier's own calendar."""
    return _OF_NGTF.get(ngtf)


def period_of_ptec(ptec: str) -> str | None:
    """The period that PTEC names, or None."""
    return _OF_PTEC.get(ptec)


def register_of_ptec(ptec: str) -> str | None:
    """The historique register that counts while PTEC has a value, or None."""
    period = _OF_PTEC.get(ptec)
    return next(
        (
            register
            for option in TARIFF_OPTIONS.values()
            for register in option.registers
            if option.period_of(register) == period
        ),
        None,
    )
