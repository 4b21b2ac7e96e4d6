"""When a meter was overloaded: by its status register from second to second, by its alarms by quarter-hour."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.status_register import parse_status_register


@dataclass(frozen=True, slots=True)
class Overload:
    """A time in which more was consumed than is subscribed.

    Attributes:
        start_ms: milliseconds since 1970.
        end_ms: excluded.
        is_exact: True if it began and ended in these seconds; else it was somewhere in these quarter-hours.
    """

    start_ms: int
    end_ms: int
    is_exact: bool


def overloads(reader: LedgerReader, site: Site, bounds_ms: tuple[int, int], alarmed: Iterable[int]) -> list[Overload]:
    """The overloads of a site, in order of time.

    Args:
        reader: the ledger.
        site: of it.
        bounds_ms: start and end, excluded, milliseconds since 1970.
        alarmed: starts of the quarter-hours with an alarm of the historique mode.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    found = [*_of_status(reader, site, bounds_ms), *_of_alarms(alarmed)]
    return sorted(found, key=lambda each: (each.start_ms, each.end_ms))


def _of_status(reader: LedgerReader, site: Site, bounds_ms: tuple[int, int]) -> Iterator[Overload]:
    """By bit 7 of STGE. Source: Enedis-NOI-CPT_54E §6.2.3.14."""
    for meter in site.meters:
        begun_ms = None
        for change in reader.text_changes(meter.id, ("STGE",), *bounds_ms):
            is_over = _is_overload(change.value)
            if is_over and begun_ms is None:
                begun_ms = change.time_ms
            elif not is_over and begun_ms is not None:
                yield Overload(begun_ms, change.time_ms, is_exact=True)
                begun_ms = None
        if begun_ms is not None:
            yield Overload(begun_ms, min(meter.last_ms, bounds_ms[1]), is_exact=True)


def _of_alarms(alarmed: Iterable[int]) -> Iterator[Overload]:
    """By ADPS and ADIR1-3, quarter-hours that follow one another as one. Source: Enedis-NOI-CPT_54E §6.1."""
    starts = sorted(set(alarmed))
    while starts:
        end = next((n for n, start_ms in enumerate(starts) if start_ms != starts[0] + n * QUARTER_MS), len(starts))
        yield Overload(starts[0], starts[0] + end * QUARTER_MS, is_exact=False)
        starts = starts[end:]


def _is_overload(stge: str) -> bool:
    try:
        return parse_status_register(stge).overload
    except ValueError:
        return False
