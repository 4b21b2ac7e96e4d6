"""A statistic of Home Assistant: its id, name and unit, and how the versions describe it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tictally_recorder.cost.proration import to_millionths
from tictally_shared.home_assistant import Language

SOURCE: Final = "tictally"
KWH: Final = "kWh"
_WH_PER_UNIT: Final = {"Wh": 1, "kWh": 1000, "MWh": 1_000_000, "GWh": 1_000_000_000}
_NOT_IN_IDS: Final = re.compile(r"[^0-9a-z]+")
_REGISTER: Final = "register_"
_HOME_CURRENCY: Final = "EUR"

CONSUMPTION: Final = "consumption"
INJECTION: Final = "injection"
COST: Final = "cost"
INCOME: Final = "income"
_NAMES: Final[Mapping[str, Mapping[Language, str]]] = {
    CONSUMPTION: {"fr": "Consommation", "en": "Consumption"},
    INJECTION: {"fr": "Injection", "en": "Injection"},
    COST: {"fr": "Coût", "en": "Cost"},
    INCOME: {"fr": "Revenu", "en": "Income"},
}


@dataclass(frozen=True, slots=True)
class StatisticSeries:
    """What a site's hours are counted of: energy in Wh, or money in a currency.

    Attributes:
        kind: `consumption`, `injection`, `cost`, `income`, or the label of a register.
        detail: a tariff period, or the currency; None for a total.
        is_money: True for cost and income.
    """

    kind: str
    detail: str | None = None
    is_money: bool = False

    @property
    def key(self) -> str:
        """What its statistic's id ends with: `consumption_hp_bleu`, `register_easf01`, `cost`."""
        if self.kind not in _NAMES:
            return f"{_REGISTER}{slug(self.kind)}"
        has_detail = self.detail is not None and not (self.is_money and self.detail == _HOME_CURRENCY)
        return f"{self.kind}_{slug(self.detail or '')}" if has_detail else self.kind

    def name(self, site: str, language: Language) -> str:
        """Its statistic's name for people."""
        title = _NAMES[self.kind][language] if self.kind in _NAMES else self.kind
        detail = "" if self.detail is None or self.is_money else f" {self.detail}"
        return f"{title}{detail} ({site})"

    @property
    def unit(self) -> str:
        """The unit of its statistic: kWh, or the currency."""
        return self.detail or _HOME_CURRENCY if self.is_money else KWH


def is_of_registers(key: str) -> bool:
    """True for the key of a series that is a register's."""
    return key.startswith(_REGISTER)


def is_of_periods(key: str) -> bool:
    """True for the key of a series of a tariff period."""
    return key.startswith(f"{CONSUMPTION}_")


def object_id(site: str, key: str) -> str:
    """What the id of a site's statistic has after `tictally:`."""
    return f"{slug(site)}_{key}"


def statistic_id(site: str, key: str) -> str:
    """The id of a site's statistic."""
    return f"{SOURCE}:{object_id(site, key)}"


def slug(text: str) -> str:
    """A name as ids have it: small letters, digits and single underscores."""
    return _NOT_IN_IDS.sub("_", text.lower()).strip("_")


@dataclass(frozen=True, slots=True)
class StatisticForm:
    """How a statistic is described to Home Assistant.

    Attributes:
        id: of the statistic, or of the entity whose own it is.
        name: for people; None for an entity's own.
        unit: of its sums.
    """

    id: str
    name: str | None
    unit: str

    def metadata(self, has_mean_type: bool) -> dict[str, object]:  # noqa: FBT001 - two versions of one message
        """The description; the two forms of it exclude one another.

        Args:
            has_mean_type: for versions that want `mean_type` and `unit_class`.
        """
        unit_class = "energy" if self.unit in _WH_PER_UNIT else None
        mean: dict[str, object] = {"mean_type": 0, "unit_class": unit_class} if has_mean_type else {"has_mean": False}
        return {
            "statistic_id": self.id,
            "source": "recorder" if "." in self.id else SOURCE,
            "name": self.name,
            "unit_of_measurement": self.unit,
            "has_sum": True,
        } | mean


def in_unit(value: Decimal, unit: str) -> float:
    """A sum as Home Assistant stores it: Wh in a unit of energy, or an amount of money.

    Args:
        value: in Wh, or in the currency.
        unit: the statistic's.
    """
    return float(to_millionths(value / _WH_PER_UNIT.get(unit, 1)))


def from_unit(total: float, unit: str) -> Decimal:
    """The reverse of `in_unit`."""
    return Decimal(repr(total)) * _WH_PER_UNIT.get(unit, 1)


def fits(series_unit: str, unit: str | None) -> bool:
    """True if sums of a series can be given in an entity's unit."""
    return unit == series_unit or (series_unit in _WH_PER_UNIT and unit in _WH_PER_UNIT)
