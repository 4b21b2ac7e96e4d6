"""What cannot wait: overload, and a meter of which no frames come."""

from collections.abc import Iterator
from typing import Final

from tictally_recorder.ledger import Meter, Site
from tictally_recorder.notifications.model import Event, Notification, NotificationCode
from tictally_recorder.notifications.view import Memory, View
from tictally_shared.phrase import Phrase
from tictally_shared.status_register import is_overloaded

# An oven that switches on and off overloads a meter again and again.
_REST_MS: Final = 3_600_000
# A frame that comes later is history.
_RECENT_MS: Final = 10 * 60_000
_POWERS: Final = ("SINSTS", "PAPP")


def overload(view: View, memory: Memory) -> Iterator[Notification]:
    """Overloads in the frames since the last look, one an hour of a site. Remembers site → when it was notified."""
    for site in view.sites:
        frames = [frame for meter in site.meters for frame in _overloaded(view, meter)]
        if not frames or view.now_ms - memory.get(site.id, 0) < _REST_MS:
            continue
        memory[site.id] = view.now_ms
        time = view.iso(min(frames)[0])
        power = max(va for _, va in frames)
        phrase = Phrase(NotificationCode.OVERLOAD_OF_UNKNOWN_POWER, {"time": time})
        if power:
            phrase = Phrase(NotificationCode.OVERLOAD, {"time": time, "va": power})
        yield Notification(Event.OVERLOAD, site.id, phrase)


def _overloaded(view: View, meter: Meter) -> Iterator[tuple[int, int]]:
    """Time and power in VA of a meter's overloaded frames since the last look; 0 where a frame has no power."""
    oldest_ms = max(view.seen.get(meter.id, view.started_ms - 2 * 60_000), view.now_ms - _RECENT_MS)
    if meter.last_ms < oldest_ms:
        return
    for time_ms, values in view.reader.frames(meter.id, oldest_ms, view.now_ms + _RECENT_MS):
        view.seen[meter.id] = time_ms + 1
        if is_overloaded(values):
            powers = (values.get(label) for label in _POWERS)
            yield time_ms, next((each for each in powers if isinstance(each, int)), 0)


def meter_silent(view: View, memory: Memory) -> Iterator[Notification]:
    """Meters without frames, and those that are back.

    Remembers site → when its silence was notified and the newest frame before it, null once it is back. After a start
    the recorder listens for as long before it takes a meter for silent.
    """
    limit_ms = view.settings.idle_minutes * 60_000
    for site in view.sites:
        last_ms = _last_ms(site)
        known = memory.get(site.id, {"sent_ms": 0, "last_ms": None})
        if known["last_ms"] is not None:
            if last_ms > known["last_ms"] and view.now_ms - last_ms <= limit_ms:
                memory[site.id] = {**known, "last_ms": None}
                about = {"since": view.iso(known["last_ms"]), "time": view.iso(view.now_ms)}
                yield Notification(Event.METER_SILENT, site.id, Phrase(NotificationCode.METER_BACK, about))
            continue
        is_silent = view.now_ms - max(last_ms, view.started_ms) > limit_ms
        is_news = last_ms >= view.since_ms and view.now_ms - known["sent_ms"] >= _REST_MS
        if is_silent and is_news and not site.is_integrated:
            memory[site.id] = {"sent_ms": view.now_ms, "last_ms": last_ms}
            phrase = Phrase(NotificationCode.METER_SILENT, {"time": view.iso(last_ms)})
            yield Notification(Event.METER_SILENT, site.id, phrase)


def _last_ms(site: Site) -> int:
    return max(meter.last_ms for meter in site.meters)
