"""Backups: a ledger in one small file that outlives disks, machines and versions, and the way back from it."""

from tictally_recorder.backup.create import BackupResult, back_up
from tictally_recorder.backup.file_format import BackupError, Header, read_header
from tictally_recorder.backup.restore import RestoreResult, restore
from tictally_recorder.backup.summary import SiteSummary, sentences
from tictally_recorder.backup.verify import verify

__all__ = [
    "BackupError",
    "BackupResult",
    "Header",
    "RestoreResult",
    "SiteSummary",
    "back_up",
    "read_header",
    "restore",
    "sentences",
    "verify",
]
