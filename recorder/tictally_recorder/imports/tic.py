"""Recordings of the TIC line: its raw bytes, or frames as JSON, a line each.

Raw bytes are decoded by `tictally-edge decode`, which has to be installed beside the recorder. Its output can be
imported as well, and so can frames as edges publish them. A frame's time is its `time`, else the meter's clock (DATE);
historique mode sends none, and a recording of it needs the setting with the time at which it began.

Of each register the first and the last reading of each quarter-hour are imported.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from tempfile import TemporaryFile
from typing import Any, Final

from pydantic import Field

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.fields import to_ms
from tictally_recorder.imports.own_export import is_counted
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.imports.source_file import Line, SourceFile
from tictally_recorder.ledger import Observation, RegisterReading
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.labels import DELIVERY_POINT
from tictally_shared.settings.sections import SectionModel

_EDGE: Final = "tictally_edge"
_PACKAGE: Final = "tictally-edge"
_PARITY: Final = bytes(each & 0x7F for each in range(256))
# The meter's number, after STX or a line feed and before its checksum.
_NUMBER: Final = re.compile(rb"[\x02\n]\s*(?:ADCO \d{12} |ADSC\t\d{12}\t)[ -_]")
_FRAME: Final = re.compile(r'\s*\{.*"mode"\s*:\s*"(?:standard|historique)".*"values"\s*:\s*\{')
_CHUNK: Final = 1 << 20


class TicSettings(SectionModel):
    """How recordings are read."""

    start: datetime | None = Field(
        None,
        description="When a recording of historique mode began, `2026-01-05T20:00`, local without offset: its frames "
        "have no time.",
        json_schema_extra={"default": "none; recordings of standard mode need none"},
    )


class TicRecording:
    """See the module."""

    name = "tic"
    title = "TIC"
    settings = TicSettings
    form = "recording of the line, or frames as JSON"
    requires = None

    def recognizes(self, head: Head, /) -> bool:
        """By a frame's first keys, or the meter's number in the bytes of a line, with parity or without."""
        first = head.text.partition("\n")[0]
        return _FRAME.match(first) is not None or _is_raw(head.content)

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        readings: dict[tuple[str, int], _Ends] = {}
        for line in _frames(reading.file, reading.settings.timezone):
            frame = _Frame.of(reading, line)
            reading.name_meter(frame.meter, line.number)
            if prm := frame.values.get(DELIVERY_POINT):
                reading.name_delivery_point(str(prm), line.number)
            for register, wh in frame.values.items():
                if is_counted(register) and isinstance(wh, int):
                    each = RegisterReading(register, frame.time_ms, wh)
                    ends = readings.setdefault((register, frame.time_ms // QUARTER_MS), _Ends(each, each))
                    ends.add(each)
        moved = {register for (register, _), ends in readings.items() if ends.last.wh}
        for (register, _), ends in readings.items():
            if register in moved:
                yield ends.first
                if ends.last.time_ms != ends.first.time_ms:
                    yield ends.last


def _is_raw(content: bytes) -> bool:
    return _NUMBER.search(content.translate(_PARITY)) is not None


@dataclass(slots=True)
class _Ends:
    """The first and the last reading of a quarter-hour."""

    first: RegisterReading
    last: RegisterReading

    def add(self, reading: RegisterReading) -> None:
        if reading.time_ms < self.first.time_ms:
            self.first = reading
        if reading.time_ms >= self.last.time_ms:
            self.last = reading


@dataclass(frozen=True, slots=True)
class _Frame:
    time_ms: int
    meter: str | None
    values: dict[str, Any]

    @classmethod
    def of(cls, reading: Reading, line: Line) -> "_Frame":
        try:
            body = json.loads(line.text)
            meter, values = body["meter"], body["values"]
            text = body.get("time") or body["dated"].get("DATE")
            is_frame = isinstance(values, dict) and (meter is None or isinstance(meter, str))
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            raise reading.file.error(line.number, ImportProblem.NOT_A_FRAME) from None
        if not is_frame:
            raise reading.file.error(line.number, ImportProblem.NOT_A_FRAME)
        return cls(_time_ms(reading, line, text, body.get("at")), meter, values)


def _time_ms(reading: Reading, line: Line, text: object, at_s: object) -> int:
    start = reading.settings.section(TicSettings).start
    if text is None and start is not None and isinstance(at_s, int | float):
        began = start if start.tzinfo is not None else start.replace(tzinfo=reading.tz)
        return to_ms(began) + round(at_s * 1000)
    if text is None:
        raise reading.file.error(line.number, ImportProblem.START_NEEDED, setting="TICTALLY_TIC_START")
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise reading.file.error(line.number, ImportProblem.NOT_A_TIME, text=str(text)[:40])
    return to_ms(moment)


def _frames(file: SourceFile, timezone: str) -> Iterator[Line]:
    """The frames of a file as JSON, numbered; where it is raw, by the edge's program."""
    if not _is_raw(file.head()):
        yield from (line for line in file.lines() if line.text.strip())
        return
    if find_spec(_EDGE) is None:
        raise file.error(0, ImportProblem.NEEDS_PACKAGE, package=_PACKAGE)
    with _decoding(file, timezone) as process:
        for number, text in enumerate(process.stdout or (), 1):
            yield Line(number, text)


@contextmanager
def _decoding(file: SourceFile, timezone: str) -> Iterator[subprocess.Popen[str]]:
    """`tictally-edge decode` of a file, whatever it is packed in; a process, since edge and recorder share no code."""
    with TemporaryFile() as raw, TemporaryFile("w+", encoding="utf-8") as errors:
        with file.open() as content:
            while chunk := content.read(_CHUNK):
                raw.write(chunk)
        raw.seek(0)
        zone = [] if timezone == "Europe/Paris" else ["--timezone", timezone]
        command = [sys.executable, "-m", _EDGE, "decode", "--prm", *zone, "-"]
        with subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=raw, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
        ) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            errors.seek(0)
            detail = errors.read().strip().rpartition("\n")[2]
            raise file.error(0, ImportProblem.UNREADABLE, detail=detail or str(process.returncode))
