"""The journal's segments in their folder: written once, dropped when they are old or there is no room."""

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tictally_edge.journal import segment
from tictally_shared.frames import Frame
from tictally_shared.interval_set import IntervalSet
from tictally_shared.runtime import atomic_file

RETENTION_MS: Final = 14 * 86_400_000
# Two weeks of a frame a second take about 40 MB.
MAX_BYTES: Final = 64 * 1024 * 1024
# Of 512 frames, two weeks of a frame a second are 2 363; an edge that is restarted again and again makes smaller ones.
MAX_SEGMENTS: Final = 4096
_NAME: Final = re.compile(r"([0-9a-f]{16})-(\d{1,19})-(\d{1,19})\.segment")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: the frames first … last of a boot, and its file."""

    boot: str
    first: int
    last: int
    path: Path
    size: int


class Segments:
    """The segments of one journal.

    Attributes:
        dropped: frames of segments dropped because they were two weeks old or there was no room.
        damaged: segments that could not be read; they are renamed to `….unread`.

    Args:
        folder: of the journal; it exists.
        max_bytes: room for all segments, in bytes; beyond it the oldest are dropped.

    Raises:
        OSError: the folder cannot be read.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        named = ((path, _NAME.fullmatch(path.name)) for path in folder.iterdir())
        self._sealed = [
            Segment(name[1], int(name[2]), int(name[3]), path, path.stat().st_size) for path, name in named if name
        ]
        self.dropped = self.damaged = 0

    def held(self) -> dict[str, IntervalSet]:
        """Return the numbers of the stored frames, by boot."""
        held: dict[str, IntervalSet] = {}
        for each in self._sealed:
            held.setdefault(each.boot, IntervalSet()).add(each.first, each.last)
        return held

    def last(self, boot: str) -> int:
        """Return the highest number of a boot that is sealed, or 0."""
        return max((each.last for each in self._sealed if each.boot == boot), default=0)

    def frames(self, boot: str, first: int, last: int) -> Iterator[Frame]:
        """Yield the frames first … last of a boot, as far as they are stored, in the order of their numbers."""
        ours = [each for each in self._sealed if each.boot == boot and each.first <= last and first <= each.last]
        for each in sorted(ours, key=lambda sealed: sealed.first):
            yield from (frame for frame in self._unpack(each) if first <= frame.seq <= last)

    def seal(self, frames: list[Frame]) -> Segment:
        """Write consecutive frames of one boot as a segment, in one step.

        Raises:
            OSError: it could not be written.
        """
        boot, first, last = frames[0].boot, frames[0].seq, frames[-1].seq
        path = self._folder / f"{boot}-{first}-{last}.segment"
        packed = segment.pack(frames)
        newest_s = frames[-1].time_ms / 1000
        try:
            with atomic_file.open_replacement(path) as file:
                file.write(packed)
                file.flush()
                os.utime(file.fileno(), (newest_s, newest_s))
        except OSError:
            path.unlink(missing_ok=True)  # its frames are still in the log
            raise
        sealed = Segment(boot, first, last, path, len(packed))
        self._sealed.append(sealed)
        return sealed

    def discard(self, sealed: Segment) -> None:
        """Remove a segment whose frames are still in the log."""
        self._sealed.remove(sealed)
        sealed.path.unlink(missing_ok=True)

    def drop_old(self, now_ms: int) -> None:
        """Drop segments older than two weeks, and the oldest ones for which there is no room."""
        for each in list(self._sealed):
            # The time of its last frame, see `seal`.
            if each.path.stat().st_mtime * 1000 < now_ms - RETENTION_MS:
                self._drop(each)
        while len(self._sealed) > MAX_SEGMENTS or sum(each.size for each in self._sealed) > self._max_bytes:
            self.make_room()

    def make_room(self) -> bool:
        """Drop the oldest segment; return False if there is none."""
        if not self._sealed:
            return False
        self._drop(min(self._sealed, key=lambda each: (each.path.stat().st_mtime, each.first)))
        return True

    def _drop(self, each: Segment) -> None:
        self.dropped += each.last - each.first + 1
        self.discard(each)

    def _unpack(self, each: Segment) -> list[Frame]:
        try:
            return segment.unpack(each.path.read_bytes())
        except (OSError, segment.SegmentError) as error:
            self.damaged += 1
            log.warning("Journal: segment %s cannot be read (%s); its frames are lost.", each.path.name, error)
            self._sealed.remove(each)
            each.path.replace(each.path.with_suffix(".unread"))
            return []
