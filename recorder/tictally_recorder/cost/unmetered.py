"""Unmetered times of a site: between one meter and the next, whose registers do not continue one another."""

from collections.abc import Iterable, Iterator

from tictally_recorder.cost.model import Unmetered
from tictally_recorder.energy.register_totals import direction_of
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.tariffs.model import Direction


def unmetered_of(reader: LedgerReader, site: Site) -> tuple[Unmetered, ...]:
    """In order, consumed and then injected.

    What one meter's registers do not show is in its rows of energy. Before a site's first observation and after its
    last nothing is missing.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    spans: dict[Direction, list[tuple[int, int]]] = {direction: [] for direction in Direction}
    for meter in site.meters if len(site.meters) > 1 else ():
        seen = reader.labels_seen(meter.id).items()
        for direction, found in spans.items():
            times = [span for register, span in seen if direction_of(register) is direction]
            if times:
                found.append((min(first for first, _ in times), max(last for _, last in times)))
    return tuple(Unmetered(direction, *time) for direction, each in spans.items() for time in _between(each))


def _between(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    newest_ms: int | None = None
    for first_ms, last_ms in sorted(spans):
        if newest_ms is not None and first_ms > newest_ms:
            yield newest_ms, first_ms
        newest_ms = last_ms if newest_ms is None else max(newest_ms, last_ms)
