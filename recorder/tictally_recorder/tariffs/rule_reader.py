"""The rules of a tariff's periods, and its lists of days, from its TOML file. Pure."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

from tictally_recorder.calendars.tempo import COLOURS
from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.hours import WEEKDAYS
from tictally_recorder.tariffs.period_rules import DayList, PeriodRule, PeriodRules
from tictally_recorder.tariffs.toml_lines import Path
from tictally_recorder.tariffs.toml_reader import TomlValues
from tictally_shared.phrase import Phrase, Value

RULE_KEYS: Final = frozenset({"period", "hours", "off_peak", "weekdays", "chosen_weekday", "season", "colours", "days"})
DAYS_KEYS: Final = frozenset({"name", "from", "until", "days"})
_RULE, _DAYS, _DAY_BEGINS = "rule", "days", "day_begins"


def read_rules(values: TomlValues, periods: Collection[str]) -> PeriodRules | None:
    """The rules of a file, or None if it has none.

    Args:
        values: of the file.
        periods: of the tariff.

    Raises:
        TariffError: something in them cannot be right.
    """
    count = values.count((_RULE,))
    if not count:
        for key in (_DAYS, _DAY_BEGINS):
            if values.has((key,)):
                raise values.wrong((key,), Phrase(FileProblem.NO_RULE, {"key": key}))
        return None
    if not periods:
        raise values.wrong((_RULE, 0), Phrase(FileProblem.RULES_WITHOUT_PERIODS))
    day_lists = _lists(values)
    rules = [_rule(values, (_RULE, number), periods, day_lists) for number in range(count)]
    for number, rule in enumerate(rules):
        is_last = number == count - 1
        if (rule == PeriodRule(rule.period)) is not is_last:
            raise values.wrong(
                (_RULE, number), Phrase(FileProblem.RULE_LAST if is_last else FileProblem.RULE_UNREACHABLE)
            )
    if missing := tuple(period for period in periods if period not in {rule.period for rule in rules}):
        raise values.wrong((_RULE, 0), Phrase(FileProblem.PERIODS_WITHOUT_RULE, {"periods": missing}))
    used = {rule.days for rule in rules}
    for number in range(values.count((_DAYS,))):
        name = values.text((_DAYS, number, "name"))
        if name not in used:
            raise values.wrong((_DAYS, number, "name"), Phrase(FileProblem.LIST_UNUSED, {"list_name": repr(name[:40])}))
    return PeriodRules(rules, values.time((_DAY_BEGINS,)), day_lists)


def _rule(values: TomlValues, path: Path, periods: Collection[str], day_lists: Collection[str]) -> PeriodRule:
    values.keys(path, RULE_KEYS)
    return PeriodRule(
        period=values.one_of((*path, "period"), periods),
        hours=values.hours((*path, "hours")),
        is_off_peak=values.flag((*path, "off_peak")),
        weekdays=frozenset(WEEKDAYS.index(each) for each in _words(values, (*path, "weekdays"), WEEKDAYS)),
        has_chosen_weekday=values.flag((*path, "chosen_weekday")),
        season=values.season((*path, "season")),
        colours=frozenset(COLOURS[each] for each in _words(values, (*path, "colours"), COLOURS)),
        days=values.one_of((*path, "days"), tuple(day_lists)) if values.has((*path, "days")) else "",
    )


def _words(values: TomlValues, path: Path, choices: Collection[str]) -> tuple[str, ...]:
    """A list of some words."""
    found = values.texts(path)
    for each in found:
        if each not in choices:
            about: dict[str, Value] = {"key": str(path[-1]), "found": repr(each[:40]), "choices": tuple(choices)}
            raise values.wrong(path, Phrase(FileProblem.NOT_ONE_OF, about))
    return found


def _lists(values: TomlValues) -> dict[str, DayList]:
    found: dict[str, DayList] = {}
    for number in range(values.count((_DAYS,))):
        path: Path = (_DAYS, number)
        values.keys(path, DAYS_KEYS)
        name = values.text((*path, "name"))
        if not any(values.has((*path, key)) for key in ("from", "until", "days")):
            found.setdefault(name, DayList(date.max, date.min, frozenset()))
            continue
        start, until = values.day((*path, "from")), values.day((*path, "until"))
        if until < start:
            about: dict[str, Value] = {"until": str(until), "start": str(start)}
            raise values.wrong((*path, "until"), Phrase(FileProblem.UNTIL_BEFORE_FROM, about))
        days = values.dates((*path, "days"))
        for day in days:
            if not start <= day <= until:
                about = {"day": str(day), "start": str(start), "until": str(until)}
                raise values.wrong((*path, "days"), Phrase(FileProblem.DAY_OUTSIDE_LIST, about))
        before = found.get(name)
        before = None if before is None or before.until < before.start else before
        if before is not None and before.until + timedelta(days=1) != start:
            about = {"list_name": repr(name[:40]), "until": str(before.until), "start": str(start)}
            raise values.wrong((*path, "from"), Phrase(FileProblem.LIST_INTERRUPTED, about))
        first, earlier = (before.start, before.days) if before is not None else (start, frozenset[date]())
        found[name] = DayList(first, until, frozenset(days).union(earlier))
    return found
