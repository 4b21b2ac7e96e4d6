"""The open data of the French regulator (CRE): the history of a regulated tariff as CSV. Pure.

Fixed parts are euros a year, energy euros a kWh, both with and without taxes, a row for each power and revision.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.model import Price
from tictally_recorder.tariffs.plausible_amounts import EURO, Bounds, kwh_bounds, monthly_bounds
from tictally_recorder.tariffs.providers.cre.dates import Written, read_days
from tictally_recorder.tariffs.providers.protocol import (
    ProviderError,
    PublishedHistory,
    PublishedPrices,
    PublishedRevision,
)
from tictally_shared.phrase import Phrase, Value

_COLORS: Final = ("BLEU", "BLANC", "ROUGE")
PERIODS: Final[Mapping[str, Mapping[str, str]]] = {
    "edf-bleu-base": {"BASE": "PART_VARIABLE"},
    "edf-bleu-hphc": {"HC": "PART_VARIABLE_HC", "HP": "PART_VARIABLE_HP"},
    "edf-bleu-tempo": {f"{half} {color}": f"PART_VARIABLE_{half}{color}" for color in _COLORS for half in ("HC", "HP")},
}
"""Tariff → period → column, less `_HT` and `_TTC`."""
_ENERGY: Final = "PART_VARIABLE"
_FIXED: Final = "PART_FIXE"
_STARTS: Final = "DATE_DEBUT"
_ENDS: Final = "DATE_FIN"
_POWERS: Final = ("P_SOUSCRITE", "PUISSANCE")
_AMOUNT: Final = re.compile(r"\d+(?:[.,]\d+)?", re.ASCII)
_POWER: Final = re.compile(r"([1-9]\d?)(?:[.,]0+)?", re.ASCII)
_POWER_AT_MOST: Final = 36
_OF_KWH: Final = kwh_bounds(EURO, is_unusual=False)


def is_cre(content: bytes) -> bool:
    """True if the first line has a column of the CRE's, even if the file is broken otherwise."""
    heading = content.partition(b"\n")[0].upper()
    return _STARTS.encode() in heading or _ENERGY.encode() in heading


def read_cre(content: bytes, file: str) -> PublishedHistory:
    """Read a file.

    Args:
        content: of the file; its columns identify the tariff.
        file: its name, for people.

    Raises:
        ProviderError: it is no such file, or a row of it cannot be right; every wrong row has its sentence.
    """
    return _Reader(content, file).history()


class _Reader:
    def __init__(self, content: bytes, file: str) -> None:
        self._file = file
        self._errors: list[TariffError] = []
        self._lines = self._cut(content)
        line, header = next(self._lines, (1, []))
        self._columns = self._places(line, header)
        self._width = len(header)
        self._tariff = self._option(line)

    def history(self) -> PublishedHistory:
        rows = [(written, cells) for line, cells in self._lines if (written := self._written(line, cells))]
        spans, wrong = read_days([written for written, _ in rows], self._file)
        self._errors += wrong
        read = [self._row(written.line, cells) for written, cells in rows]
        if not rows:
            self._wrong(1, "there is no row below its heading")
        revisions: dict[date, PublishedRevision] = {}
        if not wrong:
            for (start, end), row in zip(spans, read, strict=True):
                powers = dict(revisions[start].powers) if start in revisions else {}
                if row is not None:
                    self._add(powers, *row, start)
                revisions[start] = PublishedRevision(start, end, powers)
        if self._errors:
            raise ProviderError(self._errors)
        known = sorted((each for each in revisions.values() if each.powers), key=lambda each: each.start)
        return PublishedHistory(self._tariff, tuple(known), self._file)

    def _add(self, powers: dict[int, PublishedPrices], power: int, row: PublishedPrices, start: date) -> None:
        other = powers.setdefault(power, row)
        if (other.prices, other.yearly, other.yearly_ht) != (row.prices, row.yearly, row.yearly_ht):
            self._wrong(row.line, f"{power} kVA from {start} stands in line {other.line} with other amounts")

    def _cut(self, content: bytes) -> Iterator[tuple[int, list[str]]]:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self._refused(1, "it is not text in UTF-8") from None
        reader = csv.reader(text.splitlines(), delimiter=";")
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise self._refused(reader.line_num, f"it is not CSV: {error}") from None

    def _places(self, line: int, header: list[str]) -> dict[str, int]:
        places: dict[str, int] = {}
        for place, name in enumerate(header):
            column = _POWERS[0] if name.upper() in _POWERS else name.upper()
            if column and places.setdefault(column, place) != place:
                raise self._refused(line, f"there are two columns {name[:40]}")
        if missing := [name for name in (_STARTS, _ENDS, _POWERS[0]) if name not in places]:
            sentence = f"there is no column {', '.join(missing)}; a file of the CRE is CSV with ; between its columns"
            raise self._refused(line, sentence)
        return places

    def _option(self, line: int) -> str:
        present = {column for column in self._columns if column.startswith(_ENERGY)}
        wanted = {
            tariff: {f"{column}_{taxes}" for column in periods.values() for taxes in ("HT", "TTC")}
            for tariff, periods in PERIODS.items()
        }
        tariff = next((tariff for tariff, columns in wanted.items() if columns == present), None)
        if tariff is None:
            sentence = "its columns of prices are neither those of Base nor of HP/HC nor of Tempo"
            raise self._refused(line, f"{sentence}: {', '.join(sorted(present))[:200] or 'there are none'}")
        if missing := [name for name in (f"{_FIXED}_HT", f"{_FIXED}_TTC") if name not in self._columns]:
            raise self._refused(line, f"there is no column {', '.join(missing)}")
        return tariff

    def _written(self, line: int, cells: list[str]) -> Written | None:
        if len(cells) < self._width or any(cells[self._width :]):
            self._wrong(line, f"the row has {len(cells)} cells, the heading has {self._width}")
            return None
        return Written(line, cells[self._columns[_STARTS]], cells[self._columns[_ENDS]])

    def _row(self, line: int, cells: list[str]) -> tuple[int, PublishedPrices] | None:
        """A power and what it costs; None if the row has no amount at all, or is wrong."""
        before = len(self._errors)
        text = cells[self._columns[_POWERS[0]]]
        power = _POWER.fullmatch(text)
        if power is None or int(power[1]) > _POWER_AT_MOST:
            self._wrong(line, f"{text[:20]!r} is not a subscribed power: whole kVA up to {_POWER_AT_MOST}")
        monthly = monthly_bounds(EURO, int(power[1]) if power else None, is_unusual=False)
        fixed_ht, fixed = self._pair(line, cells, _FIXED, monthly.a_year)
        prices, missing = {}, []
        for period, column in PERIODS[self._tariff].items():
            ht, ttc = self._pair(line, cells, column, _OF_KWH)
            if ttc is None:
                missing.append(period)
            else:
                prices[period] = Price(ttc, ht)
            if ht is not None and not cells[self._columns[f"{column}_TTC"]]:
                self._wrong(line, f"{column}_TTC is empty, and {column}_HT is not")
        if len(self._errors) > before or power is None or (not prices and fixed is None and fixed_ht is None):
            return None
        if missing:
            self._wrong(line, f"there is no price of {', '.join(missing)}, and there are other amounts")
            return None
        return int(power[1]), PublishedPrices(line, prices, fixed, fixed_ht)

    def _pair(self, line: int, cells: list[str], column: str, bounds: Bounds) -> tuple[Decimal | None, Decimal | None]:
        """Without and with taxes."""
        ht, ttc = (self._amount(line, cells, f"{column}_{taxes}", bounds) for taxes in ("HT", "TTC"))
        if ht is not None and ttc is not None and ht > ttc:
            self._wrong(line, f"{column} is more without taxes ({ht}) than with them ({ttc})")
        return ht, ttc

    def _amount(self, line: int, cells: list[str], column: str, bounds: Bounds) -> Decimal | None:
        text = cells[self._columns[column]]
        if not text:
            return None
        if not _AMOUNT.fullmatch(text):
            self._wrong(line, f"{column} is {text[:20]!r}, and that is no amount: 0,1635")
            return None
        amount = Decimal(text.replace(",", "."))
        for at_most in (bounds.most, bounds.usual):
            if at_most is not None and amount > at_most:
                about: dict[str, Value] = {"key": column, "amount": str(amount), "limit": str(at_most)}
                self._wrong(line, Phrase(FileProblem.AMOUNT_TOO_LARGE, about | {"unit": Phrase(bounds.unit)}))
                return None
        return amount

    def _wrong(self, line: int, problem: Phrase | str) -> None:
        self._errors.append(TariffError(self._file, line, problem))

    def _refused(self, line: int, sentence: str) -> ProviderError:
        return ProviderError([TariffError(self._file, line, sentence)])
