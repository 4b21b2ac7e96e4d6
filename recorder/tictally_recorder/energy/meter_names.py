"""Reads what a meter's registers count: as few of its strings as define that."""

from typing import Final

from tictally_recorder.energy.period_names import (
    CONSISTENT_AFTER_MS,
    COUNTING,
    OPTION,
    PERIOD_LABELS,
    PeriodNames,
    named_by,
)
from tictally_recorder.ledger import LedgerReader, Meter, Site, TextChange

_MONTH_MS: Final = 31 * 24 * 3600 * 1000
_SUPPLIER: Final = "EASF"


def names_of(reader: LedgerReader, site: Site, meter: Meter, window_ms: tuple[int, int]) -> PeriodNames:
    """What a meter's registers count in a window.

    With on-peak and off-peak hours the strings change four times a day, and the last month usually defines all names.

    Args:
        reader: the ledger.
        site: that the meter is at.
        meter: of it.
        window_ms: start and end, milliseconds since 1970.
    """
    first_ms, end_ms = window_ms
    # What is announced at the end of the window is a name only if it lasts.
    until_ms = end_ms + CONSISTENT_AFTER_MS
    options = _options(reader, site, meter, until_ms)
    back_ms = _MONTH_MS
    unsure = {register for register in reader.labels_seen(meter.id) if register.startswith(_SUPPLIER)}
    while True:
        since_ms = first_ms - back_ms
        changes = reader.text_changes(meter.id, PERIOD_LABELS, since_ms, until_ms)
        names = PeriodNames(changes, min(meter.last_ms, until_ms), options)
        unsure = {register for register in unsure if not names.is_certain(register, first_ms)}
        if since_ms <= meter.first_ms or not unsure:
            return names
        if back_ms == _MONTH_MS:
            # A meter has ten of these, and most of them are never announced as counting.
            unsure &= named_by(reader.distinct_texts(meter.id, COUNTING))
            if not unsure:
                return names
        back_ms *= 12


def _options(reader: LedgerReader, site: Site, meter: Meter, until_ms: int) -> list[TextChange]:
    """The options of a meter; until it reports its own, that of the meter before it."""
    own = list(reader.text_changes(meter.id, (OPTION,), 0, until_ms))
    first_ms = own[0].time_ms if own else until_ms
    earlier = [
        change
        for other in site.meters
        if other.id != meter.id and other.first_ms < meter.first_ms
        for change in reader.text_changes(other.id, (OPTION,), 0, min(meter.first_ms, first_ms))
    ]
    newest = max(earlier, key=lambda each: each.time_ms, default=None)
    return [TextChange(OPTION, newest.time_ms, newest.value), *own] if newest else own
