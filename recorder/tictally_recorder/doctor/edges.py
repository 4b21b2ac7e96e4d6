"""What the doctor finds about broker, clocks, edges and their frames. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tictally_recorder.doctor.broker_probe import Outcome
from tictally_recorder.doctor.disputes import health_fields
from tictally_recorder.doctor.facts import EdgeFacts, Facts, LedgerFacts
from tictally_recorder.finding import Finding, FindingCode, Level, Moments, Subject, SubjectKind
from tictally_recorder.ingest.backfill import HealthError, parse_health
from tictally_recorder.ledger import INTEGRATED_EDGE, NumberRange, Status
from tictally_shared.calendar import CalendarError, zone
from tictally_shared.frames import parse_time_ms
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import Mode
from tictally_shared.phrase import Phrase, Value

# An edge publishes its health once a minute, and a meter sends a frame every second or two.
_MAX_SILENCE_MS: Final = 5 * 60_000
_MAX_AHEAD_MS: Final = 60_000
_RANGES_SHOWN: Final = 3
_MAX_DETAIL: Final = 80
_BROKER: Final[Mapping[Outcome, FindingCode]] = {
    Outcome.CONNECTED: FindingCode.BROKER_CONNECTED,
    Outcome.DENIED: FindingCode.BROKER_DENIES_ACCESS,
    Outcome.UNREACHABLE: FindingCode.BROKER_UNREACHABLE,
    Outcome.HOST_UNKNOWN: FindingCode.BROKER_HOST_UNKNOWN,
    Outcome.CERTIFICATE: FindingCode.BROKER_CERTIFICATE,
    Outcome.SILENT: FindingCode.BROKER_SILENT,
}


def broker_finding(facts: Facts) -> Finding:
    """Whether the broker lets the recorder in."""
    code, is_connected = _BROKER[facts.probe.outcome], facts.probe.outcome is Outcome.CONNECTED
    parameters = {"broker": facts.broker} | ({} if is_connected else {"detail": facts.probe.reason})
    level = Level.OK if is_connected else Level.TROUBLE
    return Finding(Subject(SubjectKind.BROKER), level, Phrase(code, parameters))


def clock_findings(facts: Facts, ledger: LedgerFacts, moments: Moments) -> Iterator[Finding]:
    """Whether this machine's clock agrees with those of the edges; nothing where no edge was heard."""
    healths = [_time_ms(health_fields(edge.health)) for edge in facts.edges.values()]
    heard_ms = [each for each in [*ledger.counts.newest_ms.values(), *healths] if each is not None]
    if not heard_ms:
        return
    about, ahead_ms = Subject(SubjectKind.CLOCK), max(heard_ms) - facts.now_ms
    if ahead_ms > _MAX_AHEAD_MS:
        yield Finding(about, Level.TROUBLE, Phrase(FindingCode.CLOCK_BEHIND, {"age": ahead_ms // 1000}))
    else:
        yield Finding(about, Level.OK, Phrase(FindingCode.CLOCK_RIGHT, {"time": moments.iso(facts.now_ms)}))


def edge_findings(facts: Facts, ledger: LedgerFacts, moments: Moments) -> Iterator[Finding]:
    """Whether every edge is online and sends frames, and which frames are missing or lost."""
    names = sorted(ledger.newest_ms.keys() | facts.edges.keys())
    if not names:
        yield Finding(Subject(SubjectKind.EDGES), Level.TROUBLE, Phrase(FindingCode.NO_EDGE))
    for name in names:
        edge = _EdgeSection(name, facts.edges.get(name, EdgeFacts()), ledger.newest_ms.get(name))
        is_broker_there = facts.probe.outcome is Outcome.CONNECTED
        yield edge.by_http(moments) if name == INTEGRATED_EDGE else edge.state(moments, is_broker_there=is_broker_there)
        yield from edge.time_zone(moments)
        yield from edge.numbers(ledger.numbers.get(name, {}))


@dataclass(frozen=True, slots=True)
class _EdgeSection:
    name: str
    facts: EdgeFacts
    newest_ms: int | None

    def by_http(self, moments: Moments) -> Finding:
        return self._finding(Level.NOTE, FindingCode.READINGS_BY_HTTP, moments)

    def state(self, moments: Moments, *, is_broker_there: bool) -> Finding:
        if not is_broker_there:
            return self._finding(Level.NOTE, FindingCode.EDGE_STATE_UNKNOWN, moments)
        if self.facts.availability is None:
            return self._finding(Level.NOTE, FindingCode.EDGE_UNKNOWN_TO_BROKER, moments)
        if self.facts.availability != "online":
            return self._finding(Level.TROUBLE, FindingCode.EDGE_OFFLINE, moments)
        health, now_ms = health_fields(self.facts.health), moments.now_ms
        health_ms = _time_ms(health)
        if health_ms is not None and now_ms - health_ms > _MAX_SILENCE_MS:
            parameters: dict[str, Value] = {"time": moments.iso(health_ms), "age": moments.age_s(health_ms)}
            return self._finding(Level.TROUBLE, FindingCode.EDGE_HEALTH_OLD, moments, parameters)
        if self.newest_ms is None or now_ms - self.newest_ms > _MAX_SILENCE_MS:
            code, parameters = _silence(health)
            return self._finding(Level.TROUBLE, code, moments, parameters)
        return self._finding(Level.OK, FindingCode.EDGE_ONLINE, moments)

    def time_zone(self, moments: Moments) -> Iterator[Finding]:
        """Whether the edge's meter lives by other days than this recorder; zones with the same time are alike."""
        health = health_fields(self.facts.health)
        # In historique mode a meter shows no time, so the setting means nothing.
        zone_name = health.get("timezone") if health.get("mode") == Mode.STANDARD else None
        try:
            theirs = zone(zone_name) if isinstance(zone_name, str) else moments.tz
        except CalendarError:  # another version's, or not an edge's
            return
        now = datetime.fromtimestamp(moments.now_ms / 1000, UTC)
        if now.astimezone(theirs).utcoffset() != now.astimezone(moments.tz).utcoffset():
            parameters: dict[str, Value] = {"zone": theirs.key, "own": moments.tz.key}
            yield Finding(self._about, Level.TROUBLE, Phrase(FindingCode.EDGE_IN_OTHER_ZONE, parameters))

    def numbers(self, boots: Mapping[str, list[NumberRange]]) -> Iterator[Finding]:
        missing = _missing(self.facts.health, boots)
        if missing:
            yield Finding(self._about, Level.NOTE, Phrase(FindingCode.FRAMES_MISSING, {"count": missing}))
        lost = [(boot, each) for boot, ranges in boots.items() for each in ranges if each.status is Status.LOST]
        if lost:
            parameters: dict[str, Value] = {
                "count": sum(each.last - each.first + 1 for _, each in lost),
                "ranges": tuple(f"{boot} {each.first}-{each.last}" for boot, each in lost[:_RANGES_SHOWN]),
            }
            code, more = FindingCode.FRAMES_LOST, len(lost) - _RANGES_SHOWN
            if more > 0:
                code, parameters = FindingCode.MORE_FRAMES_LOST, {**parameters, "more": more}
            yield Finding(self._about, Level.NOTE, Phrase(code, parameters))

    @property
    def _about(self) -> Subject:
        return Subject(SubjectKind.EDGE, self.name)

    def _finding(
        self, level: Level, code: FindingCode, moments: Moments, parameters: Mapping[str, Value] | None = None
    ) -> Finding:
        newest = _newest_frame(self.newest_ms, moments)
        return Finding(self._about, level, Phrase(code, {**(parameters or {}), "newest": newest}))


def _newest_frame(time_ms: int | None, moments: Moments) -> Phrase:
    if time_ms is not None and time_ms > moments.now_ms:
        return Phrase(FindingCode.NEWEST_FRAME_AHEAD, {"time": moments.iso(time_ms)})
    return moments.since(time_ms, FindingCode.NEWEST_FRAME, FindingCode.NO_FRAME_YET)


def _silence(health: Mapping[str, Any]) -> tuple[FindingCode, dict[str, Value]]:
    """Why no frames come, as far as the edge's health shows."""
    port = health.get("port")
    if isinstance(health.get("clock_waits_for"), str):
        return FindingCode.EDGE_WAITS_FOR_CLOCK, {}
    if isinstance(port, str):
        return FindingCode.EDGE_SENDS_NOTHING_FROM_PORT, {"port": port[:_MAX_DETAIL]}
    return FindingCode.EDGE_SENDS_NOTHING, {}


def _missing(health: bytes | None, boots: Mapping[str, list[NumberRange]]) -> int:
    """Number of frames that an edge holds and the ledger does not know."""
    try:
        held = parse_health(health or b"").boots
    except HealthError:
        return 0
    return sum(
        len(each.held - each.backlog - IntervalSet((r.first, r.last) for r in boots.get(boot, ())))
        for boot, each in held.items()
    )


def _time_ms(health: Mapping[str, Any]) -> int | None:
    time = health.get("time")
    try:
        return parse_time_ms(time) if isinstance(time, str) else None
    except ValueError:
        return None
