"""A home with panels whose energies can be added up by hand: for injection and self-consumption, in API and page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api_serving import METER, Served
from cost_building import PARIS

from tictally_recorder.ledger import Produced
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

PANELS = "021900000888"
START = datetime(2026, 5, 28, tzinfo=PARIS)
NOW = datetime(2026, 6, 6, 15, 0, tzinfo=PARIS)
QUARTER_S = 900
CONTRACTS = (
    f'[[contract]]\nsite = "{METER}"\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2024-01-01\n'
    f'[[contract]]\nsite = "{METER}"\ntariff = "oa-surplus"\nfrom = 2020-01-01\n'
)
TARIFF = """
id = "oa-surplus"
supplier = "EDF OA"
currency = "EUR"
periods = ["SURPLUS"]
direction = "injection"
names.fr = "Vente du surplus"
[[version]]
from = 2015-01-01
confidence = "own"
source = "my contract"
energy.SURPLUS = { ttc = "0.1000" }
"""


@dataclass(frozen=True)
class Quarter:
    """A quarter-hour: what the panels produced and the home used, in Wh, and so what the meter counted."""

    number: int
    produced: int
    used: int

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.number * QUARTER_S, PARIS)

    @property
    def consumption(self) -> int:
        return max(self.used - self.produced, 0)

    @property
    def injection(self) -> int:
        return max(self.produced - self.used, 0)

    @property
    def is_heard(self) -> bool:
        """False where the inverter published nothing: for two hours of 2 June."""
        return not (self.at.month == 6 and self.at.day == 2 and self.at.hour in {10, 11})


def quarters() -> list[Quarter]:
    """All that are over by now."""
    first, end = (int(each.timestamp()) // QUARTER_S for each in (START, NOW))
    found = []
    for number in range(first, end):
        at = datetime.fromtimestamp(number * QUARTER_S, PARIS)
        height = max(7 - abs(at.hour - 13), 0)
        found.append(
            Quarter(number, height * (20 + 10 * (at.day % 3)) + height % 2, 55 + 60 * (at.hour in {8, 19, 20}))
        )
    return found


def home() -> list[Frame]:
    """The meter of the home: a frame in the first and in the last second of each quarter-hour."""
    found: list[Frame] = []
    consumed, injected = 1_000_000, 500_000
    for each in quarters():
        values: dict[str, int | str] = {"PREF": 6, "LTARF": "BASE", "STGE": "003A0301"}
        values |= {"SINSTS": 4 * each.consumption, "SINSTI": 4 * each.injection}
        found.append(_frame(METER, len(found) + 1, each.number, 1, values | {"EAST": consumed, "EAIT": injected}))
        consumed, injected = consumed + each.consumption, injected + each.injection
        found.append(_frame(METER, len(found) + 1, each.number, 899, values | {"EAST": consumed, "EAIT": injected}))
    return found


def panels() -> list[Frame]:
    """A meter of the panels' own, which is silent when their inverter is."""
    found: list[Frame] = []
    total = 77_000
    values: dict[str, int | str] = {"PREF": 6, "LTARF": "BASE"}
    for each in quarters():
        for second in (1, 899) if each.is_heard else ():
            reading = total + (each.produced if second > 1 else 0)
            found.append(_frame(PANELS, len(found) + 1, each.number, second, {**values, "EAIT": reading}))
        total += each.produced
    return found


def _frame(meter: str, seq: int, number: int, second: int, values: dict[str, int | str]) -> Frame:
    edge = "cellar" if meter == METER else "attic"
    return Frame(meter, edge, "a1" * 8, seq, (number * QUARTER_S + second) * 1000, Mode.STANDARD, values)


def published() -> dict[int, Produced]:
    """What the inverter's topic had."""
    return {each.number: Produced(each.produced * 1000) for each in quarters() if each.is_heard}


@contextmanager
def served_solar(folder: Path, source: str | None = "topic") -> Iterator[Served]:
    """Its recorder; `source` of the production: topic, meter, or None."""
    (folder / "tariffs").mkdir()
    (folder / "tariffs" / "own.toml").write_text(TARIFF)
    stored = [*home(), *(panels() if source == "meter" else [])]
    settings = {"topic": {"production_topic": "solar/energy"}, "meter": {"production_meter": PANELS}}.get(
        source or "", {}
    )
    with Served(folder, settings=settings, stored=stored, now=NOW, contracts=CONTRACTS, retention=True) as served:
        if source == "topic":
            served.ledger.put_production(published(), ("production", "{}"))
        yield served
