"""A file of hourly prices that a job writes: new hours are added, corrected ones replaced, all others stay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from tictally_recorder.jobs import JobError
from tictally_recorder.problem import ProblemCode
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.series import read_series
from tictally_shared.phrase import Phrase
from tictally_shared.runtime import atomic_file

_HEADING = "start,price"


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did.

    Attributes:
        added: hours that had no price.
        corrected: hours that had another one.
    """

    added: int = 0
    corrected: int = 0

    def __add__(self, other: "Merged") -> "Merged":
        return Merged(self.added + other.added, self.corrected + other.corrected)


class SeriesFile:
    """Hourly prices in a CSV file, as `tariffs.series` reads it.

    Args:
        path: of the file; its folder is created where it is missing.
        tz: in which times are written.

    Raises:
        JobError: the file exists and cannot be used; it is not changed.
    """

    def __init__(self, path: Path, tz: ZoneInfo) -> None:
        self._path = path
        self._tz = tz
        self._prices: dict[int, Decimal] = {}
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except (OSError, UnicodeError) as error:
            raise file_error(ProblemCode.SERIES_UNUSABLE, path, error) from None
        try:
            self._prices = {step.start_ms: step.price for step in read_series(text, path.name).steps}
        except TariffError as error:
            raise file_error(ProblemCode.SERIES_UNUSABLE, path, error) from None

    def has(self, hours_ms: range) -> bool:
        """True if every one of these hours has a price."""
        return all(hour in self._prices for hour in hours_ms)

    def merge(self, prices: Mapping[int, Decimal]) -> Merged:
        """Add prices and write the file, if that changes anything.

        Args:
            prices: beginning of the hour, milliseconds since 1970 → price of a kWh.

        Raises:
            JobError: it cannot be written; it is unchanged.
        """
        added = sum(hour not in self._prices for hour in prices)
        corrected = sum(hour in self._prices and self._prices[hour] != price for hour, price in prices.items())
        if not added and not corrected:
            return Merged()
        merged = dict(sorted({**self._prices, **prices}.items()))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            atomic_file.write_text(self._path, "\n".join([_HEADING, *map(self._row, merged.items()), ""]))
        except OSError as error:
            raise file_error(ProblemCode.SERIES_NOT_WRITTEN, self._path, error) from None
        self._prices = merged
        return Merged(added, corrected)

    def _row(self, item: tuple[int, Decimal]) -> str:
        start = datetime.fromtimestamp(item[0] // 1000, UTC).astimezone(self._tz)
        return f"{start.isoformat(timespec='minutes')},{item[1]:f}"


def file_error(code: ProblemCode, path: Path, error: Exception) -> JobError:
    """The error of a job whose file cannot be read or written.

    Args:
        code: with the parameters `file` and `detail`.
        path: of the file.
        error: what happened.
    """
    detail = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return JobError(Phrase(code, {"file": str(path), "detail": detail}))
