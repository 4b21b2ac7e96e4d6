"""The current state of a site as a record: from its latest frame and today's figures. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.api.responses import local_iso
from tictally_recorder.calendars.tempo import NAMES_OF_COLOURS
from tictally_recorder.energy.register_totals import Counted, period_of
from tictally_recorder.hubs import site_state as names
from tictally_recorder.hubs.site_state import NOTHING
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ledger import Site
from tictally_recorder.reason import Reason
from tictally_recorder.translations import phrase_record
from tictally_shared.calendar import local_day, local_midnight
from tictally_shared.labels import LABELS, Kind
from tictally_shared.status_register import StatusRegister, is_overloaded, parse_status_register
from tictally_shared.tariff_options import period_of_ptec

ONLINE_MS: Final = 30_000
_W_PER_KW: Final = 1000
_PTEC_COLOURS: Final = {"JB": "blue", "JW": "white", "JR": "red"}
_DEMAIN_COLOURS: Final = {"BLEU": "blue", "BLAN": "white", "ROUG": "red"}

Values = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class LatestFrame:
    """The latest frame of a meter.

    Attributes:
        meter: key of the meter.
        edge: that sent it.
        time_ms: its time in milliseconds since 1970.
        values: label → value.
        power_w: active power consumed then, in W; None where it is unknown.
        injection_w: active power injected, likewise.
    """

    meter: str
    edge: str
    time_ms: int
    values: Values
    power_w: int | None = None
    injection_w: int | None = None


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """What is known of a site beside its latest frame.

    Attributes:
        site: of the ledger.
        subscribed_kva: by contract, else as the meter reports it, or None.
        figures: of today, name → text, as published for hubs.
        reasons: why today's cost is unknown or provisional.
        consumption: of today.
        injection: of today.
        until_ms: when they were read, in milliseconds since 1970.
    """

    site: Site
    subscribed_kva: int | None
    figures: Mapping[str, str]
    reasons: Sequence[Reason]
    consumption: Counted
    injection: Counted
    until_ms: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The current state of a site.

    Attributes:
        content: the record without its age: equal contents mean that nothing has changed.
        at_ms: time of the latest frame in milliseconds since 1970, or 0.
        age_s: age of the latest frame in seconds, or None.
    """

    content: Mapping[str, object]
    at_ms: int
    age_s: int | None

    @property
    def record(self) -> dict[str, object]:
        """As the API returns it."""
        return {**self.content, "age_s": self.age_s}


def make_snapshot(
    known: SiteFigures, latest: LatestFrame | None, broadcast: Broadcast, now: datetime, tz: ZoneInfo
) -> Snapshot:
    """The current state of a site.

    Args:
        known: figures of the site.
        latest: its latest frame, or None.
        broadcast: availability of edges.
        now: the current time, aware.
        tz: time zone of the record.
    """
    now_ms = int(now.timestamp() * 1000)
    values = latest.values if latest else {}
    edges = [{"edge": edge, "state": _edge_state(edge, broadcast, latest, now_ms)} for edge in known.site.edges]
    status = _status(values)
    figures = {name: None if text == NOTHING else text for name, text in known.figures.items()}
    record: dict[str, object] = {
        "site": known.site.id,
        "meter": latest.meter if latest else known.site.meters[-1].key,
        "at": local_iso(latest.time_ms, tz) if latest else None,
        "state": _site_state(edges, latest, now_ms),
        "power_va": _number(values, "SINSTS", "PAPP"),
        "injection_va": _number(values, "SINSTI"),
        "power_w": latest.power_w if latest else None,
        "injection_w": latest.injection_w if latest else None,
        "cost_per_hour": None if latest is None else _cost_per_hour(latest, figures),
        "subscribed_kva": known.subscribed_kva,
        "overload": is_overloaded(values),
        "phases": list(_phases(values)),
        "period": figures.get(names.PERIOD) or _period(values),
        "price": figures.get(names.PRICE),
        "currency": figures.get(names.CURRENCY),
        "tariff": figures.get(names.TARIFF),
        "colour_today": _colour_today(values, status),
        "colour_tomorrow": _colour_tomorrow(values, status),
        "registers": list(_registers(values)),
        "today": _today(known, figures, tz),
        "edges": edges,
    }
    age_s = None if latest is None else max(now_ms - latest.time_ms, 0) // 1000
    return Snapshot(record, latest.time_ms if latest else 0, age_s)


def _edge_state(edge: str, broadcast: Broadcast, latest: LatestFrame | None, now_ms: int) -> str:
    is_fresh = latest is not None and latest.edge == edge and now_ms - latest.time_ms <= ONLINE_MS
    status = broadcast.availability.get(edge)
    if status is not None and status.payload == b"offline":
        came_back = latest is not None and latest.time_ms > status.at_ms and is_fresh
        if not came_back:
            return "offline"
    return "online" if is_fresh else "silent"


def _site_state(edges: Sequence[Mapping[str, str]], latest: LatestFrame | None, now_ms: int) -> str:
    states = {each["state"] for each in edges}
    if "online" in states or (latest is not None and now_ms - latest.time_ms <= ONLINE_MS and "offline" not in states):
        return "online"
    return "offline" if states == {"offline"} else "silent"


def _cost_per_hour(latest: LatestFrame, figures: Mapping[str, str | None]) -> str | None:
    """What an hour of the present power costs, without subscription; negative where it is income."""
    amounts = []
    for watts, name, sign in ((latest.power_w, names.PRICE, 1), (latest.injection_w, names.PRICE_INJECTION, -1)):
        price = figures.get(name)
        if price is not None and watts is not None:
            amounts.append(sign * watts * Decimal(price) / _W_PER_KW)
        elif watts and name == names.PRICE:
            return None
    return f"{sum(amounts):.4f}" if amounts else None


def _number(values: Values, *labels: str) -> int | None:
    for label in labels:
        if isinstance(value := values.get(label), int):
            return value
    return None


def _status(values: Values) -> StatusRegister | None:
    text = values.get("STGE")
    try:
        return parse_status_register(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _period(values: Values) -> str | None:
    ptec, number, name, option = (
        text if isinstance(text := values.get(label), str) else None for label in ("PTEC", "NTARF", "LTARF", "NGTF")
    )
    if ptec is not None:
        return period_of_ptec(ptec)
    return name if number is None else _period_of_register(f"EASF{number}", name, option)


def _period_of_register(register: str, name: str | None, option: str | None) -> str | None:
    period = period_of(register, name, option, {})
    return None if period == register else period


def _phases(values: Values) -> Iterator[dict[str, int | None]]:
    for phase in (1, 2, 3):
        phase_values = {
            "power_va": _number(values, f"SINSTS{phase}"),
            "current_a": _number(values, f"IRMS{phase}", f"IINST{phase}", *(("IINST",) if phase == 1 else ())),
            "voltage_v": _number(values, f"URMS{phase}"),
        }
        if any(value is not None for value in phase_values.values()):
            yield {"phase": phase, **phase_values}


def _colour_today(values: Values, status: StatusRegister | None) -> str | None:
    if status is not None:
        return NAMES_OF_COLOURS.get(status.colour_today)
    return _PTEC_COLOURS.get(str(values.get("PTEC", ""))[2:])


def _colour_tomorrow(values: Values, status: StatusRegister | None) -> str | None:
    if status is not None:
        return NAMES_OF_COLOURS.get(status.colour_tomorrow)
    return _DEMAIN_COLOURS.get(str(values.get("DEMAIN", "")))


def _registers(values: Values) -> Iterator[dict[str, object]]:
    option, current, number = (str(values.get(label) or "") for label in ("NGTF", "LTARF", "NTARF"))
    for name, label in LABELS.items():
        value = values.get(name)
        if label.kind is Kind.REGISTER and isinstance(value, int) and value:
            is_current = name == f"EASF{number}"
            period = _period_of_register(name, (current or None) if is_current else None, option or None)
            yield {"register": name, "period": period, "value": value, "unit": label.unit}


def _today(known: SiteFigures, figures: Mapping[str, str | None], tz: ZoneInfo) -> dict[str, object]:
    def energy_wh(counted: Counted) -> int | None:
        return counted.energy_wh if counted.parts else None

    midnight = local_midnight(local_day(known.until_ms, tz), tz)
    return {
        "from": midnight.astimezone(tz).isoformat(timespec="seconds"),
        "to": local_iso(known.until_ms // 1000 * 1000, tz),
        "consumption_wh": energy_wh(known.consumption),
        "injection_wh": energy_wh(known.injection),
        "estimated": known.consumption.estimated or known.injection.estimated,
        "cost": figures.get(names.TODAY),
        "income": figures.get(names.INCOME_TODAY),
        "currency": figures.get(names.CURRENCY),
        "quality": figures.get(names.QUALITY),
        "reasons": [phrase_record(each) for each in known.reasons],
    }
