"""The configuration files that a ledger's costs depend on: the contracts and the user's own tariffs."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from tictally_recorder.backup.file_format import BackupError
from tictally_shared.runtime.atomic_file import remove_stale_parts, write_bytes

_CONTRACTS: Final = "contracts.toml"
_TARIFFS: Final = "tariffs"
# A price series of many years is some MB.
_MOST_BYTES: Final = 64_000_000


def config_files(contracts: Path, tariffs: Path) -> Iterator[tuple[str, bytes]]:
    """Name in the backup and content of each file.

    Args:
        contracts: path of the contracts.
        tariffs: folder of the tariffs.


    Raises:
        BackupError: one cannot be read.
    """
    for path, name, why in _found(contracts, tariffs):
        if why is None:
            yield name, _read(path)


def skipped_files(contracts: Path, tariffs: Path) -> tuple[str, ...]:
    """A sentence for each file that a backup leaves out; hidden files are never tariffs and get none.

    Args:
        contracts: path of the contracts.
        tariffs: folder of the tariffs.
    """
    found = _found(contracts, tariffs)
    return tuple(f"{_printable(str(path))} is not in the backup: {why}." for path, _, why in found if why is not None)


def target_of(contracts: Path, tariffs: Path, name: str) -> Path:
    """Where a file of a backup belongs.

    Args:
        contracts: path of the contracts.
        tariffs: folder of the tariffs.
        name: of the file in the backup.

    Raises:
        BackupError: no configuration file can have this name.
    """
    if name == _CONTRACTS:
        return contracts
    if _is_tariff_name(name):
        return tariffs.joinpath(*PurePosixPath(name).parts[1:])
    raise BackupError(f"the backup contains a file with an unexpected name: {name[:80]!a}")


def restore_file(contracts: Path, tariffs: Path, name: str, content: bytes, now: datetime) -> str | None:
    """Restore a file of a backup to its place. An existing file is not changed.

    Args:
        contracts: path of the contracts.
        tariffs: folder of the tariffs.
        name: of the file in the backup.
        content: of it.
        now: for the name of a copy beside an existing file that differs.

    Returns:
        A sentence, None if the same file exists already.

    Raises:
        BackupError: no configuration file can have this name, or it cannot be written.
    """
    path = target_of(contracts, tariffs, name)
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content)
            return f"{path} was restored."
        if path.read_bytes() == content:
            return None
        # Not the suffix of a tariff or a contract: nothing reads it by mistake.
        beside = path.with_name(f"{path.name}.backup-{now:%Y%m%dT%H%M%SZ}")
        _write(beside, content)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}") from None
    return f"{path} differs from the backup and was not changed; the backup's version is beside it as {beside.name}."


def _found(contracts: Path, tariffs: Path) -> Iterator[tuple[Path, str, str | None]]:
    """The files that exist: path, name in the backup, and why it is left out or None."""
    if contracts.exists():
        yield contracts, _CONTRACTS, None
    elif contracts.is_symlink():
        yield contracts, _CONTRACTS, _why_not(contracts, _CONTRACTS)
    for path in _below(tariffs) if tariffs.is_dir() else ():
        name = f"{_TARIFFS}/{path.relative_to(tariffs).as_posix()}"
        yield path, name, _why_not(path, name)


def _below(folder: Path) -> Iterator[Path]:
    """The files in and below a folder, sorted, without hidden ones; the folder itself where it cannot be read."""
    if not os.access(folder, os.R_OK | os.X_OK):
        yield folder
        return
    for path in sorted(each for each in folder.iterdir() if not each.name.startswith(".")):
        # A link to a folder may be circular, or lead to a whole disk.
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)
        else:
            yield path


def _why_not(path: Path, name: str) -> str | None:
    """Why a restore could not write a file there, or None if it can."""
    if path.is_symlink() and not path.exists():
        return "it is a broken link"
    if path.is_dir():
        return "it is a link to a folder" if path.is_symlink() else "the folder cannot be read"
    if not path.is_file():
        return "it is not a file"
    if name != _CONTRACTS and not _is_tariff_name(name):
        return "a restore rejects its name, which contains a backslash or is not UTF-8"
    return None


def _is_tariff_name(name: str) -> bool:
    """True for a name that stays inside the tariffs' folder and that JSON can express."""
    parts = PurePosixPath(name).parts
    return (
        len(parts) > 1
        and parts[0] == _TARIFFS
        and _printable(name) == name
        and not any(part.startswith(".") or "\\" in part or "\0" in part for part in parts)
    )


def _printable(name: str) -> str:
    """The same where it is UTF-8; other bytes are escaped."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BackupError(f"{path} is larger than a contract or tariff can be; move it elsewhere")
        return path.read_bytes()
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}") from None


def _write(path: Path, content: bytes) -> None:
    """Write a file completely or not at all: a truncated one would count as the user's own ever after."""
    # Of a restore that was killed; one under another name may be in use and is removed once it is old.
    remove_stale_parts(path.parent, path.name, older_than_s=0)
    remove_stale_parts(path.parent)
    write_bytes(path, content)
