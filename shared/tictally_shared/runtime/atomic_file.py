"""Files that are replaced in one step: a reader sees the old content or the new, also after a crash or a power loss.

The new content is written to a temporary file in the same folder, flushed to the disk and renamed; then the folder is
flushed. The temporary file is hidden and ends in `.part`. A process that is killed leaves it behind: whoever writes a
file again calls `remove_stale_parts` first, where that can happen.
"""

import codecs
import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

STALE_AFTER_S: Final = 6 * 3600.0
_MAX_NAME_BYTES: Final = 255
_PERMISSIONS: Final = 0o777
_TOKEN_BYTES: Final = 4
_TOKEN_AND_DOTS: Final = 2 * _TOKEN_BYTES + len("..") + len(".part")


def write_bytes(path: Path, content: bytes, *, mode: int = 0o666, is_durable: bool = True) -> None:
    """Replace a file's content in one step.

    Args:
        path: of the file; its folder exists.
        content: the whole of it.
        mode: permissions, before the umask.
        is_durable: False for a file that need not survive a power loss; nothing is flushed to the disk.

    Raises:
        OSError: it could not be written; the old file is untouched, unless only flushing the folder failed.
    """
    with open_replacement(path, mode=mode, is_durable=is_durable) as file:
        file.write(content)


def write_text(path: Path, content: str, *, mode: int = 0o666, is_durable: bool = True) -> None:
    """Replace a file's content by a string, in UTF-8; see `write_bytes`."""
    write_bytes(path, content.encode(), mode=mode, is_durable=is_durable)


def rewrite_text(path: Path, content: str) -> None:
    """Replace the text of a file that a person edits, with its own line ends, byte order mark and permissions."""
    before = path.read_bytes()
    if b"\r\n" in before:
        content = content.replace("\n", "\r\n")
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    write_bytes(path, mark + content.encode(), mode=path.stat().st_mode & _PERMISSIONS)


@contextmanager
def open_replacement(path: Path, *, mode: int = 0o666, is_durable: bool = True) -> Iterator[BinaryIO]:
    """A new file, open for writing, that replaces another when the block ends without an exception.

    Args:
        path: of the file to replace; its folder exists.
        mode: permissions, before the umask.
        is_durable: False for a file that need not survive a power loss; nothing is flushed to the disk.

    Yields:
        The file; its name and permissions may be changed only by what this function is given.

    Raises:
        OSError: it could not be written; see `write_bytes`.
    """
    part = _part_of(path)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
            yield file
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
        _rename(part, path, is_durable=is_durable)
    finally:
        _remove(part)


@contextmanager
def replacement_path(path: Path) -> Iterator[Path]:
    """A name for a new file that replaces another when the block ends without an exception.

    For libraries that open files by name (SQLite, Parquet), and to verify a file before it takes its place.

    Args:
        path: of the file to replace; its folder exists.

    Yields:
        Where to make the new file; it must exist when the block ends.

    Raises:
        OSError: it could not be flushed or renamed; see `write_bytes`.
    """
    part = _part_of(path)
    try:
        yield part
        _sync(part)
        _rename(part, path, is_durable=True)
    finally:
        _remove(part)


def remove_stale_parts(folder: Path, name: str | None = None, *, older_than_s: float = STALE_AFTER_S) -> None:
    """Remove the temporary files that killed processes left in a folder.

    Args:
        folder: where they are.
        name: of the file that was being replaced; None for every file of the folder.
        older_than_s: how long nothing was written to them, in seconds; 0 where a lock excludes other writers.

    Raises:
        OSError: the folder cannot be listed.
    """
    prefix = r"\..+\." if name is None else re.escape(_prefix(name))
    pattern = re.compile(rf"{prefix}[0-9a-f]+\.part", re.DOTALL)
    for part in folder.iterdir():
        if pattern.fullmatch(part.name):
            with suppress(OSError):  # another process has just removed or finished it
                if time.time() - part.stat().st_mtime >= older_than_s:
                    part.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power loss, as far as its file system can.

    Raises:
        OSError: the disk failed.
    """
    try:
        _sync(folder)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some network shares flush no folders
            raise


def _part_of(path: Path) -> Path:
    return path.with_name(f"{_prefix(path.name)}{secrets.token_hex(_TOKEN_BYTES)}.part")


def _prefix(name: str) -> str:
    """Of the temporary files of a name; its hash where the name is too long to be extended."""
    if len(os.fsencode(name)) + _TOKEN_AND_DOTS > _MAX_NAME_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return f".{name}."


def _rename(part: Path, path: Path, *, is_durable: bool) -> None:
    part.replace(path)
    if is_durable:
        sync_folder(path.parent)


def _remove(part: Path) -> None:
    with suppress(OSError):  # the failure that led here is the one to report
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
