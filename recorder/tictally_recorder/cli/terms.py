"""By what energy is paid, as this process's settings say: price lists and contracts."""

from collections.abc import Iterable

from tictally_recorder.cost.paid import Paid, read_paid
from tictally_recorder.ledger import Site
from tictally_recorder.settings import Settings


def paid_by(settings: Settings, sites: Iterable[Site]) -> Paid:
    """Price lists and contracts of the settings.

    Args:
        settings: that say where they lie.
        sites: all of the ledger.

    Raises:
        ContractError: the contracts cannot be used; without file there are none, and that is no error.
        TariffError: a shipped price list is broken.
    """
    return read_paid(settings.contracts_file, settings.tariffs_folder, sites)
