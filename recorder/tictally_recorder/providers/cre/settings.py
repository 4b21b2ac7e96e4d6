"""Settings of the CRE's files."""

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from tictally_recorder.fetch import Url

PORTAL: Final = "https://www.data.gouv.fr/fr/datasets/r"


class CreUpdates(StrEnum):
    """What becomes of a revision in the CRE's files."""

    SHOW = "show"
    TAKE = "take"


class CreSettings(BaseModel):
    """New prices of EDF's Tarif Bleu, from the regulator's open data."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    updates: CreUpdates | None = Field(
        default=None,
        description="What becomes of a revision of Tarif Bleu in the CRE's files, which are then fetched every week: "
        "`take` puts it over the bundled prices, `show` only reports it. Unset: they are not fetched.",
    )
    url: Url = Field(
        default=PORTAL, description="Address of the open-data portal below which the files lie, for a mirror."
    )
