"""Reads the terms of cost: tariffs and contracts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tictally_recorder.cost.contracts import ContractError, read_contracts
from tictally_recorder.cost.model import Terms
from tictally_recorder.ledger import Site
from tictally_recorder.tariffs.catalogue import TariffCatalogue, load_catalogue


@dataclass(frozen=True, slots=True)
class LoadedTerms:
    """What costs are made by.

    Attributes:
        terms: contracts and tariffs.
        catalogue: that the tariffs are from; its `errors` are files of the user that could not be used.
    """

    terms: Terms
    catalogue: TariffCatalogue


def load_terms(contracts: Path, tariffs: Path, sites: Iterable[Site]) -> LoadedTerms:
    """Tariffs and contracts.

    Args:
        contracts: file of the contracts.
        tariffs: folder of the user's own tariffs.
        sites: all of the ledger.

    Raises:
        ContractError: the contracts cannot be used; without file there are none, and that is no error.
        TariffError: a bundled tariff is broken, or contracts cannot be used and neither can one of the user's.
    """
    return terms_of_catalogue(contracts, load_catalogue(tariffs), sites)


def terms_of_catalogue(contracts: Path, catalogue: TariffCatalogue, sites: Iterable[Site]) -> LoadedTerms:
    """As `load_terms`, of tariffs that were read."""
    try:
        found = read_contracts(contracts, catalogue.tariffs, {site.id for site in sites})
    except ContractError:
        # A contract may be refused only because the user's own list is.
        if catalogue.errors:
            raise catalogue.errors[0] from None
        raise
    return LoadedTerms(Terms(found, catalogue.tariffs, catalogue.series), catalogue)
