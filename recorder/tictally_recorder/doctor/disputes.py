"""What the doctor finds about names, numbers and limits: what is used twice, and which edges are stopped. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tictally_recorder.doctor.facts import Facts, LedgerFacts
from tictally_recorder.finding import Finding, FindingCode, Level, Subject, SubjectKind
from tictally_recorder.ledger import Limit
from tictally_shared.frames import FrameError, strict_json
from tictally_shared.phrase import Phrase

_RECORDER: Final = Subject(SubjectKind.RECORDER)
# Counts of the recorder's health that stay zero while all is well.
_OF_RECORDER: Final[Mapping[str, FindingCode]] = {
    "name_conflicts": FindingCode.RECORDER_NAME_USED_TWICE,
    "client_id_conflicts": FindingCode.LEDGER_COPIED,
    "messages_withheld": FindingCode.MESSAGES_WITHHELD,
}
_OF_EDGE: Final[Mapping[str, FindingCode]] = {
    "name_conflicts": FindingCode.EDGE_NAME_USED_TWICE,
    "messages_withheld": FindingCode.EDGE_MESSAGES_WITHHELD,
}
_LIMITS: Final[Mapping[str, FindingCode]] = {
    Limit.METERS: FindingCode.EDGE_METERS_LIMITED,
    Limit.BOOTS: FindingCode.EDGE_BOOTS_LIMITED,
    Limit.DEFERRED: FindingCode.EDGE_DEFERRED_LIMITED,
    Limit.CONFLICTS: FindingCode.EDGE_CONFLICTS_LIMITED,
}


def dispute_findings(facts: Facts, ledger: LedgerFacts) -> Iterator[Finding]:
    """Names, client ids and frame numbers that are used twice, messages too large for the broker, and limits."""
    health = health_fields(facts.recorder_health)
    yield from _counted(health, _OF_RECORDER, _RECORDER)
    for edge, each in sorted(facts.edges.items()):
        yield from _counted(health_fields(each.health), _OF_EDGE, _edge(edge))
    for edge, count in ledger.conflicts.items():
        yield Finding(_edge(edge), Level.NOTE, Phrase(FindingCode.EDGE_NUMBERS_USED_TWICE, {"count": count}))
    reached = health.get("edges_at_limit")
    for edge, limits in sorted(reached.items()) if isinstance(reached, dict) else ():
        for limit in limits if isinstance(limits, list) else ():
            if isinstance(limit, str) and limit in _LIMITS:
                yield Finding(_edge(edge), Level.TROUBLE, Phrase(_LIMITS[limit]))


def health_fields(payload: bytes | None) -> dict[str, Any]:
    """The fields of a health message; none where it cannot be read."""
    try:
        return strict_json(payload or b"")
    except FrameError:
        return {}


def _counted(health: Mapping[str, Any], codes: Mapping[str, FindingCode], about: Subject) -> Iterator[Finding]:
    for name, code in codes.items():
        count = health.get(name)
        if isinstance(count, int) and count > 0:
            yield Finding(about, Level.TROUBLE, Phrase(code, {"count": count}))


def _edge(name: str) -> Subject:
    return Subject(SubjectKind.EDGE, name)
