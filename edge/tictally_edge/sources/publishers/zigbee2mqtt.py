"""A ZLinky_TIC through Zigbee2MQTT: `zigbee2mqtt/<name>` with one JSON object, or one topic per field.

Energies are kWh, rounded as the device's option kWh_precision has it: whole ones by default. By default a message has
all that Zigbee2MQTT has read of the device, new or not; one that was never read is null.
"""

import re
from typing import Final

from tictally_edge.sources.publishers.format import PublishedFields, PublisherFormat
from tictally_edge.sources.publishers.registry import PUBLISHERS
from tictally_edge.sources.publishers.values import json_object, meter_number, raw, raws, text_of
from tictally_edge.sources.publishers.zlinky import FIELDS, NUMBER, TELLTALE_FIELDS, TIERS, label_zlinky

_ADDRESS: Final = re.compile(r"0x[0-9a-f]{16}")
# Of a name that others use too, such a topic alone proves nothing.
_TELLTALE_TOPICS: Final = TELLTALE_FIELDS & {*TIERS, NUMBER}


def _read(topic: str, payload: bytes) -> PublishedFields | None:
    body = json_object(payload)
    if body is None:
        return _read_attribute(topic, payload)
    values = raws({name: value for name, value in body.items() if name in FIELDS})
    if not values:
        return None
    own = body.get("device")
    about = own if isinstance(own, dict) else {}
    places = (about.get("ieeeAddr"), about.get("ieee_address"), topic.rsplit("/", 1)[-1])
    return PublishedFields(
        device=topic,
        fields=values,
        is_meter=not TELLTALE_FIELDS.isdisjoint(body),
        number=meter_number(body.get(NUMBER)),
        address=next((each for each in places if isinstance(each, str) and _ADDRESS.fullmatch(each)), None),
        stands_alone=True,
    )


def _read_attribute(topic: str, payload: bytes) -> PublishedFields | None:
    device, _, name = topic.rpartition("/")
    value = raw(text_of(payload))
    if name not in FIELDS or value is None or value == "null":
        return None
    last = device.rsplit("/", 1)[-1]
    return PublishedFields(
        device=device,
        fields={name: value},
        is_meter=name in _TELLTALE_TOPICS,
        number=meter_number(value) if name == NUMBER else None,
        address=last if _ADDRESS.fullmatch(last) else None,
    )


# It reports each attribute at least every fifteen minutes.
ZIGBEE2MQTT: Final = PublisherFormat("zigbee2mqtt", _read, label_zlinky, silence_s=1200.0, gathers=True, repeats=True)
PUBLISHERS.register(ZIGBEE2MQTT)
