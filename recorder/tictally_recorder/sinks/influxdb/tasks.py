"""The texts of InfluxDB's tasks: the Flux files beside this one, with the buckets' names and the labels filled in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from tictally_recorder.sinks.influxdb.config import Buckets
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, MINUTE_MS
from tictally_shared.labels import LABELS, Kind

# What is kept for ever is kept longer than any window is looked for.
_FOR_EVER_DAYS: Final = 36_500
_FILES: Final = {MINUTE_MS: "minute.flux", HOUR_MS: "hour.flux"}


@dataclass(frozen=True, slots=True)
class Task:
    """One of them.

    Attributes:
        name: of the task.
        length_ms: of its windows.
        flux: its text.
    """

    name: str
    length_ms: int
    flux: str


def tasks_of(buckets: Buckets) -> list[Task]:
    """The tasks that aggregate in some buckets."""
    return [_task(length_ms, buckets) for length_ms in _FILES]


def _task(length_ms: int, buckets: Buckets) -> Task:
    name = buckets.minute.name if length_ms == MINUTE_MS else buckets.hour.name
    given = {
        '"tictally_raw"': f'"{buckets.raw.name}"',
        '"tictally_minute"': f'"{buckets.minute.name}"',
        '"tictally_hour"': f'"{buckets.hour.name}"',
        "keeps = 30d": f"keeps = {buckets.raw.days or _FOR_EVER_DAYS}d",
        "REGISTERS": _any_of(name for name, label in LABELS.items() if label.kind is Kind.REGISTER),
        "NUMBERS": _any_of(
            name for name, label in LABELS.items() if label.is_number and label.kind is not Kind.REGISTER
        ),
    }
    text = files(__package__).joinpath("flux", _FILES[length_ms]).read_text(encoding="utf-8")
    for before, after in given.items():
        text = text.replace(before, after)
    return Task(name, length_ms, text)


def _any_of(names: Iterable[str]) -> str:
    return f"({'|'.join(map(re.escape, names))})"
