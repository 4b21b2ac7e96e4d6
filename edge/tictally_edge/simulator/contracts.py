"""The four contracts: their periods, and their names and numbers in each mode."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tictally_edge.simulator import SimulatorError


class SimulatedContract(StrEnum):
    """The options of the Tarif Bleu."""

    BASE = "base"
    HPHC = "hphc"
    TEMPO = "tempo"
    EJP = "ejp"


def contract_of(name: str) -> SimulatedContract:
    """The contract of a name.

    Raises:
        SimulatorError: there is none.
    """
    try:
        return SimulatedContract(name)
    except ValueError:
        *first, last = SimulatedContract
        raise SimulatorError(f"unknown tariff option {name[:20]!r}; use {', '.join(first)} or {last}") from None


@dataclass(frozen=True, slots=True)
class Period:
    """What one supplier register counts.

    Attributes:
        number: NTARF; the register is EASFnn.
        register: the historique register.
        ptec: PTEC.
        ltarf: LTARF with the meter's padding.
        off_peak: True if the dry contact is closed, which starts the water heater.
    """

    number: int
    register: str
    ptec: str
    ltarf: str
    off_peak: bool = False


@dataclass(frozen=True, slots=True)
class OptionNames:
    """Names of a contract.

    Attributes:
        optarif: OPTARIF.
        ngtf: NGTF with the meter's padding.
        periods: by number, from 1.
        profile: the used entries of PJOURF+1, hhmm and action.
    """

    optarif: str
    ngtf: str
    periods: tuple[Period, ...]
    profile: tuple[str, ...]


TERMS: Final = {
    SimulatedContract.BASE: OptionNames(
        optarif="BASE",
        ngtf="      BASE      ",
        periods=(Period(1, "BASE", "TH..", "      BASE      "),),
        profile=("00008001",),
    ),
    SimulatedContract.HPHC: OptionNames(
        optarif="HC..",
        ngtf="H PLEINE/CREUSE ",
        periods=(
            Period(1, "HCHC", "HC..", " HEURE  CREUSE  ", off_peak=True),
            Period(2, "HCHP", "HP..", " HEURE  PLEINE  "),
        ),
        profile=("0000C001", "06008002", "2200C001"),
    ),
    SimulatedContract.TEMPO: OptionNames(
        optarif="BBR(",
        ngtf="     TEMPO      ",
        periods=(
            Period(1, "BBRHCJB", "HCJB", "    HC  BLEU    ", off_peak=True),
            Period(2, "BBRHPJB", "HPJB", "    HP  BLEU    "),
            Period(3, "BBRHCJW", "HCJW", "   HC  BLANC    ", off_peak=True),
            Period(4, "BBRHPJW", "HPJW", "   HP  BLANC    "),
            Period(5, "BBRHCJR", "HCJR", "   HC  ROUGE    ", off_peak=True),
            Period(6, "BBRHPJR", "HPJR", "   HP  ROUGE    "),
        ),
        profile=("00004001", "06004002", "22004001"),
    ),
    SimulatedContract.EJP: OptionNames(
        optarif="EJP.",
        ngtf="      EJP       ",
        periods=(
            Period(1, "EJPHN", "HN..", " HEURE  NORMALE "),
            Period(2, "EJPHPM", "PM..", " POINTE  MOBILE "),
        ),
        profile=("00008001",),
    ),
}
