"""What comes of a site's prices: the next change, the next period, the cheapest hours, tomorrow."""

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from cost_building import PARIS, SITE, d, tariff, terms, version

from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.contracts.model import OffPeak
from tictally_recorder.hubs.price_course import CourseTerms
from tictally_recorder.hubs.price_outlook import Outlook, unknown_outlook
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.tariffs.period_rules import PeriodRule, PeriodRules
from tictally_recorder.tariffs.series import Series, Step
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms
from tictally_shared.status_register import Colour

HPHC = tariff("hphc", ("HC", "HP"), version("hphc", "2025-01-01", {"HC": "0.16", "HP": "0.21"}, {None: "12"}))
TEMPO_PERIODS = ("HC BLEU", "HP BLEU", "HC BLANC", "HP BLANC", "HC ROUGE", "HP ROUGE")
TEMPO = tariff(
    "tempo",
    TEMPO_PERIODS,
    version("tempo", "2025-01-01", {name: f"0.{n}" for n, name in enumerate(TEMPO_PERIODS, 1)}, {None: "12"}),
)
NIGHT = ((time(22), time(6)),)
TODAY = d("2025-11-05")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def figures(
    at: str,
    tariff: Tariff = HPHC,
    *,
    counted: str | None = None,
    hours: tuple[tuple[time, time], ...] = NIGHT,
    colours: dict[date, Colour] | None = None,
    **series: Series,
) -> dict[str, str]:
    contract = Contract(SITE, tariff.id, d("2025-01-01"), off_peak=(OffPeak(hours),) if hours else ())
    by = CourseTerms(SITE, terms(Contracts([contract]), tariff, **series), PARIS, colours or {})
    return Outlook.of(by, datetime.fromisoformat(at).astimezone(PARIS).date()).figures(ms(at), counted)


def known(found: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in found.items() if text not in {"none", "{}"} and not name.startswith("prices_")}


def test_off_peak_hours_tell_the_next_period_and_its_time() -> None:
    assert known(figures("2025-11-05T15:00+01:00")) == {
        "next_price": "0.16",
        "next_price_at": "2025-11-05T22:00+01:00",
        "next_period": "HC",
        "next_period_at": "2025-11-05T22:00+01:00",
        "cheapest_3h": "2025-11-06T00:00+01:00",
        "cheapest_3h_price": "0.16000",
        "price_tomorrow": "0.19333",  # (8 x 0.16 + 16 x 0.21) / 24
    }


def test_the_cheapest_hours_stay_until_they_are_over() -> None:
    starts = {
        at: figures(f"2025-11-05T{at}+01:00")["cheapest_3h"] for at in ("00:00", "01:30", "02:59:59", "03:00", "23:59")
    }
    today, tomorrow = "2025-11-05T00:00+01:00", "2025-11-06T00:00+01:00"
    assert list(starts.values()) == [today, today, today, tomorrow, tomorrow]


def test_prices_are_listed_with_their_periods() -> None:
    found = json.loads(figures("2025-11-05T15:00+01:00")["prices_today"])
    assert [(each["start"][11:16], each["end"][11:16], each["period"], each["price"]) for each in found["prices"]] == [
        ("00:00", "06:00", "HC", "0.16"),
        ("06:00", "22:00", "HP", "0.21"),
        ("22:00", "00:00", "HC", "0.16"),
    ]


@pytest.mark.parametrize("tariff", [HPHC, TEMPO])
def test_without_hours_or_colours_nothing_is_foretold(tariff: Tariff) -> None:
    assert figures("2025-11-05T15:00+01:00", tariff, hours=()) == unknown_outlook()


def test_a_single_price_has_no_change_and_no_cheapest_hours() -> None:
    base = tariff("base", ("BASE",), version("base", "2025-01-01", {"BASE": "0.2"}, {None: "12"}))
    assert known(figures("2025-11-05T15:00+01:00", base)) == {"price_tomorrow": "0.20000"}


def test_a_new_version_is_a_change_of_price_and_not_of_period() -> None:
    before, after = (
        version("base", day, {"BASE": price}, {}) for day, price in (("2025-01-01", "0.2"), ("2025-11-06", "0.3"))
    )
    found = figures("2025-11-05T15:00+01:00", tariff("base", ("BASE",), before, after))
    assert (found["next_price"], found["next_price_at"]) == ("0.3", "2025-11-06T00:00+01:00")
    assert found["next_period"] == "none"


@pytest.mark.parametrize(
    ("at", "counted", "is_known"),
    [
        ("15:00", "HP", True),
        ("15:00", None, True),
        # The hours of the contract are no longer those of the meter.
        ("15:00", "HC", False),
        ("22:05", "HP", True),
        ("21:55", "HC", True),
        ("22:15", "HP", False),
    ],
)
def test_a_meter_that_counts_in_another_period_contradicts_the_outlook(at: str, counted: str, is_known: bool) -> None:
    found = figures(f"2025-11-05T{at}+01:00", counted=counted)
    assert (found != unknown_outlook()) is is_known


def test_tempo_tells_as_far_as_colours_are_known() -> None:
    colours = {TODAY - timedelta(days=1): Colour.BLEU, TODAY: Colour.BLANC}
    found = figures("2025-11-05T15:00+01:00", TEMPO, colours=colours)
    assert known(found) == {
        "next_price": "0.3",
        "next_price_at": "2025-11-05T22:00+01:00",
        "next_period": "HC BLANC",
        "next_period_at": "2025-11-05T22:00+01:00",
    }
    # Until 06:00 the night of the day before goes on.
    periods = [each["period"] for each in json.loads(found["prices_today"])["prices"]]
    assert periods == ["HC BLEU", "HP BLANC", "HC BLANC"]
    assert [each["end"] for each in json.loads(found["prices_tomorrow"])["prices"]] == ["2025-11-06T06:00+01:00"]
    found = figures("2025-11-05T15:00+01:00", TEMPO, colours={**colours, TODAY + timedelta(days=1): Colour.ROUGE})
    assert (found["colour_tomorrow"], found["price_tomorrow"]) == ("ROUGE", "0.51667")  # (6x0.3 + 16x0.6 + 2x0.5)/24


def test_the_tempo_days_left_are_known_once_every_day_of_the_season_is() -> None:
    season = {d("2025-09-01") + timedelta(days=n): Colour.BLEU for n in range(66)}  # up to TODAY
    season |= {TODAY: Colour.ROUGE, d("2025-10-20"): Colour.BLANC}
    found = figures("2025-11-05T15:00+01:00", TEMPO, colours=season)
    left = tuple(found[f"{name}_days_left"] for name in ("blue", "white", "red"))
    assert left == ("236", "42", "21")  # 299 days until 31 August
    del season[d("2025-09-03")]
    assert figures("2025-11-05T15:00+01:00", TEMPO, colours=season)["red_days_left"] == "none"


def spot(day: date, *prices: str, days: int = 1) -> Series:
    start_ms, end_ms = day_bounds_ms(day, PARIS)[0], day_bounds_ms(day + timedelta(days=days - 1), PARIS)[1]
    quarters = range(start_ms, end_ms, QUARTER_MS)
    return Series([Step(at, at + QUARTER_MS, Decimal(prices[n // 4 % len(prices)])) for n, at in enumerate(quarters)])


SPOT = tariff("spot", (), version("spot", "2025-01-01", {}, {None: "5"}), series=True)


def test_a_series_has_a_cheapest_block_of_each_day_and_prices_of_tomorrow() -> None:
    prices = spot(TODAY, *(["0.2"] * 11 + ["0.05", "-0.01", "0.05"] + ["0.2"] * 10), days=2)
    found = figures("2025-11-05T10:10+01:00", SPOT, spot=prices)
    assert known(found) == {
        "next_price": "0.05",
        "next_price_at": "2025-11-05T11:00+01:00",
        "cheapest_3h": "2025-11-05T11:00+01:00",
        "cheapest_3h_price": "0.03000",
        "price_tomorrow": "0.17875",  # (21 x 0.2 + 0.09) / 24
    }
    assert "period" not in json.loads(found["prices_tomorrow"])["prices"][0]


def test_before_tomorrows_prices_appear_they_are_unknown() -> None:
    prices = spot(TODAY, *(["0.2"] * 20 + ["0.1"] * 4))
    found = figures("2025-11-05T22:50+01:00", SPOT, spot=prices)
    assert (found["price_tomorrow"], found["prices_tomorrow"], found["next_price"]) == ("none", "{}", "none")
    assert found["cheapest_3h"] == "2025-11-05T20:00+01:00"


@pytest.mark.parametrize(
    ("day", "hours", "cheapest"),
    [("2025-10-26", 25, "2025-10-26T02:00+01:00"), ("2026-03-29", 23, "2026-03-29T04:00+02:00")],
)
def test_days_of_23_and_25_hours_are_whole(day: str, hours: int, cheapest: str) -> None:
    prices = spot(d(day), *(str(abs(n - 4)) for n in range(24)))
    found = figures(f"{day}T01:30+01:00", SPOT, spot=prices)
    assert len(json.loads(found["prices_today"])["prices"]) == hours
    assert found["cheapest_3h"] == cheapest  # the fourth, fifth and sixth hour of the day


def test_a_tariffs_own_rules_tell_its_periods() -> None:
    days = version("weekend", "2025-01-01", {"DAY": "0.2", "WE": "0.1"}, {None: "12"})
    rules = PeriodRules([PeriodRule("WE", weekdays=frozenset({5, 6})), PeriodRule("DAY")])
    found = figures("2025-11-07T15:00+01:00", replace(tariff("weekend", ("DAY", "WE"), days), rules=rules))
    assert (found["next_period"], found["next_period_at"]) == ("WE", "2025-11-08T00:00+01:00")
    assert (found["price_tomorrow"], found["cheapest_3h"]) == ("0.10000", "none")
