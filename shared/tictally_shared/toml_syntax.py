"""What is wrong in a line that is no TOML, as a person would name it: a date that no calendar has, a quote left open.

The parser of the standard library shows where it gave up, in the terms of its grammar: an impossible date is "Expected
newline" to it. The line itself shows more. Pure.
"""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

_AT: Final = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_COMMENT: Final = re.compile(r"#.*")
_DATE: Final = re.compile(r"(?<![\w-])(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_OTHER_DATE: Final = re.compile(r"(?<!\w)(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}[/.]\d{1,2}[/.]\d{1,2})(?!\w)")
_NO_SECONDS: Final = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}[Tt ]\d{1,2}:\d{2}(?![\d:])")
_COMMA: Final = re.compile(r"=\s*([+-]?\d+,\d+)")
_FLAG: Final = re.compile(r"=\s*(True|False|TRUE|FALSE|yes|no|oui|non)\b")
_CURLY: Final = re.compile("[“”„«»\u2018\u2019]")
_HEADING: Final = re.compile(r"\s*\[[^=\[]*\]|\s*\[\[[^=\[]*\]\]")
_LAST_COMMA: Final = re.compile(r",\s*\}")
_SHOWN: Final = 60


class TomlFault(StrEnum):
    """Kinds of faults; `found` is what the user wrote."""

    DATE_IMPOSSIBLE = "date_impossible"
    DATE_FORM = "date_form"
    NO_SECONDS = "no_seconds"
    COMMA = "comma"
    FLAG = "flag"
    CURLY_QUOTES = "curly_quotes"
    LAST_COMMA = "last_comma"
    TWICE = "twice"
    QUOTE_OPEN = "quote_open"
    BACKSLASH = "backslash"
    BRACKET_OPEN = "bracket_open"
    EQUALS_MISSING = "equals_missing"
    VALUE = "value"
    STATEMENT = "statement"


_SENTENCES: Final = {
    TomlFault.DATE_IMPOSSIBLE: "there is no day {found}; a date is year-month-day, such as 2025-08-01",
    TomlFault.DATE_FORM: "{found} is not how a date is written here: year-month-day, such as 2025-08-01",
    TomlFault.NO_SECONDS: "{found} has no seconds; write a time as 2025-08-01T14:00:00",
    TomlFault.COMMA: "{found} has a comma; write decimals with a point",
    TomlFault.FLAG: "{found} is not a value; write true or false",
    TomlFault.CURLY_QUOTES: 'it has typographic quotes; write straight ones: "…"',
    TomlFault.LAST_COMMA: "the comma before the bracket is one too many: {found}",
    TomlFault.TWICE: "this is there twice; remove one of them: {found}",
    TomlFault.QUOTE_OPEN: "a quote is not closed: {found}",
    TomlFault.BACKSLASH: "text with a backslash needs single quotes: {found}",
    TomlFault.BRACKET_OPEN: "a bracket is not closed: {found}",
    TomlFault.EQUALS_MISSING: "a line is name = value, and here the = after a name is missing: {found}",
    TomlFault.VALUE: "there is no value after = (text needs quotes): {found}",
    TomlFault.STATEMENT: "this is neither name = value nor a [heading]: {found}",
}
# By the parser's message, where the line itself shows nothing; the first that fits.
_BY_MESSAGE: Final = (
    (re.compile(r"twice|overwrite|Duplicate|already|mutate"), TomlFault.TWICE),
    (re.compile(r"Unterminated string|Illegal character|Expected ['\"]+['\"]"), TomlFault.QUOTE_OPEN),
    (re.compile(r"Unescaped|escape|hex value"), TomlFault.BACKSLASH),
    (re.compile(r"Unclosed|Expected '\]|at end of document"), TomlFault.BRACKET_OPEN),
    (re.compile("Expected '='"), TomlFault.EQUALS_MISSING),
    (re.compile("Invalid value|Expected newline|Invalid date"), TomlFault.VALUE),
)


@dataclass(frozen=True, slots=True)
class TomlError:
    """What is wrong with a text that is no TOML.

    Attributes:
        line: from 1.
        fault: its kind.
        found: what stands there, at most so long that it fits into a sentence.
    """

    line: int
    fault: TomlFault
    found: str

    @property
    def sentence(self) -> str:
        """In English."""
        return _SENTENCES[self.fault].format(found=self.found)


def toml_error(error: tomllib.TOMLDecodeError, text: str) -> TomlError:
    """What is wrong, from the parser's error and the text that it read."""
    message = str(error)
    at = _AT.search(message)
    lines = text.splitlines() or [""]
    number = int(at[1]) if at is not None and at[1] else len(lines)
    line = lines[min(number, len(lines)) - 1].strip()
    for look in _LOOKS:
        if (fault := look(_plain(line))) is not None:
            return TomlError(number, *fault)
    if (opened := _still_open(lines[: number - 1])) is not None:
        return TomlError(opened, TomlFault.BRACKET_OPEN, _shown(lines[opened - 1]))
    fault_named = next((fault for pattern, fault in _BY_MESSAGE if pattern.search(message)), TomlFault.STATEMENT)
    return TomlError(number, fault_named, _shown(line))


def _plain(line: str) -> str:
    """A line without what stands in strings and comments."""
    return _COMMENT.sub("", _STRINGS.sub('""', line))


def _shown(line: str) -> str:
    line = line.strip()
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _still_open(lines: Sequence[str]) -> int | None:
    """The line of the value whose bracket is open at the end of some lines, or None."""
    opened, depth = None, 0
    for number, line in enumerate(lines, 1):
        plain = _plain(line)
        if _HEADING.match(plain):
            opened, depth = None, 0
            continue
        before, depth = depth, depth + sum(map(plain.count, "[{")) - sum(map(plain.count, "]}"))
        opened = number if before == 0 and depth > 0 else opened if depth > 0 else None
    return opened


_Look = Callable[[str], tuple[TomlFault, str] | None]


def _date(line: str) -> tuple[TomlFault, str] | None:
    if (other := _OTHER_DATE.search(line)) is not None:
        return TomlFault.DATE_FORM, other[0]
    for found in _DATE.finditer(line):
        try:
            date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return TomlFault.DATE_IMPOSSIBLE, found[0]
        if len(found[0]) < len("2025-08-01"):
            return TomlFault.DATE_FORM, found[0]
    return None


def _matching(pattern: re.Pattern[str], fault: TomlFault) -> _Look:
    def look(line: str) -> tuple[TomlFault, str] | None:
        found = pattern.search(line)
        return None if found is None else (fault, found[found.lastindex or 0])

    return look


_LOOKS: Final[tuple[_Look, ...]] = (
    _date,
    _matching(_NO_SECONDS, TomlFault.NO_SECONDS),
    _matching(_COMMA, TomlFault.COMMA),
    _matching(_FLAG, TomlFault.FLAG),
    _matching(_CURLY, TomlFault.CURLY_QUOTES),
    _matching(_LAST_COMMA, TomlFault.LAST_COMMA),
)
