"""What lies beside a ledger and makes its costs: the contracts and the user's own price lists."""

import logging
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from tictally_recorder.backup.errors import BackupError

_CONTRACTS: Final = "contracts.toml"
_TARIFFS: Final = "tariffs"
# A price series of many years is some MB.
_MOST_BYTES: Final = 64_000_000
_log = logging.getLogger(__name__)


def files_beside(contracts: Path, tariffs: Path) -> Iterator[tuple[str, bytes]]:
    """Name in a backup and content of each file, by what the settings say where they lie.

    What a restore could not give back under its name is left out, with a warning.

    Raises:
        BackupError: one cannot be read.
    """
    if contracts.is_symlink() and not contracts.exists():
        _log.warning("%s is in no backup: it is a link to what is not there", contracts)
    yield from _read(contracts, _CONTRACTS)
    for path in sorted(tariffs.rglob("*")) if tariffs.is_dir() else ():
        name = f"{_TARIFFS}/{path.relative_to(tariffs).as_posix()}"
        if any(part.startswith(".") for part in path.relative_to(tariffs).parts):
            continue
        if path.is_file() and _is_fit(name):
            yield from _read(path, name)
        elif path.is_file():
            _log.warning("%s is in no backup: no restore could give it back under this name", path)
        elif path.is_symlink():
            _log.warning("%s is in no backup: it is a link to a folder, or to what is not there", path)


def _is_fit(name: str) -> bool:
    """True for the name of a file that a restore knows where to put, and that is text."""
    try:
        name.encode()
        place_of(Path(), Path(), name)
    except (UnicodeEncodeError, BackupError):
        return False
    return True


def _read(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    try:
        if path.exists():
            if path.stat().st_size > _MOST_BYTES:
                raise BackupError(f"{path} is larger than a contract or price list can be; move it elsewhere")
            yield name, path.read_bytes()
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}") from None


def place_of(contracts: Path, tariffs: Path, name: str) -> Path:
    """Where a backup's file lies by the settings.

    Args:
        contracts: file of the contracts.
        tariffs: folder of the price lists.
        name: of the file in the backup.

    Raises:
        BackupError: the name is of no such file.
    """
    parts = PurePosixPath(name).parts
    if name == _CONTRACTS:
        return contracts
    if len(parts) > 1 and parts[0] == _TARIFFS and not any(part.startswith(".") or "\\" in part for part in parts):
        return tariffs.joinpath(*parts[1:])
    raise BackupError(f"it has a file of a name that no file beside a ledger has: {name[:80]!r}")


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
            _write(path, content)
            return f"{path} was not there and is from the backup."
        if path.read_bytes() == content:
            return None
        # No suffix of a price list or a contract: nobody reads it by mistake.
        beside = path.with_name(f"{path.name}.backup-{now:%Y%m%dT%H%M%SZ}")
        _write(beside, content)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}") from None
    return f"{path} is not as it was then and stays as it is; the backup's is beside it as {beside.name}."


def _write(path: Path, content: bytes) -> None:
    """Whole under its name or not at all: a part would be taken for a user's own, or for a price list."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
