"""Settings of the CRE's files."""

from enum import StrEnum
from typing import Final

from pydantic import Field

from tictally_recorder.fetch import Url
from tictally_recorder.jobs import JobKind, made_by, register
from tictally_shared.settings.sections import SectionModel

NAME: Final = "cre"

PORTAL: Final = "https://www.data.gouv.fr/fr/datasets/r"


class CreUpdates(StrEnum):
    """What becomes of a revision in the CRE's files."""

    SHOW = "show"
    TAKE = "take"


class CreSettings(SectionModel):
    """New prices of EDF's Tarif Bleu, from the regulator's open data."""

    updates: CreUpdates | None = Field(
        default=None,
        description="What becomes of a revision of Tarif Bleu in the CRE's files, which are then fetched every week: "
        "`take` puts it over the bundled prices, `show` only reports it. Unset: they are not fetched.",
    )
    url: Url = Field(
        default=PORTAL, description="Address of the open-data portal below which the files lie, for a mirror."
    )


register(
    JobKind(
        NAME,
        {"fr": "Tarifs réglementés de la CRE", "en": "CRE's regulated tariffs"},
        made_by("tictally_recorder.providers.cre.job"),
        CreSettings,
    )
)
