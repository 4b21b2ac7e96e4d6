"""Which tariff, power and options a site was on, from when."""

from tictally_recorder.cost.contracts.load import ContractError, TariffsNamed, read_contracts, sites_named
from tictally_recorder.cost.contracts.model import Contract, Contracts, LumpSum

__all__ = ["Contract", "ContractError", "Contracts", "LumpSum", "TariffsNamed", "read_contracts", "sites_named"]
