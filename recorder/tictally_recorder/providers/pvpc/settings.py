"""Settings of the PVPC job."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr

from tictally_recorder.fetch import Url
from tictally_recorder.jobs import JobKind, made_by, register
from tictally_recorder.settings import Settings
from tictally_shared.settings.sections import SectionModel

NAME: Final = "pvpc"

ESIOS: Final = "https://api.esios.ree.es"


class PvpcZone(StrEnum):
    """The zones that PVPC has prices for."""

    PENINSULA = "peninsula"
    CANARIAS = "canarias"
    BALEARES = "baleares"
    CEUTA = "ceuta"
    MELILLA = "melilla"


class PvpcSettings(SectionModel):
    """Which hourly prices are fetched."""

    zone: PvpcZone | None = Field(
        default=None,
        description="Zone whose PVPC prices are fetched: `peninsula`, `canarias`, `baleares`, `ceuta` or `melilla`. "
        "Unset: none are.",
    )
    since: date | None = Field(
        default=None,
        description="First day whose prices are fetched. Unset: the day of the first run.",
        json_schema_extra={"default": "the day of the first run"},
    )
    token: SecretStr | None = Field(
        default=None, description="Token of ESIOS' API. Unset: the public archive is used, which needs none."
    )
    url: Url = Field(default=ESIOS, description="Address of ESIOS, for a mirror.")


def pvpc_file(settings: Settings, zone: PvpcZone) -> Path:
    """The file of a zone's fetched prices."""
    return settings.tariffs_folder / f"pvpc-{zone}.csv"


register(
    JobKind(
        NAME,
        {"fr": "Prix PVPC", "en": "PVPC prices"},
        made_by("tictally_recorder.providers.pvpc.job"),
        PvpcSettings,
        fetches_prices=True,
    )
)
