"""Tasmota with its Teleinfo driver: `tele/<device>/SENSOR` with a section TIC or, without it, ENERGY.

TIC has the labels, as numbers without leading zeros (Tasmota itself) or as strings (other builds); raw frames and
telemetry have the same form, and a frame may have only what has changed. ENERGY has the total in kWh, computed with
numbers of 24 bits.
"""

import re
from typing import Any, Final

from tictally_edge.sources.publishers.format import PublishedFields, PublisherFormat, by_label, is_alarm, number_of
from tictally_edge.sources.publishers.registry import PUBLISHERS
from tictally_edge.sources.publishers.values import KWH, json_object, meter_number, raws, step_of_single_precision
from tictally_shared.labels import LABELS

_DATED: Final = re.compile(r"(?P<horodate>[EHeh ]\d{12})(?: (?P<data>.+))?", re.ASCII)
_ENERGY: Final = {"Total": "EAST", "ApparentPower": "SINSTS", "Voltage": "URMS1", "Current": "IRMS1"}
_SECTION = "TIC"


def _read_labels(topic: str, payload: bytes) -> PublishedFields | None:
    body = json_object(payload) or {}
    section = body.get(_SECTION)
    if not isinstance(section, dict) or not section:
        return None
    fields, horodates = raws({name: value for name, value in section.items() if name in LABELS}), {}
    if not fields or all(
        map(is_alarm, fields)
    ):  # sent at once with the phase's number; the frame that follows has the current
        return None
    for label, value in list(fields.items()):
        match = _DATED.fullmatch(value) if isinstance(value, str) else None
        if match is not None:
            horodates[label] = match["horodate"]
            fields[label] = match["data"] or ""
    number = meter_number(number_of(section)) or meter_number(_serial(body))
    return PublishedFields(_device(topic), fields, number=number, horodates=horodates)


def _read_energy(topic: str, payload: bytes) -> PublishedFields | None:
    body = json_object(payload) or {}
    section = body.get("ENERGY")
    if not isinstance(section, dict) or "Total" not in section or _SECTION in body:
        return None
    fields = {label: value for name, value in raws(section).items() if (label := _ENERGY.get(name)) is not None}
    # Any plug of Tasmota's has ENERGY; these sections only builds for the Linky have.
    is_meter = not {"METER", "CONTRACT"}.isdisjoint(body)
    return PublishedFields(_device(topic), fields, is_meter, meter_number(_serial(body)), units={"EAST": KWH})


def _serial(body: dict[str, Any]) -> object:
    contract = body.get("CONTRACT")
    return contract.get("serial") if isinstance(contract, dict) else None


def _device(topic: str) -> str:
    return topic.rsplit("/", 1)[0]


TASMOTA: Final = PublisherFormat("tasmota", _read_labels, by_label)
TASMOTA_ENERGY: Final = PublisherFormat(
    "tasmota-energy", _read_energy, by_label, step_of=step_of_single_precision, improved_by=TASMOTA.name
)
PUBLISHERS.register(TASMOTA)
PUBLISHERS.register(TASMOTA_ENERGY)
