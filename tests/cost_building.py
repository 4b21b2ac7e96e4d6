"""Tariffs, contracts and days of energy for tests of cost; prices are those of real tariffs."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, TypedDict, Unpack

from tictally_recorder.cost import CostRow, Terms, Use, cost
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.energy import EnergyRow
from tictally_recorder.reason import Reason
from tictally_recorder.tariffs.model import Confidence, Direction, Price, Tariff, Version
from tictally_recorder.tariffs.series import Series
from tictally_recorder.translations import ENGLISH
from tictally_shared.calendar import QUARTER_MS, local_midnight, zone
from tictally_shared.phrase import Phrase

PARIS: Final = zone("Europe/Paris")
SITE: Final = "021900000002"
FEBRUARY_AND_AUGUST: Final = ((2, 1), (8, 1))
TEMPO_PERIODS: Final = ("HC BLEU", "HP BLEU", "HC BLANC", "HP BLANC", "HC ROUGE", "HP ROUGE")
# A tariff of injection, as its file.
SURPLUS_FILE: Final = """
id = "surplus"
supplier = "A neighbour"
currency = "EUR"
direction = "injection"
periods = ["ALL"]
names.en = "Surplus"
[[version]]
from = 2020-01-01
source = "a contract"
confidence = "own"
energy.ALL = { ttc = "0.04" }
"""


def english(phrases: Iterable[Phrase]) -> list[str]:
    """Phrases in English words."""
    return [ENGLISH.phrase(each) for each in phrases]


def d(text: str) -> date:
    return date.fromisoformat(text)


def days(first: str, last: str) -> list[date]:
    """The days from first to last, both included."""
    return [d(first) + timedelta(days=n) for n in range((d(last) - d(first)).days + 1)]


def midnight_ms(day: date) -> int:
    return int(local_midnight(day, PARIS).timestamp()) * 1000


def version(
    tariff: str,
    start: str,
    prices: Mapping[str, str],
    monthly: Mapping[int | None, str],
    *,
    powers: Iterable[int | None] = (None,),
) -> Version:
    each = {period: Price(Decimal(price)) for period, price in prices.items()}
    return Version(
        tariff,
        d(start),
        None,
        dict.fromkeys(powers, each) if each else {},
        {power: Decimal(amount) for power, amount in monthly.items()},
        f"grid of {start}",
        Confidence.OFFICIAL,
    )


def tariff(
    tariff_id: str,
    periods: tuple[str, ...],
    *versions: Version,
    direction: Direction = Direction.CONSUMPTION,
    revised: tuple[tuple[int, int], ...] = (),
    series: bool = False,
) -> Tariff:
    return Tariff(tariff_id, "EDF", {}, "EUR", periods, versions, direction, revised, series)


HPHC: Final = tariff(
    "hphc",
    ("HC", "HP"),
    version("hphc", "2025-02-01", {"HC": "0.1696", "HP": "0.2146"}, {6: "14.04", 9: "18.01"}, powers=(6, 9)),
    version("hphc", "2025-08-01", {"HC": "0.1635", "HP": "0.2081"}, {6: "15.74", 9: "19.81"}, powers=(6, 9)),
    revised=FEBRUARY_AND_AUGUST,
)
BASE: Final = tariff(
    "base",
    ("BASE",),
    version("base", "2024-02-01", {"BASE": "0.2516"}, {6: "12.60"}, powers=(6,)),
    version("base", "2025-02-01", {"BASE": "0.2016"}, {6: "13.72"}, powers=(6,)),
    revised=FEBRUARY_AND_AUGUST,
)
EJP: Final = tariff("ejp", ("HN", "PM"), version("ejp", "2025-02-01", {"HN": "0.1476", "PM": "1.1038"}, {9: "17.20"}))
SURPLUS: Final = tariff(
    "surplus", ("SURPLUS",), version("surplus", "2025-01-01", {"SURPLUS": "0.04"}, {}), direction=Direction.INJECTION
)


class RowChanges(TypedDict, total=False):
    """Fields in which a row differs from a measured one of an unnamed period."""

    period: str | None
    option: str | None
    last_estimated: bool
    inferred: bool


def row(
    day: date, register: str, energy_wh: int, *, first: int = 1_000_000, **changes: Unpack[RowChanges]
) -> EnergyRow:
    """A day's row of a register."""
    bounds = (midnight_ms(day), midnight_ms(day + timedelta(days=1)))
    return replace(_row(register, bounds, energy_wh, first), **changes)


def quarter_rows(register: str, day: date, energies_wh: Iterable[int]) -> list[EnergyRow]:
    """A day's rows by quarter, from midnight on."""
    start = midnight_ms(day)
    bounds = ((start + n * QUARTER_MS, start + (n + 1) * QUARTER_MS) for n in range(100))
    return [_row(register, each, energy, 0) for each, energy in zip(bounds, energies_wh, strict=False)]


def _row(register: str, bounds: tuple[int, int], energy_wh: int, first: int) -> EnergyRow:
    quarters = (bounds[1] - bounds[0]) // QUARTER_MS
    return EnergyRow(
        *bounds,
        SITE,
        register,
        None,
        None,
        "Wh",
        energy_wh,
        first_ms=bounds[0],
        last_ms=bounds[1],
        first_value=first,
        last_value=first + energy_wh,
        covered=quarters,
        quarters=quarters,
    )


def spread(when: list[date], **registers_wh: int) -> list[EnergyRow]:
    """Each register's energy over some days in equal parts, which must be whole Wh."""
    assert not any(energy % len(when) for energy in registers_wh.values())
    return [row(day, register, energy // len(when)) for day in when for register, energy in registers_wh.items()]


def on(*contracts: Contract | Tariff, power_kva: int | None = 6) -> Contracts:
    """Contracts; a tariff stands for a contract on it from long ago."""
    return Contracts(
        each
        if isinstance(each, Contract)
        else Contract(SITE, each.id, d("2000-01-01"), power_kva=power_kva, direction=each.direction)
        for each in contracts
    )


def terms(contracts: Contracts, *tariffs: Tariff, **series: Series) -> Terms:
    return Terms(contracts, {each.id: each for each in tariffs}, series)


def costs(
    when: list[date],
    rows: Iterable[EnergyRow],
    contracts: Contracts,
    *tariffs: Tariff,
    quarters: Iterable[EnergyRow] = (),
    ngtf: str | None = None,
    **series: Series,
) -> list[CostRow]:
    rows = [replace(each, option=ngtf) if ngtf else each for each in rows]
    use = Use(SITE, rows, list(quarters))
    return cost(use, when, terms(contracts, *tariffs, **series), PARIS)


def total(rows: Iterable[CostRow]) -> Decimal:
    """The sum of rows, none of which may be unknown."""
    found = Decimal(0)
    for each in rows:
        assert each.amount is not None, each.reason
        found += each.amount
    return found


def words(reason: Reason | None) -> str | None:
    """A reason in English."""
    return None if reason is None else ENGLISH.phrase(reason)
