"""What a contract has of the customer's own days: off-peak hours, by season where they have some, a weekday. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from tictally_recorder.cost.contracts.model import OffPeak
from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.errors import InFileError, TariffError
from tictally_recorder.tariffs.hours import WEEKDAYS, is_in_season, parse_hours
from tictally_recorder.tariffs.toml_lines import TomlLines
from tictally_recorder.tariffs.toml_reader import TomlValues
from tictally_shared.phrase import Phrase

Refuse = Callable[[str, Phrase], InFileError]
"""(key, problem) → the error, at the key's line."""

_KEY, _CHOSEN = "off_peak", "chosen_day"
_SEASON_KEYS: Final = {"hours", "season"}
_LEAP_YEAR: Final = 2024


def read_off_peak(table: Mapping[str, object], refuse: Refuse) -> tuple[OffPeak, ...]:
    """The off-peak hours of a contract; none where it has no such key.

    Raises:
        InFileError: they cannot be used, or leave out a day of the year, or have one twice.
    """
    value = table.get(_KEY, [])
    wrong = Phrase(FileProblem.HOURS_WRONG, {"found": repr(value)})
    if not isinstance(value, list):
        raise refuse(_KEY, wrong)
    if any(isinstance(each, dict) for each in value):
        found = tuple(_seasons(value, refuse))
        _check_year(found, refuse)
        return found
    try:
        hours = tuple(parse_hours(str(each)) for each in value)
    except ValueError:
        raise refuse(_KEY, wrong) from None
    return (OffPeak(hours),) if hours else ()


def read_chosen_weekday(table: Mapping[str, object], refuse: Refuse) -> int | None:
    """The weekday that the customer chose, 0 is Monday; None where there is none.

    Raises:
        InFileError: it is no weekday.
    """
    value = table.get(_CHOSEN)
    if value is None:
        return None
    if value not in WEEKDAYS:
        raise refuse(_CHOSEN, Phrase(FileProblem.WEEKDAY_WRONG, {"found": repr(value)[:40], "choices": WEEKDAYS}))
    return WEEKDAYS.index(str(value))


def _seasons(tables: Sequence[object], refuse: Refuse) -> Iterator[OffPeak]:
    for each in tables:
        if not isinstance(each, dict) or not {"hours"} <= each.keys() <= _SEASON_KEYS:
            raise refuse(_KEY, Phrase(FileProblem.SEASONS_WRONG))
        values = TomlValues(each, TomlLines(""), "")
        try:
            hours, season = values.hours(("hours",)), values.season(("season",))
        except TariffError as error:
            raise refuse(_KEY, error.problem) from None
        if not hours or (season is None) is ("season" in each):
            raise refuse(_KEY, Phrase(FileProblem.SEASONS_WRONG))
        yield OffPeak(hours, season)


def _check_year(found: Sequence[OffPeak], refuse: Refuse) -> None:
    rests = [each for each in found if each.season is None]
    first = date(_LEAP_YEAR, 1, 1)
    for day in (first + timedelta(days=number) for number in range(366)):
        of_day = [each for each in found if each.season and is_in_season(day, each.season)]
        if len(of_day) > 1 or len(rests) > 1:
            raise refuse(_KEY, Phrase(FileProblem.SEASONS_OVERLAP))
        if not of_day and not rests:
            raise refuse(_KEY, Phrase(FileProblem.SEASONS_INCOMPLETE))
