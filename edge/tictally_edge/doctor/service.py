"""Findings from the health message of a running edge. Pure."""

from datetime import timedelta
from typing import Any, Final

from tictally_edge.doctor.clock import GET_TIME, PROOFS, WAITS
from tictally_edge.doctor.clock import SUBJECT as CLOCK
from tictally_edge.doctor.listening import LINE, signal
from tictally_edge.finding import EdgeFinding, bad, good
from tictally_edge.processes import Process
from tictally_edge.sources.base import SourceState

SUBJECT: Final = "service"
_STALE_S: Final = 180
_YOUNG_S: Final = 60
_PROOFS: Final = {str(code): text for code, text in PROOFS.items()}
_WAITS: Final = {str(code): text for code, text in WAITS.items()}
_AGAIN: Final = "It has just started: try again in a minute."
_STOP: Final = (
    "Stop the edge (sudo systemctl stop tictally-edge) and run the doctor again: it then listens to the line."
)
# Counts that stay zero while all is well → meaning, advice.
_PROBLEMS: Final = {
    "rejected_by_broker": (
        "messages were rejected by the broker.",
        "Allow the edge's user to write below its base topic (mosquitto's acl_file).",
    ),
    "journal_unstored": ("frames could not be stored.", "Free space where the journal is."),
    "journal_damaged": (
        "files of the journal could not be read.",
        "Read journalctl -u tictally-edge.",
    ),
    "dropped_without_number": ("frames were dropped without a meter's number.", "Improve the line's signal."),
    "callback_errors": ("errors in the edge itself.", "Report them with the log: journalctl -u tictally-edge."),
}


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
    who = f"the edge, {process}," if process is not None else "the edge"
    if availability != "online" or health is None or age_s is None:
        if process is None or availability == "offline":
            advice = "Read journalctl -u tictally-edge, and the finding on the broker above."
            return [bad(SUBJECT, f"{who} runs; at the broker it is {availability or 'unknown'}.", advice)]
        return [good(SUBJECT, f"{who} runs; this user may not read its health at the broker.")]
    if age_s > _STALE_S:
        return [bad(SUBJECT, f"{who} is online; its health is {age_s / 60:.0f} minutes old.", "Restart it.")]
    up = timedelta(seconds=_count(health, "uptime_s"))
    message = f"{who} has been running for {up}; {_backlog(health)} frames wait for the broker."
    problems = [
        bad(SUBJECT, f"since its start {count} {text}", advice)
        for name, (text, advice) in _PROBLEMS.items()
        if (count := _count(health, name))
    ]
    return [good(SUBJECT, message), *problems, _line(health), _clock(health)]


def _line(health: dict[str, Any]) -> EdgeFinding:
    source = health.get("source")
    if not isinstance(source, dict) or source.get("state") != SourceState.RECEIVING:
        advice = _AGAIN if _count(health, "uptime_s") < _YOUNG_S else _STOP
        return bad(LINE, f"the edge receives no good frame from {health.get('port')}.", advice)
    rejected = health.get("rejected")
    counts = {name: n for name, n in rejected.items() if isinstance(n, int)} if isinstance(rejected, dict) else {}
    mode = f"{health.get('mode')} mode"
    return signal(mode, _count(health, "frames"), _count(health, "groups"), counts, parity=health.get("parity") is True)


def _clock(health: dict[str, Any]) -> EdgeFinding:
    waits_for = health.get("clock_waits_for")
    if waits_for is not None:
        waiting = _count(health, "waiting_for_date")
        advice = _AGAIN if _count(health, "uptime_s") < _YOUNG_S else GET_TIME
        return bad(CLOCK, f"not proved yet: {waiting} frames wait for {_WAITS.get(str(waits_for), waits_for)}.", advice)
    clock = health.get("clock")
    return good(CLOCK, f"{_PROOFS.get(str(clock), clock)}.")


def _backlog(health: dict[str, Any]) -> int:
    boots = health.get("boots")
    try:
        return sum(last - first + 1 for boot in boots or () for first, last in boot["backlog"])
    except (TypeError, KeyError, ValueError):
        return 0  # another version's message


def _count(health: dict[str, Any], name: str) -> int:
    value = health.get(name)
    return value if isinstance(value, int) else 0
