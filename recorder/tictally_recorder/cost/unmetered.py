"""Unmetered times of a site: gaps between two modes or two meters, which no register spans."""

from collections.abc import Iterable, Iterator

from tictally_recorder.cost.model import Unmetered
from tictally_recorder.energy.register_totals import direction_of
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS


def unmetered_of(reader: LedgerReader, site: Site) -> tuple[Unmetered, ...]:
    """In order, consumed and then injected; only what holds a whole quarter-hour.

    A register observed before and after a gap covers it. Before a site's first
    observation and after its last nothing is missing.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    spans: dict[Direction, list[tuple[int, int]]] = {direction: [] for direction in Direction}
    for meter in site.meters:
        for register, span in reader.labels_seen(meter.id).items():
            if direction := direction_of(register):
                spans[direction].append(span)
    return tuple(Unmetered(direction, *time) for direction, each in spans.items() for time in _between(each))


def _between(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    newest_ms: int | None = None
    for first_ms, last_ms in sorted(spans):
        if newest_ms is not None and first_ms // QUARTER_MS - newest_ms // QUARTER_MS > 1:
            yield newest_ms, first_ms
        newest_ms = last_ms if newest_ms is None else max(newest_ms, last_ms)
