"""Watches the files of contracts and tariffs, and reads them again when one has changed."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from tictally_recorder.cost.model import Terms  # noqa: TC001 - of an attribute
from tictally_recorder.cost.terms import terms_of_catalogue
from tictally_recorder.ledger import Site
from tictally_recorder.tariffs.catalogue import TariffCatalogue, load_catalogue
from tictally_recorder.tariffs.errors import InFileError, TariffError


class WatchedTerms:
    """Contracts and tariffs as they are now.

    A tariff in a file that cannot be used has no price, because a cost without that file may be wrong. Other tariffs
    stay as they are. Where the contracts cannot be used, there are no terms at all.

    Args:
        contracts: file of the contracts.
        tariffs: folder of the user's own tariffs.
        tz: of local times in contracts.

    Attributes:
        terms: or None while the contracts cannot be used.
        problem: a file for which something has no cost, and why; None if there is none.
        unused: files of tariffs that cannot be used, and that no contract needs.
        taxes: files of taxes that cannot be used, and without which bills have other rates.
        catalogue: all tariffs, also while another file cannot be used; None before the first look.
    """

    def __init__(self, contracts: Path, tariffs: Path, tz: ZoneInfo) -> None:
        self._contracts = contracts
        self._tariffs = tariffs
        self._tz = tz
        self._series_files: tuple[Path, ...] = ()
        self._seen: object = None
        self.terms: Terms | None = None
        self.problem: InFileError | None = None
        self.unused: tuple[TariffError, ...] = ()
        self.taxes: tuple[TariffError, ...] = ()
        self.catalogue: TariffCatalogue | None = None

    def look(self, sites: Sequence[Site]) -> bool:
        """True if terms or problem are others than before.

        Args:
            sites: all of the ledger: with more than one, a contract must name its own.
        """
        if not self._is_new(sites):
            return False
        self._read(sites)
        if self._is_new(sites):  # a series elsewhere is known only now, and may have changed since it was read
            self._read(sites)
        return True

    def _is_new(self, sites: Sequence[Site]) -> bool:
        seen = ([site.id for site in sites], *map(_state, dict.fromkeys(self._files())))
        before, self._seen = self._seen, seen
        return seen != before

    def _read(self, sites: Sequence[Site]) -> None:
        self.terms, self.problem, self.unused, self.taxes = None, None, (), ()
        try:
            catalogue = load_catalogue(self._tariffs)
            self.catalogue = catalogue
            self._series_files = catalogue.series_files
            paid = terms_of_catalogue(self._contracts, catalogue, sites, self._tz)
        except InFileError as error:
            self.problem = error
        else:
            self.terms = paid.terms
            used = [each.error for each in paid.terms.broken.values()]
            self.problem = next(iter(used), None)
            self.taxes = catalogue.broken.taxes
            self.unused = tuple(error for error in catalogue.errors if error not in (*used, *self.taxes))

    def _files(self) -> Iterator[Path]:
        """A price series may lie in a folder below, or anywhere."""
        yield self._contracts
        yield self._tariffs
        with suppress(OSError):  # a folder that goes while it is walked, or may not be entered: reading it will fail
            yield from sorted(self._tariffs.rglob("*"))
        yield from self._series_files


def _state(path: Path) -> tuple[str, int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):  # not there, or no name of a file
        return None
    return str(path), found.st_mtime_ns, found.st_size
