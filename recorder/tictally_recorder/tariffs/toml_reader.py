"""The single values of a tariff's file, each checked, each complaint with its line. Pure."""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final

from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.hours import Hours, MonthDay, Season, parse_hours
from tictally_recorder.tariffs.plausible_amounts import Bounds
from tictally_recorder.tariffs.toml_lines import Path, TomlLines
from tictally_shared.phrase import Phrase, Value

UNKNOWN: Final = "unknown"
"""What a file writes for a figure that there is and that is not known; forgotten ones are rejected."""
_DECIMALS_AT_MOST: Final = 8
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_ID: Final = re.compile(r"[a-z0-9-]{1,32}")
_POWER: Final = re.compile(r"[1-9][0-9]{0,5}")
_DAY_OF_YEAR: Final = re.compile(r"(\d{2})-(\d{2})", re.ASCII)
_ANY_COMMON_YEAR: Final = 2001
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_ENDS: Final = 2


class TomlValues:
    """The values of one file.

    Every method takes the path of a key, returns its value in the type that it stands for, and raises TariffError.
    """

    def __init__(self, document: Mapping[str, object], places: TomlLines, file: str) -> None:
        self._document = document
        self._places = places
        self.file = file

    def wrong(self, path: Path, problem: Phrase | str) -> TariffError:
        """The error to raise for a key."""
        return TariffError(self.file, self._places.line(path), problem)

    def not_a(self, path: Path, code: FileProblem, value: object) -> TariffError:
        """The error to raise for a value of another type."""
        return self.wrong(path, Phrase(code, {"key": _written(path), "found": _shown(value)}))

    def has(self, path: Path) -> bool:
        """True if the file has the key."""
        return self._find(path) is not None

    def is_word(self, path: Path, word: str) -> bool:
        """True if the value is that word."""
        return self._find(path) == word

    def is_tables(self, path: Path) -> bool:
        """True if the value is an array of tables, at least one."""
        value = self._find(path)
        return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)

    @property
    def document(self) -> Mapping[str, object]:
        """The whole file as it was read."""
        return self._document

    def keys(
        self, path: Path, known: Collection[str] | None = None, former: Collection[str] = frozenset()
    ) -> list[str]:
        """The keys of a table; none where it is absent.

        Args:
            path: of the table.
            known: keys that it may have; None: any.
            former: keys that it may have too, and that no message names.
        """
        table = self._document if path == () else self._find(path)
        if table is None:
            return []
        if not isinstance(table, dict):
            raise self.not_a(path, FileProblem.NOT_A_TABLE, table)
        for key in table:
            if known is not None and key not in known and key not in former:
                about: dict[str, Value] = {"key": _written((*path, key)), "keys": tuple(sorted(known))}
                raise self.wrong((*path, key), Phrase(FileProblem.KEY_UNKNOWN, about))
        return list(table)

    def text(self, path: Path, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._value(path, default)
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise self.not_a(path, FileProblem.NOT_A_TEXT, value)
        return value

    def id(self, path: Path) -> str:
        """An id of a tariff."""
        value = self.text(path)
        if not _ID.fullmatch(value):
            raise self.wrong(path, Phrase(FileProblem.NOT_AN_ID, {"found": repr(value[:40])}))
        return value

    def currency(self, path: Path, default: str | None = None) -> str:
        """A currency, ISO 4217."""
        value = self.text(path, default)
        if not _CURRENCY.fullmatch(value):
            raise self.wrong(path, Phrase(FileProblem.NOT_A_CURRENCY, {"found": repr(value[:20])}))
        return value

    def one_of(self, path: Path, choices: Collection[str], default: str | None = None) -> str:
        """One of some words."""
        value = self.text(path, default)
        if value not in choices:
            about: dict[str, Value] = {"key": _written(path), "found": repr(value[:40]), "choices": tuple(choices)}
            raise self.wrong(path, Phrase(FileProblem.NOT_ONE_OF, about))
        return value

    def flag(self, path: Path) -> bool:
        """True or false; false where it is absent."""
        value = self._value(path, default=False)
        if not isinstance(value, bool):
            raise self.not_a(path, FileProblem.NOT_A_FLAG, value)
        return value

    def texts(self, path: Path) -> tuple[str, ...]:
        """A list of different texts; empty if it is absent."""
        value = self._value(path, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            raise self.not_a(path, FileProblem.NOT_A_LIST, value)
        for each in value:
            if value.count(each) > 1:
                about: dict[str, Value] = {"key": _written(path), "found": repr(each[:40])}
                raise self.wrong(path, Phrase(FileProblem.TWICE_IN_LIST, about))
        return tuple(value)

    def day(self, path: Path) -> date:
        """A local date."""
        value = self._value(path)
        if isinstance(value, datetime) or not isinstance(value, date):
            raise self.not_a(path, FileProblem.NOT_A_DATE, value)
        return value

    def days_of_year(self, path: Path) -> tuple[tuple[int, int], ...]:
        """(month, day) pairs in order, each a day that every year has."""
        return tuple(sorted(self._day_of_year(path, text) for text in self.texts(path)))

    def season(self, path: Path) -> Season | None:
        """First and last day of a part of the year; None if it is absent."""
        value = self._value(path, [])
        if value == []:
            return None
        if not isinstance(value, list) or len(value) != _ENDS or not all(isinstance(each, str) for each in value):
            raise self.wrong(path, Phrase(FileProblem.NOT_A_SEASON, {"key": _written(path), "found": _shown(value)}))
        first, last = (self._day_of_year(path, text) for text in value)
        return first, last

    def hours(self, path: Path) -> tuple[Hours, ...]:
        """A list of hours of the day; empty if it is absent."""
        try:
            return tuple(parse_hours(text) for text in self.texts(path))
        except ValueError:
            about: dict[str, Value] = {"key": _written(path), "found": str(self._find(path))[:60]}
            raise self.wrong(path, Phrase(FileProblem.NOT_HOURS, about)) from None

    def time(self, path: Path) -> time:
        """A local time, `06:00`; midnight where it is absent."""
        value = self._value(path, "00:00")
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.wrong(path, Phrase(FileProblem.NOT_A_TIME, {"key": _written(path), "found": _shown(value)}))
        return time(int(match[1]), int(match[2]))

    def dates(self, path: Path) -> tuple[date, ...]:
        """A list of local dates, which may be empty."""
        value = self._value(path)
        if not isinstance(value, list) or not all(type(each) is date for each in value):
            raise self.not_a(path, FileProblem.NOT_A_LIST, value)
        return tuple(value)

    def _day_of_year(self, path: Path, text: str) -> MonthDay:
        """A (month, day) that every year has."""
        match = _DAY_OF_YEAR.fullmatch(text)
        try:
            of_year = match and date(_ANY_COMMON_YEAR, int(match[1]), int(match[2]))
        except ValueError:
            of_year = None
        if not of_year:
            raise self.wrong(path, Phrase(FileProblem.NOT_A_DAY_OF_YEAR, {"found": repr(text[:20])}))
        return of_year.month, of_year.day

    def amount(self, path: Path, bounds: Bounds) -> Decimal:
        """An amount within bounds; outside of them it is taken for a slip."""
        value = self._number(path)
        key, amount = _written(path), _shown(value)
        if value < 0 <= bounds.least:
            raise self.wrong(path, Phrase(FileProblem.AMOUNT_NEGATIVE, {"key": key, "amount": amount}))
        if (problem := bounds.problem(key, value)) is not None:
            raise self.wrong(path, problem)
        if value != round(value, _DECIMALS_AT_MOST):
            raise self.wrong(path, Phrase(FileProblem.TOO_MANY_DECIMALS, {"key": key, "most": _DECIMALS_AT_MOST}))
        return value

    def count(self, path: Path) -> int:
        """How many tables an array of tables has; none where it is absent."""
        value = self._find(path)
        if value is None:
            return 0
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.not_a(path, FileProblem.NOT_A_LIST, value)
        return len(value)

    def powers(self, path: Path) -> tuple[int, ...]:
        """A list of subscribed powers in kVA; empty if it is absent."""
        value = self._value(path, [])
        if not isinstance(value, list) or not all(isinstance(each, int) and each > 0 for each in value):
            raise self.not_a(path, FileProblem.NOT_A_LIST_OF_POWERS, value)
        return tuple(value)

    def power(self, path: Path) -> int:
        """A subscribed power in kVA: the last key of the path."""
        key = str(path[-1])
        if not _POWER.fullmatch(key):
            raise self.wrong(path, Phrase(FileProblem.NOT_A_POWER, {"found": repr(key[:20])}))
        return int(key)

    def _number(self, path: Path) -> Decimal:
        value = self._value(path)
        try:
            number = Decimal(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            raise self.not_a(path, FileProblem.NOT_AN_AMOUNT, value)
        return number

    def _value(self, path: Path, default: object = None) -> object:
        value = self._find(path)
        if value is None:
            value = default
        if value is None:
            raise self.wrong(path, Phrase(FileProblem.KEY_MISSING, {"key": _written(path)}))
        return value

    def _find(self, path: Path) -> object:
        here: object = self._document
        for key in path:
            if isinstance(here, dict):
                here = here.get(key)
            elif isinstance(here, list) and isinstance(key, int):
                here = here[key]
            else:
                return None
        return here


def _written(path: Path) -> str:
    """As a person writes it inside of its version."""
    keys = [key for key in path if isinstance(key, str)]
    inside = keys[1:] if len(keys) > 1 and isinstance(path[1], int) else keys
    return ".".join(f'"{key[:40]}"' if " " in key else key[:40] for key in inside)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    return repr(value)[:40] if isinstance(value, str) else str(value)[:40]
