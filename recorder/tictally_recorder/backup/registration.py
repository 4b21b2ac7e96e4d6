"""Registers the jobs of backups, whose modules are imported where one is made: all commands load settings."""

from tictally_recorder.backup.settings import NAME, REMOTE_NAME, BackupSettings, RemoteBackupSettings
from tictally_recorder.jobs import Job, JobKind, register
from tictally_recorder.settings import Settings


def _make_job(settings: Settings) -> Job | None:
    from tictally_recorder.backup.job import BackupJob  # noqa: PLC0415 - see above

    folder = settings.section(BackupSettings).folder
    return None if folder is None else BackupJob(settings, folder)


def _make_remote_job(settings: Settings) -> Job | None:
    from tictally_recorder.backup.remote import RemoteBackupJob  # noqa: PLC0415 - see above

    folder, command = settings.section(BackupSettings).folder, settings.section(RemoteBackupSettings).command
    return None if folder is None or command is None else RemoteBackupJob(settings, folder, command)


register(JobKind(NAME, {"fr": "Sauvegarde", "en": "Backup"}, _make_job, has_own_findings=True))
register(JobKind(REMOTE_NAME, {"fr": "Sauvegarde distante", "en": "Remote backup"}, _make_remote_job))
