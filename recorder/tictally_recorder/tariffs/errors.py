"""What can go wrong with a price list, each a sentence for a person."""

from tictally_recorder.in_file import InFileError


class TariffError(InFileError):
    """A price list that cannot be used."""


class UnknownTariff(Exception):  # noqa: N818 - an answer to a question, not a fault
    """There is no price list of that id; the sentence says which there are."""
