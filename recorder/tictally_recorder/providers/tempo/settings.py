"""Settings of the Tempo job."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+[^/]$")]
MIRROR: Final = "https://www.api-couleur-tempo.fr"
RTE: Final = "https://digital.iservices.rte-france.com"


class TempoProvider(StrEnum):
    """Where colours are fetched."""

    MIRROR = "mirror"
    RTE = "rte"


class TempoSettings(BaseModel):
    """Where the colours of Tempo days are fetched."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    source: TempoProvider | None = Field(
        default=None,
        description="Where the colours of Tempo days are fetched: `mirror`, a public copy that needs no account, or "
        "`rte`. Unset: they are those of the meter and the bundled history.",
    )
    rte_id: str | None = Field(default=None, description="Client id of your application at RTE's data portal.")
    rte_secret: SecretStr | None = Field(default=None, description="Its client secret.")
    mirror_url: Url = Field(default=MIRROR, description="Address of the mirror.")
    rte_url: Url = Field(default=RTE, description="Address of RTE's data portal.")
