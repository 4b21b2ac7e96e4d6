"""Amounts that are paid once, from the file of contracts. Pure."""

from decimal import Decimal
from typing import Final

from tictally_recorder.cost.contracts.model import LumpSum
from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.tariffs.plausible_amounts import Bounds
from tictally_recorder.tariffs.toml_reader import TomlValues
from tictally_shared.phrase import Phrase

LUMP_SUMS: Final = "lump_sum"
_KEYS: Final = frozenset({"site", "day", "amount", "text", "currency", "direction"})
_BOUNDS: Final = Bounds(Decimal(-100_000), Decimal(100_000), FileProblem.UNIT_ONCE)


def read_lump_sums(values: TomlValues, site_required: Phrase | None) -> list[LumpSum]:
    """Every `[[lump_sum]]` of a file.

    Args:
        values: of the file.
        site_required: why each amount has to name its site, or None: it need not.

    Raises:
        TariffError: one of them cannot be used.
    """
    found = []
    for number in range(values.count((LUMP_SUMS,))):
        path = (LUMP_SUMS, number)
        values.keys(path, _KEYS)
        site = values.id((*path, "site")) if values.has((*path, "site")) else None
        if site is None and site_required is not None:
            raise values.wrong(path, site_required)
        direction = values.one_of((*path, "direction"), tuple(Direction), Direction.CONSUMPTION)
        found.append(
            LumpSum(
                site,
                values.day((*path, "day")),
                values.amount((*path, "amount"), _BOUNDS),
                values.text((*path, "text")),
                values.currency((*path, "currency"), "EUR"),
                Direction(direction),
            )
        )
    return found
