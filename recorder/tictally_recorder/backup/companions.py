"""What lies beside a ledger and makes its costs: the contracts and the user's own price lists."""

from collections.abc import Iterator
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
    yield from _read(contracts, _CONTRACTS)
    for path in sorted(tariffs.rglob("*")) if tariffs.is_dir() else ():
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(tariffs).parts):
            yield from _read(path, f"{_TARIFFS}/{path.relative_to(tariffs).as_posix()}")


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
            path.write_bytes(content)
            return f"{path} was not there and is from the backup."
        if path.read_bytes() == content:
            return None
        # No suffix of a price list or a contract: nobody reads it by mistake.
        beside = path.with_name(f"{path.name}.backup-{now:%Y%m%dT%H%M%SZ}")
        beside.write_bytes(content)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}") from None
    return f"{path} is not as it was then and stays as it is; the backup's is beside it as {beside.name}."
