"""What a running edge says of itself, made findings. Pure."""

from datetime import timedelta
from typing import Any, Final

from tictally_edge.doctor.clock import GET_TIME
from tictally_edge.doctor.clock import SUBJECT as CLOCK
from tictally_edge.doctor.finding import Finding, bad, good
from tictally_edge.doctor.listening import LINE, signal
from tictally_edge.doctor.processes import Process

SUBJECT: Final = "service"
_STALE_S: Final = 180
_YOUNG_S: Final = 60
_AGAIN: Final = "It has just started: ask again in a minute."
_STOP: Final = "Stop the edge (sudo systemctl stop tictally-edge) and ask again: the line is then listened to."
# LineCounts that stay at nought while all is well → what they mean, what to do.
_TROUBLES: Final = {
    "rejected_by_broker": (
        "messages were rejected by the broker.",
        "Let the edge's user write below its base topic (mosquitto's acl_file).",
    ),
    "journal_unstored": ("frames could not be kept.", "Make room where the journal lies."),
    "journal_damaged": (
        "files of the journal could not be read.",
        "See what journalctl -u tictally-edge says of them.",
    ),
    "dropped_without_number": ("frames were given up without a meter's number.", "See to the line's signal."),
    "callback_errors": ("errors in the edge itself.", "HealthReport what journalctl -u tictally-edge says of them."),
}


def judge_service(
    process: Process | None, availability: str, health: dict[str, Any] | None, age_s: float | None
) -> list[Finding]:
    """What it comes to.

    Args:
        process: the edge, where it was seen to have the port open.
        availability: what is retained of it at the broker.
        health: its message, or None where there is none that this user may read.
        age_s: how old that is, or None.
    """
    who = f"the edge, {process}," if process is not None else "the edge"
    if availability != "online" or health is None or age_s is None:
        if process is None or availability == "offline":
            do = "Look at journalctl -u tictally-edge, and at what is said of the broker here."
            return [bad(SUBJECT, f"{who} runs, and the broker has it as {availability or 'nothing'}.", do)]
        return [good(SUBJECT, f"{who} runs; this user may not read at the broker what it says of itself.")]
    if age_s > _STALE_S:
        return [bad(SUBJECT, f"{who} is online; its last word is {age_s / 60:.0f} minutes old.", "Start it again.")]
    up = timedelta(seconds=_count(health, "uptime_s"))
    says = f"{who} had been up for {up} when it last spoke; {_backlog(health)} frames waited for the broker."
    troubles = [
        bad(SUBJECT, f"since its start {count} {words}", do)
        for name, (words, do) in _TROUBLES.items()
        if (count := _count(health, name))
    ]
    return [good(SUBJECT, says), *troubles, _line(health), _clock(health)]


def _line(health: dict[str, Any]) -> Finding:
    if not str(health.get("port", "")).endswith("(heard)"):
        do = _AGAIN if _count(health, "uptime_s") < _YOUNG_S else _STOP
        return bad(LINE, f"the edge hears no meter on {health.get('port')}.", do)
    rejected = health.get("rejected")
    counts = {name: n for name, n in rejected.items() if isinstance(n, int)} if isinstance(rejected, dict) else {}
    mode = f"{health.get('mode')} mode"
    return signal(mode, _count(health, "frames"), _count(health, "groups"), counts, parity=health.get("parity") is True)


def _clock(health: dict[str, Any]) -> Finding:
    waits_for = health.get("clock_waits_for")
    if waits_for is not None:
        waiting = _count(health, "waiting_for_date")
        do = _AGAIN if _count(health, "uptime_s") < _YOUNG_S else GET_TIME
        return bad(CLOCK, f"not believed yet: {waiting} frames wait for {waits_for}.", do)
    return good(CLOCK, f"{health.get('clock')}.")


def _backlog(health: dict[str, Any]) -> int:
    boots = health.get("boots")
    try:
        return sum(last - first + 1 for boot in boots or () for first, last in boot["backlog"])
    except (TypeError, KeyError, ValueError):
        return 0  # another version's message


def _count(health: dict[str, Any], name: str) -> int:
    value = health.get(name)
    return value if isinstance(value, int) else 0
