"""Notifications as a job: looks every minute for what is new, and sends it; the ledger keeps what it knows."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.doctor.collect import recorder_of
from tictally_recorder.jobs import JobContext, JobError
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.notifications.kinds import KINDS, is_on
from tictally_recorder.notifications.model import FAMILIES
from tictally_recorder.notifications.outbox import Outbox, target_key
from tictally_recorder.notifications.settings import NotifySettings
from tictally_recorder.notifications.targets import Targets
from tictally_recorder.notifications.view import Kind, Pace, View
from tictally_recorder.notifications.words import message
from tictally_recorder.problem import ProblemCode
from tictally_recorder.settings import Settings
from tictally_recorder.stored_phrase import phrase_from_json, phrase_to_json
from tictally_shared.phrase import Phrase

_HOUR_MS: Final = 3_600_000
# Nobody wants to hear of a tariff at night.
_DAYTIME: Final = range(8, 22)


class NotifyJob:
    """Notifies of events, and of days and months.

    What a kind knows is in `memory["kinds"]`, what is pending in `memory["outbox"]`: both are stored after each look,
    so that a restart neither repeats nor loses a notification.

    Args:
        settings: the recorder's.
    """

    schedule: ClassVar[str] = "* * * * *"
    time_limit_s: ClassVar[float] = 10 * 60.0
    # Targets have a back-off of their own: what is new must be noticed meanwhile.
    retry_s: ClassVar[tuple[float, float]] = (60.0, 60.0)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own = settings.section(NotifySettings)
        self._targets = Targets(self._own.urls)
        self._terms = WatchedTerms(settings.contracts_file, settings.tariffs_folder, settings.zone)
        self._started_ms: int | None = None
        self._seen: dict[int, int] = {}

    def check(self, context: JobContext) -> bool:
        """Look for what is new; whether something can be sent now.

        Raises:
            JobError: a target is wrong or has failed, or a recorder that runs does all this.
            LedgerError: the ledger cannot be read.
        """
        recorder = recorder_of(self._settings.ledger.resolve())
        if recorder is not None and recorder != str(os.getpid()):
            raise JobError(Phrase(ProblemCode.NOTIFY_BY_RECORDER))
        outbox = self._outbox(context)
        self._look(context, outbox)
        if any(outbox.due(target_key(url), context.now_ms) for url in self._targets.urls):
            return True
        self._report_problem(context)
        return False

    def run(self, context: JobContext) -> Phrase:
        """Send what is pending, one message to each target.

        Raises:
            JobError: a target is wrong or could not be reached; the others have got theirs.
        """
        outbox = self._outbox(context)
        problems: dict[str, Any] = context.memory.setdefault("problems", {})
        count = 0
        for url in self._targets.urls:
            key = target_key(url)
            pending = outbox.due(key, context.now_ms)
            if not pending or context.stopping.is_set():
                continue
            context.waits_for = self._targets.title(url)
            try:
                title, body = message(pending, self._settings.language, names_site=context.memory.get("several", False))
                self._targets.send(url, title, body)
            except JobError as error:
                outbox.failed(key, context.now_ms)
                problems[key] = phrase_to_json(error.problem)
            else:
                outbox.sent(key, context.now_ms)
                problems.pop(key, None)
                count += len(pending)
        self._report_problem(context)
        return Phrase(ResultCode.NOTIFICATIONS_SENT, {"count": count, "targets": len(self._targets.urls)})

    def stop(self) -> None:
        """A message that is under way ends in seconds."""

    def _outbox(self, context: JobContext) -> Outbox:
        keys = [target_key(url) for url in self._targets.urls]
        return Outbox(context.memory.setdefault("outbox", {}), keys, self._own.per_hour)

    def _look(self, context: JobContext, outbox: Outbox) -> None:
        now_ms = context.now_ms
        if self._started_ms is None:
            self._started_ms = now_ms
        memory = context.memory
        kinds: dict[str, Any] = memory.setdefault("kinds", {})
        for name in kinds.keys() - {kind.name for kind in KINDS if is_on(kind, self._own)}:
            del kinds[name]  # switched on again, it begins anew
        due = [kind for kind in KINDS if is_on(kind, self._own) and self._is_due(kind, kinds, now_ms)]
        with LedgerReader.open(self._settings.ledger) as reader, reader.snapshot():
            sites = reader.sites()
            self._terms.look(sites)
            view = View(
                settings=self._settings,
                reader=reader,
                sites=sites,
                terms=self._terms.terms,
                now_ms=now_ms,
                started_ms=self._started_ms,
                since_ms=memory.setdefault("since_ms", now_ms),
                seen=self._seen,
            )
            memory["several"] = len(sites) > 1
            for kind in due:
                self._notice(kind, view, kinds, outbox)

    def _notice(self, kind: Kind, view: View, kinds: dict[str, Any], outbox: Outbox) -> None:
        is_first = kind.name not in kinds
        state: dict[str, Any] = kinds.setdefault(kind.name, {"known": {}})
        if kind.pace is not Pace.MINUTE:
            state["looked"] = _when(kind, view.now_ms, self._settings)
        for found in kind.find(replace(view, is_first=is_first), state["known"]):
            outbox.add(found)
            state["last_ms"] = view.now_ms

    def _is_due(self, kind: Kind, kinds: dict[str, Any], now_ms: int) -> bool:
        if kind.pace is Pace.MINUTE or kind.name not in kinds:
            return True
        local = datetime.fromtimestamp(now_ms // 1000, UTC).astimezone(self._settings.zone)
        return local.hour in _DAYTIME and kinds[kind.name].get("looked") != _when(kind, now_ms, self._settings)

    def _report_problem(self, context: JobContext) -> None:
        """Raise the problem of a target, else note that all is well."""
        for url in self._targets.urls:
            self._targets.check(url)
        stored = context.memory.get("problems", {})
        outbox = self._outbox(context)
        for url in self._targets.urls:
            key = target_key(url)
            if key in stored and outbox.failures(key):
                raise JobError(phrase_from_json(stored[key], *FAMILIES))
        if context.last_success_ms is None or context.now_ms - context.last_success_ms >= _HOUR_MS:
            context.last_success_ms = context.now_ms


def _when(kind: Kind, now_ms: int, settings: Settings) -> str:
    """The local day, or the hour of it."""
    local = datetime.fromtimestamp(now_ms // 1000, UTC).astimezone(settings.zone)
    return f"{local:%Y-%m-%d}" if kind.pace is Pace.DAY else f"{local:%Y-%m-%dT%H}"


def make(settings: Settings) -> NotifyJob | None:
    """The job, or None where its settings want none."""
    return NotifyJob(settings) if settings.section(NotifySettings).urls else None
