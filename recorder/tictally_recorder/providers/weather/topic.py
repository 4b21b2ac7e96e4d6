"""The outdoor temperature that a hub or a sensor publishes on a topic: its mean of each hour.

Sensors publish when something changes, or every few minutes: a value holds until the next one, two hours at most. An
hour of which less than half is known has no mean.
"""

import logging
import time
from dataclasses import dataclass, field
from typing import Final

from tictally_recorder.ledger import Ledger
from tictally_recorder.maintenance import Turn
from tictally_recorder.providers.topic_number import is_no_number, number_of, shown
from tictally_recorder.providers.weather.settings import WeatherSettings
from tictally_recorder.settings import Settings
from tictally_shared.runtime.log import RateLimitedLogger

_HOUR_MS: Final = 3_600_000
_HOLDS_MS: Final = 2 * _HOUR_MS
# No place is colder or hotter.
_EXTREME_C: Final = 70
_UNITS: Final = ("°C", "C")
_EVERY_S: Final = 60.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class HourlyMeans:
    """Values over time, by the hour. Pure.

    Attributes:
        hours: hour since 1970 → the value times the milliseconds for which it held, and these milliseconds.
    """

    hours: dict[int, tuple[float, int]] = field(default_factory=dict)
    _newest: tuple[int, float] | None = None

    def add(self, time_ms: int, celsius: float) -> None:
        """A value, and its time; one before the newest is ignored."""
        if self._newest is not None and time_ms < self._newest[0]:
            return
        self.hold(time_ms)
        self._newest = time_ms, celsius

    def hold(self, until_ms: int) -> None:
        """The newest value holds until a moment."""
        if self._newest is None:
            return
        start_ms, celsius = self._newest
        end_ms = min(until_ms, start_ms + _HOLDS_MS)
        while start_ms < end_ms:
            hour = start_ms // _HOUR_MS
            next_ms = min(end_ms, (hour + 1) * _HOUR_MS)
            total, length_ms = self.hours.get(hour, (0.0, 0))
            self.hours[hour] = total + celsius * (next_ms - start_ms), length_ms + next_ms - start_ms
            start_ms = next_ms
        self._newest = (until_ms, celsius) if end_ms == until_ms else None

    def means(self, until_ms: int) -> dict[int, int]:
        """Hour → mean in hundredths of a degree, of the hours that are over and known for at least a half."""
        return {
            hour: round(total / length_ms * 100)
            for hour, (total, length_ms) in self.hours.items()
            if (hour + 1) * _HOUR_MS <= until_ms and 2 * length_ms >= _HOUR_MS
        }

    def forget(self, until_ms: int) -> None:
        """Forget the hours that are over."""
        self.hours = {hour: each for hour, each in self.hours.items() if (hour + 1) * _HOUR_MS > until_ms}


class TopicTemperature:
    """Takes the messages of a topic, and stores each hour's mean when it is over.

    Args:
        ledger: where they are stored.
        topic: of the messages.
        key: of the temperature in a message that is JSON; None: it is the number itself.
    """

    name = "temperature"
    needs_idle = False

    def __init__(self, ledger: Ledger, topic: str, key: str | None) -> None:
        self.topic = topic
        self.due_s = 0.0
        self._ledger = ledger
        self._key = key
        self._means = HourlyMeans()
        self._limited_log = RateLimitedLogger(_log)

    def on_message(self, payload: bytes, arrived_ms: int) -> None:
        """Note a temperature; what is none is ignored, and logged unless it only states that there is none."""
        celsius = celsius_of(payload, self._key)
        if celsius is not None:
            self._means.add(arrived_ms, celsius)
        elif not is_no_number(payload):
            where = "" if self._key is None else f" under {self._key}"
            sentence = f"no temperature in °C{where} in a message on {self.topic}: {shown(payload)!r}"
            self._limited_log.log(sentence, time.monotonic())

    def run(self, turn: Turn) -> bool:
        """Store the hours that are over. Raises as the ledger does; they are then stored the next time."""
        self._means.hold(turn.now_ms)
        if means := self._means.means(turn.now_ms):
            self._ledger.put_measured_temperatures(means)
        self._means.forget(turn.now_ms)
        self.due_s = turn.now_s + _EVERY_S
        return True

    def wake(self, reason: object) -> None:
        """Nothing changes."""


def temperature_topic(settings: Settings, ledger: Ledger) -> TopicTemperature | None:
    """The topic's temperature as the settings have it, or None where they name no topic."""
    own = settings.section(WeatherSettings)
    return None if own.topic is None else TopicTemperature(ledger, own.topic, own.topic_key)


def celsius_of(payload: bytes, key: str | None) -> float | None:
    """The temperature of a message, or None.

    Args:
        payload: a number with a decimal point or comma, maybe with its unit, or JSON.
        key: of JSON, its levels separated by dots; None: the message is the number itself.
    """
    celsius = number_of(payload, key, _UNITS)
    return celsius if celsius is not None and abs(celsius) <= _EXTREME_C else None
