"""Rules of periods in a tariff's file: what they mean, and with which line a wrong one is refused."""

from datetime import UTC, date, datetime, time

import pytest

from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.reports.tariffs import version_as_text
from tictally_recorder.tariffs.check import check
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.load import TariffFile
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.tariffs.period_rules import DayList, DayTerms, PeriodRule
from tictally_recorder.translations import ENGLISH
from tictally_shared.status_register import Colour

HEAD = """\
id = "own"
supplier = "Somebody"
currency = "EUR"
periods = ["HC", "HP"]
names.en = "Own"
"""
VERSION = """
[[version]]
from = 2026-01-01
confidence = "own"
source = "my contract"
energy.HC = { ttc = "0.1" }
energy.HP = { ttc = "0.2" }
subscription = "10"
"""
ELSE = '[[rule]]\nperiod = "HP"\n'
SNOW = '[[days]]\nname = "snow"\nfrom = 2026-11-01\nuntil = 2027-03-31\ndays = [2026-12-24]\n'


def read(rules: str, head: str = HEAD) -> Tariff:
    return TariffFile(head + rules + VERSION, "own.toml").tariff()


def test_every_condition_is_read() -> None:
    rules = read(
        'day_begins = "06:00"\n'
        '[[rule]]\nperiod = "HC"\nhours = ["22:00-06:00", "12:00-14:00", "20:00-24:00"]\noff_peak = true\n'
        'weekdays = ["sat", "sun"]\nchosen_weekday = true\nseason = ["11-01", "03-31"]\n'
        'colours = ["red", "white"]\ndays = "snow"\n' + ELSE + SNOW
    ).rules
    assert rules is not None
    assert rules.day_begins == time(6)
    first, last = rules.rules
    assert last == PeriodRule("HP")
    assert first == PeriodRule(
        "HC",
        ((time(22), time(6)), (time(12), time(14)), (time(20), time(0))),
        is_off_peak=True,
        weekdays=frozenset({5, 6}),
        has_chosen_weekday=True,
        season=((11, 1), (3, 31)),
        colours=frozenset({Colour.ROUGE, Colour.BLANC}),
        days="snow",
    )
    assert rules.lists == {"snow": DayList(date(2026, 11, 1), date(2027, 3, 31), frozenset({date(2026, 12, 24)}))}


def test_a_list_of_days_may_go_on() -> None:
    more = '[[days]]\nname = "snow"\nfrom = 2027-04-01\nuntil = 2028-03-31\ndays = []\n'
    rules = read('[[rule]]\nperiod = "HC"\ndays = "snow"\n' + ELSE + SNOW + more).rules
    assert rules is not None
    assert rules.lists["snow"] == DayList(date(2026, 11, 1), date(2028, 3, 31), frozenset({date(2026, 12, 24)}))


def test_a_list_of_which_nothing_is_known_has_only_its_name() -> None:
    text = '[[rule]]\nperiod = "HC"\ndays = "snow"\n' + ELSE + '[[days]]\nname = "snow"\n'
    rules = read(text).rules
    assert rules is not None
    found = rules.at(datetime(2026, 12, 24, tzinfo=UTC), DayTerms()).peak
    assert isinstance(found, Reason)
    assert found.code is ReasonCode.NO_LIST_OF_DAYS
    later = read(text + SNOW).rules
    assert later is not None
    assert later.at(datetime(2026, 12, 24, tzinfo=UTC), DayTerms()).peak == "HC"


def test_a_tariff_without_rules_has_those_of_its_option() -> None:
    tariff = read("")
    assert tariff.rules is None
    assert tariff.division is not None
    assert tariff.division.periods == ("HC", "HP")


HC = '[[rule]]\nperiod = "HC"\n'
REFUSED = [
    (HC + 'hours = ["22:00-22:00"]\n' + ELSE, 8, "hours = ['22:00-22:00'] are not hours of the day"),
    (HC + 'hours = ["22-6"]\n' + ELSE, 8, "hours = ['22-6'] are not hours of the day"),
    (HC + 'hours = "22:00-06:00"\n' + ELSE, 8, "hours"),
    (HC + 'hour = ["22:00-06:00"]\n' + ELSE, 8, "there is no hour; there are: chosen_weekday, colours, days, hours"),
    (HC + 'weekdays = ["saturday"]\n' + ELSE, 8, "weekdays is 'saturday'; there are: mon, tue"),
    (HC + 'colours = ["rouge"]\n' + ELSE, 8, "colours is 'rouge'; there are: blue, white, red"),
    (HC + 'season = ["11-01"]\n' + ELSE, 8, "season is not the first and the last day of a season"),
    (HC + 'season = ["31-03", "11-01"]\n' + ELSE, 8, "'31-03' is not a day that every year has"),
    (HC + "off_peak = 1\n" + ELSE, 8, "off_peak must be true or false"),
    (HC + 'days = "snow"\n' + ELSE, 8, "days is 'snow'"),
    ('[[rule]]\nperiod = "HSC"\n' + ELSE, 7, "period is 'HSC'; there are: HC, HP"),
    (ELSE + HC, 6, "this rule has no condition, so no rule below it can apply"),
    (HC + "off_peak = true\n", 6, "the last rule must have no condition"),
    (ELSE, 6, "no rule leads to HC"),
    (HC + "off_peak = true\n" + ELSE + SNOW, 12, "no rule uses the list of days 'snow'"),
    ('day_begins = "06:00"\n', 6, "day_begins requires rules: there is no [[rule]]"),
    (SNOW, 6, "days requires rules: there is no [[rule]]"),
    (
        'day_begins = "6h"\n' + HC + "off_peak = true\n" + ELSE,
        6,
        "day_begins is not a time such as \"06:00\", but '6h'",
    ),
    (HC + 'days = "snow"\n' + ELSE + SNOW.replace("12-24", "04-01"), 15, "2026-04-01 is not in the time of the list"),
    (
        HC + 'days = "snow"\n' + ELSE + SNOW.replace("2027-03", "2025-03"),
        14,
        "until 2025-03-31 is before from 2026-11-01",
    ),
    (HC + 'days = "snow"\n' + ELSE + SNOW.replace("2026-12-24", '"x"'), 15, "days"),
    (
        HC + 'days = "snow"\n' + ELSE + SNOW + SNOW.replace("2026", "2028").replace("2027", "2029"),
        18,
        "the list of days 'snow' continues on 2028-11-01, and its part before ends on 2027-03-31",
    ),
    ("rule = 3\n", 6, "rule"),
]


@pytest.mark.parametrize(("rules", "line", "sentence"), REFUSED, ids=[each[2][:30] for each in REFUSED])
def test_a_wrong_rule_is_refused_with_its_line(rules: str, line: int, sentence: str) -> None:
    with pytest.raises(TariffError) as refused:
        read(rules)
    assert (refused.value.line, sentence in str(refused.value)) == (line, True), str(refused.value)


def test_a_price_series_and_a_tariff_of_injection_have_no_rules() -> None:
    with pytest.raises(TariffError, match="a price series has no periods, and so no rules"):
        read(ELSE, HEAD.replace('periods = ["HC", "HP"]', 'series = "prices.csv"'))
    with pytest.raises(TariffError, match="rules divide consumption"):
        read(HC + "off_peak = true\n" + ELSE, HEAD + 'direction = "injection"\n')


def test_the_rules_are_shown() -> None:
    rules = HC + 'hours = ["22:00-06:00"]\nseason = ["11-01", "03-31"]\ncolours = ["red"]\ndays = "snow"\n'
    more = HC + 'off_peak = true\nweekdays = ["sun"]\nchosen_weekday = true\n'
    tariff = read(rules + more + ELSE + SNOW)
    shown = version_as_text(tariff, tariff.versions[0], "en", date(2026, 2, 1))
    assert shown[-5:] == [
        "Periods, by the first line that applies (days begin at 00:00):",
        "    HC: 22:00-06:00; 11-01 to 03-31; red days; days snow",
        "    HC: off-peak hours; sun, the chosen weekday",
        "    HP: otherwise",
        "    Days snow, from 2026-11-01 to 2027-03-31: 2026-12-24",
    ]


def test_a_list_that_does_not_reach_today_is_reported() -> None:
    listed = read('[[rule]]\nperiod = "HC"\ndays = "snow"\n' + ELSE + SNOW)
    assert [ENGLISH.phrase(each.phrase) for each in check([listed], date(2027, 3, 31))] == []
    (ended,) = check([listed], date(2027, 4, 1))
    assert ENGLISH.phrase(ended.phrase).startswith("own: the list of days snow ends on 2027-03-31; ")
    assert ended.since == date(2027, 4, 1)
    empty = read('[[rule]]\nperiod = "HC"\ndays = "snow"\n' + ELSE + '[[days]]\nname = "snow"\n')
    (unknown,) = check([empty], date(2026, 6, 1))
    assert ENGLISH.phrase(unknown.phrase).startswith("own: no day of the list snow is known; ")
    assert check([empty], date(2025, 6, 1)) == []
