"""Which period a moment belongs to by a tariff's own rules; the offers that are sold are the examples."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.period_rules import CustomerTerms, Hours, PeriodRule, PeriodRules
from tictally_shared.status_register import Colour

PARIS = ZoneInfo("Europe/Paris")
SIX = time(6)
WINTER = ((11, 1), (3, 31))
WEEKEND = frozenset({5, 6})
OWN_NIGHT = CustomerTerms(off_peak=lambda _: (hours(22, 6),))


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
    ]
)
WEEKEND_PLUS = PeriodRules(
    [rule("WE", weekdays=WEEKEND, has_chosen_weekday=True), rule("HC", is_off_peak=True), rule("HP")]
)
RED = CustomerTerms(colour=lambda _: Colour.ROUGE)
BLUE = CustomerTerms(colour=lambda _: Colour.BLEU)

CASES: list[tuple[PeriodRules, str, CustomerTerms, str]] = [
    (ZEN_ESTIVAL, "2026-11-01T05:59", OWN_NIGHT, "HC ETE"),  # a night belongs to the day before
    (ZEN_ESTIVAL, "2026-11-01T06:00", OWN_NIGHT, "SC HIVER"),
    (ZEN_ESTIVAL, "2026-11-01T12:00", OWN_NIGHT, "HC HIVER"),
    (ZEN_ESTIVAL, "2026-11-01T18:00", OWN_NIGHT, "HP HIVER"),
    (ZEN_ESTIVAL, "2027-04-01T05:45", OWN_NIGHT, "SC HIVER"),
    (ZEN_ESTIVAL, "2027-04-01T11:00", OWN_NIGHT, "SC ETE"),
    (OCTOTEMPO, "2026-12-02T20:59", RED, "HP ROUGE"),
    (OCTOTEMPO, "2026-12-02T21:00", RED, "HC ROUGE"),
    (OCTOTEMPO, "2026-12-02T21:00", BLUE, "HC HIVER"),
    (OCTOTEMPO, "2026-07-02T16:45", BLUE, "HC ETE"),
    (OCTOTEMPO, "2026-07-02T17:00", BLUE, "HP ETE"),
    (ALTERNA, "2026-10-31T23:00", OWN_NIGHT, "HC ETE"),
    (ALTERNA, "2026-11-01T00:00", OWN_NIGHT, "HSC HIVER"),
    (ALTERNA, "2026-06-15T11:00", OWN_NIGHT, "HSC ETE"),
    (ENERCOOP, "2026-11-28T20:00", OWN_NIGHT, "HC HIVER"),
    (ENERCOOP, "2026-11-30T05:00", OWN_NIGHT, "HC HIVER"),  # still Sunday's
    (ENERCOOP, "2026-11-30T07:00", OWN_NIGHT, "HP HIVER"),
    (CHARGE_HEURES, "2026-11-30T01:45", OWN_NIGHT, "HC"),
    (CHARGE_HEURES, "2026-11-30T02:00", OWN_NIGHT, "HSC"),
    (CHARGE_HEURES, "2026-10-25T02:30", OWN_NIGHT, "HSC"),
    (ZEN_FLEX, "2026-11-30T09:00", CustomerTerms(lists={"sobriete": {date(2026, 11, 30)}}), "HP SOBRIETE"),
    (ZEN_FLEX, "2026-11-30T20:00", CustomerTerms(lists={"sobriete": {date(2026, 11, 30)}}), "HC SOBRIETE"),
    (ZEN_FLEX, "2026-11-30T09:00", CustomerTerms(lists={"sobriete": ()}), "HP"),
    (WEEKEND_PLUS, "2026-11-28T00:00", OWN_NIGHT, "WE"),
    (WEEKEND_PLUS, "2026-11-25T12:00", CustomerTerms(lambda _: (hours(22, 6),), chosen_weekday=2), "WE"),
    (WEEKEND_PLUS, "2026-11-25T12:00", OWN_NIGHT, "HP"),
    (WEEKEND_PLUS, "2026-11-25T23:00", OWN_NIGHT, "HC"),
]


@pytest.mark.parametrize(("rules", "moment", "terms", "period"), CASES)
def test_a_moment_belongs_to_the_period_of_the_first_rule_that_applies(
    rules: PeriodRules, moment: str, terms: CustomerTerms, period: str
) -> None:
    assert rules.period(datetime.fromisoformat(moment).replace(tzinfo=PARIS), terms) == period


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (OCTOTEMPO, ReasonCode.TEMPO_COLOUR_UNKNOWN),
        (WEEKEND_PLUS, ReasonCode.OFF_PEAK_HOURS_UNKNOWN),
        (ZEN_FLEX, ReasonCode.NO_LIST_OF_DAYS),
    ],
)
def test_what_a_rule_needs_and_nobody_knows_makes_the_period_unknown(rules: PeriodRules, reason: ReasonCode) -> None:
    found = rules.period(datetime(2026, 11, 25, 12, tzinfo=PARIS), CustomerTerms())
    assert isinstance(found, Reason)
    assert found.code is reason


def test_off_peak_hours_may_change_with_the_season() -> None:
    summer = CustomerTerms(lambda day: (hours(11, 17),) if day.month in range(4, 11) else (hours(22, 6),))
    noon = [WEEKEND_PLUS.period(datetime(2026, month, 11, 12, tzinfo=PARIS), summer) for month in (3, 5)]
    assert noon == ["HP", "HC"]


@pytest.mark.parametrize("rules", [[], [rule("HC", hours(22, 6))]])
def test_rules_that_leave_a_moment_without_a_period_are_refused(rules: list[PeriodRule]) -> None:
    with pytest.raises(ValueError, match="the last rule must have no condition"):
        PeriodRules(rules)


def test_the_periods_are_those_that_rules_lead_to() -> None:
    assert ENERCOOP.periods == ("HC HIVER", "HP HIVER", "HC ETE", "HP ETE")
