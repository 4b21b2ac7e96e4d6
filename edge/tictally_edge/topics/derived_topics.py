"""Derived topics: what every hub would have to derive from labels: period, available power, overload, status. Pure.

The values are the same in both modes.
"""

from collections.abc import Mapping
from typing import Final

from tictally_edge.topics.active_power import ActivePower
from tictally_edge.topics.naming import NOTHING, RetainedMessage
from tictally_shared.frames import iso_utc
from tictally_shared.labels import LABELS, Mode
from tictally_shared.status_register import OVERLOAD_ALARMS, Cutoff, StatusRegister, parse_status_register
from tictally_shared.tariff_options import EJP, TEMPO, TariffOption, option_of_ngtf, option_of_optarif, period_of_ptec
from tictally_shared.topics import Topics

Labels = Mapping[str, int | str]

ON, OFF = "ON", "OFF"
OPEN, CLOSED = "open", "closed"
PEAKS: Final = (NOTHING, "PM1", "PM2", "PM3")
COLOURS: Final = (NOTHING, "BLEU", "BLANC", "ROUGE")
_COLOUR_OF_DEMAIN: Final = {"BLEU": "BLEU", "BLAN": "BLANC", "ROUG": "ROUGE"}
CUTOFF: Final = {
    Cutoff.CLOSED: CLOSED,
    Cutoff.OVERLOAD: "overload",
    Cutoff.OVERVOLTAGE: "overvoltage",
    Cutoff.SHEDDING: "shedding",
    Cutoff.ORDER: "order",
    Cutoff.OVERHEATING: "overheating",
    Cutoff.OVERHEATING_ON_OVERLOAD: "overheating",
}
# A label that waits for its second sighting is missing in a complete frame; in so many, none is.
_COMPLETE_UNTIL_KNOWN: Final = 3
# ISOUSC is the subscribed current per phase, at the 200 V by which contracts are computed: 30 A are 6 kVA.
_CONTRACT_V: Final = 200


def option_of(labels: Labels) -> TariffOption | None:
    """Return the regulated tariff option that a meter's labels name, or None."""
    optarif, ngtf = labels.get("OPTARIF"), labels.get("NGTF")
    if isinstance(optarif, str):
        return option_of_optarif(optarif)
    return option_of_ngtf(ngtf) if isinstance(ngtf, str) else None


def derive(labels: Labels) -> dict[str, str]:
    """Return name → value, as far as the labels allow.

    Args:
        labels: label → value, as the meter shows them now.
    """
    option = option_of(labels)
    stge = labels.get("STGE")
    status = parse_status_register(stge) if isinstance(stge, str) else None
    derived = {
        "period": _period(labels, option),
        **_power(labels),
        "overload": _overload(labels, status),
        **(_of_status(status) if status is not None else {}),
    }
    if option is TEMPO:
        derived |= _colours(labels, status)
    if option is EJP or (option is None and status is not None):
        derived |= _peaks(labels, status)
    return {name: value for name, value in derived.items() if value is not None}


class DerivedTopics:
    """The derived topics of one meter.

    Args:
        topics: below which base.
        meter: its number or key.
        every_s: least time between two changes of active power.
        all_every_s: after this time a value is published again although it did not change.
    """

    def __init__(self, topics: Topics, meter: str, *, every_s: float = 5.0, all_every_s: float = 300.0) -> None:
        self._topics, self._meter, self._all_every_s = topics, meter, all_every_s
        self._power = ActivePower(every_s)
        self._shown: dict[str, tuple[str, float]] = {}
        self._retained: set[str] = set()
        self._complete_frames = 0

    def reset(self) -> None:
        """Publish everything again with the next frame: the broker may have nothing."""
        self._retained |= self._shown.keys()
        self._shown.clear()

    def note_retained(self, name: str, payload: bytes = b"") -> None:
        """Note a retained topic of this meter; it is cleared where no value of its name is derived."""
        self._retained.add(name)
        self._power.restore(name, payload.decode(errors="replace"))

    def add(self, values: Labels, at: float) -> None:
        """Learn the power factor from a frame's values, of which topics show only some."""
        self._power.add(values, at)

    def publish(self, labels: Labels, at: float, time_ms: int | None, *, is_complete: bool) -> list[RetainedMessage]:
        """Return the messages that the labels change; none before a complete frame has shown all labels.

        Args:
            labels: label → value, as on the label topics.
            at: seconds on a clock that never steps.
            time_ms: when the frame's end arrived, or None if no clock is proved.
            is_complete: whether this frame shows everything that its meter sends.
        """
        self._complete_frames += is_complete
        if not self._complete_frames:
            return []
        time = None if time_ms is None else iso_utc(time_ms)
        derived = {**derive(labels), **self._power.figures(labels, at)}
        changes = []
        for name, value in derived.items():
            before = self._shown.get(name)
            if before is None or before[0] != value or at - before[1] >= self._all_every_s:
                self._shown[name] = value, at
                changes.append(RetainedMessage(self._topics.derived(self._meter, name), value, time))
        return changes + self._clear(derived)

    def _clear(self, derived: Mapping[str, str]) -> list[RetainedMessage]:
        gone = self._shown.keys() - derived.keys()
        if self._complete_frames >= _COMPLETE_UNTIL_KNOWN:
            gone |= self._retained - derived.keys()
            self._retained.clear()
        for name in gone:
            self._shown.pop(name, None)
        return [RetainedMessage(self._topics.derived(self._meter, name), "") for name in sorted(gone)]


def _period(labels: Labels, option: TariffOption | None) -> str | None:
    match labels:
        case {"PTEC": str(ptec)}:
            return period_of_ptec(ptec)
        case {"NTARF": str(ntarf)} if option is not None:
            return option.period_of(f"EASF{ntarf}")
        case {"LTARF": str(ltarf)} if option is None:
            return ltarf or NOTHING
    return None


def _power(labels: Labels) -> dict[str, str | None]:
    match labels:
        case {"PREF": int(reference_kva), "SINSTS": int(consumption)}:
            subscribed = reference_kva * 1000
        case {"ISOUSC": int(ampere), "PAPP": int(consumption)}:
            subscribed = ampere * _CONTRACT_V * (3 if "IINST3" in labels else 1)
        case _:
            return {}
    share = str(round(100 * consumption / subscribed)) if subscribed else None
    return {"available_power": str(subscribed - consumption), "subscription_share": share}


def _overload(labels: Labels, status: StatusRegister | None) -> str | None:
    """In historique mode alarms are sent only while they last; in standard mode only the status register has it."""
    if status is not None:
        return _on(status.overload)
    is_historique = any(name in LABELS and LABELS[name].mode is Mode.HISTORIQUE for name in labels)
    return _on(any(alarm in labels for alarm in OVERLOAD_ALARMS)) if is_historique else None


def _of_status(status: StatusRegister) -> dict[str, str | None]:
    return {
        "contact": _open(status.contact_open),
        "cutoff": CUTOFF[status.cutoff] if status.cutoff is not None else None,
        "cover": _open(status.cover_open),
        "overvoltage": _on(status.overvoltage),
        "injecting": _on(status.injecting) if status.producer else None,
        "clock_degraded": _on(status.clock_degraded),
    }


def _colours(labels: Labels, status: StatusRegister | None) -> dict[str, str | None]:
    if status is not None:
        return {"colour_today": COLOURS[status.colour_today], "colour_tomorrow": COLOURS[status.colour_tomorrow]}
    ptec, tomorrow = labels.get("PTEC"), labels.get("DEMAIN")
    period = period_of_ptec(ptec) if isinstance(ptec, str) else None
    return {
        "colour_today": period.split()[-1] if period is not None and " " in period else None,
        "colour_tomorrow": _COLOUR_OF_DEMAIN.get(tomorrow, NOTHING) if isinstance(tomorrow, str) else None,
    }


def _peaks(labels: Labels, status: StatusRegister | None) -> dict[str, str | None]:
    if status is not None:
        return {"peak_notice": PEAKS[status.peak_notice], "peak_now": PEAKS[status.peak_now]}
    ptec = labels.get("PTEC")
    is_now = period_of_ptec(ptec) == "PM" if isinstance(ptec, str) else None
    return {
        "peak_notice": PEAKS["PEJP" in labels],
        "peak_now": None if is_now is None else PEAKS[is_now],
    }


def _on(flag: bool) -> str:  # noqa: FBT001
    return ON if flag else OFF


def _open(flag: bool) -> str:  # noqa: FBT001
    return OPEN if flag else CLOSED
