"""What is still to be sent, to which targets; limited, retried with back-off. Pure: the ledger keeps it as JSON."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final

from tictally_recorder.notifications.model import FAMILIES, Notification
from tictally_recorder.stored_phrase import phrase_from_json

_HOUR_MS: Final = 3_600_000
_FIRST_RETRY_MS: Final = 60_000
# A target that is away for weeks must not fill the ledger.
_MOST_PENDING: Final = 200


def target_key(url: str) -> str:
    """What stands for a target in the ledger, since its address is a secret."""
    return sha256(url.encode()).hexdigest()[:16]


class Outbox:
    """The pending notifications of all targets.

    Args:
        memory: its part of the job's memory, changed in place.
        targets: keys of the targets that there are; what is pending for others is dropped.
        per_hour: messages to one target at most.
    """

    def __init__(self, memory: dict[str, Any], targets: Iterable[str], per_hour: int) -> None:
        self._pending: list[dict[str, Any]] = memory.setdefault("pending", [])
        self._states: dict[str, dict[str, Any]] = memory.setdefault("targets", {})
        self._targets, self._per_hour = tuple(targets), per_hour
        for key in self._states.keys() - set(self._targets):
            del self._states[key]
        for entry in self._pending:
            entry["to"] = [key for key in entry["to"] if key in self._targets]
        self._drop_sent()

    def add(self, notification: Notification) -> None:
        """Send it to every target that there is now."""
        self._pending.append(notification.to_json() | {"to": list(self._targets)})
        del self._pending[:-_MOST_PENDING]

    def due(self, target: str, now_ms: int) -> list[Notification]:
        """What can be sent to a target now, in one message; nothing while it has had enough, or a retry is ahead.

        Args:
            target: its key.
            now_ms: milliseconds since 1970.
        """
        state = self._states.get(target, {})
        sent = [each for each in state.get("sent_ms", ()) if now_ms - _HOUR_MS < each <= now_ms]
        # A clock that was set back must not stop retries for long.
        if len(sent) >= self._per_hour or 0 < state.get("retry_ms", 0) - now_ms <= _HOUR_MS:
            return []
        return [found for each in self._entries(target) if (found := _notification(each)) is not None]

    def count(self, target: str | None = None) -> int:
        """How many notifications are pending, for a target or any."""
        return len(self._pending if target is None else self._entries(target))

    def failures(self, target: str) -> int:
        """How often in a row a target has failed."""
        return int(self._states.get(target, {}).get("failures", 0))

    def sent(self, target: str, now_ms: int) -> None:
        """Note that everything that was pending for a target has been sent."""
        times = [each for each in self._states.get(target, {}).get("sent_ms", ()) if now_ms - _HOUR_MS < each <= now_ms]
        self._states[target] = {"sent_ms": [*times, now_ms]}
        for entry in self._entries(target):
            entry["to"].remove(target)
        self._drop_sent()

    def failed(self, target: str, now_ms: int) -> None:
        """Note that a target has failed: it is tried again after a minute, then twice as long, an hour at most."""
        state = self._states.setdefault(target, {})
        state["retry_ms"] = now_ms + min(_FIRST_RETRY_MS << min(self.failures(target), 6), _HOUR_MS)
        state["failures"] = self.failures(target) + 1

    def _entries(self, target: str) -> Sequence[dict[str, Any]]:
        return [each for each in self._pending if target in each["to"]]

    def _drop_sent(self) -> None:
        self._pending[:] = [each for each in self._pending if each["to"]]


def _notification(stored: dict[str, Any]) -> Notification | None:
    """None for one of a version that knew other codes."""
    try:
        return Notification(stored["kind"], stored["site"], phrase_from_json(stored["phrase"], *FAMILIES))
    except (KeyError, ValueError):
        return None
