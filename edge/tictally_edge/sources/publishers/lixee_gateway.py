"""A ZLinky_TIC through LiXee's own gateway: Zigbee clusters and attributes by number, in decimal.

For Home Assistant: `<header><address>_<cluster>_<attribute>/state` with `{"value_1794_256": 11706}`. For ThingsBoard:
one topic with `{"<address>": [{"1794_256": 11706}]}`. Energies are Wh.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from tictally_edge.sources.publishers.format import PublishedFields, PublisherFormat
from tictally_edge.sources.publishers.registry import PUBLISHERS
from tictally_edge.sources.publishers.values import WH, json_object, meter_number, raw
from tictally_edge.sources.publishers.zlinky import ENERGIES, NUMBER, TELLTALE_FIELDS, TIERS, label_zlinky

_TOPIC: Final = re.compile(r".*(?P<address>[0-9A-Fa-f]{16})_(?P<cluster>\d{4,5})_(?P<attribute>\d+)/state")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f]{16}")
_METERING, _IDENTIFICATION, _ELECTRICAL, _PRIVATE = 1794, 2817, 2820, 65382
_FIELDS: Final = {
    (_METERING, 0): "current_summ_delivered",
    (_METERING, 1): "current_summ_received",
    (_METERING, 32): "active_register_tier_delivered",
    **{(_METERING, 256 + 2 * n): name for n, name in enumerate(TIERS)},
    (_METERING, 775): "site_id",
    (_METERING, 776): NUMBER,
    (_IDENTIFICATION, 10): "software_revision",
    (_IDENTIFICATION, 13): "available_power",
    (_IDENTIFICATION, 14): "power_threshold",
    (_ELECTRICAL, 774): "total_apparent_power",
    (_ELECTRICAL, 1285): "rms_voltage",
    (_ELECTRICAL, 1288): "rms_current",
    (_ELECTRICAL, 1290): "rms_current_max",
    (_ELECTRICAL, 1293): "active_power_max",
    (_ELECTRICAL, 1295): "apparent_power",
    (_ELECTRICAL, 2309): "rms_voltage_ph_b",
    (_ELECTRICAL, 2312): "rms_current_ph_b",
    (_ELECTRICAL, 2314): "rms_current_max_ph_b",
    (_ELECTRICAL, 2319): "apparent_power_ph_b",
    (_ELECTRICAL, 2565): "rms_voltage_ph_c",
    (_ELECTRICAL, 2568): "rms_current_ph_c",
    (_ELECTRICAL, 2570): "rms_current_max_ph_c",
    (_ELECTRICAL, 2575): "apparent_power_ph_c",
    (_PRIVATE, 0): "current_tarif",
    (_PRIVATE, 1): "tomorrow_color",
    (_PRIVATE, 2): "schedule_h_p_h_c",
    (_PRIVATE, 3): "presence_potential",
    (_PRIVATE, 4): "start_notice_e_j_p",
    (_PRIVATE, 5): "warn_d_p_s",
    (_PRIVATE, 6): "warn_d_i_r1",
    (_PRIVATE, 7): "warn_d_i_r2",
    (_PRIVATE, 8): "warn_d_i_r3",
    (_PRIVATE, 9): "mot_d_etat",
    (_PRIVATE, 512): "current_price",
    (_PRIVATE, 513): "current_index_tarif",
    **{(_PRIVATE, 514 + n): f"active_energy_out_d{n:02d}" for n in range(1, 5)},
    (_PRIVATE, 519): "injected_v_a",
    (_PRIVATE, 533): "message1",
    (_PRIVATE, 534): "message2",
    (_PRIVATE, 535): "status_register",
    (_PRIVATE, 548): "relais",
    (_PRIVATE, 549): "days_number_current_calendar",
    (_PRIVATE, 550): "days_number_next_calendar",
    (_PRIVATE, 551): "days_profile_current_calendar",
    (_PRIVATE, 552): "days_profile_next_calendar",
}


def _read(topic: str, payload: bytes) -> PublishedFields | None:
    body = json_object(payload)
    if body is None:
        return None
    if (match := _TOPIC.fullmatch(topic)) is not None:
        key = f"value_{match['cluster']}_{match['attribute']}"
        return _published(match["address"], [(f"{match['cluster']}_{match['attribute']}", body.get(key))])
    for address, entries in body.items():
        if _ADDRESS.fullmatch(address) and isinstance(entries, list):
            return _published(address, (pair for each in entries if isinstance(each, dict) for pair in each.items()))
    return None


def _published(address: str, pairs: Iterable[tuple[str, Any]]) -> PublishedFields | None:
    found = {}
    for key, value in pairs:
        cluster, _, attribute = key.partition("_")
        is_key = cluster.isdecimal() and attribute.isdecimal()
        name = _FIELDS.get((int(cluster), int(attribute))) if is_key else None
        if name is not None and (published := raw(value)) is not None:
            found[name] = published
    if not found:
        return None
    return PublishedFields(
        device=address.lower(),
        fields=found,
        is_meter=not TELLTALE_FIELDS.isdisjoint(found),
        number=meter_number(found.get(NUMBER)),
        address=f"0x{address.lower()}",
        units=dict.fromkeys(found.keys() & ENERGIES, WH),
    )


LIXEE_GATEWAY: Final = PublisherFormat("lixee", _read, label_zlinky, gathers=True, repeats=True)
PUBLISHERS.register(LIXEE_GATEWAY)
