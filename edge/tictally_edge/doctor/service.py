"""Findings from the health message of a running edge. Pure."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tictally_edge.decoding.groups import Fault
from tictally_edge.doctor.clock import PROOFS, WAITS, diagnose_drift
from tictally_edge.doctor.listening import diagnose_habits, signal
from tictally_edge.finding import EdgeFinding, FindingCode, PartCode, Subject, bad, good, process_part
from tictally_edge.processes import Process
from tictally_edge.sources.base import SourceState
from tictally_edge.sources.relay_findings import diagnose_relay, is_relayed
from tictally_shared.calendar import FRENCH_LEGAL_TIME
from tictally_shared.frames import parse_time_ms
from tictally_shared.phrase import Phrase, PhraseCode

_STALE_S: Final = 180
_YOUNG_S: Final = 60
# Counts of the health message that stay zero while all is well.
_PROBLEMS: Final = {
    "rejected_by_broker": FindingCode.MESSAGES_REJECTED,
    "journal_unstored": FindingCode.FRAMES_UNSTORED,
    "journal_damaged": FindingCode.JOURNAL_DAMAGED,
    "dropped_without_number": FindingCode.FRAMES_WITHOUT_NUMBER,
    "callback_errors": FindingCode.ERRORS_IN_EDGE,
    "name_conflicts": FindingCode.NAME_USED_TWICE,
    "number_conflicts": FindingCode.NUMBERS_USED_TWICE,
    "messages_withheld": FindingCode.MESSAGES_WITHHELD,
    "meters": FindingCode.METERS_MANY,
    "boots_held": FindingCode.BOOTS_MANY,
}
# Those that may be higher: a meter is exchanged now and then, and a health message lists 16 boots.
_NORMAL: Final = {"meters": 8, "boots_held": 16}


def diagnose_service(
    process: Process | None, availability: str, health: dict[str, Any] | None, age_s: float | None
) -> list[EdgeFinding]:
    """Diagnose a running edge.

    Args:
        process: the edge, where it has the port open.
        availability: as retained at the broker.
        health: its message, or None if there is none or this user may not read it.
        age_s: how old that is, or None.
    """
    edge = Phrase(PartCode.THE_EDGE)
    if process is not None:
        edge = Phrase(PartCode.THE_EDGE_AS_PROCESS, {"process": process_part(process)})
    if availability != "online" or health is None or age_s is None:
        if process is None or availability == "offline":
            state = availability or Phrase(PartCode.AVAILABILITY_UNKNOWN)
            return [bad(Subject.SERVICE, FindingCode.SERVICE_NOT_AT_BROKER, edge=edge, availability=state)]
        return [good(Subject.SERVICE, FindingCode.SERVICE_HEALTH_UNREADABLE, edge=edge)]
    if age_s > _STALE_S:
        return [bad(Subject.SERVICE, FindingCode.SERVICE_HEALTH_OLD, edge=edge, minutes=round(age_s / 60))]
    uptime_s, waiting = _count(health, "uptime_s"), _backlog(health)
    problems = [
        bad(Subject.SERVICE, code, count=count)
        for name, code in _PROBLEMS.items()
        if (count := _count(health, name)) > _NORMAL.get(name, 0)
    ]
    runs = good(Subject.SERVICE, FindingCode.SERVICE_RUNS, edge=edge, uptime=uptime_s, count=waiting)
    return [runs, *problems, *_line(health), _clock(health)]


def _line(health: dict[str, Any]) -> Iterator[EdgeFinding]:
    source = health.get("source")
    if isinstance(source, dict) and is_relayed(source):
        yield from diagnose_relay(source, str(health.get("port")), Subject.LINE)
        yield from diagnose_habits(_faults(health), ())
        return
    if not isinstance(source, dict) or source.get("state") != SourceState.RECEIVING:
        code = FindingCode.NO_GOOD_FRAME_YET if _is_young(health) else FindingCode.NO_GOOD_FRAME
        yield bad(Subject.LINE, code, port=str(health.get("port")))
        return
    noise = _counts(health, "rejected") - _counts(health, "rejected_repeatedly")
    mode = Phrase(PartCode.MODE, {"mode": str(health.get("mode"))})
    yield signal(mode, _count(health, "frames"), _count(health, "groups"), noise, parity=health.get("parity") is True)
    deviations = health.get("deviations")
    yield from diagnose_habits(_faults(health), map(str, deviations) if isinstance(deviations, list) else ())


def _faults(health: dict[str, Any]) -> list[Fault]:
    faults = health.get("repeated_faults")
    try:
        return [Fault(str(each["reason"]), str(each["label"])) for each in faults or ()]
    except (TypeError, KeyError):
        return []  # another version's message


def _clock(health: dict[str, Any]) -> EdgeFinding:
    waits_for = health.get("clock_waits_for")
    if waits_for is not None:
        code = FindingCode.CLOCK_WAITS_YET if _is_young(health) else FindingCode.CLOCK_WAITS
        return bad(Subject.CLOCK, code, count=_count(health, "waiting_for_date"), wait=_part(WAITS, waits_for))
    proof = _part(PROOFS, health.get("clock"))
    drift_s = health.get("meter_clock_drift_s")
    if not isinstance(drift_s, int | float):
        return good(Subject.CLOCK, FindingCode.CLOCK_PROVED, proof=proof)
    found = diagnose_drift(round(drift_s * 1000), _time_ms(health), str(health.get("timezone", FRENCH_LEGAL_TIME)))
    if found is not None:
        return found
    difference = Phrase(
        PartCode.METER_AHEAD if drift_s >= 0 else PartCode.METER_BEHIND, {"seconds": round(abs(drift_s))}
    )
    return good(Subject.CLOCK, FindingCode.CLOCK_PROVED_METER_DIFFERS, proof=proof, difference=difference)


def _time_ms(health: dict[str, Any]) -> int:
    try:
        return parse_time_ms(str(health.get("time")))
    except ValueError:
        return time.time_ns() // 1_000_000


def _part(parts: Mapping[Any, PhraseCode], code: object) -> Phrase | str:
    """The words of a code of the message, or the code of another version's."""
    return Phrase(parts[code]) if code in parts else str(code)


def _is_young(health: dict[str, Any]) -> bool:
    return _count(health, "uptime_s") < _YOUNG_S


def _backlog(health: dict[str, Any]) -> int:
    boots = health.get("boots")
    try:
        return sum(last - first + 1 for boot in boots or () for first, last in boot["backlog"])
    except (TypeError, KeyError, ValueError):
        return 0  # another version's message


def _counts(health: dict[str, Any], name: str) -> Counter[str]:
    counts = health.get(name)
    return Counter({key: n for key, n in counts.items() if isinstance(n, int)} if isinstance(counts, dict) else {})


def _count(health: dict[str, Any], name: str) -> int:
    value = health.get(name)
    return value if isinstance(value, int) else 0
