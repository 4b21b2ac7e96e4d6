"""The files that say by what energy is paid, read again when one of them has changed."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from tictally_recorder.cost.model import Terms  # noqa: TC001 - of an attribute
from tictally_recorder.cost.paid import read_paid
from tictally_recorder.in_file import InFileError
from tictally_recorder.ledger import Site


class WatchedTerms:
    """Contracts and price lists as they are now.

    Where a file of the user cannot be used there are none: whether a cost without it is right, nobody can say.

    Args:
        contracts: file of the contracts.
        tariffs: folder of the user's own price lists.

    Attributes:
        terms: or None while a file cannot be used.
        problem: that file, and why, a sentence; None where all can be used.
    """

    def __init__(self, contracts: Path, tariffs: Path) -> None:
        self._contracts = contracts
        self._tariffs = tariffs
        self._seen: object = None
        self.terms: Terms | None = None
        self.problem: str | None = None

    def look(self, sites: Sequence[Site]) -> bool:
        """True where terms or problem are others than before.

        Args:
            sites: all of the ledger: with more than one, a contract must name its own.
        """
        seen = ([site.id for site in sites], *map(_state, self._files()))
        if seen == self._seen:
            return False
        self._seen = seen
        self.terms, self.problem = None, None
        try:
            paid = read_paid(self._contracts, self._tariffs, sites)
        except InFileError as error:
            self.problem = str(error)
        else:
            if paid.shelf.errors:
                self.problem = str(paid.shelf.errors[0])
            else:
                self.terms = paid.terms
        return True

    def _files(self) -> Iterator[Path]:
        """A price series may lie in a folder below."""
        yield self._contracts
        yield self._tariffs
        with suppress(OSError):  # a folder that goes while it is walked, or may not be entered: reading it will tell
            yield from sorted(self._tariffs.rglob("*"))


def _state(path: Path) -> tuple[str, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return str(path), found.st_mtime_ns, found.st_size
