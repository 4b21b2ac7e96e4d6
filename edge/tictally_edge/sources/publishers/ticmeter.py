"""GammaTroniques' TICMeter, and others with a plain value on a topic per label: `TICMeter/<id>/EAST`.

A TICMeter sends all labels every minute (a setting of its own), registers in Wh, and none of those that are zero. It
has no horodates, and writes `+` in a topic as `_`.
"""

from typing import Final

from tictally_edge.sources.publishers.format import TELLTALE, PublishedFields, PublisherFormat, by_label
from tictally_edge.sources.publishers.registry import PUBLISHERS
from tictally_edge.sources.publishers.values import meter_number, raw, text_of
from tictally_shared.labels import LABELS, METER_NUMBER

_LABELS: Final = {name.replace("+", "_"): name for name in LABELS} | {name: name for name in LABELS}
_WITHOUT_DATA: Final = frozenset({"DATE"})


def _read(topic: str, payload: bytes) -> PublishedFields | None:
    device, _, last = topic.rpartition("/")
    label, value = _LABELS.get(last), raw(text_of(payload))
    if label is None or label in _WITHOUT_DATA or value is None or str(value).startswith("{") or not device:
        return None
    number = meter_number(value) if label in METER_NUMBER.values() else None
    return PublishedFields(device, {label: value}, label in TELLTALE, number)


TICMETER: Final = PublisherFormat("ticmeter", _read, by_label, gathers=True)
PUBLISHERS.register(TICMETER)
