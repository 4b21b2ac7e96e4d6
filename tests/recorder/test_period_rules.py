"""Which period a moment belongs to by a tariff's own rules; the offers that are sold are the examples."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.hours import Hours, is_within
from tictally_recorder.tariffs.period_rules import DayList, DayTerms, PeriodRule, PeriodRules, rules_of_option
from tictally_shared.status_register import Colour
from tictally_shared.tariff_options import TEMPO

PARIS = ZoneInfo("Europe/Paris")
SIX = time(6)
WINTER = ((11, 1), (3, 31))
WEEKEND = frozenset({5, 6})
NOBODY = DayTerms()


def hours(begin: int, end: int) -> Hours:
    return time(begin), time(end % 24)


def rule(period: str, *of: Hours, **conditions: Any) -> PeriodRule:  # noqa: ANN401 - a table's
    return PeriodRule(period, of, **conditions)


ZEN_ESTIVAL = PeriodRules(
    [
        rule("SC HIVER", hours(22, 7), season=WINTER),
        rule("HC HIVER", hours(11, 18), season=WINTER),
        rule("HP HIVER", season=WINTER),
        rule("SC ETE", hours(11, 18)),
        rule("HC ETE", hours(22, 7)),
        rule("HP ETE"),
    ],
    SIX,
)
OCTOTEMPO = PeriodRules(
    [
        rule("HC ROUGE", hours(21, 7), colours=frozenset({Colour.ROUGE})),
        rule("HP ROUGE", colours=frozenset({Colour.ROUGE})),
        rule("HC HIVER", hours(21, 7), season=WINTER),
        rule("HP HIVER", season=WINTER),
        rule("HC ETE", hours(21, 7), hours(11, 17)),
        rule("HP ETE"),
    ],
    SIX,
)
ALTERNA = PeriodRules(
    [
        rule("HP ETE", hours(7, 11), hours(18, 23), season=((4, 1), (10, 31))),
        rule("HSC ETE", hours(11, 18), season=((4, 1), (10, 31))),
        rule("HC ETE", season=((4, 1), (10, 31))),
        rule("HP HIVER", hours(7, 11), hours(18, 23)),
        rule("HC HIVER", hours(11, 18)),
        rule("HSC HIVER"),
    ]
)
ENERCOOP = PeriodRules(
    [
        rule("HC HIVER", weekdays=WEEKEND, season=WINTER),
        rule("HC HIVER", hours(0, 7), hours(13, 16), season=WINTER),
        rule("HP HIVER", season=WINTER),
        rule("HC ETE", weekdays=WEEKEND),
        rule("HC ETE", hours(11, 17)),
        rule("HP ETE"),
    ],
    SIX,
)
CHARGE_HEURES = PeriodRules([rule("HSC", hours(2, 6)), rule("HC", hours(23, 7)), rule("HP")])
ZEN_FLEX = PeriodRules(
    [
        rule("HC SOBRIETE", hours(0, 8), hours(13, 18), hours(20, 0), days="sobriete"),
        rule("HP SOBRIETE", days="sobriete"),
        rule("HC", hours(0, 8), hours(13, 18), hours(20, 0)),
        rule("HP"),
    ],
    lists={"sobriete": DayList(date(2026, 11, 1), date(2027, 3, 31), frozenset({date(2026, 11, 30)}))},
)
WEEKEND_PLUS = PeriodRules(
    [rule("WE", weekdays=WEEKEND, has_chosen_weekday=True), rule("HC", is_off_peak=True), rule("HP")]
)
RED = DayTerms(colours={date(2026, 12, 2): Colour.ROUGE, date(2026, 12, 1): Colour.BLANC})
BLUE = DayTerms(colours=dict.fromkeys((date(2026, 12, 2), date(2026, 7, 2)), Colour.BLEU))
WEDNESDAY = DayTerms(chosen_weekday=2)

CASES: list[tuple[PeriodRules, str, DayTerms, str]] = [
    (ZEN_ESTIVAL, "2026-11-01T05:59", NOBODY, "HC ETE"),  # a night belongs to the day before
    (ZEN_ESTIVAL, "2026-11-01T06:00", NOBODY, "SC HIVER"),
    (ZEN_ESTIVAL, "2026-11-01T12:00", NOBODY, "HC HIVER"),
    (ZEN_ESTIVAL, "2026-11-01T18:00", NOBODY, "HP HIVER"),
    (ZEN_ESTIVAL, "2027-04-01T05:45", NOBODY, "SC HIVER"),
    (ZEN_ESTIVAL, "2027-04-01T11:00", NOBODY, "SC ETE"),
    (OCTOTEMPO, "2026-12-02T20:59", RED, "HP ROUGE"),
    (OCTOTEMPO, "2026-12-02T21:00", RED, "HC ROUGE"),
    (OCTOTEMPO, "2026-12-02T05:59", RED, "HC HIVER"),  # the day before was white
    (OCTOTEMPO, "2026-12-02T21:00", BLUE, "HC HIVER"),
    (OCTOTEMPO, "2026-07-02T16:45", BLUE, "HC ETE"),
    (OCTOTEMPO, "2026-07-02T17:00", BLUE, "HP ETE"),
    (ALTERNA, "2026-10-31T23:00", NOBODY, "HC ETE"),
    (ALTERNA, "2026-11-01T00:00", NOBODY, "HSC HIVER"),
    (ALTERNA, "2026-06-15T11:00", NOBODY, "HSC ETE"),
    (ENERCOOP, "2026-11-28T20:00", NOBODY, "HC HIVER"),
    (ENERCOOP, "2026-11-30T05:00", NOBODY, "HC HIVER"),  # still Sunday's
    (ENERCOOP, "2026-11-30T07:00", NOBODY, "HP HIVER"),
    (CHARGE_HEURES, "2026-11-30T01:45", NOBODY, "HC"),
    (CHARGE_HEURES, "2026-11-30T02:00", NOBODY, "HSC"),
    (CHARGE_HEURES, "2026-10-25T02:30", NOBODY, "HSC"),
    (ZEN_FLEX, "2026-11-30T09:00", NOBODY, "HP SOBRIETE"),
    (ZEN_FLEX, "2026-11-30T20:00", NOBODY, "HC SOBRIETE"),
    (ZEN_FLEX, "2026-12-01T09:00", NOBODY, "HP"),
    (WEEKEND_PLUS, "2026-11-28T00:00", NOBODY, "WE"),
    (WEEKEND_PLUS, "2026-11-25T12:00", WEDNESDAY, "WE"),
    (WEEKEND_PLUS, "2026-11-24T12:00", WEDNESDAY, "HP"),
    (WEEKEND_PLUS, "2026-11-24T23:00", WEDNESDAY, "HC"),
]


def period(rules: PeriodRules, moment: str, terms: DayTerms) -> str | Reason:
    """The period at a local time, off-peak hours being 22:00 to 06:00."""
    local = datetime.fromisoformat(moment).replace(tzinfo=PARIS)
    slot = rules.at(local, terms)
    return slot.off_peak if is_within(local.time(), [hours(22, 6)]) else slot.peak


@pytest.mark.parametrize(("rules", "moment", "terms", "expected"), CASES)
def test_a_moment_belongs_to_the_period_of_the_first_rule_that_applies(
    rules: PeriodRules, moment: str, terms: DayTerms, expected: str
) -> None:
    assert period(rules, moment, terms) == expected


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (OCTOTEMPO, ReasonCode.TEMPO_COLOUR_UNKNOWN),
        (WEEKEND_PLUS, ReasonCode.CHOSEN_WEEKDAY_UNKNOWN),
        (ZEN_FLEX, ReasonCode.NO_LIST_OF_DAYS),
    ],
)
def test_what_a_rule_needs_and_nobody_knows_makes_the_period_unknown(rules: PeriodRules, reason: ReasonCode) -> None:
    found = period(rules, "2026-05-20T12:00", NOBODY)
    assert isinstance(found, Reason)
    assert found.code is reason


def test_a_weekend_is_one_whatever_weekday_was_chosen() -> None:
    assert period(WEEKEND_PLUS, "2026-11-28T12:00", NOBODY) == "WE"


def test_what_a_day_depends_on_differs_where_its_periods_do() -> None:
    day = date(2026, 12, 2)
    assert OCTOTEMPO.digest(day, RED) != OCTOTEMPO.digest(day, BLUE)
    assert OCTOTEMPO.digest(day, RED) == OCTOTEMPO.digest(day, replace(RED, chosen_weekday=2))


def test_a_new_day_of_a_list_changes_that_day_alone() -> None:
    listed = ZEN_FLEX.lists["sobriete"]
    more = PeriodRules(ZEN_FLEX.rules, lists={"sobriete": replace(listed, days=listed.days | {date(2026, 12, 3)})})
    days = [date(2026, 12, number) for number in range(1, 8)]
    changed = [day for day in days if more.digest(day, NOBODY) != ZEN_FLEX.digest(day, NOBODY)]
    assert changed == [date(2026, 12, 3)]


def test_tempo_has_the_rules_of_its_option() -> None:
    tempo = rules_of_option(TEMPO.periods)
    assert tempo is not None
    found = [period(tempo, moment, RED) for moment in ("2026-12-02T05:45", "2026-12-02T06:00", "2026-12-02T22:00")]
    assert found == ["HC BLANC", "HP ROUGE", "HC ROUGE"]
    assert rules_of_option(("HN", "PM")) is None


@pytest.mark.parametrize("rules", [[], [rule("HC", hours(22, 6))]])
def test_rules_that_leave_a_moment_without_a_period_are_refused(rules: list[PeriodRule]) -> None:
    with pytest.raises(ValueError, match="the last rule must have no condition"):
        PeriodRules(rules)


def test_the_periods_are_those_that_rules_lead_to() -> None:
    assert ENERCOOP.periods == ("HC HIVER", "HP HIVER", "HC ETE", "HP ETE")
