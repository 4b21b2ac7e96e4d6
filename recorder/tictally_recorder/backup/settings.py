"""Settings of the nightly backup."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tictally_recorder.settings import SECTIONS


class BackupSettings(BaseModel):
    """Where and when a backup is made every night."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True)

    folder: Path | None = Field(
        default=None,
        alias="backup",
        description="Folder of the nightly backups, on another disk or a mounted share; it must exist. Unset: no "
        "backup is made.",
    )
    hour: Annotated[int, Field(ge=0, le=23)] = Field(
        default=4, description="Local hour of the nightly backup, 0 to 23."
    )


SECTIONS.register(BackupSettings, "backup_")
