"""A site as a device of a hub: what its energy costs, and at which price. Pure.

Home Assistant, sensor entity, "Available state classes": `monetary` allows only `total`, and a total that restarts has
to announce when. Day and month restart at the hub's own midnight: its zone is the recorder's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

from tictally_recorder.cost.model import Quality
from tictally_recorder.hubs import month_forecast, price_outlook, site_state
from tictally_recorder.settings import Settings
from tictally_shared.home_assistant import (
    DIAGNOSTIC,
    ORIGIN,
    Component,
    Device,
    Language,
    config_topic,
    discovery_json,
    enum_settings,
    program_device_id,
)
from tictally_shared.status_register import Colour
from tictally_shared.topics import Topics

_SHOWN: Final[dict[Language, str]] = {"fr": "Coût de l'énergie", "en": "Energy cost"}
_MONEY: Final = {"device_class": "monetary", "suggested_display_precision": 2}
# Home Assistant evaluates it with each value.
_MIDNIGHT: Final = "now().replace({}hour=0, minute=0, second=0, microsecond=0).isoformat()"
_OF_DAY: Final = {
    **_MONEY,
    "state_class": "total",
    "last_reset_value_template": f"{{{{ {_MIDNIGHT.format('')} }}}}",
}
_OF_MONTH: Final = _OF_DAY | {"last_reset_value_template": f"{{{{ {_MIDNIGHT.format('day=1, ')} }}}}"}
_ENERGY: Final = {"device_class": "energy", "suggested_display_precision": 1}
_DAYS: Final = {"state_class": "measurement", "icon": "mdi:calendar-range"}
_PRICE: Final = {"state_class": "measurement", "suggested_display_precision": 4, "icon": "mdi:cash"}
_MOMENT: Final = {"device_class": "timestamp"}
# `None` is "no state" for Home Assistant; it stands for a payload of `none`.
_TEMPLATE: Final = f"{{{{ value if value != '{site_state.NOTHING}' else None }}}}"
# A hub's state has at most 255 characters.
_TEXT_TEMPLATE: Final = f"{{{{ (value | truncate(250, true, '…')) if value != '{site_state.NOTHING}' else None }}}}"


@dataclass(frozen=True, slots=True)
class _Entity:
    key: str
    fr: str
    en: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""
    template: str = _TEMPLATE
    attributes: str = ""
    states_fr: Mapping[Quality, str] = field(default_factory=dict)


_CURRENCY: Final = "{currency}"
_PER_KWH: Final = "{currency}/kWh"
ENTITIES: Final = (
    _Entity(site_state.TODAY, "Coût du jour", "Cost today", _OF_DAY, _CURRENCY),
    _Entity(site_state.YESTERDAY, "Coût d'hier", "Cost yesterday", _MONEY, _CURRENCY),
    _Entity(site_state.MONTH, "Coût du mois", "Cost this month", _OF_MONTH, _CURRENCY),
    _Entity(month_forecast.COST_MONTH_FORECAST, "Coût prévu du mois", "Cost forecast of the month", _MONEY, _CURRENCY),
    _Entity(month_forecast.ENERGY_MONTH, "Consommation du mois", "Consumption this month", _ENERGY, "kWh"),
    _Entity(
        month_forecast.ENERGY_MONTH_FORECAST,
        "Consommation prévue du mois",
        "Consumption forecast of the month",
        _ENERGY,
        "kWh",
    ),
    _Entity(site_state.TOTAL, "Coût total", "Total cost", {**_MONEY, "state_class": "total"}, _CURRENCY),
    _Entity(
        site_state.PRICE,
        "Prix du kWh",
        "Price per kWh",
        _PRICE,
        _PER_KWH,
        attributes=price_outlook.PRICES_TODAY,
    ),
    _Entity(price_outlook.NEXT_PRICE, "Prochain prix du kWh", "Next price per kWh", _PRICE, _PER_KWH),
    _Entity(price_outlook.NEXT_PRICE_AT, "Prochain changement de prix", "Next price change", _MOMENT),
    _Entity(
        price_outlook.NEXT_PERIOD, "Prochaine période tarifaire", "Next tariff period", {"icon": "mdi:clock-start"}
    ),
    _Entity(price_outlook.NEXT_PERIOD_AT, "Début de la prochaine période", "Next tariff period starts", _MOMENT),
    _Entity(price_outlook.CHEAPEST, "Début des trois heures les moins chères", "Cheapest three hours start", _MOMENT),
    _Entity(
        price_outlook.CHEAPEST_PRICE,
        "Prix moyen des trois heures les moins chères",
        "Cheapest three hours price",
        _PRICE,
        _PER_KWH,
    ),
    _Entity(
        price_outlook.PRICE_TOMORROW,
        "Prix moyen de demain",
        "Mean price tomorrow",
        _PRICE,
        _PER_KWH,
        attributes=price_outlook.PRICES_TOMORROW,
    ),
    _Entity(
        price_outlook.COLOUR_TOMORROW,
        "Couleur de demain",
        "Colour tomorrow",
        {"device_class": "enum", "options": [each.name for each in Colour if each], "icon": "mdi:calendar-arrow-right"},
    ),
    *(
        _Entity(price_outlook.DAYS_LEFT[colour], fr, en, _DAYS)
        for colour, fr, en in (
            (Colour.BLEU, "Jours bleus restants", "Blue days left"),
            (Colour.BLANC, "Jours blancs restants", "White days left"),
            (Colour.ROUGE, "Jours rouges restants", "Red days left"),
        )
    ),
    _Entity(site_state.PERIOD, "Période tarifaire", "Tariff period", {"icon": "mdi:clock-outline"}),
    _Entity(site_state.SUBSCRIPTION, "Abonnement mensuel", "Monthly subscription", _MONEY, _CURRENCY),
    _Entity(site_state.TARIFF, "Tarif appliqué", "Tariff", {"icon": "mdi:tag-text-outline", **DIAGNOSTIC}),
    _Entity(
        site_state.TARIFF_AGE,
        "Âge du tarif",
        "Tariff age",
        {"device_class": "duration", "state_class": "measurement", **DIAGNOSTIC},
        "d",
    ),
    _Entity(
        site_state.QUALITY,
        "Qualité du coût",
        "Cost quality",
        DIAGNOSTIC,
        states_fr={
            Quality.MEASURED: "mesuré",
            Quality.ESTIMATED: "estimé",
            Quality.PROVISIONAL: "provisoire",
            Quality.UNKNOWN: "inconnu",
        },
    ),
    _Entity(
        site_state.REASON,
        "Remarque sur le coût",
        "Cost remark",
        {"icon": "mdi:comment-question-outline", **DIAGNOSTIC},
        template=_TEXT_TEMPLATE,
    ),
    _Entity(
        site_state.STANDBY,
        "Puissance de veille nocturne",
        "Standby power at night",
        {"device_class": "apparent_power", "state_class": "measurement"},
        "VA",
    ),
    _Entity(
        site_state.STANDBY_TREND,
        "Évolution de la veille",
        "Standby trend",
        {"device_class": "apparent_power", "state_class": "measurement"},
        "VA",
    ),
    _Entity(site_state.STANDBY_COST_YEAR, "Coût annuel de la veille", "Annual standby cost", _MONEY, _CURRENCY),
    _Entity(site_state.INCOME_TODAY, "Revenu du jour", "Income today", _OF_DAY, _CURRENCY),
    _Entity(site_state.INCOME_MONTH, "Revenu du mois", "Income this month", _OF_MONTH, _CURRENCY),
    _Entity(site_state.INCOME_TOTAL, "Revenu total", "Total income", {**_MONEY, "state_class": "total"}, _CURRENCY),
    _Entity(site_state.PRICE_INJECTION, "Prix du kWh injecté", "Price per injected kWh", _PRICE, _PER_KWH),
)


@dataclass(frozen=True, slots=True)
class SiteDevice:
    """How sites are announced.

    Attributes:
        topics: below the base topic.
        prefix: topic below which hubs look for discovery messages.
        language: of the entities' names.
        version: of the program.
        availability: topic of the recorder's `online` and `offline`.
        via: id of the recorder's device, or None.
        page_url: address of the recorder's page, or None.
    """

    topics: Topics
    prefix: str
    language: Language
    version: str
    availability: str
    via: str | None = None
    page_url: str | None = None

    def topic(self, site: str) -> str:
        """Where a site is announced."""
        return config_topic(site_device_id(site), self.prefix)

    def payload(self, site: str, names: Iterable[str], currency: str) -> str:
        """The announcement.

        Args:
            site: its id.
            names: of the figures that it has.
            currency: ISO 4217.
        """
        device = Device(
            id=site_device_id(site),
            name=f"{_SHOWN[self.language]} {site}",
            version=self.version,
            maker=ORIGIN,
            model=f"{ORIGIN} site",
            availability=(self.availability,),
            via=self.via,
            page_url=self.page_url,
        )
        known = set(names)
        return discovery_json(device, [self._component(site, each, currency) for each in ENTITIES if each.key in known])

    def _component(self, site: str, entity: _Entity, currency: str) -> Component:
        unit = {"unit_of_measurement": entity.unit.format(currency=currency)} if entity.unit else {}
        is_french = self.language == "fr"
        states = {str(state): word if is_french else str(state) for state, word in entity.states_fr.items()}
        topic = self.topics.site(site, entity.attributes)
        attributes = {"json_attributes_topic": topic} if entity.attributes else {}
        return Component(
            key=entity.key,
            platform="sensor",
            name=entity.fr if is_french else entity.en,
            settings={
                "state_topic": self.topics.site(site, entity.key),
                "value_template": entity.template,
                **(enum_settings(states) if states else {}),
                **attributes,
                **unit,
                **entity.settings,
            },
        )


def site_device_of(settings: Settings) -> SiteDevice | None:
    """How sites are announced by the recorder's settings; None if discovery is off."""
    if not settings.is_discoverable:
        return None
    availability = settings.topics.recorder(settings.name, "availability")
    return SiteDevice(
        settings.topics,
        settings.discovery,
        settings.language,
        version("tictally-recorder"),
        availability,
        program_device_id("recorder", settings.name),
        settings.page_url,
    )


def site_device_id(site: str) -> str:
    """The id of a site's device."""
    return f"{ORIGIN}_site_{site}"
