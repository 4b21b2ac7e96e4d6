"""Outdoor temperature: Open-Meteo's answers and job, LinkyStat's column, degree-days and use against them."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from imported_files import PARIS, read
from ledger_building import METER
from local_service import LocalService, Reply
from observation_building import energy, put
from real_broker import Hub, Mosquitto
from recorder_loop import turn
from recording import Recorder
from recording import frame as recorded_frame

from tictally_recorder.cli.app import main
from tictally_recorder.climate import ClimateDay, Fit, by_period, by_temperature, climate_days, fit_of
from tictally_recorder.features import settings_with
from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.imports.outcome import import_files, undo
from tictally_recorder.jobs import JobContext, enabled_jobs
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.ledger import NO_FRAMES, Ledger, LedgerReader, importing
from tictally_recorder.providers.weather.answers import read_hours
from tictally_recorder.providers.weather.job import WeatherJob
from tictally_recorder.providers.weather.topic import HourlyMeans, TopicTemperature, celsius_of
from tictally_recorder.reports.climate import fit_remark, records
from tictally_recorder.settings import Settings
from tictally_recorder.translations import ENGLISH, catalogue
from tictally_shared.calendar import By, day_bounds_ms

HOUR_MS = 3_600_000
HOURS = [f"2026-11-19T{hour:02}:00" for hour in range(24)]
NOW = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
BASE = Decimal(18)
FRENCH = catalogue("fr")


class OpenMeteo:
    """Answers as both services do: 5 °C and the hour of the day; the archive half a degree more; the first is null."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.today = NOW.date()

    def get(self, path: str, _default: Reply) -> Reply:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append((parts.path, query))
        assert (query["latitude"], query["longitude"], query["timezone"]) == ("48.9", "2.3", "UTC")
        if parts.path == "/archive":
            first, last = (date.fromisoformat(query[each]) for each in ("start_date", "end_date"))
            values = [5.5 + n % 24 for n in range(((last - first).days + 1) * 24)]
        else:
            first = self.today - timedelta(days=int(query["past_days"]))
            values = [5.0 + n % 24 for n in range(11 * 24)]
        start = datetime.combine(first, datetime.min.time())
        times = [f"{start + timedelta(hours=n):%Y-%m-%dT%H:%M}" for n in range(len(values))]
        return Reply(json.dumps({"hourly": {"time": times, "temperature_2m": [None, *values[1:]]}}).encode())


@pytest.fixture
def service() -> Iterator[tuple[OpenMeteo, str]]:
    answers, server = OpenMeteo(), LocalService()
    server.replies = answers  # type: ignore[assignment]  # it only gets from it
    with server.running():
        yield answers, server.url


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    return path


def settings_of(path: Path, url: str, **others: object) -> Settings:
    about = {"weather_latitude": 48.9, "weather_longitude": 2.3, **others}
    addresses = {"weather_archive_url": f"{url}/archive", "weather_forecast_url": f"{url}/forecast"}
    return settings_with(name="nas", ledger=path, **about, **addresses)


def stored(path: Path) -> dict[datetime, float]:
    with LedgerReader.open(path) as reader:
        found = reader.temperatures(METER, 0, 2**50)
    return {datetime.fromtimestamp(time_ms / 1000, UTC): value / 100 for time_ms, value in found.items()}


def test_the_last_days_come_from_the_forecast_and_older_ones_from_the_archive(
    path: Path, service: tuple[OpenMeteo, str]
) -> None:
    answers, url = service
    job = WeatherJob(settings_of(path, url, weather_since=date(2024, 11, 1)), pause_s=0.0)
    context = JobContext(round(NOW.timestamp() * 1000), is_scheduled=True)
    assert job.run(context).code is ResultCode.TEMPERATURES_STORED
    assert [(where, query.get("start_date"), query.get("end_date")) for where, query in answers.asked] == [
        ("/forecast", None, None),
        ("/archive", "2024-11-01", "2025-11-01"),
        ("/archive", "2025-11-02", "2026-11-02"),
        ("/archive", "2026-11-03", "2026-11-13"),
    ]
    found = stored(path)
    assert max(found) == datetime(2026, 11, 20, 5, tzinfo=UTC), "forecasts are none"
    assert found[datetime(2026, 11, 19, 12, tzinfo=UTC)] == 17.0
    assert found[datetime(2026, 11, 12, 12, tzinfo=UTC)] == 17.5, "the archive's replaces the forecast's"
    assert datetime(2024, 11, 1, tzinfo=UTC) not in found, "null is no temperature"
    answers.asked.clear()
    tomorrow = JobContext(context.now_ms + 24 * HOUR_MS, is_scheduled=True, memory=context.memory)
    answers.today += timedelta(days=1)
    job.run(tomorrow)
    assert [query.get("start_date") for _, query in answers.asked] == [None, "2026-11-14"]


def test_many_years_come_five_at_a_time_and_an_earlier_day_starts_again(
    path: Path, service: tuple[OpenMeteo, str]
) -> None:
    answers, url = service
    context = JobContext(round(NOW.timestamp() * 1000), is_scheduled=True)
    WeatherJob(settings_of(path, url, weather_since=date(2026, 1, 1)), pause_s=0.0).run(context)
    done = JobContext(context.now_ms, is_scheduled=False, memory=context.memory)
    assert not WeatherJob(settings_of(path, url), 0.0).check(done)
    job = WeatherJob(settings_of(path, url, weather_since=date(2020, 1, 1)), pause_s=0.0)
    answers.asked.clear()
    job.run(context)
    assert [query.get("start_date") for _, query in answers.asked][:2] == [None, "2020-01-01"]
    assert len(answers.asked) == 6
    assert job.check(JobContext(context.now_ms, is_scheduled=False, memory=context.memory))


def test_without_a_place_there_is_no_job(path: Path) -> None:
    assert "weather" not in enabled_jobs(settings_with(name="nas", ledger=path, weather_latitude=48.9))
    both = settings_with(name="nas", ledger=path, weather_latitude=48.9, weather_longitude=2.3)
    assert "weather" in enabled_jobs(both)
    assert "weather" not in enabled_jobs(both.model_copy(update={"section_FetchSettings": _no_fetch(path)}))


def _no_fetch(path: Path) -> object:
    return getattr(settings_with(name="nas", ledger=path, fetch="off"), "section_FetchSettings")  # noqa: B009


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ([], "do not belong together"),
        ({"hourly": {"time": ["2026-11-20T00:00"], "temperature_2m": []}}, "do not belong together"),
        ({"hourly": {"time": ["2026-11-20T00:30"], "temperature_2m": [1]}}, "a time is 2026-11-20T00:30"),
        ({"hourly": {"time": ["soon"], "temperature_2m": [1]}}, "a time is soon"),
        ({"hourly": {"time": HOURS, "temperature_2m": [300] * 24}}, "a temperature is 300"),
        ({"hourly": {"time": HOURS, "temperature_2m": ["1"] * 24}}, "a temperature is 1"),
        ({"hourly": {"time": HOURS[:12], "temperature_2m": [1] * 12}}, "has not each hour"),
        ({"hourly": {"time": HOURS[:12] * 2, "temperature_2m": [1] * 24}}, "has not each hour"),
        ({"hourly": {"time": [], "temperature_2m": []}}, "has not each hour"),
        ({"hourly": {"time": [f"2025{each[4:]}" for each in HOURS], "temperature_2m": [1] * 24}}, "has not each hour"),
        ({"utc_offset_seconds": 3600, "hourly": {"time": HOURS, "temperature_2m": [1] * 24}}, "utc_offset_seconds"),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused(body: Any, problem: str) -> None:  # noqa: ANN401 - any JSON
    with pytest.raises(FetchError, match=problem):
        read_hours(Answer("open-meteo", json.dumps(body).encode()), NOW, (date(2026, 11, 19), date(2026, 11, 19)))


def linkystat(path: Path, temperatures: list[str]) -> Path:
    rows = ",".join(
        f"('2026-01-05 {n:02}:00:00',{1000 + n},{2000 + n},{each})" for n, each in enumerate(temperatures, 1)
    )
    path.write_text(f"USE `linky`;\nINSERT IGNORE INTO `linky_history` VALUES {rows};\n")
    return path


def test_linkystats_temperature_is_imported_before_the_services_and_undone(tmp_path: Path, path: Path) -> None:
    hour = int(datetime(2026, 1, 5, tzinfo=PARIS).timestamp()) // 3600
    with importing(path) as ledger:
        assert ledger.put_weather({hour + 1: 900, hour + 9: 800}) == 2
        assert ledger.put_weather({hour + 1: 900, hour + 9: 850}) == 1
    dump = linkystat(tmp_path / "dump.sql", ["3.5", "NULL", "-2.25", "999", "4"])
    settings = settings_with(name="nas", ledger=path)
    import_files(settings, read(dump), METER, NOW, is_dry_run=False)
    with LedgerReader.open(path) as reader:
        found = reader.temperatures(METER, 0, 2**50)
        assert {time_ms // HOUR_MS - hour: value for time_ms, value in found.items()} == {
            1: 350,
            3: -225,
            5: 400,
            9: 850,
        }
        assert reader.temperatures("another", 0, 2**50)[(hour + 1) * HOUR_MS] == 900
    undo(settings, 1)
    with LedgerReader.open(path) as reader:
        assert list(reader.temperatures(METER, 0, 2**50).values()) == [900, 850]


def filled(path: Path, days: int, first: date = date(2026, 3, 1)) -> None:
    """Days whose mean falls by half a degree each, from 20 °C on; 5 kWh a day and 2 kWh a degree-day."""
    temperatures, energies = {}, []
    for n in range(days):
        day, mean = first + timedelta(days=n), 2000 - 50 * n
        start_ms, end_ms = day_bounds_ms(day, PARIS)
        for number, time_ms in enumerate(range(start_ms, end_ms, HOUR_MS)):
            temperatures[time_ms // HOUR_MS] = mean + (100 if number % 2 else -100)
        if (end_ms - start_ms) // HOUR_MS % 2:  # an hour without a counterpart
            temperatures[start_ms // HOUR_MS] = mean
        energies.append(energy(start_ms, (end_ms - start_ms) // 60_000, 5000 + 20 * max(1800 - mean, 0)))
    with importing(path) as ledger:
        ledger.put_weather(temperatures)
    put(path, energies)


def known(path: Path, first: date, end: date) -> list[ClimateDay]:
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        return climate_days(reader, site, (first, end), PARIS)


def test_degree_days_are_how_far_the_mean_is_below_the_base(path: Path) -> None:
    filled(path, 40)
    days = known(path, date(2026, 3, 1), date(2026, 4, 10))
    assert len(days) == 40
    assert [(each.mean_c, each.degree_days(BASE)) for each in days[2:6]] == [
        (Decimal(19), 0),
        (Decimal("18.5"), 0),
        (Decimal(18), 0),
        (Decimal("17.5"), Decimal("0.5")),
    ]
    (march, april) = by_period(days, By.MONTH, BASE, PARIS)
    assert (march.name, march.days, march.degree_days) == ("2026-03-01", 31, sum(Decimal(n) / 2 for n in range(27)))
    assert march.degree_days is not None
    assert march.energy_wh == 31 * 5000 + 2000 * march.degree_days
    assert (april.name, april.used_days) == ("2026-04-01", 9)


def test_a_line_through_the_days_shows_what_a_degree_day_takes(path: Path) -> None:
    filled(path, 40)
    days = known(path, date(2026, 3, 1), date(2026, 4, 10))
    fit = fit_of(days, BASE)
    assert fit is not None
    assert (fit.days, round(fit.wh_a_degree_day), round(fit.wh_a_day)) == (40, 2000, 5000)
    assert round(fit.r2, 6) == 1
    assert fit_of(days[:29], BASE) is None
    assert fit_of([ClimateDay(each.day, BASE, 1000) for each in days], BASE) is None


@pytest.mark.parametrize(
    ("slope", "at_zero", "sentence"),
    [
        (-150, 9000, "On these 40 days consumption does not rise as it gets colder"),
        (3, 9000, "consumption does not rise"),
        (2000, -700, "The line falls below zero, so it does not show the consumption of a day without heating."),
        (2000, -3, "to 0.0 kWh a day without heating"),
        (2000, 0, "Each degree-day adds 2.00 kWh to 0.0 kWh a day without heating"),
    ],
)
def test_no_negative_figure_is_shown_of_a_degree_day_or_of_a_day_without_one(
    slope: int, at_zero: int, sentence: str
) -> None:
    fit = Fit(40, Decimal(slope), Decimal(at_zero), Decimal("0.25"))
    assert sentence in ENGLISH.phrase(fit_remark(fit))
    assert "-" not in FRENCH.phrase(fit_remark(fit)).replace("degré-jour", "")


def test_a_mean_of_nearly_zero_has_no_minus() -> None:
    day = ClimateDay(date(2026, 1, 5), Decimal("-0.04"), 5000)
    (record,) = records(METER, "day", by_period([day], By.DAY, BASE, PARIS))
    assert (record["mean_c"], record["degree_days"]) == ("0.0", "18.0")


def test_days_are_together_by_classes_of_two_degrees(path: Path) -> None:
    filled(path, 40)
    classes = by_temperature(known(path, date(2026, 3, 1), date(2026, 4, 10)), BASE)
    assert [each.name for each in classes] == ["0", "2", "4", "6", "8", "10", "12", "14", "16", "18", "20"]
    assert [each.days for each in classes] == [3, *[4] * 9, 1]
    assert classes[-1].wh_a_day == 5000
    assert classes[0].wh_a_degree_day is not None


def test_a_day_of_which_hours_are_missing_has_no_mean(path: Path) -> None:
    put(path, [energy(day_bounds_ms(date(2026, 1, 5), PARIS)[0], 24 * 60, 9000)])
    hour = day_bounds_ms(date(2026, 1, 5), PARIS)[0] // HOUR_MS
    for count, mean in ((20, None), (21, Decimal(5))):
        with importing(path) as ledger:
            ledger.put_weather(dict.fromkeys(range(hour, hour + count), 500))
        assert known(path, date(2026, 1, 5), date(2026, 1, 6)) == [ClimateDay(date(2026, 1, 5), mean, 9000)]


def test_the_command_shows_periods_classes_and_what_a_degree_day_takes(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TICTALLY_LEDGER", str(path))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    window = ["temperature", "--from", "2026-03-01", "--to", "2026-04-10"]
    assert main(window) == 0
    assert NO_FRAMES in capsys.readouterr().out
    filled(path, 40)
    assert main([*window, "--by", "month"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Each degree-day adds 2.00 kWh to 5.0 kWh a day without heating; temperature explains 100 %" in out
    assert main([*window, "--by", "temperature", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found[-1]["name"], found[-1]["mean_c"], found[-1]["wh_a_day"]) == ("20", "20.0", 5000)
    assert main([*window, "--base", "20", "--csv"]) == 0
    assert "2026-03-03,1,19.0,1.0,5000,1,5000,5000" in capsys.readouterr().out
    assert main(["temperature", "--from", "2020-01", "--to", "2020-02"]) == 0
    assert "No temperature is known from 2020-01-01 to 2020-02-01." in capsys.readouterr().out


HOUR = 494_000  # a full hour, numbered since 1970


@pytest.mark.parametrize(
    ("payload", "key", "celsius"),
    [
        (b"12.5", None, 12.5),
        (b" -3,5 \xc2\xb0C ", None, -3.5),
        (b"0", None, 0.0),
        (b'{"temperature": 7.25, "battery": 80}', "temperature", 7.25),
        (b'{"outdoor": {"temperature": "7.5"}}', "outdoor.temperature", 7.5),
        (b'{"temperature": true}', "temperature", None),
        (b'{"temperature": null}', "temperature", None),
        (b'{"temperature": 7}', "temp", None),
        (b'{"temperature": 7}', "temperature.value", None),
        (b"[7]", "0", None),
        (b'{"temperature": 7', "temperature", None),
        (b"[" * 5000, "temperature", None),
        (b"unavailable", None, None),
        (b"nan", None, None),
        (b"1e400", None, None),
        (b"327.67", None, None),
        (b"\xff\xfe", None, None),
        (b"", None, None),
    ],
)
def test_a_message_is_a_number_or_has_one_under_its_key(payload: bytes, key: str | None, celsius: float | None) -> None:
    assert celsius_of(payload, key) == celsius


def test_the_mean_of_an_hour_is_by_time_and_a_silent_sensor_has_none() -> None:
    start_ms = HOUR * HOUR_MS
    means = HourlyMeans()
    means.add(start_ms, 10.0)
    means.add(start_ms + HOUR_MS // 4, 14.0)
    means.add(start_ms + HOUR_MS // 8, 99.0)  # late: ignored
    means.add(start_ms + 2 * HOUR_MS, 20.0)
    means.hold(start_ms + 9 * HOUR_MS)
    assert means.means(start_ms + 9 * HOUR_MS) == {HOUR: 1300, HOUR + 1: 1400, HOUR + 2: 2000, HOUR + 3: 2000}
    means.add(start_ms + 9 * HOUR_MS + 40 * 60_000, 5.0)
    means.hold(start_ms + 10 * HOUR_MS)
    assert HOUR + 9 not in means.means(start_ms + 10 * HOUR_MS), "a third of an hour is no mean"
    means.forget(start_ms + 10 * HOUR_MS)
    assert means.hours == {}


def test_the_sensors_hours_are_stored_when_they_are_over(path: Path) -> None:
    start_ms = HOUR * HOUR_MS
    with Ledger.open(path) as ledger:
        sensor = TopicTemperature(ledger, "garden", None)
        for minute in range(0, 120, 5):
            sensor.on_message(f"{minute / 10}".encode(), start_ms + minute * 60_000)
            sensor.run(turn(now_ms=start_ms + (minute + 4) * 60_000))
        assert list(stored(path).values()) == [2.75]
        sensor.run(turn(now_ms=start_ms + 2 * HOUR_MS))
    assert list(stored(path).values()) == [2.75, 8.75]


@pytest.mark.parametrize("topic", ["", "garden/+", "#", "$SYS/uptime", "t" * 201])
def test_a_topic_with_wildcards_is_refused(path: Path, topic: str) -> None:
    with pytest.raises(ValueError, match="one topic"):
        settings_with(name="nas", ledger=path, weather_topic=topic)


def test_an_import_counts_before_the_sensor_and_the_sensor_before_the_service(tmp_path: Path, path: Path) -> None:
    hour = int(datetime(2026, 1, 5, tzinfo=PARIS).timestamp()) // 3600
    with importing(path) as ledger:
        ledger.put_weather({hour + n: 900 for n in range(4)})
    with Ledger.open(path) as ledger:
        ledger.put_measured_temperatures({hour + 1: 700, hour + 2: 710})
        ledger.put_measured_temperatures({hour + 2: 720})
    import_files(
        settings_with(name="nas", ledger=path),
        read(linkystat(tmp_path / "dump.sql", ["3.5"])),
        METER,
        NOW,
        is_dry_run=False,
    )
    with LedgerReader.open(path) as reader:
        found = reader.temperatures(METER, 0, 2**50)
        assert {time_ms // HOUR_MS - hour: value for time_ms, value in found.items()} == {
            0: 900,
            1: 350,
            2: 720,
            3: 900,
        }
        assert reader.temperatures("another", 0, 2**50)[(hour + 1) * HOUR_MS] == 700


def test_the_recorder_reads_the_topic_beside_the_edges(tmp_path: Path, broker: Mosquitto) -> None:
    topic = f"{tmp_path.name}/garden"
    settings = {"TICTALLY_WEATHER_TOPIC": topic, "TICTALLY_WEATHER_TOPIC_KEY": "temperature"}
    recorder = Recorder(tmp_path, broker.port, "garden", settings=settings)
    with Hub(broker.port) as hub, recorder:
        recorder.wait_for_log("connected to the broker")
        hub.publish(topic, b'{"temperature": 7.5}', b'{"humidity": 50}')
        hub.publish("garden/edge/cellar/frame", recorded_frame(1))
        recorder.wait_for_log(f"no temperature in °C under temperature in a message on {topic}")
        assert recorder.wait_until(lambda counts: counts.frames == 1).rejected == {}
