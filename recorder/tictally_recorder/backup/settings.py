"""Settings of the nightly backup, and of the command that takes it elsewhere."""

import shlex
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, ConfigDict, Field

from tictally_recorder.jobs import JobKind, made_by, register
from tictally_recorder.settings import PREFIX, SECTIONS, Settings
from tictally_shared.settings.sections import SectionModel
from tictally_shared.settings_error import SettingError

NAME: Final = "backup"
REMOTE_NAME: Final = "remote_backup"
FILE: Final = "{file}"
"""What stands in a command for the path of the backup."""


class BackupSettings(SectionModel):
    """Where and when a backup is made every night."""

    model_config = ConfigDict(populate_by_name=True)

    folder: Path | None = Field(
        default=None,
        alias="backup",
        description="Folder of the nightly backups, on another disk or a mounted share; it must exist. Unset: no "
        "backup is made.",
    )
    hour: Annotated[int, Field(ge=0, le=23)] = Field(
        default=4, description="Local hour of the nightly backup, 0 to 23."
    )


def _command(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"it cannot be divided into words: {error}") from None
    if not words or FILE in words[0]:
        raise ValueError(f"give a program and its arguments, such as `rclone copy {FILE} cloud:tictally`")
    if not any(FILE in word for word in words):
        raise ValueError(f"it must contain {FILE}, which stands for the path of the backup")
    return text


class RemoteBackupSettings(SectionModel):
    """What takes every nightly backup to another place."""

    command: Annotated[str, AfterValidator(_command)] | None = Field(
        default=None,
        description=f"Command that copies each nightly backup elsewhere: `rclone copy {FILE} cloud:tictally`. No shell "
        "runs it. Unset: backups stay in their folder.",
    )
    limit_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        default=60, description="Minutes that the command may take; then it is killed, and tried again later."
    )


def _check_folder(settings: Settings) -> None:
    if settings.section(RemoteBackupSettings).command and settings.section(BackupSettings).folder is None:
        raise SettingError("remote_backup_command", f"there are no backups to copy: set {PREFIX}BACKUP, their folder")


SECTIONS.register(BackupSettings, "backup_")
SECTIONS.register(RemoteBackupSettings, "remote_backup_", check=_check_folder)

register(
    JobKind(
        NAME,
        {"fr": "Sauvegarde", "en": "Backup"},
        made_by("tictally_recorder.backup.job"),
        has_own_findings=True,
    )
)
register(
    JobKind(
        REMOTE_NAME,
        {"fr": "Sauvegarde distante", "en": "Remote backup"},
        made_by("tictally_recorder.backup.remote"),
    )
)
