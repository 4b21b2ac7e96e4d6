"""The file of contracts, which several programs and pages change: none overwrites what it has not seen."""

import hashlib
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tictally_recorder.cost.contracts.load import ContractError, TariffsNamed, parse_contracts
from tictally_recorder.cost.contracts.model import Contracts
from tictally_recorder.file_problem import FileProblem, unreadable, unwritable
from tictally_recorder.ledger import ProbableExchange
from tictally_shared.phrase import Phrase
from tictally_shared.runtime import atomic_file

MADE_ELSEWHERE: Final = "# tictally: made from the options of the app"
"""First line of a file that another program writes anew at its start."""
_DIGITS: Final = 16
_writing = threading.Lock()


class ContractsChanged(Exception):  # noqa: N818 - nothing is wrong
    """Somebody else has changed the file since it was read."""


@dataclass(frozen=True)
class ContractsFile:
    """A file of contracts.

    Attributes:
        path: of the file, which need not exist.
        named: the tariffs that a contract may be on.
        sites: ids of the ledger's sites.
        exchanges: sites that may be one.
    """

    path: Path
    named: TariffsNamed
    sites: Collection[str] = ()
    exchanges: Sequence[ProbableExchange] = ()

    def text(self) -> str:
        """What stands in it, with line feeds; empty where there is no file.

        Raises:
            ContractError: it cannot be read.
        """
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise ContractError(str(self.path), 1, unreadable(error)) from None
        except UnicodeDecodeError:
            raise ContractError(str(self.path), 1, Phrase(FileProblem.NOT_UTF8)) from None

    def text_of(self, state: str) -> str:
        """What stands in it, if that is what somebody has seen.

        Args:
            state: `state_of` what they have seen.

        Raises:
            ContractError: it cannot be read.
            ContractsChanged: something else stands there.
        """
        found = self.text()
        if state_of(found) != state:
            raise ContractsChanged
        return found

    def parsed(self, text: str) -> Contracts:
        """The contracts of a text that is to stand in it.

        Raises:
            ContractError: one cannot be used.
        """
        return parse_contracts(text, str(self.path), self.named, self.sites, self.exchanges)

    def write(self, text: str, state: str | None = None) -> Contracts:
        """Replace what stands in it by a text all of which can be used; its contracts.

        Args:
            text: of the file, with line feeds.
            state: `state_of` the text that the new one was made from; None: whatever stands there.

        Raises:
            ContractError: a contract cannot be used, or the file cannot be written.
            ContractsChanged: something else stands there.
        """
        contracts = self.parsed(text)
        with _writing:
            before = self.text() if state is None else self.text_of(state)
            if before.startswith(MADE_ELSEWHERE):
                raise ContractError(str(self.path), 1, Phrase(FileProblem.CONTRACTS_MADE_ELSEWHERE))
            try:
                atomic_file.remove_stale_parts(self.path.parent, self.path.name)
                if self.path.exists():
                    atomic_file.rewrite_text(self.path, text)
                else:
                    atomic_file.write_text(self.path, text)
            except OSError as error:
                raise ContractError(str(self.path), 1, unwritable(error)) from None
        return contracts


def state_of(text: str) -> str:
    """A short key of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
