"""What lies beside a ledger and makes its costs: the contracts and the user's own price lists."""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from tictally_recorder.backup.errors import BackupError

_CONTRACTS: Final = "contracts.toml"
_TARIFFS: Final = "tariffs"
# A price series of many years is some MB.
_MOST_BYTES: Final = 64_000_000


def files_beside(contracts: Path, tariffs: Path) -> Iterator[tuple[str, bytes]]:
    """Name in a backup and content of each file, by what the settings say where they lie.

    Raises:
        BackupError: one cannot be read.
    """
    for path, name, why in _found(contracts, tariffs):
        if why is None:
            yield name, _read(path)


def left_out(contracts: Path, tariffs: Path) -> tuple[str, ...]:
    """A sentence for each that a backup leaves out; what is hidden is nobody's price list, and nothing is said of it.

    Args:
        contracts: file of the contracts.
        tariffs: folder of the price lists.
    """
    found = _found(contracts, tariffs)
    return tuple(f"{_printable(str(path))} is not in the backup: {why}." for path, _, why in found if why is not None)


def place_of(contracts: Path, tariffs: Path, name: str) -> Path:
    """Where a backup's file lies by the settings.

    Args:
        contracts: file of the contracts.
        tariffs: folder of the price lists.
        name: of the file in the backup.

    Raises:
        BackupError: the name is of no such file.
    """
    if name == _CONTRACTS:
        return contracts
    if _is_of_a_price_list(name):
        return tariffs.joinpath(*PurePosixPath(name).parts[1:])
    raise BackupError(f"the backup has a file of a name that no file beside a ledger has: {name[:80]!a}")


def put_beside(contracts: Path, tariffs: Path, name: str, content: bytes, now: datetime) -> str | None:
    """Put a backup's file where the settings say that it lies. What a user has there stays as it is.

    Args:
        contracts: file of the contracts.
        tariffs: folder of the price lists.
        name: of the file in the backup.
        content: of it.
        now: for a name beside one that is there and says something else.

    Returns:
        A sentence, None where the same was there already.

    Raises:
        BackupError: the name is of no such file, or it cannot be written.
    """
    path = place_of(contracts, tariffs, name)
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _put_whole(path, content)
            return f"{path} was not there and is from the backup."
        if path.read_bytes() == content:
            return None
        # No suffix of a price list or a contract: nobody reads it by mistake.
        beside = path.with_name(f"{path.name}.backup-{now:%Y%m%dT%H%M%SZ}")
        _put_whole(beside, content)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}") from None
    return f"{path} is not as it was then and stays as it is; the backup's is beside it as {beside.name}."


def _found(contracts: Path, tariffs: Path) -> Iterator[tuple[Path, str, str | None]]:
    """What there is: path, name in a backup, and why it is left out or None."""
    if contracts.exists():
        yield contracts, _CONTRACTS, None
    elif contracts.is_symlink():
        yield contracts, _CONTRACTS, _why_not(contracts, _CONTRACTS)
    for path in _below(tariffs) if tariffs.is_dir() else ():
        name = f"{_TARIFFS}/{path.relative_to(tariffs).as_posix()}"
        yield path, name, _why_not(path, name)


def _below(folder: Path) -> Iterator[Path]:
    """What is in a folder and in those below it, in order, without what is hidden; itself where it cannot be read."""
    if not os.access(folder, os.R_OK | os.X_OK):
        yield folder
        return
    for path in sorted(each for each in folder.iterdir() if not each.name.startswith(".")):
        # A link to a folder may lead in a circle, or to a whole disk.
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)
        else:
            yield path


def _why_not(path: Path, name: str) -> str | None:
    """Why a restore could not put a file there again, or None where it can."""
    if path.is_symlink() and not path.exists():
        return "it is a link to what is not there"
    if path.is_dir():
        return "it is a link to a folder" if path.is_symlink() else "the folder cannot be read"
    if not path.is_file():
        return "it is no file"
    if name != _CONTRACTS and not _is_of_a_price_list(name):
        return "a restore would not take its name, which has a backslash or is not UTF-8"
    return None


def _is_of_a_price_list(name: str) -> bool:
    """True for a name that stays in the folder of price lists, wherever that lies, and that JSON can tell."""
    parts = PurePosixPath(name).parts
    return (
        len(parts) > 1
        and parts[0] == _TARIFFS
        and _printable(name) == name
        and not any(part.startswith(".") or "\\" in part or "\0" in part for part in parts)
    )


def _printable(name: str) -> str:
    """The same where it is UTF-8; bytes that are not are told by their numbers."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BackupError(f"{path} is larger than a contract or price list can be; move it elsewhere")
        return path.read_bytes()
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}") from None


def _put_whole(path: Path, content: bytes) -> None:
    """A file of that name is whole or not there: one that is cut would be taken for the user's own ever after."""
    # Hidden and of a suffix that nobody reads; and short, where a price list's name is as long as names can be.
    for old in path.parent.glob(".restored.*.part"):
        old.unlink(missing_ok=True)  # of a restore that was killed
    part = path.with_name(f".restored.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
