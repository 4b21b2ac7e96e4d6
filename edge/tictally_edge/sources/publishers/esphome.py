"""ESPHome's component teleinfo: `<device>/sensor/<name>/state` and `<device>/text_sensor/<name>/state`.

Names are the user's; one that is a label, or ends with one (`linky_east`), is that label. Sensors are numbers of 24
bits: a register beyond 16 777 216 Wh comes in steps of 2 Wh, beyond twice that of 4. A register with decimals is kWh.
"""

import re
from typing import Final

from tictally_edge.sources.publishers.format import TELLTALE, PublishedFields, PublisherFormat, by_label
from tictally_edge.sources.publishers.registry import PUBLISHERS
from tictally_edge.sources.publishers.values import meter_number, raw, step_of_single_precision, text_of
from tictally_shared.labels import LABELS, METER_NUMBER

_TOPIC: Final = re.compile(r"(?P<device>.+)/(?:text_)?sensor/(?P<name>[^/]+)/state")
_HORODATE: Final = re.compile(r"[EHeh]\d{12}", re.ASCII)
_NAMES: Final = {re.sub(r"\W", "_", name.lower()): name for name in LABELS}
_ORDERED: Final = tuple(sorted(_NAMES, key=len, reverse=True))
_DATE: Final = "DATE"


def _read(topic: str, payload: bytes) -> PublishedFields | None:
    match, value = _TOPIC.fullmatch(topic), raw(text_of(payload))
    if match is None or value is None or str(value).lower() in {"nan", "unknown"}:
        return None
    name = re.sub(r"\W", "_", match["name"].lower())
    found = next((each for each in _ORDERED if name == each or name.endswith(f"_{each}")), None)
    if found is None:
        return None
    label = _NAMES[found]
    number = meter_number(value) if label in METER_NUMBER.values() else None
    if label == _DATE:
        is_date = _HORODATE.fullmatch(str(value)) is not None
        return PublishedFields(match["device"], {}, is_meter=False, horodates={_DATE: str(value)}) if is_date else None
    return PublishedFields(match["device"], {label: value}, label in TELLTALE, number)


ESPHOME: Final = PublisherFormat("esphome", _read, by_label, gathers=True, step_of=step_of_single_precision)
PUBLISHERS.register(ESPHOME)
