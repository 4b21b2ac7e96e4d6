"""The fields of LiXee's ZLinky_TIC, by the names that Zigbee2MQTT gives them, and the labels behind them. Pure.

One Zigbee attribute holds a label of either mode: what it is follows from the mode of the line, from the tariff option
and from the number of phases. Attributes that nothing was written to hold zero or their type's largest value.
Source: the attribute table of the ZLinky_TIC's manual.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from tictally_edge.sources.publishers.format import LabelledFields, MeterMemory
from tictally_edge.sources.publishers.values import KWH, Raw, number
from tictally_shared.labels import LABELS, Mode
from tictally_shared.tariff_options import BASE, TariffOption, option_of_optarif


class _Slot(NamedTuple):
    """The labels of a field: in historique and in standard mode, and there on three phases if they differ."""

    historique: str = ""
    standard: str = ""
    historique_3: str = ""
    standard_3: str = ""


TOTAL, INJECTED, NUMBER, OPTION = (
    "current_summ_delivered",
    "current_summ_received",
    "meter_serial_number",
    "current_tarif",
)
TIERS: Final = tuple(f"current_tier{n}_summ_delivered" for n in range(1, 11))
_DISTRIBUTOR: Final = {
    f"active_{word}_out_d{n:02d}": f"EASD{n:02d}" for n in range(1, 5) for word in ("energy", "enerfy")
}
_SLOTS: Final = {
    INJECTED: _Slot(standard="EAIT"),
    "site_id": _Slot(standard="PRM"),
    "available_power": _Slot("ISOUSC", "PREF"),
    "power_threshold": _Slot(standard="PCOUP"),
    "software_revision": _Slot(standard="VTIC"),
    "apparent_power": _Slot("PAPP", "SINSTS", "PAPP", "SINSTS1"),
    "apparent_power_ph_b": _Slot(standard="SINSTS2"),
    "apparent_power_ph_c": _Slot(standard="SINSTS3"),
    "total_apparent_power": _Slot(standard="SINSTS"),
    "injected_v_a": _Slot(standard="SINSTI"),
    "rms_current": _Slot("IINST", "IRMS1", "IINST1"),
    "rms_current_ph_b": _Slot("IINST2", "IRMS2"),
    "rms_current_ph_c": _Slot("IINST3", "IRMS3"),
    "rms_current_max": _Slot("IMAX", historique_3="IMAX1"),
    "rms_current_max_ph_b": _Slot("IMAX2"),
    "rms_current_max_ph_c": _Slot("IMAX3"),
    "rms_voltage": _Slot(standard="URMS1"),
    "rms_voltage_ph_b": _Slot(standard="URMS2"),
    "rms_voltage_ph_c": _Slot(standard="URMS3"),
    "active_power_max": _Slot(historique_3="PMAX"),
    OPTION: _Slot("OPTARIF", "NGTF"),
    "current_price": _Slot(standard="LTARF"),
    "current_index_tarif": _Slot(standard="NTARF"),
    "active_register_tier_delivered": _Slot("PTEC"),
    "tariff_period": _Slot("PTEC"),
    "tomorrow_color": _Slot("DEMAIN"),
    "schedule_h_p_h_c": _Slot("HHPHC"),
    "presence_potential": _Slot(historique_3="PPOT"),
    "start_notice_e_j_p": _Slot("PEJP"),
    "warn_d_p_s": _Slot("ADPS"),
    "warn_d_i_r1": _Slot("ADIR1"),
    "warn_d_i_r2": _Slot("ADIR2"),
    "warn_d_i_r3": _Slot("ADIR3"),
    "mot_d_etat": _Slot("MOTDETAT"),
    "MOTDETAT": _Slot("MOTDETAT"),
    "status_register": _Slot(standard="STGE"),
    "message1": _Slot(standard="MSG1"),
    "message2": _Slot(standard="MSG2"),
    "relais": _Slot(standard="RELAIS"),
    "days_number_current_calendar": _Slot(standard="NJOURF"),
    "days_number_next_calendar": _Slot(standard="NJOURF+1"),
    "days_profile_current_calendar": _Slot(standard="PJOURF+1"),
    "days_profile_next_calendar": _Slot(standard="PPOINTE"),
    **{name: _Slot(standard=label) for name, label in _DISTRIBUTOR.items()},
}
FIELDS: Final = frozenset({TOTAL, NUMBER, "current_date", *TIERS, *_SLOTS})
ENERGIES: Final = frozenset({TOTAL, INJECTED, *TIERS, *_DISTRIBUTOR})
# Other Zigbee devices have a power, a current and a sum as well.
TELLTALE_FIELDS: Final = frozenset({*TIERS, NUMBER, OPTION, "status_register", "current_price", "current_index_tarif"})
_OTHER_PHASES: Final = ("rms_current_ph_b", "rms_current_ph_c", "rms_voltage_ph_b", "rms_voltage_ph_c")
# Zero there means that there is nothing to warn of, or nothing was read.
_ABSENT_IF_ZERO: Final = frozenset(
    {"PEJP", "ADPS", "ADIR1", "ADIR2", "ADIR3", "ISOUSC", "PREF", "PCOUP", "VTIC", "NTARF", "HHPHC"}
)
_UNWRITTEN: Final = frozenset({0xFFFF, 0x8000, -0x8000, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFFFFFF})
# Strings also where they consist of digits.
_TEXTS: Final = frozenset({NUMBER, "site_id", "status_register", "mot_d_etat", "MOTDETAT", "message1", "message2"})
_OPTARIF: Final = re.compile(r"HC\.\.|EJP\.|BBR.", re.ASCII)
_STATUS: Final = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)


def label_zlinky(fields: Mapping[str, Raw], units: Mapping[str, str], memory: MeterMemory) -> LabelledFields | None:
    """See `PublisherFormat.label`."""
    numbers = {name: value if name in _TEXTS else number(value) for name, value in fields.items()}
    written = {name: value for name, value in numbers.items() if value not in _UNWRITTEN}
    memory.is_three_phase |= any(_is_positive(written.get(name)) for name in _OTHER_PHASES)
    mode = memory.options.mode or _mode_of(written) or memory.mode
    if mode is None:
        return None
    named: dict[str, Raw] = {}
    found: dict[str, str] = {}
    for name, value in written.items():
        label = _label_of(name, mode, memory)
        if label and not (value == 0 and label in _ABSENT_IF_ZERO):
            named[label] = value
            if name in ENERGIES:
                found[label] = units.get(name, memory.options.unit or KWH)
    registers = _registers(written, mode, memory.options.option)
    unit = {label: units.get(name, memory.options.unit or KWH) for label, (name, _) in registers.items()}
    return LabelledFields(mode, named | {label: value for label, (_, value) in registers.items()}, found | unit)


def _mode_of(fields: Mapping[str, Raw]) -> Mode | None:
    """The mode that the fields prove; a hub may keep fields of the mode that the line had before."""
    option = str(fields.get(OPTION, ""))
    if _OPTARIF.fullmatch(option):
        return Mode.HISTORIQUE
    status = str(fields.get("status_register", ""))
    if (
        (option and option != "BASE")
        or (_STATUS.fullmatch(status) and status.strip("0"))
        or fields.get("current_price")
        or fields.get("current_date")
        or _is_positive(fields.get("rms_voltage"))
        or _is_positive(fields.get("current_index_tarif"))
    ):
        return Mode.STANDARD
    period = str(fields.get("active_register_tier_delivered", ""))
    return Mode.HISTORIQUE if LABELS["PTEC"].shape.fullmatch(period) else None


def _label_of(name: str, mode: Mode, memory: MeterMemory) -> str:
    slot = _SLOTS.get(name, _Slot())
    single, three = (
        (slot.historique, slot.historique_3) if mode is Mode.HISTORIQUE else (slot.standard, slot.standard_3)
    )
    return three if memory.is_three_phase and three else single


def _registers(fields: Mapping[str, Raw], mode: Mode, wanted: TariffOption | None) -> dict[str, tuple[str, Raw]]:
    """Register → the field that has it, and its value."""
    present = {name: fields[name] for name in (TOTAL, *TIERS) if name in fields}
    if mode is Mode.STANDARD:
        labels = dict(zip((TOTAL, *TIERS), ("EAST", *(f"EASF{n:02d}" for n in range(1, 11))), strict=True))
        return {labels[name]: (name, value) for name, value in present.items()}
    option = option_of_optarif(str(fields.get(OPTION, ""))) or wanted
    if option is None:
        return {}
    if option is BASE:  # some firmware has it among the tiers
        used = next((name for name in (TOTAL, TIERS[0]) if _is_positive(present.get(name))), TOTAL)
        return {"BASE": (used, present[used])} if used in present else {}
    return {
        label: (name, present[name]) for name, label in zip(TIERS, option.registers, strict=False) if name in present
    }


def _is_positive(value: Raw | None) -> bool:
    return value is not None and not isinstance(value, str) and value > 0
