"""What can go wrong with an export, as a sentence for a person."""


class ExportError(Exception):
    """A table that cannot be written; the sentence says why."""
