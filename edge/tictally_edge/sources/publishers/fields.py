"""Any other program: the fields that the user names, each a label.

`EASF01=sensor/index_heures_creuses/state` is the payload on a topic that ends so; `EASF01=energy.offpeak` a value in a
JSON object, or in a section of it. An entity that was renamed, a hub in French, a program of one's own: all are read
like the formats that are known.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tictally_edge.sources.publishers.format import PublishedFields, PublisherFormat, by_label, number_of
from tictally_edge.sources.publishers.values import json_object, meter_number, raw, raws, text_of
from tictally_shared.labels import LABELS
from tictally_shared.nearest_name import nearest_name

NAME: Final = "fields"
_PAIR: Final = re.compile(r"\s*(?P<label>[A-Z0-9+-]{2,16})\s*=\s*(?P<place>[^=,]+?)\s*")
_NOTHING: Final = frozenset({"unknown", "unavailable", "none", "null", "nan"})
_DEEPEST: Final = 4


def parse_fields(text: str) -> dict[str, str]:
    """Label → where it stands.

    Raises:
        ValueError: it is not `LABEL=place, LABEL=place`, or names no label.
    """
    found = {}
    for pair in filter(str.strip, text.split(",")):
        match = _PAIR.fullmatch(pair)
        if match is None:
            raise ValueError(f"{pair.strip()[:60]!r} is not LABEL=place, such as EASF01=sensor/hc_index/state")
        label = match["label"]
        if label not in LABELS:
            near = nearest_name(label, LABELS)
            raise ValueError(f"{label!r} is no label of the TIC" + (f"; {near} is" if near else ""))
        found[label] = match["place"].strip("/")
    return found


def fields_format(places: Mapping[str, str]) -> PublisherFormat:
    """The format of the fields that a user has named; places as of `parse_fields`."""

    def read(topic: str, payload: bytes) -> PublishedFields | None:
        body = json_object(payload)
        if body is None:
            value = raw(text_of(payload))
            ends = {label: place for label, place in places.items() if f"/{topic}".endswith(f"/{place}")}
            if not ends or value is None or str(value).lower() in _NOTHING:
                return None
            found = dict.fromkeys(ends, value)
        else:
            values = dict(_flat(body))
            found = raws({label: values[place] for label, place in places.items() if place in values})
        return PublishedFields(NAME, found, number=meter_number(number_of(found))) if found else None

    return PublisherFormat(NAME, read, by_label, silence_s=1200.0, gathers=True, repeats=True)


def _flat(body: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    for key, value in body.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from _flat(value, f"{before}{key}.", depth + 1)
        else:
            yield f"{before}{key}", value
