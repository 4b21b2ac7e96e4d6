"""What the doctor finds about sinks: whether each answers, its lag, what it rejected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tictally_recorder.finding import Finding, FindingCode, Level, Subject, SubjectKind
from tictally_recorder.ledger import SinkCounts
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.registry import configured
from tictally_shared.phrase import Phrase, Value

_MAX_LAG_S: Final = 300
_MAX_DETAIL: Final = 80


@dataclass(frozen=True, slots=True)
class SinkFacts:
    """A configured sink.

    Attributes:
        name: its key.
        title: the product's name.
        destination: its address.
        problem: what is wrong there, or None.
    """

    name: str
    title: str
    destination: str
    problem: Phrase | None = None


def collect_sinks(settings: Settings) -> tuple[SinkFacts, ...]:
    """Ask every configured sink's destination whether all is well."""
    return tuple(
        SinkFacts(each.name, each.title, each.destination(settings) or "", each.check(settings))
        for each in configured(settings)
    )


def sink_findings(sinks: Sequence[SinkFacts], counts: Sequence[SinkCounts], now_ms: int) -> Iterator[Finding]:
    """What there is to report. Pure.

    Args:
        sinks: the configured ones.
        counts: their backlogs; none where the ledger cannot be read.
        now_ms: milliseconds since 1970.
    """
    backlogs = {each.name: each for each in counts}
    for sink in sinks:
        about = Subject(SubjectKind.SINK, sink.name)
        if sink.problem is None:
            parameters = {"title": sink.title, "destination": sink.destination}
            yield Finding(about, Level.OK, Phrase(FindingCode.SINK_READY, parameters))
        else:
            failure = Phrase(FindingCode.SINK_FAILS, {"title": sink.title, "problem": sink.problem})
            yield Finding(about, Level.TROUBLE, failure)
        if sink.name in backlogs:
            yield from _backlog(about, backlogs[sink.name], now_ms)


def _backlog(about: Subject, counts: SinkCounts, now_ms: int) -> Iterator[Finding]:
    lag_s = 0 if counts.oldest_ms is None else max(now_ms - counts.oldest_ms, 0) // 1000
    windows = Phrase(FindingCode.NO_WINDOW_WAITING)
    if counts.windows:
        windows = Phrase(FindingCode.WINDOWS_WAITING, {"count": counts.windows})
    if lag_s > _MAX_LAG_S:
        yield Finding(about, Level.TROUBLE, Phrase(FindingCode.SINK_LAGS, {"age": lag_s, "windows": windows}))
    else:
        yield Finding(about, Level.OK, Phrase(FindingCode.SINK_COMPLETE, {"windows": windows}))
    newest = counts.newest_rejected
    if newest is not None:
        rejected: dict[str, Value] = {
            "count": counts.rejected,
            "place": newest.place,
            "detail": newest.reason[:_MAX_DETAIL],
        }
        yield Finding(about, Level.NOTE, Phrase(FindingCode.SINK_REJECTED_POINTS, rejected))
