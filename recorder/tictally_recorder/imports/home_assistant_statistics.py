"""Home Assistant's database: the hourly long-term statistics of energy, ha-linky's among them.

`statistics` has a row an hour; its `sum` is the energy counted up to the end of that hour, whatever the meter's
register was. Which statistics are the site's consumption and injection is a setting; without it ha-linky's are taken.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, SecretStr

from tictally_recorder.fetch import Url
from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.imports.source_file import SourceFile
from tictally_recorder.ledger import CONSUMPTION, INJECTION, WATT_MINUTES, IntervalEnergy, Observation
from tictally_shared.settings.sections import SectionModel

_HOUR_MS: Final = 3_600_000
_LONGEST_MS: Final = 31 * 24 * _HOUR_MS
_CHUNK: Final = 1 << 20
WH_OF: Final = {"Wh": 1, "kWh": 1000, "MWh": 1_000_000}
"""Unit of a statistic → Wh."""
_LINKY: Final = re.compile(r"linky(?:_prod)?:(\d{14})")
_PRODUCTION: Final = "linky_prod:"
SETTING: Final = "TICTALLY_HOME_ASSISTANT_CONSUMPTION"
"""Names the statistics where nothing else shows them."""
_SERIES: Final = "SELECT id, statistic_id, unit_of_measurement FROM statistics_meta WHERE has_sum = 1 ORDER BY 2"
_ROWS: Final = "SELECT start_ts, sum FROM statistics WHERE metadata_id = ? AND sum IS NOT NULL ORDER BY start_ts"


def _names(value: object) -> object:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value


_Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class HomeAssistantSettings(SectionModel):
    """Which statistics are imported."""

    url: Url | None = Field(
        None,
        description="Address of Home Assistant, `http://homeassistant.local:8123`, for `tictally import "
        "home-assistant`.",
    )
    token: SecretStr | None = Field(
        None, description="Long-lived access token of Home Assistant, from a user's profile page there."
    )
    consumption: _Names = Field(
        (),
        description="Statistics of Home Assistant that together are the consumption, separated by commas. "
        "Default: ha-linky's.",
    )
    injection: _Names = Field((), description="Those that together are the injection. Default: ha-linky's.")


class HomeAssistantDatabase:
    """See the module."""

    name = "home_assistant"
    title = "Home Assistant"
    settings = HomeAssistantSettings
    form = "database with its long-term statistics (home-assistant_v2.db)"
    requires = None

    def recognizes(self, head: Head, /) -> bool:
        """An SQLite file that has the table's name near its beginning, where schemas are."""
        return head.content.startswith(b"SQLite format 3\0") and b"statistics_meta" in head.content

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        with TemporaryDirectory() as folder:
            path = _plain(reading.file, Path(folder))
            try:
                # A copy of a running database has its newest rows in a log beside it; without it they are missing.
                with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                    yield from _read(reading, connection)
            except sqlite3.Error as error:
                raise reading.file.error(0, ImportProblem.UNREADABLE, detail=str(error)) from None


def _plain(file: SourceFile, folder: Path) -> Path:
    """The database as a file of its own: itself, or what it is packed in, unpacked."""
    if not file.is_packed:
        return file.path
    path = folder / "unpacked.db"
    with file.open() as content, path.open("wb") as target:
        while chunk := content.read(_CHUNK):
            target.write(chunk)
    return path


def _read(reading: Reading, connection: sqlite3.Connection) -> Iterator[Observation]:
    wanted = reading.settings.section(HomeAssistantSettings)
    series = {name: (number, unit) for number, name, unit in connection.execute(_SERIES)}
    energies = [name for name, (_, unit) in series.items() if unit in WH_OF]
    names = chosen(wanted, energies)
    if names is None:
        raise reading.file.error(0, ImportProblem.SERIES_NEEDED, setting=SETTING, series=tuple(energies))
    for prm in delivery_points(names):
        reading.name_delivery_point(prm, 0)
    for register, of_register in names.items():
        found = []
        for name in of_register:
            number, unit = series[name]
            found.append(energies_of(connection.execute(_ROWS, (number,)), WH_OF[unit]))
        yield from summed(register, found)


def chosen(wanted: HomeAssistantSettings, energies: Sequence[str]) -> Mapping[str, Sequence[str]] | None:
    """Register → ids of the statistics that together are its energy; None where that is not clear.

    Args:
        wanted: the user's choice; without one ha-linky's are taken.
        energies: the ids of the statistics of energy that there are.
    """
    names: dict[str, Sequence[str]] = {CONSUMPTION: wanted.consumption, INJECTION: wanted.injection}
    if not any(names.values()):
        linky = [name for name in energies if _LINKY.fullmatch(name)]
        names[CONSUMPTION] = [name for name in linky if not name.startswith(_PRODUCTION)]
        names[INJECTION] = [name for name in linky if name.startswith(_PRODUCTION)]
    if not any(names.values()) or any(name not in energies for each in names.values() for name in each):
        return None
    return names


def delivery_points(names: Mapping[str, Sequence[str]]) -> list[str]:
    """The delivery points that ha-linky's statistics have in their ids."""
    return [match[1] for each in names.values() for name in each if (match := _LINKY.fullmatch(name))]


def energies_of(rows: Iterable[tuple[float, float | Decimal]], wh: int) -> dict[tuple[int, int], int]:
    """(start, end) → watt-minutes, from one hour's sum to the next; a sum that falls shows nothing.

    Args:
        rows: the beginning of the hour, seconds since 1970, and the sum at its end; in order of time.
        wh: of the sum's unit.
    """
    found: dict[tuple[int, int], int] = {}
    before: tuple[int, Decimal] | None = None
    for start_s, total in rows:
        end_ms = round(start_s) * 1000 + _HOUR_MS
        here = Decimal(str(total))
        if before is not None and here >= before[1] and 0 < end_ms - before[0] <= _LONGEST_MS:
            found[before[0], end_ms] = round((here - before[1]) * wh * WATT_MINUTES)
        before = end_ms, here
    return found


def summed(register: str, series: Sequence[dict[tuple[int, int], int]]) -> Iterator[Observation]:
    """The sum of several statistics, such as one for each period, where all of them have the same interval."""
    for start_ms, end_ms in sorted(set(series[0]).intersection(*series[1:])) if series else ():
        energy = sum(each[start_ms, end_ms] for each in series)
        yield IntervalEnergy(register, start_ms, end_ms, energy)
