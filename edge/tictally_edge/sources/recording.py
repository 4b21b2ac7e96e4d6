"""A recorded file: at the pace of the line, or as fast as possible on a clock of its own; once, or looped."""

import time
from pathlib import Path
from typing import Final

from tictally_edge.decoding.decoder import has_frame
from tictally_edge.finding import FindingCode, Subject, bad, good
from tictally_edge.settings import Settings
from tictally_edge.sources.autobaud import AutobaudSource
from tictally_edge.sources.base import (
    BITS_PER_CHARACTER,
    SPEED,
    FrameSource,
    Moment,
    SourceEnded,
    SourceError,
    SourceSettingError,
)
from tictally_edge.sources.line_source import LineSource, is_unpaced
from tictally_edge.sources.registry import SOURCES, Examination, SourceAddress
from tictally_shared.labels import Mode
from tictally_shared.runtime.log import sentence

_CHUNK_S: Final = 0.05


class RecordingSource:
    """A recorded file as a source of bytes.

    Args:
        path: of the file.
        options: `pace` is `line` (default) or `fast`, as fast as the broker takes it; `loop` is `yes` or `no`
            (default).
        start: when its first byte arrives.

    Raises:
        SourceSettingError: an option that does not exist.
        SourceError: the file cannot be read, or is empty.
    """

    def __init__(self, path: Path, options: dict[str, str], start: Moment) -> None:
        self._is_fast = _option(options, "pace", ("line", "fast")) == "fast"
        self._is_looped = _option(options, "loop", ("no", "yes")) == "yes"
        if unknown := options.keys() - {"pace", "loop"}:
            raise SourceSettingError(f"file: has no option {min(unknown)!r}; pace and loop are known")
        try:
            self._content = path.read_bytes()
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or error}") from None
        if not self._content:
            raise SourceError(f"{path}: it is empty")
        # Only standard mode has horizontal tabs (parity leaves them alone).
        mode = Mode.STANDARD if b"\t" in self._content else Mode.HISTORIQUE
        self._per_second = SPEED[mode] / BITS_PER_CHARACTER
        self._start = start
        self._given = 0

    def read(self) -> bytes:
        """Return the next bytes, when they are due.

        Raises:
            SourceEnded: after the last one, where it is not looped.
        """
        if self._given >= len(self._content) and not self._is_looped:
            raise SourceEnded
        if self._is_fast:
            return self._take(int(self._per_second))  # a second of the line: its clock must not leap
        time.sleep(_CHUNK_S)
        due = int((time.monotonic() - self._start.at) * self._per_second) - self._given
        return self._take(due) if due > 0 else b""

    def now(self) -> Moment:
        """Return when the last byte arrived, by the recording's own clock."""
        elapsed_s = self._given / self._per_second
        return Moment(self._start.at + elapsed_s, self._start.time_ms + int(elapsed_s * 1000))

    def close(self) -> None:
        """Nothing is open."""

    def _take(self, most: int) -> bytes:
        position = self._given % len(self._content)
        piece = self._content[position : position + most]
        self._given += len(piece)
        return piece


def recorded(path: Path) -> bytes:
    """The bytes of a recording.

    Raises:
        SourceError: the file cannot be read, or no frame is in it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from None
    if not has_frame(content):
        raise SourceError(f"no TIC frames found in {path}; is it a recording of a TIC line?")
    return content


def _option(options: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = options.get(name, allowed[0])
    if value not in allowed:
        raise SourceSettingError(f"{name}={value[:20]!r} is neither {' nor '.join(allowed)}")
    return value


class RecordingSourceType:
    """`file:capture.bin?pace=fast`."""

    schemes = ("file",)
    form = "file:capture.bin"

    def open(self, address: SourceAddress, settings: Settings) -> FrameSource:
        """See `SourceType`."""
        recorded(Path(address.target))
        start = Moment(time.monotonic(), time.time_ns() // 1_000_000)
        source = RecordingSource(Path(address.target), address.options, start)
        line = AutobaudSource(lambda _: source, address.mode, address.text, reopens=False)
        return LineSource(line, is_unpaced=is_unpaced(address), tz=settings.meter_zone)

    def examine(self, address: SourceAddress, settings: Settings) -> Examination:  # noqa: ARG002 - it has no settings
        """See `SourceType`."""
        try:
            recorded(Path(address.target))
        except SourceError as error:
            return Examination(bad(Subject.PORT, FindingCode.SOURCE_FAILS, detail=sentence(str(error))))
        return Examination(good(Subject.PORT, FindingCode.SOURCE_RECORDING, address=address.text))


SOURCES.register(RecordingSourceType())
