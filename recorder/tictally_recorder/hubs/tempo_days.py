"""The colours of the running Tempo day and of the next one, as the meter with a site's newest frame reports them.

A Tempo day begins at 06:00, and a meter's clock may differ from ours: around that hour its colours are those that it
reported the evening before.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import midnight_ms
from tictally_shared.status_register import Colour, parse_status_register

_LABELS: Final = ("STGE", "PTEC", "DEMAIN")
_SURE: Final = (time(7), time(22))
_OF_PTEC: Final = {"JB": Colour.BLEU, "JW": Colour.BLANC, "JR": Colour.ROUGE}
_OF_DEMAIN: Final = {"BLEU": Colour.BLEU, "BLAN": Colour.BLANC, "ROUG": Colour.ROUGE}
_DAY: Final = timedelta(days=1)
_HOUR_MS: Final = 3_600_000
# Each of the labels changes with the day at least.
_RECENT_MS: Final = 36 * _HOUR_MS


def reported_colours(reader: LedgerReader, site: Site, now_ms: int, tz: ZoneInfo) -> dict[date, Colour]:
    """Day → colour, of two days at most.

    Args:
        reader: the ledger.
        site: of it.
        now_ms: milliseconds since 1970.
        tz: of the days.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    meter = max(site.meters, key=lambda each: each.last_ms)
    local = datetime.fromtimestamp(now_ms // 1000, UTC).astimezone(tz)
    day = local.date() if local.time() >= _SURE[0] else local.date() - _DAY
    evening_ms = midnight_ms(day, tz) + _SURE[1].hour * _HOUR_MS
    seen_ms = min(now_ms, evening_ms, meter.last_ms)
    if seen_ms < midnight_ms(day, tz) + _SURE[0].hour * _HOUR_MS:
        return {}  # no frame on that day
    texts: dict[str, str] = {}
    for change in reader.text_changes(meter.id, _LABELS, seen_ms - _RECENT_MS, seen_ms + 1):
        texts[change.label] = change.value
    colours = {day: _today(texts), day + _DAY: _tomorrow(texts)}
    return {each: colour for each, colour in colours.items() if colour}


def _today(texts: Mapping[str, str]) -> Colour:
    stge = _of_stge(texts)
    return _OF_PTEC.get(texts.get("PTEC", "")[2:], Colour.NONE) if stge is None else stge[0]


def _tomorrow(texts: Mapping[str, str]) -> Colour:
    stge = _of_stge(texts)
    return _OF_DEMAIN.get(texts.get("DEMAIN", ""), Colour.NONE) if stge is None else stge[1]


def _of_stge(texts: Mapping[str, str]) -> tuple[Colour, Colour] | None:
    try:
        status = parse_status_register(texts["STGE"])
    except (KeyError, ValueError):
        return None
    return status.colour_today, status.colour_tomorrow
