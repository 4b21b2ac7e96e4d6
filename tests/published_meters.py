"""Messages of programs that publish a Linky, in their exact form, of meters that do not exist.

Field names, units, topics and oddities are those of Zigbee2MQTT 2, ZHA with mqtt_statestream, Tasmota 14 and
NicolasBernaerts' build of it, TICMeter 3, ESPHome 2025, teleinfo2mqtt 8 and LiXee's gateway.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NUMBER = "021961004217"
Message = tuple[str, bytes]


def as_json(topic: str, body: Mapping[str, Any]) -> Message:
    """A message with a JSON object."""
    return topic, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Published:
    """Messages with the same values of one meter.

    Attributes:
        form: the format that they are of.
        messages: in their order.
        values: what a frame must have of them, and possibly more.
        absent: labels that it must not have.
        number: of the meter; None where the messages lack it.
        options: of the address, where messages lack something.
    """

    form: str
    messages: list[Message]
    values: Mapping[str, int | str]
    absent: tuple[str, ...] = ()
    number: str | None = NUMBER
    options: str = ""
    dated: Mapping[str, str] = field(default_factory=dict)


ZIGBEE2MQTT_TEMPO: dict[str, Any] = {
    "active_energy_out_d01": 4634.2,
    "active_energy_out_d02": 6295.8,
    "active_power": 650,
    "active_power_max": 1346,
    "active_power_ph_b": 456,
    "apparent_power": 783,
    "available_power": 9,
    "average_rms_voltage_meas_period": 234,
    "current_date": "E260720154205",
    "current_index_tarif": 2,
    "current_price": "HP BLEU",
    "current_summ_delivered": 16494.5,
    "current_tarif": "TEMPO",
    "current_tier1_summ_delivered": 9340.7,
    "current_tier2_summ_delivered": 5508.8,
    "current_tier3_summ_delivered": 334.4,
    "current_tier4_summ_delivered": 794.7,
    "current_tier5_summ_delivered": 159.3,
    "current_tier6_summ_delivered": 356.7,
    "linkquality": 64,
    "message1": "PAS DE MESSAGE",
    "message2": "",
    "meter_serial_number": NUMBER,
    "power_threshold": 9,
    "relais": 0,
    "relais_breakout": {"relais1": 0, "relais2": 0},
    "rms_current": 4,
    "rms_voltage": 235,
    "site_id": "07412345678901",
    "software_revision": 2,
    "status_register": "013A4401",
    "status_register_breakout": {"contact_sec": "ouvert", "tempo_jour": "BLEU"},
    "update": {"installed_version": 15, "latest_version": 15, "state": "idle"},
}
# Whole kWh, the default; each field that was never read is null.
ZIGBEE2MQTT_HPHC: dict[str, Any] = {
    "active_enerfy_out_d01": 7642,
    "active_enerfy_out_d02": 10324,
    "active_power": 1896,
    "apparent_power": 449,
    "available_power": 6,
    "current_date": "E260329151207",
    "current_index_tarif": 2,
    "current_price": "HEURE PLEINE",
    "current_summ_delivered": 27546,
    "current_tarif": "H PLEINE/CREUSE",
    "current_tier10_summ_delivered": None,
    "current_tier1_summ_delivered": 11706,
    "current_tier2_summ_delivered": 15839,
    "current_tier3_summ_delivered": None,
    "days_number_current_calendar": 0,
    "days_profile_current_calendar": "00004001 06004002 22004001" + " NONUTILE" * 8,
    "last_seen": "2026-03-29T13:12:09.000Z",
    "linkquality": 87,
    "meter_serial_number": NUMBER,
    "rms_current": 2,
    "rms_current_max": 0,
    "rms_voltage": 242,
    "status_register": "003A4401",
    "warn_d_p_s": 0,
}
ZIGBEE2MQTT_HISTORIQUE: dict[str, Any] = {
    "active_register_tier_delivered": "HP..",
    "apparent_power": 1740,
    "available_power": 45,
    "current_summ_delivered": 18811.534,
    "current_tarif": "HC..",
    "current_tier1_summ_delivered": 9058.688,
    "current_tier2_summ_delivered": 9752.846,
    "current_tier3_summ_delivered": 0,
    "linkquality": 120,
    "meter_serial_number": NUMBER,
    "mot_d_etat": "000000",
    "rms_current": 8,
    "rms_current_max": 90,
    "schedule_h_p_h_c": 65,
    "status_register": "",
    "tomorrow_color": None,
    "warn_d_p_s": 0,
}
ZIGBEE2MQTT_BASE: dict[str, Any] = {
    "active_energy_out_d01": None,
    "active_register_tier_delivered": "BASE",
    "apparent_power": 2126,
    "available_power": 9,
    "current_index_tarif": None,
    "current_price": "BASE",
    "current_summ_delivered": 73911.669,
    "current_tarif": "BASE",
    "current_tier1_summ_delivered": None,
    "linkquality": 51,
    "meter_serial_number": NUMBER,
    "rms_current": 10,
    "rms_voltage": None,
    "status_register": "003A4101",
}
# After its restart, before it has read a frame.
ZIGBEE2MQTT_EMPTY: dict[str, Any] = {
    "active_energy_out_d01": 0,
    "active_register_tier_delivered": "",
    "apparent_power": 0,
    "available_power": None,
    "current_date": "",
    "current_index_tarif": 0,
    "current_price": "",
    "current_summ_delivered": 0,
    "current_tarif": "BASE",
    "current_tier1_summ_delivered": 0,
    "current_tier2_summ_delivered": 0,
    "linkquality": 112,
    "meter_serial_number": None,
    "mot_d_etat": "000000",
    "rms_current": 0,
    "rms_voltage": 0,
    "status_register": "",
    "tariff_period": "",
}
TASMOTA_HPHC: dict[str, Any] = {
    "Time": "2026-10-26T17:28:45",
    "ENERGY": {
        "TotalStartTime": "2026-10-25T15:22:04",
        "Total": 3196.310,
        "Yesterday": 6.822,
        "Today": 2.275,
        "Period": 9,
        "Power": 170,
        "Current": 1.000,
        "Load": 6,
    },
    "TIC": {
        "ADCO": NUMBER,
        "OPTARIF": "HC..",
        "ISOUSC": 15,
        "HCHC": 920750,
        "HCHP": 2275560,
        "PTEC": "HP..",
        "IINST": 1,
        "IMAX": 2,
        "PAPP": 170,
        "HHPHC": "A",
        "MOTDETAT": 0,
    },
    "ESP32": {"Temperature": 36.1},
    "TempUnit": "C",
}
TASMOTA_STANDARD: dict[str, Any] = {
    "Time": "2026-08-29T10:12:52",
    "TIC": {
        "ADSC": NUMBER,
        "VTIC": "02",
        "DATE": "E260829101254",
        "NGTF": "H PLEINE/CREUSE",
        "LTARF": "HEURE PLEINE",
        "EAST": "019290594",
        "EASF01": "009649880",
        "EASF02": "009640714",
        "EASF03": "000000000",
        "EASD01": "009649882",
        "IRMS1": "002",
        "IRMS2": "000",
        "IRMS3": "001",
        "URMS1": "239",
        "URMS2": "242",
        "URMS3": "244",
        "PREF": "12",
        "PCOUP": "12",
        "SINSTS": "00208",
        "SINSTS1": "00399",
        "SINSTS2": "00115",
        "SINSTS3": "00000",
        "SMAXSN": "E260829005334 02998",
        "STGE": "003A0401",
        "NTARF": "02",
        "PHASE": 3,
    },
}
TASMOTA_ENERGY: dict[str, Any] = {
    "Time": "2026-02-01T17:23:13",
    "ENERGY": {
        "TotalStartTime": "2025-03-12T01:30:15",
        "Total": 1290.817,
        "Yesterday": 22.949,
        "Today": 11.107,
        "Period": 22,
        "Power": 288,
        "ApparentPower": 390,
        "ReactivePower": 0,
        "Factor": 0.74,
        "Voltage": 230,
        "Current": 1.7,
    },
    "METER": {"PH": 1, "ISUB": 45, "PSUB": 9000, "PMAX": 9000, "U1": 230, "P1": 390, "W1": 288, "I1": 1.7},
    "CONTRACT": {"serial": int(NUMBER), "name": "H PLEINE/CREUSE", "period": "HEURE PLEINE", "hour": "Pleine"},
}
TELEINFO2MQTT_HISTORIQUE: dict[str, Any] = {
    "ADCO": {"raw": NUMBER, "value": int(NUMBER)},
    "OPTARIF": {"raw": "HC..", "value": "HC"},
    "ISOUSC": {"raw": "45", "value": 45},
    "HCHC": {"raw": "009058688", "value": 9058688},
    "HCHP": {"raw": "009752846", "value": 9752846},
    "PTEC": {"raw": "HP..", "value": "HP"},
    "IINST": {"raw": "018", "value": 18},
    "IMAX": {"raw": "090", "value": 90},
    "PAPP": {"raw": "04110", "value": 4110},
    "HHPHC": {"raw": "A", "value": "A"},
    "MOTDETAT": {"raw": "000000", "value": 0},
}
TELEINFO2MQTT_STANDARD: dict[str, Any] = {
    "ADSC": {"raw": NUMBER, "value": int(NUMBER)},
    "VTIC": {"raw": "02", "value": 2},
    "DATE": {"raw": "", "value": "", "timestamp": {"date": "2026-06-09T08:05:40.000Z", "dst": "summer"}},
    "NGTF": {"raw": "H PLEINE/CREUSE", "value": "H PLEINE/CREUSE"},
    "LTARF": {"raw": "HEURE  PLEINE", "value": "HEURE  PLEINE"},
    "EAST": {"raw": "004552492", "value": 4552492},
    "EASF01": {"raw": "002084472", "value": 2084472},
    "EASF02": {"raw": "002468020", "value": 2468020},
    "EASF06": {"raw": "000000000", "value": 0},
    "IRMS1": {"raw": "012", "value": 12},
    "URMS1": {"raw": "228", "value": 228},
    "PREF": {"raw": "06", "value": 6},
    "SINSTS": {"raw": "02740", "value": 2740},
    "SMAXSN": {"raw": "02740", "value": 2740, "timestamp": {"date": "2026-06-09T06:05:31.000Z", "dst": "summer"}},
    "STGE": {"raw": "003A4401", "value": 3},
    "NTARF": {"raw": "02", "value": 2},
    "FPM1": {"raw": "00", "value": 0, "timestamp": {"date": "2026-02-14T06:00:00.000Z", "dst": "summer"}},
}


def per_topic(base: str, values: Mapping[str, object], after: str = "") -> list[Message]:
    """A plain value on a topic of its own each."""
    return [(f"{base}/{name}{after}", str(value).encode()) for name, value in values.items()]


TICMETER_STANDARD: dict[str, object] = {
    "ADSC": NUMBER,
    "VTIC": "02",
    "DATE": 0,
    "NGTF": "TEMPO",
    "LTARF": "HP  BLEU",
    "EAST": 13593645,
    "EASF01": 10096827,
    "EASF02": 2270793,
    "EASF03": 202920,
    "EASF04": 590067,
    "EASF05": 96123,
    "EASF06": 336915,
    "IRMS1": 3,
    "URMS1": 238,
    "PREF": 6,
    "PCOUP": 6,
    "SINSTS": 745,
    "SMAXSN": 4618,
    "smaxsn_time": 1718413358,
    "STGE": "013A4401",
    "demain": "INCONNU",
    "MSG1": "PAS DE          MESSAGE",
    "RELAIS": "000",
    "NTARF": 2,
    "NJOURF_1": 0,
    "now-refresh": 60,
    "mode-tic": "Standard",
}
TICMETER_HISTORIQUE: dict[str, object] = {
    "ADCO": NUMBER,
    "OPTARIF": "BBR(",
    "ISOUSC": 45,
    "total": 2275560,
    "BBRHCJB": 1009682,
    "BBRHPJB": 2270793,
    "BBRHCJW": 20292,
    "BBRHPJW": 59006,
    "BBRHCJR": 9612,
    "BBRHPJR": 33691,
    "PTEC": "HPJB",
    "aujour": "BLEU",
    "DEMAIN": "ROUGE",
    "IINST": 4,
    "IMAX": 90,
    "PAPP": 880,
    "HHPHC": "A",
    "MOTDETAT": "000000",
}
ESPHOME_SENSORS: dict[str, object] = {
    "linky_east": "29976148",
    "linky_easf01": "12276148",
    "linky_easf02": "17700000",
    "linky_sinsts": "450",
    "linky_irms1": "2",
    "linky_urms1": "233",
    "linky_pref": "9",
    "linky_wifi_signal": "-61",
}
ESPHOME_TEXTS: dict[str, object] = {
    "linky_adsc": NUMBER,
    "linky_ngtf": " H PLEINE/CREUSE",
    "linky_ltarf": "  HEURE  CREUSE",
    "linky_ntarf": "01",
    "linky_stge": "003A0001",
    "linky_uptime": "6s",
}
STATESTREAM: dict[str, object] = {
    "lixee_zlinky_tic_tier_1_summation_delivered": "11706.031",
    "lixee_zlinky_tic_tier_2_summation_delivered": "15839.9",
    "lixee_zlinky_tic_summation_delivered": "27545.931",
    "lixee_zlinky_tic_apparent_power": "449",
    "lixee_zlinky_tic_current": "2.0",
    "lixee_zlinky_tic_voltage": "unavailable",
    "lixee_zlinky_tic_power_factor": "unknown",
}
LIXEE_ADDRESS = "00158d000638df65"
LIXEE_ATTRIBUTES: dict[str, object] = {
    "1794_776": NUMBER,
    "65382_0": "H PLEINE/CREUSE",
    "65382_512": "HEURE CREUSE",
    "65382_513": 1,
    "65382_535": "003A0001",
    "1794_0": 27545931,
    "1794_256": 11706031,
    "1794_258": 15839900,
    "1794_260": 0,
    "2820_1295": 449,
    "2820_1288": 2,
    "2820_1285": 233,
    "2820_2312": 65535,
    "0000_5": "ZLinky_TIC",
}


def lixee_messages(values: Mapping[str, object], header: str = "home/") -> list[Message]:
    """One message per attribute, as for Home Assistant."""
    return [as_json(f"{header}{LIXEE_ADDRESS}_{key}/state", {f"value_{key}": value}) for key, value in values.items()]


PUBLISHED: dict[str, Published] = {
    "Zigbee2MQTT, Tempo, one decimal": Published(
        "zigbee2mqtt",
        [as_json("zigbee2mqtt/Lixee", ZIGBEE2MQTT_TEMPO)],
        {
            "EAST": 16494500,
            "EASF01": 9340700,
            "EASF02": 5508800,
            "EASF03": 334400,
            "EASF04": 794700,
            "EASF05": 159300,
            "EASF06": 356700,
            "EASD01": 4634200,
            "SINSTS": 783,
            "IRMS1": 4,
            "URMS1": 235,
            "PREF": 9,
            "NGTF": "TEMPO",
            "LTARF": "HP BLEU",
            "NTARF": "02",
            "STGE": "013A4401",
            "VTIC": "02",
            "RELAIS": "000",
            "PRM": "07412345678901",
        },
        ("CCASN", "SMAXSN", "OPTARIF"),
    ),
    "Zigbee2MQTT, HP/HC, whole kWh": Published(
        "zigbee2mqtt",
        [as_json("zigbee2mqtt/linky cave", ZIGBEE2MQTT_HPHC)],
        {
            "EAST": 27546000,
            "EASF01": 11706000,
            "EASF02": 15839000,
            "EASD02": 10324000,
            "PJOURF+1": "00004001 06004002 22004001" + " NONUTILE" * 8,
        },
        ("EASF03", "EASF10", "ADPS", "IMAX"),
    ),
    "Zigbee2MQTT, historique": Published(
        "zigbee2mqtt",
        [as_json("zigbee2mqtt/0x00158d000638dcad", ZIGBEE2MQTT_HISTORIQUE)],
        {
            "HCHC": 9058688,
            "HCHP": 9752846,
            "PAPP": 1740,
            "IINST": 8,
            "IMAX": 90,
            "ISOUSC": 45,
            "OPTARIF": "HC..",
            "PTEC": "HP..",
            "HHPHC": "A",
            "MOTDETAT": "000000",
        },
        ("BASE", "EAST", "EASF01"),
    ),
    "Zigbee2MQTT, base, fields of both modes": Published(
        "zigbee2mqtt",
        [as_json("zigbee2mqtt/lixee standard", ZIGBEE2MQTT_BASE)],
        {"EAST": 73911669, "SINSTS": 2126, "NGTF": "BASE", "LTARF": "BASE", "STGE": "003A4101"},
        ("BASE", "PTEC", "EASF01"),
    ),
    "Zigbee2MQTT, a topic per field": Published(
        "zigbee2mqtt",
        per_topic("zigbee2mqtt/Lixee", {k: v for k, v in ZIGBEE2MQTT_TEMPO.items() if not isinstance(v, dict)}),
        {"EAST": 16494500, "EASF02": 5508800, "SINSTS": 783, "STGE": "013A4401", "PRM": "07412345678901"},
    ),
    "Zigbee2MQTT without cache, field by field": Published(
        "zigbee2mqtt",
        [
            as_json("zigbee2mqtt/Lixee", {"meter_serial_number": NUMBER, "linkquality": 1}),
            as_json("zigbee2mqtt/Lixee", {"current_tarif": "H PLEINE/CREUSE", "linkquality": 2}),
            as_json("zigbee2mqtt/Lixee", {"current_tier1_summ_delivered": 3580.2450000000003}),
            as_json("zigbee2mqtt/Lixee", {"apparent_power": 350}),
        ],
        {"EASF01": 3580245, "NGTF": "H PLEINE/CREUSE", "SINSTS": 350},
    ),
    "Tasmota, telemetry": Published(
        "tasmota",
        [as_json("tele/denky/SENSOR", TASMOTA_HPHC)],
        {"HCHC": 920750, "HCHP": 2275560, "PAPP": 170, "ISOUSC": 15, "MOTDETAT": "000000", "HHPHC": "A"},
        ("EAST",),
    ),
    "Tasmota, raw frames of strings": Published(
        "tasmota",
        [as_json("compteur/tele/SENSOR", TASMOTA_STANDARD)],
        {"EAST": 19290594, "EASF01": 9649880, "EASF02": 9640714, "SMAXSN": 2998, "STGE": "003A0401", "NTARF": "02"},
        ("PHASE",),
        dated={"DATE": "2026-08-29T10:12:54+02:00", "SMAXSN": "2026-08-29T00:53:34+02:00"},
    ),
    "Tasmota, only what has changed": Published(
        "tasmota",
        [
            as_json("tele/denky/SENSOR", {"TIC": TASMOTA_HPHC["TIC"]}),
            as_json("tele/denky/SENSOR", {"TIC": {"HCHP": 2275561, "PAPP": 180}}),
        ],
        {"HCHC": 920750, "HCHP": 2275561, "PAPP": 180},
    ),
    "Tasmota, energy": Published(
        "tasmota-energy",
        [as_json("tele/tasmota_EB1F5C/SENSOR", TASMOTA_ENERGY)],
        {"EAST": 1290817, "SINSTS": 390, "URMS1": 230, "IRMS1": 2, "NGTF": "H PLEINE/CREUSE"},
        options="option=hphc",
    ),
    "TICMeter, standard": Published(
        "ticmeter",
        per_topic("TICMeter/A1B2C3", TICMETER_STANDARD),
        {
            "EAST": 13593645,
            "EASF01": 10096827,
            "EASF06": 336915,
            "NGTF": "TEMPO",
            "LTARF": "HP BLEU",
            "NTARF": "02",
            "NJOURF+1": "00",
            "PREF": 6,
            "MSG1": "PAS DE MESSAGE",
        },
        ("SMAXSN", "DATE"),
    ),
    "TICMeter, historique": Published(
        "ticmeter",
        per_topic("TICMeter/A1B2C3", TICMETER_HISTORIQUE),
        {"BBRHCJB": 1009682, "BBRHPJR": 33691, "PTEC": "HPJB", "DEMAIN": "ROUG", "OPTARIF": "BBR(", "PAPP": 880},
    ),
    "ESPHome": Published(
        "esphome",
        [
            *per_topic("linky/text_sensor", ESPHOME_TEXTS, "/state"),
            *per_topic("linky/sensor", ESPHOME_SENSORS, "/state"),
        ],
        {
            "EAST": 29976148,
            "EASF01": 12276148,
            "EASF02": 17700000,
            "SINSTS": 450,
            "PREF": 9,
            "NGTF": "H PLEINE/CREUSE",
            "LTARF": "HEURE CREUSE",
            "STGE": "003A0001",
        },
    ),
    "ESPHome in kWh": Published(
        "esphome",
        [
            *per_topic("linky/text_sensor", {"adco": NUMBER, "optarif": "HC.."}, "/state"),
            *per_topic("linky/sensor", {"hchc": "9058.688", "hchp": "9752.000", "papp": "1740"}, "/state"),
        ],
        {"HCHC": 9058688, "HCHP": 9752000, "PAPP": 1740, "OPTARIF": "HC.."},
    ),
    "teleinfo2mqtt, historique": Published(
        "teleinfo2mqtt",
        [as_json(f"teleinfo/{NUMBER}", TELEINFO2MQTT_HISTORIQUE)],
        {"HCHC": 9058688, "HCHP": 9752846, "PAPP": 4110, "OPTARIF": "HC..", "PTEC": "HP.."},
    ),
    "teleinfo2mqtt, standard": Published(
        "teleinfo2mqtt",
        [as_json(f"teleinfo/{NUMBER}", TELEINFO2MQTT_STANDARD)],
        {"EAST": 4552492, "EASF01": 2084472, "SMAXSN": 2740, "LTARF": "HEURE PLEINE", "NTARF": "02", "VTIC": "02"},
        dated={
            "DATE": "2026-06-09T08:05:40+02:00",
            "SMAXSN": "2026-06-09T06:05:31+02:00",
            "FPM1": "2026-02-14T06:00:00+01:00",
        },
    ),
    "statestream of ZHA": Published(
        "statestream",
        per_topic("homeassistant/sensor", STATESTREAM, "/state"),
        {
            "EAST": 27545931,
            "EASF01": 11706031,
            "EASF02": 15839900,
            "SINSTS": 449,
            "IRMS1": 2,
            "NGTF": "H PLEINE/CREUSE",
        },
        ("URMS1",),
        number=None,
        options=f"number={NUMBER}&option=hphc&mode=standard",
    ),
    "statestream of ZHA in Wh": Published(
        "statestream",
        [
            ("ha/sensor/linky_tier1_summation_delivered/unit_of_measurement", b'"Wh"'),
            ("ha/sensor/linky_tier1_summation_delivered/state", b"11706031"),
            ("ha/sensor/linky_apparent_power/state", b"449"),
        ],
        {"HCHC": 11706031, "PAPP": 449, "OPTARIF": "HC.."},
        number=None,
        options=f"number={NUMBER}&option=hphc&mode=historique",
    ),
    "LiXee's gateway for Home Assistant": Published(
        "lixee",
        lixee_messages(LIXEE_ATTRIBUTES, "lixee"),
        {"EAST": 27545931, "EASF01": 11706031, "EASF02": 15839900, "SINSTS": 449, "NTARF": "01", "URMS1": 233},
        ("IRMS2", "IRMS3"),
    ),
    "LiXee's gateway for ThingsBoard": Published(
        "lixee",
        [as_json("v1/gateway/telemetry", {LIXEE_ADDRESS: [{key: value}]}) for key, value in LIXEE_ATTRIBUTES.items()],
        {"EAST": 27545931, "EASF01": 11706031, "EASF02": 15839900, "SINSTS": 449, "NGTF": "H PLEINE/CREUSE"},
    ),
}
