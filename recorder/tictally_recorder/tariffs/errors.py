"""What can go wrong with a tariff or another file of the user."""

from tictally_recorder.file_problem import FileProblem
from tictally_recorder.problem import ProblemError
from tictally_recorder.reason import Parameter, Reason, ReasonCode
from tictally_recorder.translations import ENGLISH
from tictally_shared.phrase import Phrase


class InFileError(ProblemError):
    """Something in a file that cannot be used.

    Args:
        file: where it stands.
        line: of the file, from 1.
        problem: what is wrong there, or a sentence in English where it has no code of its own.

    Attributes:
        file: where it stands.
        line: of the file, from 1.
        problem: what is wrong there.
    """

    def __init__(self, file: str, line: int, problem: Phrase | str) -> None:
        super().__init__(problem if isinstance(problem, Phrase) else Phrase(FileProblem.OTHER, {"detail": problem}))
        self.file = file
        self.line = line

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.sentence}"

    @property
    def sentence(self) -> str:
        """What is wrong there, in English."""
        return ENGLISH.phrase(self.problem)

    @property
    def reason(self) -> Reason:
        """File, line and what is wrong there, as a reason."""
        about: dict[str, Parameter] = {"file": self.file, "line": self.line, "problem": self.problem}
        return Reason(ReasonCode.TERMS_FILE_REJECTED, about)


class TariffError(InFileError):
    """A tariff that cannot be used."""


class UnknownTariff(ProblemError):  # noqa: N818 - an answer to a question, not a fault
    """There is no tariff of that id; the message lists those that exist."""
