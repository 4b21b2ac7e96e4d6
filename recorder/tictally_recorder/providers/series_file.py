"""A file of prices that a job writes: new ones are added, corrected ones replaced, all others stay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.jobs import JobError
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.price_checks import HOUR_MS
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.series import Series, read_series
from tictally_shared.phrase import Phrase
from tictally_shared.runtime import atomic_file

_HEADING: Final = "start,price"
_HEADING_WITH_STEPS: Final = "start,price,minutes"
_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did.

    Attributes:
        added: hours that had no price, in part or whole.
        corrected: hours that had another one.
    """

    added: int = 0
    corrected: int = 0

    def __add__(self, other: "Merged") -> "Merged":
        return Merged(self.added + other.added, self.corrected + other.corrected)


class SeriesFile:
    """Prices in a CSV file, as `tariffs.series` reads it.

    Args:
        path: of the file; its folder is created where it is missing.
        tz: in which times are written.
        step_ms: how long each price holds: an hour or a part of it. Parts of one hour that have one price are written
            as an hour, so that the years in which the market had hours take little room.

    Raises:
        JobError: the file exists and cannot be used; it is not changed.
    """

    def __init__(self, path: Path, tz: ZoneInfo, step_ms: int = HOUR_MS) -> None:
        self._path = path
        self._tz = tz
        self._step_ms = step_ms
        self._prices: dict[int, Decimal] = {}
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except (OSError, UnicodeError) as error:
            raise file_error(ProblemCode.SERIES_UNUSABLE, path, error) from None
        try:
            for step in read_series(text, path.name).steps:
                self._prices |= dict.fromkeys(range(step.start_ms, step.end_ms, step_ms), step.price)
        except TariffError as error:
            raise file_error(ProblemCode.SERIES_UNUSABLE, path, error) from None

    def has(self, starts_ms: range) -> bool:
        """True if every one of these steps has a price."""
        return all(start in self._prices for start in starts_ms)

    def merge(self, prices: Mapping[int, Decimal]) -> Merged:
        """Add prices and write the file, if that changes anything.

        Args:
            prices: beginning of the step, milliseconds since 1970 → price of a kWh.

        Raises:
            JobError: it cannot be written; it is unchanged.
        """
        added = {start // HOUR_MS for start in prices if start not in self._prices}
        changed = {start // HOUR_MS for start, price in prices.items() if self._prices.get(start, price) != price}
        if not added and not changed:
            return Merged()
        merged = dict(sorted({**self._prices, **prices}.items()))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            atomic_file.write_text(self._path, "\n".join([*self._rows(merged), ""]))
        except OSError as error:
            raise file_error(ProblemCode.SERIES_NOT_WRITTEN, self._path, error) from None
        self._prices = merged
        return Merged(len(added), len(changed - added))

    def _rows(self, prices: Mapping[int, Decimal]) -> Iterator[str]:
        """Heading and rows."""
        if self._step_ms == HOUR_MS:
            yield _HEADING
            yield from (f"{self._time(start_ms)},{price:f}" for start_ms, price in prices.items())
            return
        yield _HEADING_WITH_STEPS
        end_ms = 0
        for start_ms, price in prices.items():
            if start_ms < end_ms:
                continue
            rest = range(start_ms, start_ms + HOUR_MS, self._step_ms)
            is_hour = not start_ms % HOUR_MS and all(prices.get(each) == price for each in rest)
            end_ms = start_ms + (HOUR_MS if is_hour else self._step_ms)
            yield f"{self._time(start_ms)},{price:f},{(end_ms - start_ms) // _MINUTE_MS}"

    def _time(self, time_ms: int) -> str:
        start = datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self._tz)
        return start.isoformat(timespec="minutes")


class CurrentSeries:
    """The prices of a file as it is now, for whoever only reads them; may be used by several threads.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int], Series] | None = None

    def price(self, time_ms: int) -> Decimal | None:
        """Of a kWh at a moment, milliseconds since 1970; None if there is none, or no file that can be used."""
        try:
            found = self._path.stat()
            seen = found.st_mtime_ns, found.st_size
            read = self._read
            if read is None or read[0] != seen:
                read = self._read = seen, read_series(self._path.read_text(encoding="utf-8"), self._path.name)
        except (OSError, UnicodeError, TariffError):
            return None
        return read[1].price(time_ms)


def file_error(code: ProblemCode, path: Path, error: Exception) -> JobError:
    """The error of a job whose file cannot be read or written.

    Args:
        code: with the parameters `file` and `detail`.
        path: of the file.
        error: what happened.
    """
    detail = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return JobError(Phrase(code, {"file": str(path), "detail": detail}))
