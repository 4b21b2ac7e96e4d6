"""What can go wrong with a tariff or another file of the user, each a sentence for a person."""

from tictally_recorder.reason import Reason, ReasonCode


class InFileError(Exception):
    """Something in a file that cannot be used.

    Attributes:
        file: where it stands.
        line: of the file, from 1.
        sentence: the reason.
    """

    def __init__(self, file: str, line: int, sentence: str) -> None:
        super().__init__(f"{file}, line {line}: {sentence}")
        self.file = file
        self.line = line
        self.sentence = sentence

    @property
    def reason(self) -> Reason:
        """The file and line as a reason; the sentence is for logs and the command line."""
        return Reason(ReasonCode.TERMS_FILE_REJECTED, {"file": self.file, "line": self.line})


class TariffError(InFileError):
    """A price list that cannot be used."""


class UnknownTariff(Exception):  # noqa: N818 - an answer to a question, not a fault
    """There is no price list of that id; the message lists those that exist."""
