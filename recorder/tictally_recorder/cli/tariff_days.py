"""`tictally tariff days`: the days that a supplier announces, shown and written into a tariff's file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from tictally_recorder.calendars.tempo import CalendarFileError
from tictally_recorder.cli.console import echo
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.cli.window import FROM, day_of, present
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.file_problem import FileProblem
from tictally_recorder.reports.cost import as_json
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.day_lists import days_of_text, own_file, read_lists, write_list
from tictally_recorder.tariffs.period_rules import DayList
from tictally_recorder.translations import catalogue
from tictally_shared.phrase import Phrase

_FILE, _UNTIL, _REMOVE, _LIST = "--file", "--until", "--remove", "--list"


@dataclass(frozen=True, slots=True)
class ListChange:
    """What is to be changed in a list of days.

    Attributes:
        list_name: `--list`, or None.
        start: `--from`, or None.
        until: `--until`, or None.
        file: `--file`, or None.
        removed: `--remove`.
    """

    list_name: Annotated[
        str | None, typer.Option(_LIST, metavar="NAME", help="The list, where the tariff has several.")
    ] = None
    start: Annotated[
        str | None,
        typer.Option(FROM, metavar="DAY", help="First day on which the list is complete. Default: as it is."),
    ] = None
    until: Annotated[
        str | None,
        typer.Option(_UNTIL, metavar="DAY", help="Last day on which it is complete. Default: its last day."),
    ] = None
    file: Annotated[
        Path | None,
        typer.Option(_FILE, metavar="FILE", help="Days to add, one a line: 2026-12-03 or 03/12/2026."),
    ] = None
    removed: Annotated[
        list[str] | None, typer.Option(_REMOVE, metavar="DAY", help="A day that was given by mistake.")
    ] = None

    @property
    def is_none(self) -> bool:
        """True if nothing is to be changed."""
        return not (self.start or self.until or self.file or self.removed)


def days(
    tariff_id: Annotated[str, typer.Argument(metavar="ID", help="A tariff of your own.")],
    added: Annotated[
        list[str] | None, typer.Argument(metavar="DAY", help="Days to add. Default: only show the list.")
    ] = None,
    *,
    change: ListChange,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """Show the days that a supplier announces, or add some: `tictally tariff days edf-zen-flex tomorrow`.

    The list is then complete up to its last day: no other day was announced before that. `--until today` notes that
    there was none since. Costs of the days that it covers are computed again.
    """
    settings = configuration.settings()
    path = own_file(settings.tariffs_folder, tariff_id)
    lists = read_lists(path)
    if not lists:
        raise WrongUse("no_lists", "ID", tariff=tariff_id)
    if added or not change.is_none:
        name = _list_name(change.list_name, lists)
        write_list(path, name, _changed(lists[name], added or [], change, settings))
        lists = read_lists(path)
    shown = {name: each for name, each in lists.items() if change.list_name in {None, name}}
    if json:
        echo(as_json([_record(tariff_id, name, each) for name, each in shown.items()]))
        return
    words = catalogue(settings.language)
    for name, each in shown.items():
        if each.until < each.start:
            echo(words.text("tariff_days.unknown", name=name))
        else:
            listed = ", ".join(map(str, sorted(each.days)))
            bounds = {"start": str(each.start), "end": str(each.until)}
            key = "tariff_days.known" if listed else "tariff_days.none"
            echo(words.text(key, name=name, **bounds, count=len(each.days), days=listed))


def _list_name(wanted: str | None, lists: Mapping[str, DayList]) -> str:
    if wanted is None and len(lists) == 1:
        return next(iter(lists))
    if wanted is None or wanted not in lists:
        raise WrongUse("not_one_of", _LIST, text=wanted or "", choices=", ".join(lists))
    return wanted


def _changed(present_list: DayList, added: list[str], change: ListChange, settings: Settings) -> DayList:
    def read(option: str, text: str) -> date:
        return day_of(option, text, settings.zone, present())

    new = {read("DAY", each) for each in added}
    if change.file is not None:
        new.update(_of_file(change.file))
    removed = {read(_REMOVE, each) for each in change.removed or ()}
    for day in sorted(removed - present_list.days):
        raise WrongUse("not_in_list", _REMOVE, day=str(day))
    is_known = present_list.start <= present_list.until
    known = [present_list.until] if is_known else []
    if change.start is None and not is_known and not new:
        raise WrongUse("list_needs_start", FROM)
    start = read(FROM, change.start) if change.start else min([*new, *([present_list.start] if is_known else [])])
    until = read(_UNTIL, change.until) if change.until else max([*new, *known, *([] if new or known else [start])])
    found = (present_list.days | new) - removed
    if until < start:
        raise WrongUse("out_of_order", first=FROM, start=start, last=_UNTIL, end=until)
    for day in sorted(found):
        if not start <= day <= until:
            about = {"day": str(day), "start": str(start), "until": str(until)}
            raise WrongUse("moment", "DAY", problem=Phrase(FileProblem.DAY_OUTSIDE_LIST, about))
    return DayList(start, until, frozenset(found))


def _of_file(file: Path) -> list[date]:
    try:
        return days_of_text(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongUse("file_unreadable", _FILE, file=file, detail=error.strerror or error) from None
    except UnicodeDecodeError:
        raise WrongUse("not_utf8", _FILE, file=file) from None
    except CalendarFileError as error:
        raise WrongUse("file_problem", _FILE, file=file, line=error.line, problem=error.problem) from None


def _record(tariff: str, name: str, days_of_list: DayList) -> dict[str, object]:
    is_known = days_of_list.start <= days_of_list.until
    return {
        "tariff": tariff,
        "list": name,
        "from": str(days_of_list.start) if is_known else None,
        "until": str(days_of_list.until) if is_known else None,
        "days": [str(day) for day in sorted(days_of_list.days)],
    }
