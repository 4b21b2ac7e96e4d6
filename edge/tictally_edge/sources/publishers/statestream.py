"""A ZLinky_TIC through ZHA, published by Home Assistant's mqtt_statestream: `<base>/sensor/<entity>/state`.

ZHA names entities after the device; `linky` or `lixee` must be in it. They have neither the meter's number nor the
tariff option. Energies are kWh unless the entity's unit, published with `publish_attributes: true`, is another.
"""

import re
from typing import Final

from tictally_edge.sources.publishers.format import PublishedFields, PublisherFormat
from tictally_edge.sources.publishers.registry import PUBLISHERS
from tictally_edge.sources.publishers.values import raw, text_of
from tictally_edge.sources.publishers.zlinky import INJECTED, TIERS, TOTAL, label_zlinky

_TOPIC: Final = re.compile(r"(?P<base>.*)/sensor/(?P<entity>[a-z0-9_]+)/(?P<what>state|unit_of_measurement)")
_OURS: Final = re.compile(r"linky|lixee")
_NOTHING: Final = frozenset({"unknown", "unavailable", "none", ""})
_PHASES: Final = {"": "", "_phase_b": "_ph_b", "_phase_c": "_ph_c", "_ph_b": "_ph_b", "_ph_c": "_ph_c"}
# By the end of an entity's name, the longest first; ZHA of several years.
_ENDS: Final = {
    **{f"tier{dash}{n}_summation_delivered": TIERS[n - 1] for n in range(1, 11) for dash in ("", "_")},
    "summation_received": INJECTED,
    "summation_delivered": TOTAL,
    **{f"apparent_power{end}": f"apparent_power{phase}" for end, phase in _PHASES.items()},
    **{f"{word}{end}": f"rms_current{phase}" for end, phase in _PHASES.items() for word in ("rms_current", "current")},
    **{f"{word}{end}": f"rms_voltage{phase}" for end, phase in _PHASES.items() for word in ("rms_voltage", "voltage")},
}
_ORDERED: Final = tuple(sorted(_ENDS, key=len, reverse=True))


def _read(topic: str, payload: bytes) -> PublishedFields | None:
    match, text = _TOPIC.fullmatch(topic), text_of(payload)
    if match is None or text is None or not _OURS.search(match["entity"]):
        return None
    entity = match["entity"]
    end = next((each for each in _ORDERED if entity.endswith(f"_{each}")), None)
    if end is None:
        return None
    name, device = _ENDS[end], f"{match['base']}/sensor/{entity.removesuffix(f'_{end}')}"
    if match["what"] == "unit_of_measurement":
        return PublishedFields(device, {}, is_meter=False, units={name: text.strip('" ')})
    value = raw(text)
    return None if value is None or text.lower() in _NOTHING else PublishedFields(device, {name: value})


# It publishes what changes; a meter without any change for twenty minutes is none.
STATESTREAM: Final = PublisherFormat("statestream", _read, label_zlinky, silence_s=1200.0, gathers=True, repeats=True)
PUBLISHERS.register(STATESTREAM)
