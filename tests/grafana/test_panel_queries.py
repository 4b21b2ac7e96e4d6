"""Every panel's query on a real InfluxDB with a simulated household's year; key figures are computed independently."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from grafana_asking import Asking
from grafana_queries import KEYS, Target, targets, variable_queries
from household_points import HISTORIQUE, frame_va, make_buckets, rejections, write
from influx_answers import Row, answer
from real_influx import ORG, TOKEN, Influxd
from simulated_household import EDGE, METERS, PARIS, SITE, SUBSCRIBED_KVA, Household, utc_ms

from tictally_recorder.energy import EnergyRow
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.points import from_energy_by_day

NOW = datetime(2026, 11, 25, 18, 40, tzinfo=PARIS)
# Two months without contract, on HP/HC, then Tempo; both changes of the clocks, and another meter since July.
HOME = Household(date(2025, 11, 1), NOW, date(2026, 1, 1), date(2026, 7, 14), date(2026, 1, 1))
HEALTH_MINUTES = 26 * 60
VARIABLES = {"site": SITE, "meter": METERS[1], "month": "2026-11", "year": "2026", "edge": EDGE}
# Both changes, the night after one, and the first minutes of a month and of a year.
MOMENTS = (
    "2026-03-29T13:00+02:00",
    "2026-10-25T13:00+01:00",
    "2026-10-26T01:30+01:00",
    "2026-11-01T00:20+01:00",
    "2027-01-01T09:00+01:00",
)


@pytest.fixture(scope="module")
def asking(server: Influxd) -> Asking:
    write(server, HOME, prefix="tictally", quarters_since=date(2026, 9, 1), minutes=HEALTH_MINUTES)
    return Asking(server, "tictally", NOW, VARIABLES)


def days(tag: str) -> list[date]:
    """The days of `2026-11`, or of `2026`."""
    return [each for each in HOME.days if str(each).startswith(tag)]


def kwh(of: Iterable[date], home: Household = HOME) -> float:
    return sum(home.consumption_wh(each) for each in of) / 1000


def euros(of: Iterable[date], home: Household = HOME) -> float:
    return float(sum((home.amount(each) or Decimal(0) for each in of), Decimal(0)))


def hours(of: Iterable[date], home: Household = HOME) -> float:
    return sum(home.hours(each) for each in of)


def off_peak_percent(of: Iterable[date]) -> float:
    found = [(period, wh) for day in of for period, wh in HOME.by_period(day).items()]
    return 100 * sum(wh for period, wh in found if period.startswith("HC")) / sum(wh for _, wh in found)


def standby(of: list[date]) -> float:
    return sum(map(HOME.standby_va, of)) / len(of)


# Panel → the value it must show for some days.
FIGURES: dict[str, Callable[[list[date]], float]] = {
    "Energy": kwh,
    "Cost": euros,
    "Mean power": lambda of: 1000 * kwh(of) / hours(of),
    "Energy per day": lambda of: 24 * kwh(of) / hours(of),
    "Cost per day": lambda of: 24 * euros(of) / hours(of),
    "Share of off-peak": off_peak_percent,
    "Standby": standby,
}


class TestAllPanels:
    @pytest.mark.parametrize("target", [each for key in KEYS for each in targets(key)], ids=str)
    def test_a_panel_has_an_answer_in_one_table_whose_columns_have_names(self, asking: Asking, target: Target) -> None:
        tables = answer(asking.server, target.asked(VARIABLES, NOW, "tictally"), NOW)
        assert len(tables) == 1, "Grafana makes a frame of each table"
        assert any(tables[0])
        columns = {name for row in tables[0] for name in row}
        assert not {name for name in columns if name.startswith("_")} - {"_time"}
        if target.kind in {"stat", "gauge", "bargauge"} and target.ref == "A":
            assert columns <= target.columns, "a column without a name"
        if target.kind == "table":
            assert columns - {"reason"} == target.columns - {"reason"}

    @pytest.mark.parametrize("key", KEYS)
    def test_variables_have_values(self, asking: Asking, key: str) -> None:
        expected = {
            "site": [SITE],
            "meter": [METERS[1]],
            "month": sorted({f"{day:%Y-%m}" for day in HOME.days}),
            "year": ["2025", "2026"],
            "edge": [EDGE],
        }
        for name, flux in variable_queries(key).items():
            asked = Target(key, name, "A", flux, "now-1h", "", frozenset()).asked(VARIABLES, NOW, "tictally")
            (table,) = answer(asking.server, asked, NOW)
            assert sorted(str(value) for row in table for value in row.values()) == expected[name]


class TestMonth:
    @pytest.mark.parametrize("month", ["2026-02", "2026-03", "2026-10", "2026-11"])
    @pytest.mark.parametrize("panel", FIGURES)
    def test_figures_of_a_month_and_the_one_before(self, asking: Asking, panel: str, month: str) -> None:
        before = f"2026-{int(month[5:]) - 1:02d}"
        expected = {"this": FIGURES[panel](days(month)), "before": FIGURES[panel](days(before))}
        assert asking.row("month", panel, month=month) == pytest.approx(expected)

    def test_the_month_before_january_is_december(self, asking: Asking) -> None:
        expected = {"this": kwh(days("2026-01")), "before": kwh(days("2025-12"))}
        assert asking.row("month", "Energy", month="2026-01") == pytest.approx(expected)

    def test_an_unknown_cost_is_not_shown(self, asking: Asking) -> None:
        assert asking.row("month", "Cost", month="2026-01") == pytest.approx({"this": euros(days("2026-01"))})
        assert not any(asking.rows("month", "Cost", month="2025-12"))
        assert not any(asking.rows("month", "Cost per day", month="2025-12"))

    @pytest.mark.parametrize("month", ["2025-12", "2026-03", "2026-10"])
    def test_days_are_divided_by_period(self, asking: Asking, month: str) -> None:
        found = asking.by("key", "month", "By day and period", month=month)
        assert list(found) == [f"{day:%d}" for day in days(month)]
        for day in days(month):
            parts = {period: wh / 1000 for period, wh in HOME.by_period(day).items() if wh}
            assert found[f"{day:%d}"] == pytest.approx({"key": f"{day:%d}", **parts})

    def test_days_have_their_consumption(self, asking: Asking) -> None:
        found = asking.rows("month", "By day, coloured by use", month="2026-10")
        assert [row["kwh"] for row in found] == pytest.approx([kwh([day]) for day in days("2026-10")])

    def test_a_days_cost_has_its_parts_and_a_day_without_contract_no_bar(self, asking: Asking) -> None:
        found = asking.by("key", "month", "Cost by day", month="2026-09")
        assert set(found) == {f"{day:%d}" for day in days("2026-09")} - {"02"}
        assert _sum(found["03"]) == pytest.approx(euros([date(2026, 9, 3)]))
        assert float(str(found["03"]["subscription"])) > 0

    def test_income_is_below_zero(self, asking: Asking) -> None:
        day = asking.by("key", "month", "Cost by day", month="2026-07")["04"]
        assert day["injection"] == pytest.approx(-0.04 * HOME.injection_wh(date(2026, 7, 4)) / 1000)

    @pytest.mark.parametrize(
        ("month", "expected"),
        [
            ("2025-12", {"unknown": 31}),
            ("2026-05", {"measured": 30, "estimated": 1}),
            ("2026-06", {"measured": 29, "unknown": 1}),
            ("2026-08", {"measured": 16, "provisional": 15}),
        ],
    )
    def test_days_are_counted_by_quality(self, asking: Asking, month: str, expected: dict[str, int]) -> None:
        assert asking.row("month", "Days by cost quality", month=month) == expected

    def test_the_bill_adds_up_and_names_versions(self, asking: Asking) -> None:
        lines = asking.rows("month", "Energy and cost, by period and price", month="2026-08")
        assert sum(float(str(line["eur"])) for line in lines) == pytest.approx(euros(days("2026-08")))
        consumption = [line for line in lines if line["period"] != "injection"]
        assert sum(float(str(line["kwh"])) for line in consumption) == pytest.approx(kwh(days("2026-08")))
        assert {(line["version"], line["first"], line["last"], line["days"]) for line in consumption} == {
            ("edf-bleu-tempo 2026-08-01", "2026-08-01", "2026-08-31", 31)
        }

    def test_the_highest_power_and_when(self, asking: Asking) -> None:
        quarters = [each for day in days("2026-10") for each in HOME.quarters_of[day]]
        highest = max(each.max_va for each in quarters)
        when = {each.start.timestamp() * 1000 for each in quarters if each.max_va == highest}
        found = asking.row("month", "Highest power", month="2026-10")
        assert found["power"] == highest
        assert found["when"] in when

    def test_the_table_of_days(self, asking: Asking) -> None:
        found = asking.by("key", "month", "The days", month="2026-06")
        colours = {"blue": 1, "white": 2, "red": 3}
        for day in days("2026-06"):
            row = found[f"{day:%d}"]
            assert row["kwh"] == pytest.approx(kwh([day]))
            assert row["mean_w"] == pytest.approx(1000 * kwh([day]) / 24)
            assert row["off_peak"] == pytest.approx(off_peak_percent([day]))
            assert row["standby"] == HOME.standby_va(day)
            assert row["colour"] == colours[HOME.colour(day) or ""]
            assert row["eur"] == pytest.approx(euros([day]))
            assert row["quality"] == (3 if day.day == 3 else 0)

    def test_a_day_of_25_hours_has_its_mean_power(self, asking: Asking) -> None:
        day = date(2026, 10, 25)
        row = asking.by("key", "month", "The days", month="2026-10")["25"]
        assert row["mean_w"] == pytest.approx(1000 * kwh([day]) / 25)


class TestRegisters:
    def test_each_kwh_is_in_one_part_whatever_the_meter_calls_it(self, server: Influxd) -> None:
        """On the first day the meter changed its mode, on the second it did not report the name of a period."""
        first, second = date(2026, 3, 3), date(2026, 3, 4)
        bounds = {day: utc_ms(datetime(day.year, day.month, day.day, tzinfo=PARIS)) for day in (first, second)}
        counted = (
            (first, "HCHC", "HC", 4000),
            (first, "EASF01", "HEURE CREUSE", 500),
            (first, "EASF02", "HEURE PLEINE", 6000),
            (first, "EAST", None, 6500),
            (second, "EASF01", "HEURE CREUSE", 3000),
            (second, "EASF03", None, 700),
            (second, "EASF04", None, 0),
            (second, "EASD01", None, 3700),
            (second, "EAST", None, 3700),
        )
        rows = [
            EnergyRow(bounds[day], bounds[day] + 1, SITE, register, period, None, "Wh", wh, 0, 1, 9, 9 + wh, 1, 1)
            for day, register, period, wh in counted
        ]
        make_buckets(server, "registers")
        client = Client(server.url, TOKEN, ORG)
        client.write("registers", [each.line for each in from_energy_by_day(rows, PARIS)])
        client.close()
        asking = Asking(server, "registers", datetime(2026, 3, 5, tzinfo=PARIS), {**VARIABLES, "month": "2026-03"})
        assert asking.rows("month", "By day and period") == [
            {"key": "03", "HC": 4.5, "HP": 6.0},
            {"key": "04", "HC": 3.0, "EASF03": 0.7},
        ]
        # 4.5 and 3 of 10.5 and 3.7 kWh.
        assert asking.row("month", "Share of off-peak") == pytest.approx({"this": 100 * 7.5 / 14.2})


class TestYear:
    @pytest.mark.parametrize("panel", FIGURES)
    def test_figures_of_a_year_and_the_one_before(self, asking: Asking, panel: str) -> None:
        expected = {"this": FIGURES[panel](days("2026")), "before": FIGURES[panel](days("2025"))}
        if "Cost" in panel:
            del expected["before"]  # there was no contract
        assert asking.row("year", panel) == pytest.approx(expected)

    def test_months_have_their_figures(self, asking: Asking) -> None:
        found = asking.by("key", "year", "The months")
        assert list(found) == [f"2026-{month:02d}" for month in range(1, 12)]
        worst = {"2026-05": 1, "2026-06": 3, "2026-08": 2, "2026-09": 3}
        for month, row in found.items():
            of = days(str(month))
            assert row == pytest.approx(
                {
                    "key": month,
                    "kwh": kwh(of),
                    "per_day": 24 * kwh(of) / hours(of),
                    "mean_w": 1000 * kwh(of) / hours(of),
                    "off_peak": off_peak_percent(of),
                    "standby": standby(of),
                    "eur": euros(of),
                    "eur_per_day": 24 * euros(of) / hours(of),
                    "price": euros(of) / kwh(of),
                    "quality": worst.get(str(month), 0),
                }
            )

    def test_months_without_contract_have_energy_and_no_cost(self, asking: Asking) -> None:
        row = asking.by("key", "year", "The months", year="2025")["2025-12"]
        assert row["kwh"] == pytest.approx(kwh(days("2025-12")))
        assert row["quality"] == 3
        assert not {"eur", "eur_per_day", "price"} & row.keys()

    def test_months_are_divided_by_period(self, asking: Asking) -> None:
        found = asking.by("key", "year", "By month and period", year="2025")
        parts = {period: sum(HOME.by_period(day)[period] for day in days("2025-12")) / 1000 for period in ("HC", "HP")}
        assert found["2025-12"] == pytest.approx({"key": "2025-12", **parts})

    def test_months_cost_what_their_days_do(self, asking: Asking) -> None:
        for month, row in asking.by("key", "year", "Cost by month").items():
            assert _sum(row) == pytest.approx(euros(days(str(month))))

    def test_tempo_days_are_counted(self, asking: Asking) -> None:
        colours = [HOME.colour(day) for day in days("2026")]
        expected = {colour: colours.count(colour) for colour in ("blue", "white", "red")}
        assert asking.row("year", "Tempo days of the year") == expected

    def test_the_years_cost_is_as_good_as_its_worst_day(self, asking: Asking) -> None:
        assert asking.row("year", "Quality of the year's cost") == {"quality": 3}


class TestYears:
    def test_years_have_their_totals(self, asking: Asking) -> None:
        found = asking.by("key", "years", "The years")
        assert {year: row["kwh"] for year, row in found.items()} == pytest.approx(
            {year: kwh(days(year)) for year in ("2025", "2026")}
        )
        assert found["2026"]["eur"] == pytest.approx(euros(days("2026")))
        assert "eur" not in found["2025"]

    def test_years_stand_side_by_side(self, asking: Asking) -> None:
        found = asking.by("key", "years", "The years side by side, in kWh")
        assert found["11"] == pytest.approx({"key": "11", "2025": kwh(days("2025-11")), "2026": kwh(days("2026-11"))})
        cost = asking.by("key", "years", "The years side by side, in euros")
        assert cost["11"] == pytest.approx({"key": "11", "2026": euros(days("2026-11"))})

    def test_years_and_all_months_are_divided_by_period(self, asking: Asking) -> None:
        years = asking.by("key", "years", "By year and period")
        assert {year: _sum(row) for year, row in years.items()} == pytest.approx(
            {year: kwh(days(year)) for year in ("2025", "2026")}
        )
        months = asking.by("key", "years", "All months")
        assert len(months) == 13
        assert _sum(months["2026-03"]) == pytest.approx(kwh(days("2026-03")))

    def test_years_cost(self, asking: Asking) -> None:
        found = asking.by("key", "years", "Cost by year")
        assert list(found) == ["2026"]
        assert _sum(found["2026"]) == pytest.approx(euros(days("2026")))


class TestTariff:
    def test_prices_of_the_day_name_their_version(self, asking: Asking) -> None:
        found = asking.by("period", "tariff", "Prices of the day")
        for cost in HOME.costs_of[NOW.date()]:
            row = found[cost.period]
            assert row["price"] == pytest.approx(float(cost.price or 0))
            assert (row["version"], row["power"], row["quality"]) == (cost.version, SUBSCRIBED_KVA, cost.quality)

    def test_prices_step_with_versions(self, asking: Asking) -> None:
        found = asking.by("_time", "tariff", "Price of a kWh")
        for day in (date(2026, 1, 31), date(2026, 2, 1), date(2026, 7, 31), date(2026, 8, 1)):
            moment = datetime(day.year, day.month, day.day, tzinfo=PARIS)
            prices = {
                each.period: float(each.price or 0) for each in HOME.costs_of[day] if each.direction == "consumption"
            }
            del prices["subscription"]
            shown = {period: price for period, price in found[moment].items() if period != "_time"}
            assert shown == pytest.approx(prices)

    def test_each_version_has_its_cost(self, asking: Asking) -> None:
        # The clock selects a year: the day that it begins in is not in it.
        lines = asking.rows("tariff", "Cost by tariff version")
        of = [day for day in HOME.days if day > NOW.date() - timedelta(days=365)]
        assert sum(float(str(line["eur"])) for line in lines) == pytest.approx(euros(of))
        assert {str(line["version"]) for line in lines} == {
            each.version for day in of for each in HOME.costs_of[day] if each.version
        }

    def test_an_uncertain_cost_has_its_reason_and_days(self, asking: Asking) -> None:
        found = [
            (row["quality"], row.get("reason"), row["first"], row["days"])
            for row in asking.rows("tariff", "Uncertain costs, and why")
        ]
        # The days without contract that begin the year that the clock selects are the reason of the later one too.
        without_contract = ("unknown", "no_contract", "2025-11-26", 37)
        assert found == [
            without_contract,
            ("estimated", "-", "2026-05-10", 1),
            ("unknown", "no_price", "2026-06-03", 1),
            ("provisional", "revision_overdue", "2026-08-01", 15),
        ]

    def test_each_day_is_of_its_worst_quality(self, asking: Asking) -> None:
        found = asking.by("_time", "tariff", "Quality of each day's cost")
        number = {"measured": 0, "estimated": 1, "provisional": 2, "unknown": 3}
        for day in days("2026"):
            worst = max(number[each.quality] for each in HOME.costs_of[day])
            assert found[datetime(day.year, day.month, day.day, tzinfo=PARIS)]["quality"] == worst, day

    def test_months_have_a_mean_price(self, asking: Asking) -> None:
        found = asking.by("key", "tariff", "Mean price of a kWh, all included")
        assert found["2026-03"]["price"] == pytest.approx(euros(days("2026-03")) / kwh(days("2026-03")))

    def test_tempo_days_since_september(self, asking: Asking) -> None:
        colours = [HOME.colour(day) for day in days("2026") if day >= date(2026, 9, 1)]
        expected = {colour: colours.count(colour) for colour in ("blue", "white", "red")}
        assert asking.row("tariff", "Tempo days since 1 September") == expected

    def test_the_season_before_september_began_the_year_before(self, asking: Asking) -> None:
        spring = Asking(asking.server, "tictally", datetime(2026, 4, 2, 12, tzinfo=PARIS), VARIABLES)
        colours = [HOME.colour(day) for day in HOME.days if date(2026, 1, 1) <= day <= date(2026, 4, 4)]
        found = spring.row("tariff", "Tempo days since 1 September")
        assert sum(int(str(n)) for n in found.values()) == len(colours)


class TestLive:
    def test_the_gauge_ends_at_the_subscribed_power(self, asking: Asking) -> None:
        assert asking.row("live", "Power") == {"power": frame_va(NOW - timedelta(seconds=2))}
        assert asking.row("live", "Power", "B") == {"max": SUBSCRIBED_KVA * 1000}

    def test_the_last_minutes_have_power_and_standby(self, asking: Asking) -> None:
        found = asking.rows("live", "The last minutes")
        powers = {row["_time"]: row["power"] for row in found if "power" in row}
        moment = NOW - timedelta(minutes=10)
        # A window is stamped at its end, and holds the frame of its start.
        assert powers[moment] == frame_va(moment - timedelta(seconds=2))
        levels = {row["_time"]: row["standby"] for row in found if "standby" in row}
        assert levels == dict.fromkeys((NOW - timedelta(minutes=30), NOW), HOME.standby_va(NOW.date()))

    def test_period_and_colours_are_the_meters(self, asking: Asking) -> None:
        tomorrow = NOW.date() + timedelta(days=1)
        assert asking.row("live", "Period now") == {"period": HOME.quarters_of[NOW.date()][-1].period}
        expected = {"today": HOME.colour(NOW.date()), "tomorrow": HOME.colour(tomorrow)}
        assert asking.row("live", "Tempo colour") == expected

    def test_a_meter_in_historique_mode_is_shown_too(self, asking: Asking) -> None:
        chosen = {"meter": HISTORIQUE}
        assert asking.row("live", "Power", **chosen) == {"power": 4321}
        assert asking.row("live", "Power", "B", **chosen) == {"max": 30 * 200 * 3}
        assert asking.row("live", "Period now", **chosen) == {"period": "HPJW"}
        assert asking.row("live", "Tempo colour", **chosen) == {"today": "white", "tomorrow": "red"}

    @pytest.mark.parametrize("moment", MOMENTS)
    def test_today_yesterday_and_the_months_mean(self, server: Influxd, moment: str) -> None:
        now = datetime.fromisoformat(moment)
        today = now.astimezone(PARIS).date()
        first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
        home = Household(first, now, first, date(2099, 1, 1), first)
        prefix = f"at{moments_name(moment)}"
        write(server, home, prefix=prefix, quarters_since=today - timedelta(days=2), minutes=0)
        asking = Asking(server, prefix, now, VARIABLES)
        month = [day for day in home.days if day.month == today.month]
        yesterday = today - timedelta(days=1)

        def compared(value: Callable[[list[date], float, float], float]) -> dict[str, float]:
            parts = {"today": [today], "yesterday": [yesterday], "mean": month}
            lasted = {name: hours(of, home) for name, of in parts.items()}
            return {
                name: value(of, lasted[name], lasted[name] / 24 if name == "mean" else 1) for name, of in parts.items()
            }

        assert asking.row("live", "Energy") == pytest.approx(compared(lambda of, _, n: kwh(of, home) / n))
        assert asking.row("live", "Cost") == pytest.approx(compared(lambda of, _, n: euros(of, home) / n))
        assert asking.row("live", "Mean power") == pytest.approx(compared(lambda of, h, _: 1000 * kwh(of, home) / h))

        since = (now - timedelta(hours=24)).replace(minute=0)
        quarters = [each for day in (yesterday, today) for each in home.quarters_of[day] if each.start >= since]
        shown = asking.rows("live", "The last 24 hours")
        assert sum(map(_sum, shown)) == pytest.approx(sum(each.consumption_wh for each in quarters) / 1000)
        assert len(shown) == len({int(each.start.timestamp()) // 3600 for each in quarters})


class TestLine:
    def test_rejected_groups_are_counted_across_a_restart_of_the_edge(self, asking: Asking) -> None:
        found = asking.by("reason", "line", "Rejected groups by reason")
        assert {reason: row["n"] for reason, row in found.items()} == rejections(HEALTH_MINUTES, 24 * 60)

    def test_rejected_groups_over_time_add_up_to_the_same(self, asking: Asking) -> None:
        found = asking.rows("line", "Rejected groups over time")
        expected = rejections(HEALTH_MINUTES, 24 * 60)
        for reason, n in expected.items():
            # The first window has nothing before it.
            assert n - 2 <= sum(int(str(row.get(reason, 0))) for row in found) <= n

    def test_a_minute_without_frames_is_shown(self, asking: Asking) -> None:
        found = [row["heard"] for row in asking.rows("line", "The meter is")]
        silent = [n for n in range(HEALTH_MINUTES - 24 * 60, HEALTH_MINUTES) if n % 500 == 7]
        assert found.count(0) == len(silent)

    def test_voltage_keeps_its_extremes(self, asking: Asking) -> None:
        found = asking.rows("line", "Voltage")
        assert min(float(str(row["lowest"])) for row in found) == 226
        assert max(float(str(row["highest"])) for row in found) == 242
        assert {row["mean"] for row in found} == {233.5}

    def test_the_recorder_shows_what_is_missing(self, asking: Asking) -> None:
        assert asking.row("line", "The recorder") == {
            "missing": 11,
            "lost": 12,
            "dead_letters": 13,
            "sink_rejected": 14,
            "sink_windows": 15,
        }
        assert asking.rows("line", "Rejected messages by reason") == [{"reason": "form", "n": 3}]

    def test_estimated_quarters_are_counted(self, server: Influxd) -> None:
        now = datetime(2026, 5, 11, 2, tzinfo=PARIS)
        home = Household(date(2026, 5, 9), now, date(2026, 5, 9), date(2099, 1, 1), date(2026, 5, 9))
        write(server, home, prefix="gaps", quarters_since=date(2026, 5, 9), minutes=0)
        found = Asking(server, "gaps", now, VARIABLES).row("line", "Estimated quarter-hours")
        assert found == {"gaps": 22 * 4}  # of 10 May, from 02:00 on


def moments_name(moment: str) -> str:
    return "".join(each for each in moment if each.isdigit())


def _sum(row: Row) -> float:
    return sum(value for value in row.values() if isinstance(value, int | float))
