"""The production that an inverter or a hub publishes on a topic, as energy by quarter-hour.

A power holds until the next value, fifteen minutes at most; 0 W holds for sixteen hours where what follows is low:
inverters are silent at night. A counter's energy between two values is exact, however far apart they are: over more
than thirty minutes it is spread evenly, and marked as estimated. A quarter-hour that is not known throughout is not
stored.
"""

import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any, Final, Self

from tictally_recorder.ledger import Ledger, Produced
from tictally_recorder.maintenance import Turn
from tictally_recorder.providers.production.settings import STATE, ProductionSettings
from tictally_recorder.providers.topic_number import is_no_number, number_of, shown
from tictally_recorder.settings import Settings
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.runtime.log import RateLimitedLogger

_HOUR_MS: Final = 3_600_000
_HOLDS_MS: Final = QUARTER_MS
_SLEEPS_MS: Final = 16 * _HOUR_MS
_EXACT_MS: Final = 2 * QUARTER_MS
_LONGEST_MS: Final = 7 * 24 * _HOUR_MS
# No home produces more; at night an inverter may draw a little.
_MOST_MILLIWATT: Final = 100_000_000
_LEAST_MILLIWATT: Final = -1_000_000
# Of a counter that shows whole kWh.
_STEP_MILLIWATT_HOURS: Final = 1_000_000
# What begins higher was not asleep: it was not heard.
_WAKES_MILLIWATT: Final = 300_000
_EVERY_S: Final = 60.0
_log = logging.getLogger(__name__)

Reading = tuple[int, float]
"""Milliseconds since 1970, and a value in thousandths."""


@dataclass(slots=True)
class _Part:
    """What is known of a quarter-hour so far."""

    milliwatt_hours: float = 0.0
    known_ms: int = 0
    is_estimated: bool = False


@dataclass(slots=True)
class QuarterProduction:
    """Values over time, as energy by quarter-hour. Pure.

    Attributes:
        is_energy: True for a counter in thousandths of a Wh, False for a power in thousandths of a W.
        newest: time in milliseconds since 1970 and value, or None before the first.
        parts: quarter-hour by number → what is known of it.
        fallen: of a counter, the last value before it fell: it may only have been read as 0 for once.
        doubtful: of a counter, a value that is too high to follow, until the next one confirms it.
    """

    is_energy: bool
    newest: Reading | None = None
    parts: dict[int, _Part] = field(default_factory=dict)
    fallen: Reading | None = None
    doubtful: Reading | None = None

    @classmethod
    def restored(cls, text: str | None, *, is_energy: bool) -> Self:
        """As `remembered` left it; empty where that is not of the same kind, or cannot be read."""
        try:
            state: Any = json.loads(text or "null")
            if state is not None and state["is_energy"] is is_energy:
                parts = {int(number): _Part(*part) for number, part in state["parts"].items()}
                newest, fallen = (
                    None if each is None else (int(each[0]), float(each[1])) for each in state["readings"]
                )
                return cls(is_energy, newest, parts, fallen)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            pass
        return cls(is_energy)

    def remembered(self) -> str:
        """What a restart must not lose, as JSON."""
        parts = {
            number: [each.milliwatt_hours, each.known_ms, each.is_estimated] for number, each in self.parts.items()
        }
        return json.dumps({"is_energy": self.is_energy, "readings": [self.newest, self.fallen], "parts": parts})

    def add(self, time_ms: int, value: float) -> str | None:
        """A value and its time; one that is not later than the newest is ignored.

        Returns:
            Why it is not plausible, a clause, or None.
        """
        if not self.is_energy and not _LEAST_MILLIWATT <= value <= _MOST_MILLIWATT:
            return "no home produces that"
        if self.is_energy and value < 0:
            return "a counter is never negative"
        if self.newest is None:
            self.newest = time_ms, value
        elif time_ms > self.newest[0]:
            if self.is_energy:
                return self._count(self.newest, (time_ms, value))
            self._hold(*self.newest, time_ms, value)
            self.newest = time_ms, value
        return None

    def _hold(self, start_ms: int, milliwatt: float, end_ms: int, following: float) -> None:
        """A power held from one value to the next."""
        is_asleep = milliwatt <= 0 and following <= _WAKES_MILLIWATT
        until_ms = min(end_ms, start_ms + (_SLEEPS_MS if is_asleep else _HOLDS_MS))
        self._spread(start_ms, until_ms, max(milliwatt, 0.0) * (until_ms - start_ms) / _HOUR_MS)

    def _count(self, before: Reading, now: Reading) -> str | None:
        """What a counter counted between two values; one that fell has begun again at zero."""
        has_fallen = now[1] < before[1]
        counted = now[1] if has_fallen else now[1] - before[1]
        if self.fallen is not None and now[1] >= self.fallen[1]:  # it had been read as 0 for once
            counted = max(now[1] - self.fallen[1] - before[1], 0.0)
        if not _is_possible(before[0], now[0], counted):
            doubtful, self.doubtful = self.doubtful, now
            if doubtful is None or not _is_possible(doubtful[0], now[0], now[1] - doubtful[1]):
                return "the counter moved by more than a home can produce"
            self.newest, self.fallen, self.doubtful = now, None, None
            return None
        self.newest, self.doubtful = now, None
        if has_fallen or now[1] > before[1]:
            self.fallen = before if has_fallen else None
        if now[0] - before[0] <= _LONGEST_MS:  # what was counted in weeks has no day
            self._spread(before[0], now[0], counted, is_estimated=now[0] - before[0] > _EXACT_MS)
        return None

    def _spread(self, start_ms: int, end_ms: int, milliwatt_hours: float, *, is_estimated: bool = False) -> None:
        length_ms = end_ms - start_ms
        while start_ms < end_ms:
            number = start_ms // QUARTER_MS
            next_ms = min(end_ms, (number + 1) * QUARTER_MS)
            part = self.parts.setdefault(number, _Part())
            part.milliwatt_hours += milliwatt_hours * (next_ms - start_ms) / length_ms
            part.known_ms += next_ms - start_ms
            part.is_estimated |= is_estimated
            start_ms = next_ms

    def finished(self) -> dict[int, Produced]:
        """The quarter-hours that are known throughout."""
        return {
            number: Produced(round(part.milliwatt_hours), part.is_estimated)
            for number, part in self.parts.items()
            if part.known_ms == QUARTER_MS
        }

    def forget(self) -> None:
        """Forget the quarter-hours to which nothing can be added any more."""
        if self.newest is not None:
            now = self.newest[0] // QUARTER_MS
            self.parts = {number: part for number, part in self.parts.items() if number >= now}


def _is_possible(start_ms: int, end_ms: int, milliwatt_hours: float) -> bool:
    """Whether a home can produce an energy in a time."""
    return 0 <= milliwatt_hours <= max(_MOST_MILLIWATT * (end_ms - start_ms) / _HOUR_MS, _STEP_MILLIWATT_HOURS)


class TopicProduction:
    """Takes the messages of a topic, and stores each quarter-hour when it is known.

    Args:
        ledger: where they are stored.
        settings: the topic, the key in its messages, and their unit.
        topic: of the settings.
    """

    name = "production"
    needs_idle = False

    def __init__(self, ledger: Ledger, settings: ProductionSettings, topic: str) -> None:
        self.topic = topic
        self.due_s = 0.0
        self._ledger = ledger
        self._key = settings.topic_key
        self._unit = settings.unit
        self._quarters = QuarterProduction.restored(ledger.get_value(STATE), is_energy=self._unit.is_energy)
        self._stored = self._quarters.newest
        self._limited_log = RateLimitedLogger(_log)

    def on_message(self, payload: bytes, arrived_ms: int) -> None:
        """Note a value; what is none, or not plausible, is ignored and logged."""
        number = number_of(payload, self._key, (self._unit,))
        if number is None:
            if not is_no_number(payload):
                where = "" if self._key is None else f" under {self._key}"
                self._log(f"no number{where} in a message on {self.topic}: {shown(payload)!r}")
            return
        if (problem := self._quarters.add(arrived_ms, number * self._unit.milli)) is not None:
            self._log(f"{number:g} {self._unit} on {self.topic} is ignored: {problem}")

    def run(self, turn: Turn) -> bool:
        """Store what is known. Raises as the ledger does; it is then stored the next time."""
        quarters, finished = self._quarters, self._quarters.finished()
        if quarters.newest != self._stored:
            self._ledger.put_production(finished, (STATE, quarters.remembered()))
            self._stored = quarters.newest
            quarters.forget()
        self.due_s = turn.now_s + _EVERY_S
        return True

    def wake(self, reason: object) -> None:
        """Nothing changes."""

    def _log(self, sentence: str) -> None:
        self._limited_log.log(sentence, time.monotonic())


def production_topic(settings: Settings, ledger: Ledger) -> TopicProduction | None:
    """The topic's production as the settings have it, or None where they name no topic."""
    own = settings.section(ProductionSettings)
    return None if own.topic is None else TopicProduction(ledger, own, own.topic)
