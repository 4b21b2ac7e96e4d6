"""What is told of a site's present, from its newest frame and the figures of the day. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from tictally_recorder.api.responses import local_day, midnight_ms, told
from tictally_recorder.energy.register_totals import Counted, period_of
from tictally_recorder.hubs import site_state as names
from tictally_recorder.hubs.site_state import NOTHING
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_shared.labels import LABELS, Kind
from tictally_shared.status_register import Colour, StatusRegister, parse_status_register
from tictally_shared.tariff_options import period_of_ptec

if TYPE_CHECKING:
    from tictally_recorder.api.live.broadcaster import Known, Newest

ONLINE_MS: Final = 30_000
_COLOURS: Final = {Colour.BLEU: "blue", Colour.BLANC: "white", Colour.ROUGE: "red"}
_OF_PTEC: Final = {"JB": "blue", "JW": "white", "JR": "red"}
_OF_DEMAIN: Final = {"BLEU": "blue", "BLAN": "white", "ROUG": "red"}
_ALARMS: Final = ("ADPS", "ADIR1", "ADIR2", "ADIR3")


@dataclass(frozen=True, slots=True)
class Item:
    """What is told of a site.

    Attributes:
        told: without what only time changes: two of the same stand for the same.
        at_ms: time of its newest frame, or 0.
        age_s: of that, or None.
    """

    told: Mapping[str, object]
    at_ms: int
    age_s: int | None

    @property
    def record(self) -> dict[str, object]:
        """All of it."""
        return {**self.told, "age_s": self.age_s}


def item_of(known: "Known", newest: "Newest | None", broadcast: Broadcast, now: datetime, tz: ZoneInfo) -> Item:
    """What is told of a site now."""
    now_ms = int(now.timestamp() * 1000)
    values = newest.values if newest else {}
    edges = [{"edge": edge, "state": _edge_state(edge, broadcast, newest, now_ms)} for edge in known.site.edges]
    status = _status(values)
    period = _period(values)
    figures = {name: None if text == NOTHING else text for name, text in known.figures.items()}
    record: dict[str, object] = {
        "site": known.site.id,
        "meter": newest.meter if newest else known.site.meters[-1].key,
        "at": told(newest.time_ms, tz) if newest else None,
        "state": _state(edges, newest, now_ms),
        "power_va": _number(values, "SINSTS", "PAPP"),
        "injection_va": _number(values, "SINSTI"),
        "subscribed_kva": known.subscribed_kva,
        "overload": any(name in values for name in _ALARMS) or bool(status and status.overload),
        "phases": list(_phases(values)),
        "period": figures.get(names.PERIOD) or period,
        "price": figures.get(names.PRICE),
        "currency": figures.get(names.CURRENCY),
        "tariff": figures.get(names.TARIFF),
        "colour_today": _colour_today(values, status),
        "colour_tomorrow": _colour_tomorrow(values, status),
        "registers": list(_registers(values)),
        "today": _today(known, figures, tz),
        "edges": edges,
    }
    age_s = None if newest is None else max(now_ms - newest.time_ms, 0) // 1000
    return Item(record, newest.time_ms if newest else 0, age_s)


def _edge_state(edge: str, broadcast: Broadcast, newest: "Newest | None", now_ms: int) -> str:
    is_fresh = newest is not None and newest.edge == edge and now_ms - newest.time_ms <= ONLINE_MS
    said = broadcast.availability.get(edge)
    if said is not None and said.payload == b"offline" and not (newest and newest.time_ms > said.at_ms and is_fresh):
        return "offline"
    return "online" if is_fresh else "silent"


def _state(edges: list[dict[str, str]], newest: "Newest | None", now_ms: int) -> str:
    states = {each["state"] for each in edges}
    if "online" in states or (newest is not None and now_ms - newest.time_ms <= ONLINE_MS and "offline" not in states):
        return "online"
    return "offline" if states == {"offline"} else "silent"


def _number(values: Mapping[str, int | str], *labels: str) -> int | None:
    for label in labels:
        if isinstance(value := values.get(label), int):
            return value
    return None


def _status(values: Mapping[str, int | str]) -> StatusRegister | None:
    text = values.get("STGE")
    try:
        return parse_status_register(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _period(values: Mapping[str, int | str]) -> str | None:
    ptec, number, called, option = (
        text if isinstance(text := values.get(label), str) else None for label in ("PTEC", "NTARF", "LTARF", "NGTF")
    )
    if ptec is not None:
        return period_of_ptec(ptec)
    return called if number is None else _named(f"EASF{number}", called, option)


def _named(register: str, called: str | None, option: str | None) -> str | None:
    period = period_of(register, called, option, {})
    return None if period == register else period


def _phases(values: Mapping[str, int | str]) -> Iterator[dict[str, int | None]]:
    for phase in (1, 2, 3):
        told_of = {
            "power_va": _number(values, f"SINSTS{phase}"),
            "current_a": _number(values, f"IRMS{phase}", f"IINST{phase}", *(("IINST",) if phase == 1 else ())),
            "voltage_v": _number(values, f"URMS{phase}"),
        }
        if any(value is not None for value in told_of.values()):
            yield {"phase": phase, **told_of}


def _colour_today(values: Mapping[str, int | str], status: StatusRegister | None) -> str | None:
    if status is not None:
        return _COLOURS.get(status.colour_today)
    return _OF_PTEC.get(str(values.get("PTEC", ""))[2:])


def _colour_tomorrow(values: Mapping[str, int | str], status: StatusRegister | None) -> str | None:
    if status is not None:
        return _COLOURS.get(status.colour_tomorrow)
    return _OF_DEMAIN.get(str(values.get("DEMAIN", "")))


def _registers(values: Mapping[str, int | str]) -> Iterator[dict[str, object]]:
    option, called, number = (str(values.get(label) or "") for label in ("NGTF", "LTARF", "NTARF"))
    for name, label in LABELS.items():
        value = values.get(name)
        if label.kind is Kind.REGISTER and isinstance(value, int) and value:
            is_present = name == f"EASF{number}"
            period = _named(name, (called or None) if is_present else None, option or None)
            yield {"register": name, "period": period, "value": value, "unit": label.unit}


def _today(known: "Known", figures: Mapping[str, str | None], tz: ZoneInfo) -> dict[str, object]:
    def energy_wh(counted: Counted) -> int | None:
        return counted.energy_wh if counted.parts else None

    return {
        "from": told(midnight_ms(local_day(known.until_ms, tz), tz), tz),
        "to": told(known.until_ms // 1000 * 1000, tz),
        "consumption_wh": energy_wh(known.consumption),
        "injection_wh": energy_wh(known.injection),
        "estimated": known.consumption.estimated or known.injection.estimated,
        "cost": figures.get(names.TODAY),
        "income": figures.get(names.INCOME_TODAY),
        "currency": figures.get(names.CURRENCY),
        "quality": figures.get(names.QUALITY),
        "reason": figures.get(names.REASON),
    }
