"""The powers of some days: distribution, the highest, phases, voltage and overloads, each against a count by hand."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from api_serving import METER, Served
from cost_building import PARIS
from ledger_building import frame, message
from three_phase_home import FIRST, NOW, QUARTER, TEN_MIN, seconds_of, stamp, standard, volts_at

from tictally_recorder.cost.power.loads import day_loads, load_of
from tictally_recorder.cost.power.voltage import Voltage, voltage_of
from tictally_recorder.ledger import Ledger, LedgerReader, LiveQuarter, VoltageMean
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

DAYS = [date(2026, 3, 27) + timedelta(days=n) for n in range(5)]


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return standard()


@pytest.fixture(scope="module")
def item(frames: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """After the retention of raw frames, so that what is for ever answers."""
    with Served(tmp_path_factory.mktemp("power"), stored=frames, now=NOW, retention=True) as served:
        found = served.items("/api/v1/power/history?from=2026-03-20&to=2026-04-01")[0]
        again = served.items("/api/v1/power/history?from=2026-03-20&to=2026-04-01")[0]
    assert found == again  # from the cache
    return found


def by_quarter(frames: list[Frame], label: str) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for each in frames:
        value = each.values[label]
        assert isinstance(value, int)
        found[each.time_ms // 1000 // QUARTER].append(value)
    return found


def test_the_distribution_counts_the_highest_power_of_each_quarter_hour(
    frames: list[Frame], item: dict[str, Any]
) -> None:
    maxima = [max(values) for values in by_quarter(frames, "SINSTS").values()]
    found = item["distribution"]
    assert (found["unit"], found["is_maximum"], found["without"]) == ("VA", True, 0)
    expected = Counter(va // found["step"] for va in maxima)
    assert {n: count for n, count in enumerate(found["counts"]) if count} == expected
    assert found["quarters"] == len(maxima) == 4 * 24 * 4 - 4 + 48 - 8
    assert len(found["counts"]) <= 25
    assert found["reached"] == sum(va >= 6000 for va in maxima) > 0


def test_the_highest_days_have_the_meters_own_second(frames: list[Frame], item: dict[str, Any]) -> None:
    most: dict[str, int] = {}
    for each in frames:
        day = str(datetime.fromtimestamp(each.time_ms // 1000, PARIS).date())
        most[day] = max(most.get(day, 0), int(each.values["SINSTS"]))
    expected = [(day, va + 37) for day, va in sorted(most.items(), key=lambda each: -each[1])]
    assert [(each["day"], each["va"]) for each in item["highest"]] == expected
    first = next(each for each in frames if each.values["SINSTS"] == expected[0][1] - 37)
    assert (item["highest"][0]["at"], item["highest"][0]["is_exact"]) == (stamp(first.time_ms // 1000 + 61), True)


def test_phases_have_mean_share_and_maximum_and_their_balance(frames: list[Frame], item: dict[str, Any]) -> None:
    found = item["phases"]
    assert (found["unit"], found["limit"]) == ("VA", 2000)  # 6 kVA by contract, of three phases
    means = [fmean(int(each.values[f"SINSTS{phase}"]) for each in frames) for phase in (1, 2, 3)]
    assert [each["mean"] for each in found["items"]] == pytest.approx(means, abs=0.06)
    assert [each["share"] for each in found["items"]] == pytest.approx([mean / sum(means) for mean in means], abs=1e-4)
    maxima = [max(int(each.values[f"SINSTS{phase}"]) for each in frames) for phase in (1, 2, 3)]
    assert [each["max"] for each in found["items"]] == maxima
    assert [each["days_over"] for each in found["items"]] == [0, 5, 0]
    quarters = [by_quarter(frames, f"SINSTS{phase}") for phase in (1, 2, 3)]
    above = total = 0.0
    for number in quarters[0]:
        each = [fmean(phase[number]) for phase in quarters]
        above, total = above + max(each) - fmean(each), total + fmean(each)
    assert found["imbalance"] == pytest.approx(above / total, abs=1e-4)
    assert [(each["min"], each["max"]) for each in item["volts"]] == [(226, 226), (227, 227), (228, 228)]


def test_ten_minute_means_of_the_voltage_are_those_that_the_meter_reported(
    frames: list[Frame], item: dict[str, Any]
) -> None:
    ends = {each.time_ms // 1000 // TEN_MIN * TEN_MIN for each in frames}
    found = item["voltage"]
    assert found["means"] == 3 * len(ends)
    # From 18:00 to midnight of the 28th: six hours on one phase, all above 253 V.
    assert (found["outside"], found["beyond"]) == (36, 36)
    assert found["days_outside"] == [{"day": "2026-03-28", "phase": 2, "min": 230, "max": 255, "minutes": 360}]
    for phase, of in enumerate(found["phases"], 1):
        means = [volts_at(end, phase) for end in ends]
        assert (of["min"], of["max"], of["mean"]) == (min(means), max(means), pytest.approx(fmean(means), abs=0.06))
    # 36 means are less than 5 % of the week's 1002: the other days of that week are unknown.
    assert (found["weeks_within"], found["weeks_outside"], found["weeks_unknown"]) == (0, [], 2)
    assert [each["day"] for each in found["days"]] == ["2026-03-26", *map(str, DAYS)]


def test_overloads_are_those_of_the_status_register(item: dict[str, Any]) -> None:
    found = [(each["from"], each["to"], each["is_exact"]) for each in item["overloads"]]
    assert found == [
        ("2026-03-28T19:00:00+01:00", "2026-03-28T20:00:00+01:00", True),
        ("2026-03-31T08:00:00+02:00", "2026-03-31T09:00:00+02:00", True),
    ]
    assert (item["overload_days"], item["more_overloads"], item["unknown"]) == (2, 0, {})


def historique(phases: int) -> list[Frame]:
    found = []
    for n in range(2 * 96 * 3):
        values: dict[str, int | str] = {"OPTARIF": "BASE", "BASE": 1000 + n, "ISOUSC": 15, "PAPP": 1000 + 10 * (n % 96)}
        if phases > 1:
            values |= {f"IINST{phase}": phase * (n % 4) for phase in (1, 2, 3)}
        else:
            values |= {"IINST": 5}
        if n in {40, 41, 50}:
            values["ADIR2" if phases > 1 else "ADPS"] = 33
        at_ms = (seconds_of(FIRST) + 300 * n) * 1000
        found.append(Frame(METER, "cellar", "a1" * 8, n + 1, at_ms, Mode.HISTORIQUE, values))
    return found


@pytest.mark.parametrize("phases", [1, 3])
def test_what_a_historique_meter_cannot_show_is_unknown_with_its_reason(tmp_path: Path, phases: int) -> None:
    with Served(tmp_path, stored=historique(phases), now=NOW, retention=True) as served:
        (item,) = served.items("/api/v1/power/history?from=2026-03-27&to=2026-03-29")
    assert (item["voltage"], item["volts"], item["unknown"]["voltage"]) == (None, [], "historique")
    # Frames 40 and 41 are in one quarter-hour, 50 in another: 3:15 to 3:30, and 4:00 to 4:15.
    assert [(each["from"][11:16], each["to"][11:16], each["is_exact"]) for each in item["overloads"]] == [
        ("03:15", "03:30", False),
        ("04:00", "04:15", False),
    ]
    # No daily maximum of the meter's: the quarter-hour of the frame of 1950 VA.
    assert [(each["va"], each["at"][11:16], each["is_exact"]) for each in item["highest"]] == [
        (1950, "07:45", False),
        (1950, "07:45", False),
    ]
    if phases == 1:
        assert (item["phases"], item["unknown"]["phases"]) == (None, "one_phase")
        return
    assert (item["phases"]["unit"], item["phases"]["limit"]) == ("A", 10)  # ISOUSC of 6 kVA: 10 A a phase
    assert [each["max"] for each in item["phases"]["items"]] == [3, 6, 9]
    assert [each["days_over"] for each in item["phases"]["items"]] == [0, 0, 0]
    # Phase 3 has half of the load: 50 % more than the mean of three.
    assert item["phases"]["imbalance"] == 0.5


def test_days_that_have_energy_alone_have_the_mean_power_of_registers(tmp_path: Path) -> None:
    """As after an import of years: no frame has a power."""
    found = [
        Frame(METER, "cellar", "a1" * 8, n + 1, (seconds_of(FIRST) + QUARTER * n) * 1000, Mode.STANDARD, values)
        for n in range(97)
        for values in [dict[str, int | str](EAST=1000 + 100 * n, LTARF="BASE")]
    ]
    with Served(tmp_path, stored=found, now=NOW) as served:
        (item,) = served.items("/api/v1/power/history?from=2026-03-27&to=2026-03-28")
    spread = item["distribution"]
    assert (spread["unit"], spread["is_maximum"], spread["step"], spread["quarters"]) == ("W", False, 100, 96)
    assert spread["counts"] == [0, 0, 0, 0, 96]
    assert item["highest"] == []
    assert item["unknown"] == {"phases": "one_phase", "voltage": "no_means"}


def test_days_without_anything_are_unknown_and_not_zero(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        (item,) = served.items("/api/v1/power/history?from=2020-01-01&to=2020-02-01")
        assert served.get("/api/v1/power/history?from=2020-01-01&to=2026-02-01").status_code == 400
    assert (item["distribution"], item["highest"], item["phases"], item["voltage"]) == (None, [], None, None)
    assert set(item["unknown"].values()) == {"nothing"}


def test_the_first_day_is_shown_as_far_as_it_has_come(tmp_path: Path, frames: list[Frame]) -> None:
    now = FIRST + timedelta(hours=3)
    early = [each for each in frames if each.time_ms < now.timestamp() * 1000]
    with Served(tmp_path, stored=early, now=now) as served:
        (item,) = served.items("/api/v1/power/history")
        assert served.items("/api/v1/power") == []  # no day is over yet
    assert item["distribution"]["quarters"] == 12
    assert [each["day"] for each in item["highest"]] == ["2026-03-27"]


def week(outside: int, known: int, volts: int = 260) -> Voltage:
    monday = datetime(2026, 6, 1, tzinfo=PARIS)
    start_ms = seconds_of(monday) * 1000
    means = [
        VoltageMean(start_ms + n * TEN_MIN * 1000, (volts if n < outside else 230, None, None)) for n in range(known)
    ]
    return voltage_of(means, monday.date(), PARIS)


@pytest.mark.parametrize(
    ("outside", "known", "expected"),
    [
        (50, 1008, True),  # 4.96 % of 1008
        (51, 1008, False),
        (51, 60, False),  # whatever the rest of the week was
        (0, 958, True),  # 50 are missing
        (0, 957, None),
        (10, 968, True),
        (11, 968, None),
    ],
)
def test_a_week_is_judged_where_the_missing_means_cannot_change_it(
    outside: int, known: int, expected: bool | None
) -> None:
    (found,) = week(outside, known).weeks
    assert (found.expected, found.is_within) == (1008, expected)


@pytest.mark.parametrize(
    ("volts", "outside", "beyond"),
    [(253, 0, 0), (254, 1, 1), (207, 0, 0), (206, 1, 0), (196, 1, 0), (195, 1, 1), (11, 0, 0)],
)
def test_limits_of_the_standard_are_ten_percent_and_fifteen_below(volts: int, outside: int, beyond: int) -> None:
    found = week(1, 2, volts).phases[1]
    assert (found.outside, found.beyond) == (outside, beyond)
    assert found.n == (1 if volts == 11 else 2)  # an interruption is none of them


def test_a_week_of_a_clock_change_has_other_many_means() -> None:
    mean = VoltageMean(seconds_of(datetime(2026, 3, 27, tzinfo=PARIS)) * 1000, (230, 230, 230))
    (found,) = voltage_of([mean], date(2026, 3, 27), PARIS).weeks
    assert (found.first, found.expected) == (date(2026, 3, 23), 1002)


def test_a_mean_is_stored_once_and_never_by_a_wrong_clock(tmp_path: Path) -> None:
    at = seconds_of(FIRST)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        for seq, (seen, end, volts) in enumerate(
            [(at + 5, at, 231), (at + 9, at, 231), (at + 605, at + 600, 232), (at + 1300, at - 7200, 250)], 1
        ):
            made = frame(seq, seen * 1000, {"UMOY1": volts, "EAST": 1})
            made.dated["UMOY1"] = stamp(end)
            ledger.store([message(made)])
    with LedgerReader.open(tmp_path / "ledger.sqlite") as reader:
        (site,) = reader.sites()
        found = list(reader.voltage_means(site, (at - 86_400) * 1000, (at + 86_400) * 1000))
    assert [((each.start_ms // 1000) - at, each.volts[0]) for each in found] == [(-600, 231), (0, 232)]


def test_quarters_without_registers_are_the_whole_quarters_live_part(tmp_path: Path, frames: list[Frame]) -> None:
    with Served(tmp_path, stored=frames[:300], now=NOW, retention=True) as served:
        (site,) = served.reader.sites()
        bounds = (site.first_ms // 900_000 * 900_000, site.last_ms)
        whole = [LiveQuarter.of(each) for each in served.reader.quarters(site.meters[0].id, *bounds)]
        assert list(served.reader.live_quarters(site.meters[0].id, *bounds)) == whole
        day = FIRST.date()
        loads = day_loads(served.reader, site, day, day + timedelta(days=1), PARIS)
    assert loads[day] == load_of(each for each in whole if each.start_ms < bounds[0] + 86_400_000)
