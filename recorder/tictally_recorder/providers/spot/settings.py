"""Settings of the spot prices."""

from datetime import date
from enum import StrEnum
from typing import Final

from pydantic import Field, SecretStr

from tictally_recorder.fetch import Url
from tictally_recorder.jobs import JobKind, made_by, register
from tictally_shared.settings.sections import SectionModel

NAME: Final = "spot"

ENTSOE: Final = "https://web-api.tp.entsoe.eu"
ENERGY_CHARTS: Final = "https://api.energy-charts.info"


class SpotProvider(StrEnum):
    """Where spot prices are fetched."""

    ENERGY_CHARTS = "energy-charts"
    ENTSOE = "entsoe"


class SpotZone(StrEnum):
    """Bidding zones whose prices are in euros."""

    AT = "AT"
    BE = "BE"
    CH = "CH"
    DE_LU = "DE-LU"
    ES = "ES"
    FR = "FR"
    IT_NORTH = "IT-North"
    NL = "NL"
    PT = "PT"


class SpotSettings(SectionModel):
    """Which day-ahead spot prices are fetched."""

    source: SpotProvider | None = Field(
        default=None,
        description="Where day-ahead spot prices are fetched: `energy-charts`, which needs no account, or `entsoe`. "
        "Unset: none are.",
    )
    zone: SpotZone = Field(
        default=SpotZone.FR,
        description="Bidding zone: `FR`, `BE`, `DE-LU`, `CH`, `ES`, `PT`, `AT`, `NL` or `IT-North`.",
    )
    since: date | None = Field(
        default=None,
        description="First day whose spot prices are fetched. Unset: the day of the first run.",
        json_schema_extra={"default": "the day of the first run"},
    )
    token: SecretStr | None = Field(
        default=None, description="Security token of ENTSO-E's transparency platform, for `entsoe`."
    )
    entsoe_url: Url = Field(default=ENTSOE, description="Address of ENTSO-E's transparency platform.")
    energy_charts_url: Url = Field(default=ENERGY_CHARTS, description="Address of Energy-Charts.")


register(
    JobKind(
        NAME,
        {"fr": "Prix spot", "en": "Spot prices"},
        made_by("tictally_recorder.providers.spot.job"),
        SpotSettings,
        fetches_prices=True,
    )
)
