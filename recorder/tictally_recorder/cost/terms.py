"""Reads the terms of cost: tariffs and contracts."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts import TariffsNamed, read_contracts
from tictally_recorder.cost.model import Terms
from tictally_recorder.ledger import Site, probable_exchanges
from tictally_recorder.tariffs.catalogue import TariffCatalogue, load_catalogue
from tictally_recorder.tariffs.errors import TariffError


@dataclass(frozen=True, slots=True)
class LoadedTerms:
    """What costs are made by.

    Attributes:
        terms: contracts and tariffs.
        catalogue: that the tariffs are from; its `errors` are files of the user that could not be used.
    """

    terms: Terms
    catalogue: TariffCatalogue

    def broken_of(self, sites: Collection[str]) -> tuple[TariffError, ...]:
        """The files that cannot be used and have a tariff of some sites' contracts, each once."""
        used = [contract.tariff for site in sites for contract in self.terms.contracts.of_site(site)]
        found = (self.terms.broken[tariff].error for tariff in used if tariff in self.terms.broken)
        return tuple(dict.fromkeys(found))


def load_terms(contracts: Path, tariffs: Path, sites: Iterable[Site], tz: ZoneInfo) -> LoadedTerms:
    """Tariffs and contracts.

    A tariff in a file of the user's that cannot be used has no price; every other one stays as it is.

    Args:
        contracts: file of the contracts.
        tariffs: folder of the user's own tariffs.
        sites: all of the ledger.
        tz: of local times in contracts.

    Raises:
        ContractError: the contracts cannot be used; without file there are none, and that is no error.
        TariffError: a bundled tariff is broken, or nothing can be read of a file that may have any tariff.
    """
    return terms_of_catalogue(contracts, load_catalogue(tariffs), sites, tz)


def terms_of_catalogue(contracts: Path, catalogue: TariffCatalogue, sites: Iterable[Site], tz: ZoneInfo) -> LoadedTerms:
    """As `load_terms`, of tariffs that were read."""
    broken = catalogue.broken
    if broken.unreadable is not None:
        raise broken.unreadable
    sites = list(sites)
    named = TariffsNamed(catalogue.tariffs, tz, broken)
    found = read_contracts(contracts, named, {site.id for site in sites}, probable_exchanges(sites))
    used = {
        contract.tariff: broken.find(contract.tariff, is_known=contract.tariff in catalogue.tariffs)
        for contract in found.all
    }
    tariffs = {name: tariff for name, tariff in catalogue.tariffs.items() if name not in broken.by_id}
    series = {name: prices for name, prices in catalogue.series.items() if name not in broken.by_id}
    unusable = {name: each for name, each in used.items() if each is not None}
    terms = Terms(found, tariffs, series, unusable, catalogue.tempo.colours)
    return LoadedTerms(terms, catalogue)
