"""teleinfo2mqtt: `teleinfo/<number>` with one JSON object per frame, each label with `raw`, `value` and `timestamp`.

`raw` is what the meter sent. A timestamp is the meter's local time, although it is written as UTC.
"""

import re
from typing import Any, Final

from tictally_edge.sources.publishers.format import TELLTALE, PublishedFields, PublisherFormat, by_label, number_of
from tictally_edge.sources.publishers.registry import PUBLISHERS
from tictally_edge.sources.publishers.values import Raw, json_object, meter_number, raw
from tictally_shared.labels import LABELS, Kind

_TIME: Final = re.compile(r"20(\d\d)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?Z", re.ASCII)
_SEASONS: Final = {"winter": "H", "summer": "E"}
_UNKNOWN_SEASON: Final = " "


def _read(topic: str, payload: bytes) -> PublishedFields | None:
    body = json_object(payload) or {}
    entries = {name: each for name, each in body.items() if name in LABELS and isinstance(each, dict) and "raw" in each}
    if TELLTALE.isdisjoint(entries):
        return None
    fields: dict[str, Raw] = {}
    horodates = {}
    for name, each in entries.items():
        if (value := raw(each["raw"])) is not None:
            fields[name] = value
        if (horodate := _horodate(name, each.get("timestamp"))) is not None:
            horodates[name] = horodate
    number = meter_number(number_of({name: each["raw"] for name, each in entries.items()}))
    return PublishedFields(topic, fields, number=number, horodates=horodates)


def _horodate(label: str, timestamp: Any) -> str | None:  # noqa: ANN401 - JSON
    match = _TIME.fullmatch(str(timestamp.get("date"))) if isinstance(timestamp, dict) else None
    if match is None:
        return None
    known = LABELS.get(label)
    is_marker = known is not None and known.kind is Kind.MARKER  # its season is a space, which is published as summer
    season = _UNKNOWN_SEASON if is_marker else _SEASONS.get(str(timestamp.get("dst")), _UNKNOWN_SEASON)
    return season + "".join(match.groups())


TELEINFO2MQTT: Final = PublisherFormat("teleinfo2mqtt", _read, by_label, silence_s=120.0)
PUBLISHERS.register(TELEINFO2MQTT)
