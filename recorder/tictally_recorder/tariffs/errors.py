"""What can go wrong with a price list, each a sentence for a person."""


class InFileError(Exception):
    """Something in a file that cannot be used.

    Attributes:
        file: where it stands.
        line: of the file, from 1.
        sentence: says why.
    """

    def __init__(self, file: str, line: int, sentence: str) -> None:
        super().__init__(f"{file}, line {line}: {sentence}")
        self.file = file
        self.line = line
        self.sentence = sentence


class TariffError(InFileError):
    """A price list that cannot be used."""


class UnknownTariff(Exception):  # noqa: N818 - an answer to a question, not a fault
    """There is no price list of that id; the sentence says which there are."""
