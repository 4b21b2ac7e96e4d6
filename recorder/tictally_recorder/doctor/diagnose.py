"""What a doctor says of the facts: sentences, and what to do where a person is needed. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from tictally_recorder.doctor.broker_probe import Outcome
from tictally_recorder.doctor.facts import CostFacts, EdgeFacts, Facts, Finding, LedgerFacts, Level, PaidFacts
from tictally_recorder.doctor.jobs import job_findings
from tictally_recorder.ingest.backfill import HealthError, parse_health
from tictally_recorder.ledger import INTEGRATED_EDGE, NumberRange, SinkCounts, Status
from tictally_shared.frames import FrameError, parse_time_ms, strict_json
from tictally_shared.interval_set import IntervalSet


def cost_findings(cost: CostFacts) -> Iterator[Finding]:
    """All that is to be said."""
    if cost.problem is not None:
        advice = "mend the file; until then no cost is computed, and what is recorded is priced afterwards"
        yield Finding("cost", Level.TROUBLE, cost.problem, advice)
    for paid in cost.paid:
        yield from _of_site(paid)


def _of_site(paid: PaidFacts) -> Iterator[Finding]:
    about = f"cost of site {paid.site}"
    for sentence in paid.contradictions:
        advice = "correct the contract from the day on which it changed; `tictally cost` then tells the right figures"
        yield Finding(about, Level.TROUBLE, sentence, advice)
    if paid.version is None:
        yield Finding(about, Level.NOTE, f"it is unknown: {paid.reason}", "`tictally cost` prints what to write")
    elif paid.overdue_since is not None:
        sentence = f"it is provisional: a revision was due on {paid.overdue_since}, after {paid.version}"
        advice = (
            "upgrade tictally, or take the new prices by `tictally tariff import`, or write them beside your contracts"
        )
        yield Finding(about, Level.NOTE, sentence, advice)
    else:
        yield Finding(about, Level.OK, f"it pays by {paid.version}")


# An edge says its health once a minute, and a meter speaks every second or two.
_SILENT_MS: Final = 5 * 60_000
_AHEAD_MS: Final = 60_000
# A year of quarters is some megabytes, two days of raw frames some hundred.
_LITTLE_ROOM_BYTES: Final = 500_000_000
# One of a large ledger takes a while on a small machine.
_BACKUP_LATE_MS: Final = 3600_000
_RANGES_SHOWN: Final = 3
_LONG_TEXT: Final = 80


def findings(facts: Facts, tz: ZoneInfo) -> list[Finding]:
    """All that is to be said, times in a zone."""
    tell = _Teller(facts, tz)
    found = [*tell.ledger(), *tell.backup(), *tell.jobs(), *tell.broker(), *tell.sinks()]
    if not isinstance(facts.ledger, str):
        found += [*tell.clock(facts.ledger), *tell.edges(facts.ledger), *tell.sites(facts.ledger)]
        found += cost_findings(facts.cost)
    return found


@dataclass(frozen=True, slots=True)
class _Teller:
    facts: Facts
    tz: ZoneInfo

    def ledger(self) -> Iterator[Finding]:
        ledger = self.facts.ledger
        if isinstance(ledger, str):
            advice = "say with --ledger or TICTALLY_LEDGER where the recorder's ledger lies"
            yield Finding("ledger", Level.TROUBLE, ledger, advice)
            return
        counts = ledger.counts
        form = f"version {ledger.version}, {_size(ledger.size_bytes)}, {_many(counts.frames, 'frame')}"
        yield Finding("ledger", Level.OK, f"the ledger {ledger.path} can be read: {form}")
        restore = "stop the recorder and `tictally restore` a backup; the edges fill in what came since"
        for problem in ledger.problems:
            yield Finding("ledger", Level.TROUBLE, problem, restore)
        if not ledger.problems:
            yield Finding("ledger", Level.OK, "its integrity check finds nothing wrong")
        room = f"{_size(ledger.free_bytes)} are free on its disk"
        if ledger.free_bytes < _LITTLE_ROOM_BYTES:
            yield Finding("ledger", Level.TROUBLE, f"only {room}", "make room; frames wait at the broker meanwhile")
        else:
            yield Finding("ledger", Level.OK, room)
        if ledger.recorder is None:
            advice = "start `tictally record`; what the edges publish waits at the broker as long as it has room"
            yield Finding("recorder", Level.TROUBLE, "no recorder writes into it", advice)
        else:
            yield Finding("recorder", Level.OK, f"process {ledger.recorder} records into it")
        if counts.deferred:
            sentence = (
                f"{_many(counts.deferred, 'message')} kept for later: of a newer form, or dated ahead of this clock"
            )
            yield Finding("ledger", Level.NOTE, sentence, "upgrade the recorder where edges are newer than it")
        yield from self._refused(ledger)

    def _refused(self, ledger: LedgerFacts) -> Iterator[Finding]:
        for each in ledger.refused:
            sentence = f"{_many(each.n, 'message')} set aside for {each.reason}"
            if each.topic is not None and each.detail is not None and each.arrived_ms is not None:
                example = f"on {each.topic[:_LONG_TEXT]}: {each.detail[:_LONG_TEXT]}"
                sentence += f"; the newest came {self._when(each.arrived_ms)} {example}"
            yield Finding("ledger", Level.NOTE, sentence)

    def backup(self) -> Iterator[Finding]:
        backup = self.facts.backup
        if backup is None:
            return
        if backup.folder is None:
            advice = "set TICTALLY_BACKUP to a folder on another disk or a mounted share"
            yield Finding("backup", Level.NOTE, "no backup is made at night", advice)
            return
        newest = "there is none yet" if backup.made_ms is None else f"the newest is of {self._when(backup.made_ms)}"
        is_late = backup.made_ms is None or backup.made_ms < backup.due_ms
        if backup.problem is not None:
            advice = "the recorder looks again within half an hour; `tictally backup` makes one at once"
            # Where one was made since, by hand, the recorder has not looked again yet: that it failed is still told.
            level = Level.TROUBLE if is_late else Level.NOTE
            yield Finding("backup", level, f"{backup.problem}; {newest}", advice)
        elif backup.made_ms is None:
            advice = "a running recorder makes the first in some seconds, `tictally backup` at once"
            yield Finding("backup", Level.NOTE, f"no backup lies in {backup.folder} yet", advice)
        elif is_late and self.facts.now_ms - backup.due_ms > _BACKUP_LATE_MS:
            advice = "does the recorder run with TICTALLY_BACKUP set? `tictally backup` makes one at once"
            yield Finding("backup", Level.TROUBLE, f"the last night's backup is missing; {newest}", advice)
        else:
            yield Finding("backup", Level.OK, f"backups lie in {backup.folder}; {newest}")
        if backup.is_on_ledgers_disk:
            sentence = f"{backup.folder} lies on the same disk as the ledger: what takes one takes both"
            yield Finding("backup", Level.NOTE, sentence, "better is another disk or a mounted share")

    def jobs(self) -> Iterator[Finding]:
        return job_findings(self.facts.jobs, self._when)

    def broker(self) -> Iterator[Finding]:
        visit, name = self.facts.visit, self.facts.broker
        match visit.outcome:
            case Outcome.LET_IN:
                yield Finding("broker", Level.OK, f"the broker at {name} lets us in")
            case Outcome.REFUSED:
                advice = "check TICTALLY_MQTT_USERNAME and TICTALLY_MQTT_PASSWORD against the broker's users"
                yield Finding("broker", Level.TROUBLE, f"the broker at {name} refuses us: {visit.reason}", advice)
            case Outcome.UNREACHABLE:
                advice = "check TICTALLY_MQTT_HOST and TICTALLY_MQTT_PORT, TICTALLY_MQTT_CA, and that the broker runs"
                sentence = f"the broker at {name} cannot be reached: {visit.reason}"
                yield Finding("broker", Level.TROUBLE, sentence, advice)
            case Outcome.SILENT:
                advice = "is it a broker that listens there, and does it speak TLS just where TICTALLY_MQTT_CA is set?"
                yield Finding("broker", Level.TROUBLE, f"{name} does not answer as a broker: {visit.reason}", advice)

    def sinks(self) -> Iterator[Finding]:
        ledger = self.facts.ledger
        counts = {} if isinstance(ledger, str) else {each.name: each for each in ledger.sinks}
        for sink in self.facts.sinks:
            about = f"sink {sink.name}"
            if sink.problem is not None:
                advice = f"the ledger goes on meanwhile; {sink.title} gets what it lacks when it answers again"
                yield Finding(about, Level.TROUBLE, sink.problem, advice)
            else:
                yield Finding(about, Level.OK, f"{sink.title} at {sink.destination} answers and has what it needs")
            if sink.name in counts:
                yield from self._backlog(about, counts[sink.name])

    def _backlog(self, about: str, counts: SinkCounts) -> Iterator[Finding]:
        lag_ms = 0 if counts.oldest_ms is None else self.facts.now_ms - counts.oldest_ms
        windows = f"{_many(counts.windows, 'window')} to aggregate" if counts.windows else "no window to aggregate"
        if lag_ms > _SILENT_MS:
            sentence = f"the oldest frame that it lacks arrived {_age(lag_ms)} ago; {windows}"
            yield Finding(about, Level.TROUBLE, sentence, "see what the recorder's log reports of this sink")
        else:
            yield Finding(about, Level.OK, f"it has every frame; {windows}")
        if counts.newest_rejected is not None:
            newest = f"the newest, for {counts.newest_rejected.place}: {counts.newest_rejected.reason[:_LONG_TEXT]}"
            yield Finding(about, Level.NOTE, f"{_many(counts.rejected, 'point')} rejected; {newest}")

    def clock(self, ledger: LedgerFacts) -> Iterator[Finding]:
        now_ms = self.facts.now_ms
        healths = [_time_ms(_fields(edge.health)) for edge in self.facts.edges.values()]
        heard = [each for each in [*ledger.counts.newest_ms.values(), *healths] if each is not None]
        if not heard:
            return
        ahead_ms = max(heard) - now_ms
        if ahead_ms > _AHEAD_MS:
            sentence = f"what edges say is dated up to {_age(ahead_ms)} ahead of this machine's clock"
            advice = "set the clock of this machine or of the edge by a time server (timedatectl shows it)"
            yield Finding("clock", Level.TROUBLE, sentence, advice)
        else:
            yield Finding("clock", Level.OK, f"this machine's clock says {self._time(now_ms)}; no frame is ahead of it")

    def edges(self, ledger: LedgerFacts) -> Iterator[Finding]:
        names = sorted(ledger.newest_ms.keys() | self.facts.edges.keys())
        if not names:
            sentence = "no edge has been heard yet"
            yield Finding(
                "edges", Level.TROUBLE, sentence, "start `tictally-edge run` beside the meter, on this broker"
            )
        for name in names:
            yield self._by_http(ledger) if name == INTEGRATED_EDGE else self._presence(name, ledger)
            yield from self._numbers(name, ledger)

    def _by_http(self, ledger: LedgerFacts) -> Finding:
        newest_ms = ledger.newest_ms.get(INTEGRATED_EDGE)
        last = "" if newest_ms is None else f"; its newest frame is of {self._when(newest_ms)}"
        sentence = f"it is no edge, but the recorder, of what is handed in by HTTP{last}"
        return Finding(f"edge {INTEGRATED_EDGE}", Level.NOTE, sentence)

    def _presence(self, name: str, ledger: LedgerFacts) -> Finding:
        edge, newest_ms = self.facts.edges.get(name, EdgeFacts()), ledger.newest_ms.get(name)
        about, now_ms = f"edge {name}", self.facts.now_ms
        last = "it has sent no frame yet" if newest_ms is None else f"its newest frame is of {self._when(newest_ms)}"
        if self.facts.visit.outcome is not Outcome.LET_IN:
            return Finding(about, Level.NOTE, f"whether it is online is not known; {last}")
        if edge.availability is None:
            return Finding(about, Level.NOTE, f"the broker knows nothing of it; {last}")
        if edge.availability != "online":
            advice = (
                "see there whether `tictally-edge run` runs and reaches the broker; where it is gone for good, clear "
                "its topics: mosquitto_pub -r -n -t …/availability, and …/health"
            )
            return Finding(about, Level.TROUBLE, f"it is offline; {last}", advice)
        health = _fields(edge.health)
        said_ms = _time_ms(health)
        if said_ms is not None and now_ms - said_ms > _SILENT_MS:
            advice = "restart it where it hangs; compare its machine's clock with this one's"
            sentence = f"it is online, but its newest health is of {self._when(said_ms)}; {last}"
            return Finding(about, Level.TROUBLE, sentence, advice)
        if newest_ms is None or now_ms - newest_ms > _SILENT_MS:
            return Finding(about, Level.TROUBLE, f"it is online; {last}", _why_no_frames(health))
        return Finding(about, Level.OK, f"it is online; {last}")

    def _numbers(self, name: str, ledger: LedgerFacts) -> Iterator[Finding]:
        about, boots = f"edge {name}", ledger.numbers.get(name, {})
        missing = _missing(self.facts.edges.get(name, EdgeFacts()).health, boots)
        if missing:
            sentence = f"{_many(missing, 'frame')} that it holds are missing in the ledger"
            yield Finding(about, Level.NOTE, f"{sentence}; a running recorder asks for them")
        lost = [(boot, each) for boot, ranges in boots.items() for each in ranges if each.status is Status.LOST]
        if lost:
            shown = ", ".join(f"{each.first}-{each.last} of boot {boot}" for boot, each in lost[:_RANGES_SHOWN])
            more = f" and {len(lost) - _RANGES_SHOWN} ranges more" if len(lost) > _RANGES_SHOWN else ""
            count = sum(each.last - each.first + 1 for _, each in lost)
            yield Finding(about, Level.NOTE, f"{_many(count, 'frame')} lost for good: {shown}{more}")

    def sites(self, ledger: LedgerFacts) -> Iterator[Finding]:
        for site in ledger.sites:
            meters = ", ".join(
                f"meter {meter.key} (from {self._time(meter.first_ms)} to {self._time(meter.last_ms)})"
                for meter in site.meters
            )
            read_by = f", read by {', '.join(site.edges)}" if site.edges else ""
            yield Finding(f"site {site.id}", Level.OK, f"{meters}{read_by}")

    def _time(self, time_ms: int) -> str:
        return f"{datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self.tz):%Y-%m-%d %H:%M:%S}"

    def _when(self, time_ms: int) -> str:
        age_ms = self.facts.now_ms - time_ms
        return f"{self._time(time_ms)} ({_age(age_ms)} ago)" if age_ms >= 0 else self._time(time_ms)


def _why_no_frames(health: Mapping[str, Any]) -> str:
    waits_for, port = health.get("clock_waits_for"), health.get("port")
    if isinstance(waits_for, str):
        return "its frames wait until its clock is proved: set up a time server there (timedatectl set-ntp true)"
    at_port = f" (it reads {port[:_LONG_TEXT]})" if isinstance(port, str) else ""
    return f"run `tictally-edge doctor` there: does the meter speak{at_port}?"


def _missing(health: bytes | None, boots: Mapping[str, list[NumberRange]]) -> int:
    """How many frames an edge holds that the ledger does not know."""
    try:
        here = parse_health(health or b"").boots
    except HealthError:
        return 0
    return sum(
        len(each.held - each.backlog - IntervalSet((r.first, r.last) for r in boots.get(boot, ())))
        for boot, each in here.items()
    )


def _fields(health: bytes | None) -> dict[str, Any]:
    try:
        return strict_json(health or b"")
    except FrameError:
        return {}


def _time_ms(health: Mapping[str, Any]) -> int | None:
    said = health.get("time")
    try:
        return parse_time_ms(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _size(size_bytes: int) -> str:
    size = float(size_bytes)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004 - of a kilo
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _age(age_ms: int) -> str:
    for unit_s, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if age_ms >= 2 * unit_s * 1000:
            return f"{age_ms // (unit_s * 1000)} {name}"
    return f"{age_ms // 1000} s"
