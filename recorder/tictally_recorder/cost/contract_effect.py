"""Which days a change of contracts makes the recorder compute again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.model import Contracts
from tictally_recorder.cost.fingerprint import Fingerprints
from tictally_recorder.cost.model import Terms
from tictally_recorder.cost.query import days_with_frames, imported_days
from tictally_recorder.ledger import LedgerReader, Site


@dataclass(frozen=True, slots=True)
class RecomputedDays:
    """The days of a site whose cost is computed again.

    Attributes:
        site: its id.
        first: the first of them.
        last: the last of them.
        count: how many there are.
    """

    site: str
    first: date
    last: date
    count: int


def recomputed_days(
    reader: LedgerReader, sites: Iterable[Site], terms: Terms, contracts: tuple[Contracts, Contracts], tz: ZoneInfo
) -> Iterator[RecomputedDays]:
    """The days of each site whose cost depends on what differs.

    Args:
        reader: the ledger.
        sites: of it.
        terms: with the tariffs.
        contracts: as they are, and as they are to be.
        tz: of the days.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    old, new = (Fingerprints(replace(terms, contracts=each), tz) for each in contracts)
    for site in sites:
        imported = imported_days(reader, site, tz)
        days = sorted({*days_with_frames(site, date.min, date.max, tz), *imported})
        changed = [
            day
            for day in days
            if old.of(site.id, day, (), is_imported=day in imported)
            != new.of(site.id, day, (), is_imported=day in imported)
        ]
        if changed:
            yield RecomputedDays(site.id, changed[0], changed[-1], len(changed))
