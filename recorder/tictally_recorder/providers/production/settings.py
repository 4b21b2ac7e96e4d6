"""Settings of the production at home: a topic of the inverter, or a meter of its own."""

from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from tictally_recorder.providers.topic_number import TopicName
from tictally_recorder.settings import SECTIONS
from tictally_shared.settings.sections import SectionModel


class ProductionUnit(StrEnum):
    """What the messages of a topic count in: a power at the moment, or energy since any start."""

    W = "W"
    KW = "kW"
    WH = "Wh"
    KWH = "kWh"

    @property
    def is_energy(self) -> bool:
        """True for a counter."""
        return self in {ProductionUnit.WH, ProductionUnit.KWH}

    @property
    def milli(self) -> float:
        """Thousandths of a W or of a Wh in one of it."""
        return 1e6 if self in {ProductionUnit.KW, ProductionUnit.KWH} else 1e3


class ProductionSettings(SectionModel):
    """What panels at home produce, for self-consumption: by a topic of the inverter, or by a meter of its own."""

    topic: TopicName | None = Field(
        default=None,
        description="MQTT topic on which an inverter or a hub publishes what the panels produce, "
        "`shellies/solar/emeter/0/total`. Unset: none is read.",
    )
    topic_key: str | None = Field(
        default=None,
        description="Where the messages are JSON: the key of the number, `aenergy.total`; levels are separated by "
        "dots. Unset: a message is the number itself.",
    )
    unit: ProductionUnit = Field(
        default=ProductionUnit.W,
        description="Unit of that number: a power, `W` or `kW`, or a counter of energy, `Wh` or `kWh`, which loses "
        "nothing while it is not heard.",
    )
    meter: str | None = Field(
        default=None,
        max_length=64,
        description="Site whose meter counts what the panels produce, where they have a meter of their own that an "
        "edge reads: its id, or its meter's key. It takes precedence over the topic.",
    )
    direction: Literal["injection", "consumption"] = Field(
        default="injection",
        description="What that meter counts the production as: `injection` for a production meter of the grid "
        "operator, `consumption` for a submeter of one's own.",
    )
    site: str | None = Field(
        default=None,
        max_length=64,
        description="Site whose panels these are. Unset: the only site beside the one of the production meter.",
        json_schema_extra={"default": "the only site"},
    )


SECTIONS.register(ProductionSettings, "production_")

STATE: Final = "production"
"""The name of the value in the ledger that has the newest reading of the topic."""
