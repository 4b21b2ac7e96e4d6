"""Prices by the hour or quarter, from a CSV file of their own. Pure: text in, prices out.

The file has a heading and a row for each step: `start` (a time with offset, so that the hour which autumn has twice is
distinguished), `price` (of a kWh, may be negative) and, where steps are mixed, `minutes` (60, 30 or 15). What it has no
row for has no price.
"""

import csv
import hashlib
import io
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Final

from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.plausible_amounts import EURO, KWH_AT_MOST, KWH_NEVER_ABOVE
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.phrase import Phrase, Value

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 4 * QUARTER_MS
_STEPS: Final = {"15": QUARTER_MS, "30": 2 * QUARTER_MS, "60": _HOUR_MS}
_HEADING: Final = ["start", "price"]
_HEADING_WITH_STEPS: Final = [*_HEADING, "minutes"]
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_HASH_DIGITS: Final = 12
# Of a price that is not zero, in powers of ten: what is smaller makes numbers that take long to write.
_SMALLEST: Final = -20


@dataclass(frozen=True, slots=True)
class Step:
    """A price and what it holds for.

    Attributes:
        start_ms: since the epoch, the beginning of a quarter.
        end_ms: excluded.
        price: of a kWh.
        day: local, as the file writes its beginning; None without a file: then the day in UTC is taken.
    """

    start_ms: int
    end_ms: int
    price: Decimal
    day: date | None = None


class Series:
    """Prices over time, with gaps if there are none."""

    def __init__(self, steps: Sequence[Step]) -> None:
        """Take steps in order, none overlapping another."""
        self._steps = tuple(steps)
        self._starts = [step.start_ms for step in self._steps]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them, in order."""
        return self._steps

    def by_formula(self, apply: Callable[[date, Decimal], Decimal]) -> "Series":
        """The series of what a formula makes of each price.

        Args:
            apply: local day and price of the series → price of a kWh.
        """
        return Series([replace(step, price=apply(_day(step), step.price)) for step in self._steps])

    def price(self, time_ms: int) -> Decimal | None:
        """Of a kWh at a moment; None if there is no price."""
        step = self._at(time_ms)
        return None if step is None else step.price

    def hash(self, start_ms: int, end_ms: int) -> str:
        """Changes with any price within [start, end), and with nothing outside of it."""
        first = max(bisect_right(self._starts, start_ms) - 1, 0)
        digest = hashlib.sha256()
        for step in self._steps[first : bisect_left(self._starts, end_ms)]:
            here, to = max(step.start_ms, start_ms), min(step.end_ms, end_ms)
            for quarter in range(here, to, QUARTER_MS):
                digest.update(f"{quarter} {step.price.normalize():f}\n".encode())
        return digest.hexdigest()[:_HASH_DIGITS]

    def _at(self, time_ms: int) -> Step | None:
        index = bisect_right(self._starts, time_ms) - 1
        if index < 0 or time_ms >= self._steps[index].end_ms:
            return None
        return self._steps[index]


def _day(step: Step) -> date:
    return step.day or (_EPOCH + timedelta(milliseconds=step.start_ms)).date()


@dataclass(frozen=True, slots=True)
class _SeriesRow:
    line: int
    start: datetime
    price: Decimal
    step_ms: int | None

    @property
    def start_ms(self) -> int:
        return (self.start - _EPOCH) // timedelta(milliseconds=1)


def read_series(text: str, file: str, currency: str = EURO) -> Series:
    """The prices of a file.

    Without the column `minutes` the whole file has one step, which is how far apart the nearest of its rows are: a
    quarter of an hour, half an hour or an hour; an hour if there is one row only.

    Args:
        text: of the file.
        file: its name, for people.
        currency: of the prices, ISO 4217; only of euros it is known what is plausible.

    Raises:
        TariffError: a row is none, two hold at the same time, or the step is another.
    """
    rows = sorted(_rows(text, file), key=lambda row: row.start_ms)
    if currency == EURO:
        _reject_slips(rows, file)
    pairs = list(pairwise(rows))
    common = _common_step_ms(pairs, file)
    steps = [Step(row.start_ms, row.start_ms + (row.step_ms or common), row.price, row.start.date()) for row in rows]
    for (earlier, later), step in zip(pairs, steps, strict=False):
        if step.end_ms > later.start_ms:
            line, other = max(earlier.line, later.line), min(earlier.line, later.line)
            raise TariffError(file, line, Phrase(FileProblem.SERIES_SAME_TIME, {"other": other}))
    return Series(steps)


def _reject_slips(rows: Sequence[_SeriesRow], file: str) -> None:
    """Single hours may cost several euros; where most do, the prices are of something else than a kWh in euros."""
    for row in rows:
        if not -KWH_NEVER_ABOVE <= row.price <= KWH_NEVER_ABOVE:
            high_price: dict[str, Value] = {"price": str(row.price), "limit": str(KWH_NEVER_ABOVE)}
            raise TariffError(file, row.line, Phrase(FileProblem.SERIES_PRICE_TOO_HIGH, high_price))
    high = [row for row in rows if row.price > KWH_AT_MOST]
    if len(high) * 2 > len(rows):
        about: dict[str, Value] = {"price": str(high[0].price), "limit": str(KWH_AT_MOST)}
        raise TariffError(file, high[0].line, Phrase(FileProblem.SERIES_MOSTLY_HIGH, about))


def _common_step_ms(pairs: Sequence[tuple[_SeriesRow, _SeriesRow]], file: str) -> int:
    """Of the rows without their own."""
    nearest = min(pairs, key=lambda pair: pair[1].start_ms - pair[0].start_ms, default=None)
    if nearest is None:
        return _HOUR_MS
    earlier, later = nearest
    apart_ms = later.start_ms - earlier.start_ms
    if not apart_ms:  # which is refused as such
        return _HOUR_MS
    if later.step_ms is None and apart_ms not in _STEPS.values():
        about: dict[str, Value] = {"minutes": apart_ms // _MINUTE_MS, "other": earlier.line}
        raise TariffError(file, later.line, Phrase(FileProblem.SERIES_STEP, about))
    return apart_ms


def _rows(text: str, file: str) -> list[_SeriesRow]:
    lines = _lines(text, file)
    heading = [name.strip() for name in next(lines, (1, []))[1]]
    if heading not in (_HEADING, _HEADING_WITH_STEPS):
        raise TariffError(file, 1, Phrase(FileProblem.SERIES_HEADING))
    rows = []
    for line, cells in lines:
        if not cells:
            continue
        if len(cells) != len(heading):
            raise TariffError(
                file, line, Phrase(FileProblem.SERIES_COLUMNS, {"found": len(cells), "expected": len(heading)})
            )
        step = cells[2].strip() if len(cells) > len(_HEADING) else None
        if step is not None and step not in _STEPS:
            raise TariffError(file, line, Phrase(FileProblem.SERIES_MINUTES, {"found": repr(step[:20])}))
        rows.append(
            _SeriesRow(
                line, _start(cells[0].strip(), file, line), _price(cells[1].strip(), file, line), _STEPS.get(step or "")
            )
        )
    if not rows:
        raise TariffError(file, 1, Phrase(FileProblem.SERIES_EMPTY))
    return rows


def _lines(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        problem = Phrase(FileProblem.SERIES_NOT_CSV, {"detail": str(error)})
        raise TariffError(file, max(reader.line_num, 1), problem) from None


def _start(text: str, file: str, line: int) -> datetime:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise TariffError(file, line, Phrase(FileProblem.SERIES_NOT_A_TIME, {"found": repr(text[:40])})) from None
    if start.tzinfo is None:
        raise TariffError(file, line, Phrase(FileProblem.SERIES_WITHOUT_OFFSET, {"found": repr(text[:40])}))
    if (start - _EPOCH) // timedelta(milliseconds=1) % QUARTER_MS:
        raise TariffError(file, line, Phrase(FileProblem.SERIES_OFF_QUARTER, {"found": repr(text[:40])}))
    return start


def _price(text: str, file: str, line: int) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or (price and price.adjusted() < _SMALLEST):
        raise TariffError(file, line, Phrase(FileProblem.SERIES_NOT_A_PRICE, {"found": repr(text[:40])}))
    return price
