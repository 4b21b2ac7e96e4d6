"""Where a site has no frames at all, in whole quarters."""

from itertools import pairwise
from typing import NamedTuple

from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import QUARTER_MS


class Gap(NamedTuple):
    """Quarters in a row without frames, milliseconds since 1970, the end excluded."""

    start_ms: int
    end_ms: int

    @property
    def quarters(self) -> int:
        """How many."""
        return (self.end_ms - self.start_ms) // QUARTER_MS


def gaps(reader: LedgerReader, site: Site, start_ms: int, end_ms: int) -> list[Gap]:
    """The gaps of a site in a window of whole quarters, in the order of time.

    Before its first and after its last frame there are none: nothing is known to be missing there.
    """
    start_ms = max(start_ms, min(meter.first_ms for meter in site.meters) // QUARTER_MS * QUARTER_MS)
    end_ms = min(end_ms, (max(meter.last_ms for meter in site.meters) // QUARTER_MS + 1) * QUARTER_MS)
    if start_ms >= end_ms:
        return []
    starts = {each for meter in site.meters for each in reader.quarters_with_frames(meter.id, start_ms, end_ms)}
    bounds = [start_ms - QUARTER_MS, *sorted(starts), end_ms]
    return [Gap(here + QUARTER_MS, there) for here, there in pairwise(bounds) if there - here > QUARTER_MS]
