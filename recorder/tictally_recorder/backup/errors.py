"""What can go wrong with a backup, as a sentence for a person."""


class BackupError(Exception):
    """A backup that cannot be made or used; the sentence says why, and what has become of what was there."""
