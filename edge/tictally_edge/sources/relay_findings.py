"""Findings on a source whose meter another program reads, from what health shows of it. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tictally_edge.finding import EdgeFinding, FindingCode, Subject, bad, good
from tictally_edge.sources.base import SourceState
from tictally_edge.sources.message_formats import RAW
from tictally_edge.sources.publishers.decoder import PublisherProblem

_SCHEMES: Final = frozenset({"mqtt", "mqtts"})
_MOST_TOPICS: Final = 5


def is_relayed(source: Mapping[str, Any]) -> bool:
    """Whether a source, as in health, is another program's messages, and not bytes of the line."""
    return source.get("type") in _SCHEMES and source.get("form") != RAW


def diagnose_relay(source: Mapping[str, Any], address: str, subject: Subject) -> Iterator[EdgeFinding]:
    """Yield what is known of a source, the most important first.

    Args:
        source: as in health; anything may be missing in another version's.
        address: of the source.
        subject: of the findings.
    """
    found = _obstacle(source, address, subject)
    if found is not None:
        yield found
        return
    form, device = str(source["form"]), str(source.get("device") or "")
    yield good(subject, FindingCode.SOURCE_RECOGNISED, format=form, device=device, address=address)
    if PublisherProblem.NO_OPTION in _texts(source, "problems"):
        yield bad(subject, FindingCode.SOURCE_WITHOUT_OPTION, address=address)
    step_wh = source.get("step_wh")
    if isinstance(step_wh, int) and step_wh > 1:
        yield good(subject, FindingCode.SOURCE_REGISTERS_ROUNDED, step=step_wh)


def _obstacle(source: Mapping[str, Any], address: str, subject: Subject) -> EdgeFinding | None:
    """What keeps the source from being read, or None."""
    if source.get("state") == SourceState.CLOSED:
        return bad(subject, FindingCode.SOURCE_NOT_CONNECTED, address=address)
    problems = _texts(source, "problems")
    if PublisherProblem.SEVERAL_METERS in problems:
        return bad(subject, FindingCode.SOURCE_SEVERAL_METERS, topics=_texts(source, "meters"), address=address)
    if not isinstance(source.get("last_message_age_s"), int):
        return bad(subject, FindingCode.SOURCE_WITHOUT_MESSAGE, address=address)
    if source.get("form") is None:
        return bad(subject, FindingCode.SOURCE_FORM_UNKNOWN, topics=_texts(source, "unread"), address=address)
    return _shortcoming(source, address, subject)


def _shortcoming(source: Mapping[str, Any], address: str, subject: Subject) -> EdgeFinding | None:
    """What keeps messages of a known format from becoming frames, or None."""
    problems, age_s, messages = _texts(source, "problems"), source.get("last_frame_age_s"), source.get("messages")
    if PublisherProblem.NO_MODE in problems:
        return bad(subject, FindingCode.SOURCE_WITHOUT_MODE, address=address)
    if PublisherProblem.NO_NUMBER in problems:
        return bad(subject, FindingCode.SOURCE_WITHOUT_NUMBER, format=str(source["form"]), address=address)
    if not isinstance(age_s, int):
        count = messages if isinstance(messages, int) else 0
        return bad(subject, FindingCode.SOURCE_WITHOUT_GOOD_FRAME, count=count, address=address)
    if source.get("state") != SourceState.RECEIVING:
        return bad(subject, FindingCode.SOURCE_SILENT, age=age_s, address=address)
    return None


def _texts(source: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = source.get(name)
    return tuple(map(str, found[:_MOST_TOPICS])) if isinstance(found, list) else ()
