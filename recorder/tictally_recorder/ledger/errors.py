"""What can go wrong with a ledger, each a sentence for a person."""


class LedgerError(Exception):
    """A ledger that cannot be used; the sentence says why."""


class LedgerInUse(LedgerError):  # noqa: N818 - a state that a person reads, not a fault
    """Another recorder holds the ledger."""


class LedgerUnavailable(LedgerError):  # noqa: N818 - a state that passes
    """Nothing was written, and the same call may succeed later: the file is locked, the disk full or gone."""
