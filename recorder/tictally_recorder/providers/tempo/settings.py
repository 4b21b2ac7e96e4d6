"""Settings of the job that fetches the colours of Tempo days."""

from enum import StrEnum
from typing import Final

from pydantic import Field, SecretStr

from tictally_recorder.fetch import Url
from tictally_recorder.jobs import JobKind, made_by, register
from tictally_shared.settings.sections import SectionModel

NAME: Final = "tempo"

MIRROR: Final = "https://www.api-couleur-tempo.fr"
RTE: Final = "https://digital.iservices.rte-france.com"


class TempoProvider(StrEnum):
    """Where colours are fetched."""

    MIRROR = "mirror"
    RTE = "rte"


class TempoSettings(SectionModel):
    """Where the colours of Tempo days are fetched."""

    source: TempoProvider | None = Field(
        default=None,
        description="Where the colours of Tempo days are fetched: `mirror`, a public copy that needs no account, or "
        "`rte`. Unset: they are those of the meter and the bundled history.",
    )
    rte_id: str | None = Field(default=None, description="Client id of your application at RTE's data portal.")
    rte_secret: SecretStr | None = Field(default=None, description="Its client secret.")
    mirror_url: Url = Field(default=MIRROR, description="Address of the mirror.")
    rte_url: Url = Field(default=RTE, description="Address of RTE's data portal.")


register(
    JobKind(
        NAME,
        {"fr": "Couleurs Tempo", "en": "Tempo colours"},
        made_by("tictally_recorder.providers.tempo.job"),
        TempoSettings,
    )
)
