"""Households whose pages are looked at: each has its meter, contract and past, and the moment at which it is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from api_serving import Served
from cost_building import PARIS

from demo.past import Home, Past, write_ledger
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.peakdays import DayColour, tempo_colour
from tictally_shared.labels import Mode

_MONTHS: Final = timedelta(days=70)
_YEARS: Final = timedelta(days=7 * 365)
_EVENING: Final = datetime(2026, 2, 18, 18, 20, tzinfo=PARIS)
_SEED: Final = 0  # of a simulated meter where none is given


@dataclass(frozen=True)
class Pictured:
    """A household and the moment at which it is shown.

    Attributes:
        home: its meter; None: no frame has arrived yet.
        now: the moment.
        past: how long its ledger reaches back.
        silent: how old the newest frame is.
        offline: the recorder stops answering once the page is open.
    """

    home: Home | None
    now: datetime = _EVENING
    past: timedelta = _MONTHS
    silent: timedelta = timedelta(0)
    offline: bool = False


def _home(contract: str, mode: Mode = Mode.STANDARD, phases: int = 1, *, producer: bool = False) -> Home:
    return Home(SimulatedContract(contract), mode, phases, 9, producer)


def _evening_of(colour: DayColour) -> datetime:
    """The first evening of 2026 on which a simulated Tempo day has a colour."""
    day = date(2026, 1, 2)
    while tempo_colour(day, _SEED) is not colour:
        day += timedelta(days=1)
    return _EVENING.replace(month=day.month, day=day.day)


HOUSEHOLDS: Final = {
    "base": Pictured(_home("base")),
    "hphc": Pictured(_home("hphc")),
    "tempo-white": Pictured(_home("tempo"), _evening_of(DayColour.WHITE)),
    "tempo-red": Pictured(_home("tempo"), _evening_of(DayColour.RED)),
    "ejp": Pictured(_home("ejp", Mode.HISTORIQUE)),
    "producer": Pictured(_home("base", producer=True), _EVENING.replace(month=7, hour=12)),
    "three-phase-historique": Pictured(_home("hphc", Mode.HISTORIQUE, 3)),
    "seven-years": Pictured(_home("tempo"), past=_YEARS),
    "empty": Pictured(None),
    "silent": Pictured(_home("hphc"), silent=timedelta(days=40)),
    "offline": Pictured(_home("hphc"), offline=True),
}


@contextmanager
def served(pictured: Pictured, folder: Path) -> Iterator[Served]:
    """A server over the household's ledger, whose clock stands at its moment."""
    contracts = ""
    if pictured.home is not None:
        until = pictured.now - pictured.silent
        since = (until - pictured.past).replace(hour=0, minute=0)
        write_ledger(folder / "ledger.sqlite", Past(pictured.home, "pi", since, until, PARIS))
        tariff = f"edf-bleu-{pictured.home.contract.value}"
        contracts = f'[[contract]]\ntariff = "{tariff}"\npower = {pictured.home.subscribed_kva}\nfrom = 2015-01-01\n'
    with Served(folder, contracts=contracts, stored=[], now=pictured.now) as found:
        yield found
