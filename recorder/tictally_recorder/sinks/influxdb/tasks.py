"""InfluxDB's tasks: the Flux files beside this module, with bucket names and labels filled in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from tictally_recorder.sinks.influxdb.config import Buckets
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, MINUTE_MS
from tictally_shared.labels import LABELS, Kind

# A retention without end is longer than the age of any window.
_FOR_EVER_DAYS: Final = 36_500
_FILES: Final = {MINUTE_MS: "minute.flux", HOUR_MS: "hour.flux"}


@dataclass(frozen=True, slots=True)
class Task:
    """A task.

    Attributes:
        name: of the task.
        length_ms: of its windows.
        flux: its source.
    """

    name: str
    length_ms: int
    flux: str


def tasks_of(buckets: Buckets) -> list[Task]:
    """The tasks that fill the aggregated buckets."""
    return [_task(length_ms, buckets) for length_ms in _FILES]


def _task(length_ms: int, buckets: Buckets) -> Task:
    name = buckets.minute.name if length_ms == MINUTE_MS else buckets.hour.name
    replacements = {
        '"tictally_raw"': f'"{buckets.raw.name}"',
        '"tictally_minute"': f'"{buckets.minute.name}"',
        '"tictally_hour"': f'"{buckets.hour.name}"',
        "retention = 30d": f"retention = {buckets.raw.days or _FOR_EVER_DAYS}d",
        "REGISTERS": _any_of(name for name, label in LABELS.items() if label.kind is Kind.REGISTER),
        "NUMBERS": _any_of(
            name for name, label in LABELS.items() if label.is_number and label.kind is not Kind.REGISTER
        ),
    }
    text = files(__package__).joinpath("flux", _FILES[length_ms]).read_text(encoding="utf-8")
    for before, after in replacements.items():
        text = text.replace(before, after)
    return Task(name, length_ms, text)


def _any_of(names: Iterable[str]) -> str:
    return f"({'|'.join(map(re.escape, names))})"
