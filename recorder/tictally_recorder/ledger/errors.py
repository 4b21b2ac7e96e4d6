"""Errors of the ledger, and of an empty one; each message is a sentence for a person."""

from typing import Final

from tictally_recorder.problem import ProblemError

NO_FRAMES: Final = "The ledger has no frames yet; is the recorder running?"


class LedgerError(ProblemError):
    """The ledger cannot be used, or has not what is asked for; the message gives the reason."""


class LedgerInUse(LedgerError):  # noqa: N818 - a state that a person reads, not a fault
    """Another recorder has the ledger open for writing."""


class LedgerGone(LedgerError):  # noqa: N818 - a state of the file
    """Its file was deleted or replaced while it was open: what is written to it would be lost."""


class LedgerUnavailable(LedgerError):  # noqa: N818 - a state that passes
    """Nothing was written, and a retry may succeed: the file is locked, the disk full or gone."""
