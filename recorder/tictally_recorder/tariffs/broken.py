"""Which tariffs the user's broken files have: these have no price, every other tariff stays as it is."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.tariffs.taxes import TAX_NAMES

# A file that is no TOML still shows which tariff it was meant for.
_LINES: Final = {
    "id": re.compile(r"""^\s*id\s*=\s*["']?([a-z0-9-]{1,32})\b""", re.MULTILINE),
    "direction": re.compile(r"""^\s*direction\s*=\s*["']?([a-z]+)\b""", re.MULTILINE),
    "series": re.compile(r"""^\s*series\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE),
}
_TAXES: Final = re.compile(rf"^\s*\[\[\s*(?:{'|'.join(TAX_NAMES)})\s*\]", re.MULTILINE)
_VERSION: Final = re.compile(r"^\s*\[\[\s*version\s*\]", re.MULTILINE)
_INJECTION: Final = ("injection", "injected")
_TOML: Final = ".toml"
_IMPORTED: Final = "-imported"


@dataclass(frozen=True, slots=True)
class BrokenTariff:
    """A tariff one of whose files cannot be used.

    Attributes:
        id: of the tariff.
        direction: of its energy, as far as the file shows it.
        error: the file, and what is wrong in it.
    """

    id: str
    direction: Direction
    error: TariffError


@dataclass(frozen=True)
class BrokenTariffs:
    """What the user's broken files cost.

    Attributes:
        by_id: id → the tariff that its broken files have.
        nameless: files that could be read and do not show which tariff they are about.
        unreadable: a file or folder that may be about any tariff, because nothing of it can be read; or None.
        taxes: files of tables of taxes, whose rates are as without them.
    """

    by_id: Mapping[str, BrokenTariff] = field(default_factory=dict)
    nameless: tuple[TariffError, ...] = ()
    unreadable: TariffError | None = None
    taxes: tuple[TariffError, ...] = ()

    def find(self, tariff_id: str, *, is_known: bool) -> BrokenTariff | None:
        """The broken tariff of an id, or None.

        Args:
            tariff_id: that a contract names.
            is_known: True if another file has that tariff, so that a file without a name is about another one.
        """
        if (found := self.by_id.get(tariff_id)) is not None or is_known or not self.nameless:
            return found
        return BrokenTariff(tariff_id, Direction.CONSUMPTION, self.nameless[0])


def broken_tariffs(folder: Path | None, errors: Iterable[TariffError]) -> BrokenTariffs:
    """What files with errors were about.

    Args:
        folder: of the user's tariffs.
        errors: that were found in its files, and in those of price series.
    """
    errors = list(errors)
    if folder is None or not errors:
        return BrokenTariffs()
    series: dict[Path, _Named] = {}
    with suppress(OSError):  # a folder that cannot be read is an error of its own
        series |= _files_of_series(folder)
    by_id: dict[str, BrokenTariff] = {}
    nameless, taxes, unreadable = [], [], None
    for error in errors:
        path = Path(error.file)
        if path == folder or _may_be_about_any(path):
            unreadable = unreadable or error
            continue
        if _TAXES.search(text := _text(path) or "") and not _VERSION.search(text):
            taxes.append(error)
            continue
        named = series.get(path) or _named_in(text)
        if named is None:
            nameless.append(error)
            named = _Named(path.stem.removesuffix(_IMPORTED), Direction.CONSUMPTION)
        by_id.setdefault(named.id, BrokenTariff(named.id, named.direction, error))
    return BrokenTariffs(by_id, tuple(nameless), unreadable, tuple(taxes))


class _Named(NamedTuple):
    id: str
    direction: Direction
    series: str | None = None


def _named_in(text: str) -> _Named | None:
    """What a file is about, as its keys or at least its lines show it."""
    try:
        document: Mapping[str, object] = tomllib.loads(text)
    except (ValueError, RecursionError):
        found = {name: match[1] for name, line in _LINES.items() if (match := line.search(text))}
        document = {name: value for name, value in found.items() if value}
    tariff, series = document.get("id"), document.get("series")
    if not isinstance(tariff, str):
        return None
    direction = Direction.INJECTION if document.get("direction") in _INJECTION else Direction.CONSUMPTION
    return _Named(tariff, direction, series if isinstance(series, str) else None)


def _files_of_series(folder: Path) -> Iterator[tuple[Path, _Named]]:
    """The file of each price series, with the tariff whose prices it has."""
    for path in folder.glob(f"*{_TOML}"):
        named = _named_in(_text(path) or "")
        if named is not None and named.series is not None:
            yield path.parent / named.series, named


def _may_be_about_any(path: Path) -> bool:
    """True for a tariff of which nothing can be read, although it is there."""
    try:
        return path.suffix == _TOML and path.is_file() and _text(path) is None
    except (OSError, ValueError):
        return True


def _text(path: Path) -> str | None:
    """Of a file, whatever its encoding, or None if it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig", errors="replace")
    except (OSError, ValueError):
        return None
