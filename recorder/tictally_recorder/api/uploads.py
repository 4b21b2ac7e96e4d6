"""Files that browsers send to be imported, on the ledger's disk until they are. One upload at a time.

A browser sends a file in pieces, one after another: no request holds more than one in memory, and the limits of proxies
on the size and the duration of requests do not matter.
"""

import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final

from tictally_recorder.api.problem_details import Problem, invalid_parameter, unavailable

PIECE_BYTES: Final = 512 * 1024
"""The most that one request carries; proxies reject more than 1 MB unless they are configured otherwise."""
_KEPT_FREE_BYTES: Final = 256 << 20
_EXPIRES_S: Final = 3600.0
_MOST_FILES: Final = 1000
_MOST_NAME_BYTES: Final = 200


@dataclass(slots=True)
class Upload:
    """Files of one import.

    Attributes:
        id: names it; not to be guessed.
        folder: with a folder for each file, so that two may have one name.
        used_s: when it was used last, on the monotonic clock.
        sizes: bytes of each file that have come, by its number.
        paths: where each file is.
    """

    id: str
    folder: Path
    used_s: float
    sizes: dict[int, int] = field(default_factory=dict)
    paths: dict[int, Path] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """What has come of all files."""
        return sum(self.sizes.values())

    def to_record(self, most_bytes: int) -> dict[str, object]:
        """The upload as the API shows it."""
        files = [
            {"file": number, "name": path.name, "bytes": self.sizes[number]} for number, path in self.paths.items()
        ]
        return {"id": self.id, "files": files, "max_bytes": most_bytes, "piece_bytes": PIECE_BYTES}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file.

    Attributes:
        number: of the file, any that the client chooses.
        name: of the file.
        offset: how much of the file came before.
        content: its bytes.
    """

    number: int
    name: str
    offset: int
    content: bytes


class Uploads:
    """The current upload, if there is one; several threads may ask.

    Args:
        ledger: the ledger's file; uploads are beside it.
        most_bytes: that the files of an upload may have together.
        now_s: the monotonic clock.
    """

    def __init__(self, ledger: Path, most_bytes: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self._folder = ledger.parent / f"{ledger.name}.uploads"
        self.most_bytes = most_bytes
        self._now_s = now_s
        self._lock = threading.Lock()
        self._upload: Upload | None = None

    def begin(self) -> Upload:
        """Begin an upload in place of any earlier one.

        Raises:
            Problem: the disk cannot be written.
        """
        with self._lock:
            self._discard()
            name = secrets.token_urlsafe(12)
            try:
                folder = self._folder / name
                folder.mkdir(parents=True, mode=0o700)
            except OSError as error:
                raise _not_written(error) from None
            self._upload = Upload(name, folder, self._now_s())
            return self._upload

    def find(self, upload: str) -> Upload:
        """An upload.

        Raises:
            Problem: there is none of that id, any more.
        """
        with self._lock:
            return self._found(upload)

    def add(self, upload: str, piece: Piece) -> Upload:
        """Write a piece of a file. One that came before may come again: its response may have been lost.

        Raises:
            Problem: the upload is gone, the name is none, bytes before the piece are missing, or it is too much.
        """
        with self._lock:
            found = self._found(upload)
            path = found.paths.get(piece.number) or found.folder / str(piece.number) / _checked(piece.name)
            size = found.sizes.get(piece.number, 0)
            if path.name != piece.name:
                raise invalid_parameter("name", f"file {piece.number} is {path.name!r}")
            if size == piece.offset + len(piece.content) and piece.number in found.paths:
                return found
            if size != piece.offset:
                raise Problem(HTTPStatus.CONFLICT, f"offset: the next piece begins at byte {size}", parameter="offset")
            self._check_room(found, piece)
            try:
                path.parent.mkdir(exist_ok=True)
                with path.open("ab") as file:
                    file.truncate(size)
                    file.write(piece.content)
            except OSError as error:
                raise _not_written(error) from None
            found.paths[piece.number], found.sizes[piece.number] = path, size + len(piece.content)
            return found

    def discard(self, upload: str | None = None) -> None:
        """Delete an upload; None: whichever there is, and what an earlier process left."""
        with self._lock:
            if upload is None or (self._upload is not None and self._upload.id == upload):
                self._discard()

    def expire(self) -> None:
        """Delete an upload that nobody has used for an hour."""
        with self._lock:
            if self._upload is not None and self._now_s() - self._upload.used_s > _EXPIRES_S:
                self._discard()

    def _found(self, upload: str) -> Upload:
        if self._upload is None or self._upload.id != upload:
            detail = "this upload has ended: it was imported, replaced by another one, or not used for an hour"
            raise Problem(HTTPStatus.NOT_FOUND, detail)
        self._upload.used_s = self._now_s()
        return self._upload

    def _check_room(self, found: Upload, piece: Piece) -> None:
        if piece.number not in found.paths and len(found.paths) >= _MOST_FILES:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"an upload has {_MOST_FILES} files at most; pack them")
        if found.bytes + len(piece.content) > self.most_bytes:
            detail = (
                f"the files exceed {self.most_bytes // 1_000_000} MB (TICTALLY_HTTP_UPLOAD_MB); pack them with gzip or "
                "zip, or import them one by one"
            )
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        free = shutil.disk_usage(found.folder).free
        if free - len(piece.content) < _KEPT_FREE_BYTES:
            detail = f"the ledger's disk has {free // 1_000_000} MB left; free some, or pack the files with gzip or zip"
            raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, detail)

    def _discard(self) -> None:
        self._upload = None
        shutil.rmtree(self._folder, ignore_errors=True)


def _checked(name: str) -> str:
    """A name of a file as it is; it appears in the list of runs, and some importers go by its ending.

    Raises:
        Problem: it is no name, or names something elsewhere.
    """
    is_plain = name.isprintable() and name not in {"", ".", ".."} and not {"/", "\\"} & set(name)
    if not is_plain or len(os.fsencode(name)) > _MOST_NAME_BYTES:
        raise invalid_parameter("name", f"{name[:40]!r} is no name of a file")
    return name


def _not_written(error: OSError) -> Problem:
    return unavailable(f"the upload cannot be written: {error.strerror or error}", retry_after_s=60)
