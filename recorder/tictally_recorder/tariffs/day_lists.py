"""Changes a list of days in a tariff's file as a person would: whatever else stands there stays as it is. Pure."""

import re
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Final

from tictally_recorder.calendars.tempo import CalendarFileError
from tictally_recorder.file_problem import FileProblem, unreadable, unwritable
from tictally_recorder.problem import ProblemCode
from tictally_recorder.tariffs.errors import TariffError, UnknownTariff
from tictally_recorder.tariffs.load import TariffFile, read_toml
from tictally_recorder.tariffs.period_rules import DayList
from tictally_recorder.tariffs.rule_reader import read_rules
from tictally_recorder.tariffs.template_files import templates
from tictally_shared.phrase import Phrase
from tictally_shared.runtime import atomic_file

_HEADER: Final = re.compile(r"\s*\[\[\s*days\s*\]\]")
_TABLE: Final = re.compile(r"\s*\[")
_FIRST_FIELD: Final = re.compile(r"[;,\t]|\s{2,}")
_FORMS: Final = ("%Y-%m-%d", "%d/%m/%Y")
_PER_LINE: Final = 7


def own_file(folder: Path, tariff_id: str) -> Path:
    """The user's own file of a tariff.

    Args:
        folder: of the user's tariffs.
        tariff_id: of the tariff.

    Raises:
        TariffError: a file cannot be read, or is no tariff.
        UnknownTariff: there is none.
    """
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        file = TariffFile(_read(path), str(path))
        if file.id == tariff_id and not file.overlay:
            return path
    code = ProblemCode.TARIFF_ONLY_TEMPLATE if tariff_id in templates() else ProblemCode.TARIFF_NOT_OWN
    raise UnknownTariff(Phrase(code, {"tariff": tariff_id[:40]}))


def read_lists(path: Path) -> dict[str, DayList]:
    """The lists of days of a tariff's file, by name. Raises a TariffError where it cannot be used."""
    return _lists(_read(path), path)


def write_list(path: Path, name: str, days: DayList) -> None:
    """Write a list of days into a tariff's file, in place of the former one of that name.

    Raises:
        TariffError: the file cannot be used, or not be written.
    """
    text = with_list(_read(path), name, days)
    if _lists(text, path).get(name) != days:
        raise TariffError(str(path), 1, Phrase(FileProblem.LIST_NOT_CHANGEABLE, {"list_name": repr(name)}))
    try:
        atomic_file.rewrite_text(path, text)
    except OSError as error:
        raise TariffError(str(path), 1, unwritable(error)) from None


def with_list(text: str, name: str, days: DayList) -> str:
    """The text of a file with a list in place of the former one of that name, whose comments stay."""
    kept: list[str] = []
    comments: list[str] = []
    place: int | None = None
    for block in _blocks(text.split("\n")):
        if _name(block) != name:
            kept += block
            continue
        end = len(block)
        while end > 1 and (not block[end - 1].strip() or block[end - 1].lstrip().startswith("#")):
            end -= 1  # what stands before the next table belongs to that
        comments += [line for line in block[1:end] if line.lstrip().startswith("#")]
        if place is None:
            place = len(kept)
            kept += block[end:]
        else:
            kept += [line for line in block[end:] if line.strip()]
    return "\n".join([*kept[:place], *_written(name, days, comments), *kept[place:]])


def days_of_text(text: str) -> list[date]:
    """The days of a file: one a line, the first field of it, as 2026-12-03 or 03/12/2026; `#` begins a comment.

    Raises:
        CalendarFileError: a line, other than a heading, does not begin with a day.
    """
    found: list[date] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        written = _FIRST_FIELD.split(line.partition("#")[0].strip())[0].strip().strip('"')
        if not written:
            continue
        day = _day(written)
        if day is not None:
            found.append(day)
        elif found or any(character.isdigit() for character in written):
            raise CalendarFileError(number, Phrase(FileProblem.DAY_LINE_WRONG, {"found": repr(written[:40])}))
    return found


def _day(written: str) -> date | None:
    for form in _FORMS:
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TariffError(str(path), 1, unreadable(error)) from None
    except UnicodeError:
        raise TariffError(str(path), 1, Phrase(FileProblem.NOT_UTF8)) from None


def _lists(text: str, path: Path) -> dict[str, DayList]:
    values = read_toml(text, str(path))
    rules = read_rules(values, values.texts(("periods",)) if values.has(("periods",)) else ())
    return {} if rules is None else rules.lists


def _blocks(lines: list[str]) -> Iterable[list[str]]:
    """The lines of each list of days, and those between."""
    block: list[str] = []
    for line in lines:
        if _HEADER.match(line) or (_TABLE.match(line) and block and _HEADER.match(block[0])):
            yield block
            block = []
        block.append(line)
    yield block


def _name(block: list[str]) -> str | None:
    if not block or not _HEADER.match(block[0]):
        return None
    try:
        name = tomllib.loads("\n".join(block))["days"][0].get("name")
    except tomllib.TOMLDecodeError:
        return None
    return name if isinstance(name, str) else None


def _written(name: str, days: DayList, comments: list[str]) -> list[str]:
    head = ["[[days]]", f'name = "{name}"', *comments, f"from = {days.start}", f"until = {days.until}"]
    ordered = [str(day) for day in sorted(days.days)]
    if len(ordered) <= _PER_LINE:
        return [*head, f"days = [{', '.join(ordered)}]"]
    rows = (ordered[at : at + _PER_LINE] for at in range(0, len(ordered), _PER_LINE))
    return [*head, "days = [", *(f"    {', '.join(row)}," for row in rows), "]"]
