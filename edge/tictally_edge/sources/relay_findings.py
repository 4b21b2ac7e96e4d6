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
    problems, state = _texts(source, "problems"), source.get("state")
    age_s = source.get("last_message_age_s")
    if state == SourceState.CLOSED:
        yield bad(subject, FindingCode.SOURCE_NOT_CONNECTED, address=address)
    elif PublisherProblem.SEVERAL_METERS in problems:
        yield bad(subject, FindingCode.SOURCE_SEVERAL_METERS, topics=_texts(source, "meters"), address=address)
    elif not isinstance(age_s, int):
        yield bad(subject, FindingCode.SOURCE_WITHOUT_MESSAGE, address=address)
    elif source.get("form") is None:
        yield bad(subject, FindingCode.SOURCE_FORM_UNKNOWN, topics=_texts(source, "unread"), address=address)
    elif PublisherProblem.NO_MODE in problems:
        yield bad(subject, FindingCode.SOURCE_WITHOUT_MODE, address=address)
    elif PublisherProblem.NO_NUMBER in problems:
        yield bad(subject, FindingCode.SOURCE_WITHOUT_NUMBER, format=str(source["form"]), address=address)
    elif state != SourceState.RECEIVING:
        yield bad(subject, FindingCode.SOURCE_SILENT, age=age_s, address=address)
    else:
        form, device = str(source["form"]), str(source.get("device") or "")
        yield good(subject, FindingCode.SOURCE_RECOGNISED, format=form, device=device, address=address)
        if PublisherProblem.NO_OPTION in problems:
            yield bad(subject, FindingCode.SOURCE_WITHOUT_OPTION, address=address)
        step_wh = source.get("step_wh")
        if isinstance(step_wh, int) and step_wh > 1:
            yield good(subject, FindingCode.SOURCE_REGISTERS_ROUNDED, step=step_wh)


def _texts(source: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = source.get(name)
    return tuple(map(str, found[:_MOST_TOPICS])) if isinstance(found, list) else ()
