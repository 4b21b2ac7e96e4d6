"""The colours of Tempo days that a site's meters reported, from a ledger."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.compare.tempo_colours import agreed, heard_colours
from tictally_recorder.ledger import LedgerReader, Site, TextChange
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.status_register import Colour

_LABELS: Final = ("STGE", "PTEC")
_MONTH_MS: Final = 31 * 24 * 3600 * 1000


def reported_colours(
    reader: LedgerReader, site: Site, start: datetime, end: datetime, tz: ZoneInfo
) -> dict[date, Colour]:
    """The colours of the days for which a site's meters reported one in [start, end).

    Args:
        reader: the ledger.
        site: of it.
        start: aware.
        end: aware, excluded.
        tz: of the local days.
    """
    start_ms, end_ms = int(start.timestamp()) * 1000, int(end.timestamp()) * 1000
    by_label: list[dict[date, Colour]] = []
    for meter in site.meters:
        seen = reader.labels_seen(meter.id)
        # The last moment of each quarter with frames: a text that changed within it is the new one.
        heard = [each + QUARTER_MS - 1 for each in reader.quarters_with_frames(meter.id, start_ms, end_ms)]
        for label in _LABELS:
            if label in seen:
                first_ms, last_ms = seen[label]
                times = [min(each, last_ms) for each in heard if first_ms <= each < last_ms + QUARTER_MS]
                changes = _changes(reader, meter.id, label, (start_ms, end_ms), times)
                by_label.append(heard_colours(changes, times, tz))
    return agreed(by_label)


def _changes(
    reader: LedgerReader, meter_id: int, label: str, window_ms: tuple[int, int], times: list[int]
) -> list[TextChange]:
    """A label's changes, back to its value at the first of some times: a month is mostly enough."""
    start_ms, end_ms = window_ms
    changes = list(reader.text_changes(meter_id, (label,), start_ms - _MONTH_MS, end_ms))
    if times and (not changes or changes[0].time_ms > times[0]):
        changes = list(reader.text_changes(meter_id, (label,), 0, end_ms))
    return changes
