"""PVPC prices: both forms of answers, the job against a local server, and the file that cost reads."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from local_service import LocalService, Reply

from tictally_recorder.features import settings_with
from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.jobs import JobContext, JobError, JobState, enabled_jobs
from tictally_recorder.jobs.runner import JobRunner
from tictally_recorder.jobs.schedule import Schedule
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.pvpc.answers import MADRID, DayOfPrices, read_api, read_archive
from tictally_recorder.providers.pvpc.job import PvpcJob
from tictally_recorder.providers.pvpc.settings import PvpcZone
from tictally_recorder.tariffs.series import read_series
from tictally_recorder.translations import ENGLISH

REAL = Path(__file__).parents[3] / "shared" / "data" / "pvpc"
TODAY = date(2026, 10, 24)  # the day before the clocks go back
EVENING_MS = int(datetime(2026, 10, 24, 20, 30, tzinfo=MADRID).timestamp() * 1000)
SUNDAY = DayOfPrices(date(2026, 10, 25), PvpcZone.PENINSULA)


def archive_rows(day: date, price: str = "100,00", zone: PvpcZone = PvpcZone.PENINSULA) -> list[dict[str, str]]:
    hours = len(DayOfPrices(day, zone).hours_ms)
    return [
        {"Dia": f"{day:%d/%m/%Y}", "Hora": f"{hour:02}-{hour + 1:02}", "PCB": price, "CYM": "50,5"}
        for hour in range(hours)
    ]


def archive(rows: list[dict[str, str]]) -> bytes:
    return json.dumps({"PVPC": rows}).encode()


def api_values(wanted: DayOfPrices, value: float = 100.0, geo: int = 8741) -> list[dict[str, Any]]:
    return [
        {"value": value, "datetime": datetime.fromtimestamp(ms / 1000, MADRID).isoformat(), "geo_id": geo}
        for ms in wanted.hours_ms
    ]


def api(values: list[dict[str, Any]]) -> Answer:
    return Answer("esios", json.dumps({"indicator": {"values": values}}).encode())


def test_a_day_of_the_archive_is_counted_in_utc_from_local_midnight() -> None:
    rows = archive_rows(SUNDAY.day)
    rows[24]["PCB"] = "-1,5"
    prices = read_archive(Answer("esios", archive(rows)), SUNDAY)
    assert len(prices) == 25
    assert min(prices) == int(datetime(2026, 10, 24, 22, tzinfo=ZoneInfo("UTC")).timestamp() * 1000)
    assert prices[max(prices)] == Decimal("-0.0015")
    spring = DayOfPrices(date(2027, 3, 28), PvpcZone.CEUTA)
    found = read_archive(Answer("esios", archive(archive_rows(spring.day))), spring)
    assert (len(found), set(found.values())) == (23, {Decimal("0.0505")})


def test_a_day_of_the_api_has_the_prices_of_its_zone() -> None:
    wanted = DayOfPrices(SUNDAY.day, PvpcZone.MELILLA)
    values = [*api_values(wanted, 1.0, 8741), *api_values(wanted, 171.48, 8745)]
    prices = read_api(api(values), wanted)
    assert (len(prices), set(prices.values())) == (25, {Decimal("0.17148")})


WRONG_API: dict[str, tuple[list[dict[str, Any]], ProblemCode]] = {
    "half a day": (api_values(SUNDAY)[:12], ProblemCode.PRICES_INCOMPLETE),
    "another zone": (api_values(SUNDAY, geo=8742), ProblemCode.PRICES_WITHOUT_ZONE),
    "doubled hours": (api_values(SUNDAY) + api_values(SUNDAY)[:1], ProblemCode.PRICES_TWICE),
    "10 EUR a kWh": (api_values(SUNDAY, 10_000.0), ProblemCode.PRICE_IMPLAUSIBLE),
    "another day": (api_values(DayOfPrices(TODAY, PvpcZone.PENINSULA)), ProblemCode.PRICES_OF_ANOTHER_DAY),
    "another year": (
        api_values(DayOfPrices(date(2025, 10, 26), PvpcZone.PENINSULA)),
        ProblemCode.PRICES_OF_ANOTHER_DAY,
    ),
    "no number": ([{**each, "value": "much"} for each in api_values(SUNDAY)], ProblemCode.FETCH_UNEXPECTED),
    "no time": ([{**each, "datetime": "today"} for each in api_values(SUNDAY)], ProblemCode.FETCH_UNEXPECTED),
    "other keys": ([{"price": 1}], ProblemCode.FETCH_UNEXPECTED),
}


@pytest.mark.parametrize("case", WRONG_API)
def test_a_wrong_answer_of_the_api_is_refused(case: str) -> None:
    values, code = WRONG_API[case]
    with pytest.raises(FetchError) as caught:
        read_api(api(values), SUNDAY)
    assert caught.value.problem.code is code


ROWS = archive_rows(SUNDAY.day)
WRONG_ARCHIVE: dict[str, tuple[bytes, ProblemCode]] = {
    "HTML": (b"<html></html>", ProblemCode.FETCH_NOT_JSON),
    "a list": (b"[]", ProblemCode.FETCH_UNEXPECTED),
    "24 hours on a day of 25": (archive(ROWS[:24]), ProblemCode.PRICES_INCOMPLETE),
    "another day": (archive(archive_rows(TODAY)), ProblemCode.PRICES_OF_ANOTHER_DAY),
    "hours in another order": (archive(ROWS[::-1]), ProblemCode.FETCH_UNEXPECTED),
    "another column": (archive([{"Dia": "25/10/2026", "Hora": "00-01"}] * 25), ProblemCode.FETCH_UNEXPECTED),
    "no number": (archive(archive_rows(SUNDAY.day, "1,2,3")), ProblemCode.FETCH_UNEXPECTED),
    "10 EUR a kWh": (archive(archive_rows(SUNDAY.day, "10.000,00")), ProblemCode.PRICE_IMPLAUSIBLE),
}


@pytest.mark.parametrize("case", WRONG_ARCHIVE)
def test_a_wrong_answer_of_the_archive_is_refused(case: str) -> None:
    body, code = WRONG_ARCHIVE[case]
    with pytest.raises(FetchError) as caught:
        read_archive(Answer("esios", body), SUNDAY)
    assert caught.value.problem.code is code


@pytest.mark.skipif(not REAL.exists(), reason="no recorded answers of ESIOS here")
def test_recorded_answers_of_both_kinds_agree_on_a_day_of_25_hours() -> None:
    wanted = DayOfPrices(date(2021, 10, 31), PvpcZone.PENINSULA)
    of_archive = read_archive(Answer("esios", (REAL / "PVPC_CURV_DD_2021_10_31.json").read_bytes()), wanted)
    of_api = read_api(Answer("esios", (REAL / "PRICES_ESIOS_1001_2021_10_31.json").read_bytes()), wanted)
    assert len(of_api) == 25
    assert of_archive == of_api
    assert of_api[wanted.hours_ms[0]] == Decimal("0.17148")


@pytest.fixture
def service() -> Iterator[LocalService]:
    with LocalService().running() as running:
        yield running


class Household:
    """The job of a household, its file, and the service that it asks."""

    def __init__(self, folder: Path, service: LocalService, **settings: object) -> None:
        values = {"pvpc_zone": "peninsula", "pvpc_since": TODAY - timedelta(days=3), "pvpc_url": service.url} | settings
        self.settings = settings_with(name="nas", ledger=folder / "ledger.sqlite", **values)
        self.job = PvpcJob(self.settings, pause_s=0.0)
        self.service = service
        self.file = folder / "tariffs" / "pvpc-peninsula.csv"
        self.context = JobContext(EVENING_MS, is_scheduled=True)
        for days in range(-3, 2):
            self.publish(TODAY + timedelta(days=days))

    def publish(self, day: date, body: bytes | None = None, **headers: str) -> None:
        content = archive(archive_rows(day)) if body is None else body
        self.service.replies[f"/archives/70/download_json?locale=es&date={day}"] = Reply(content, headers=headers)

    def prices(self) -> dict[str, str]:
        steps = read_series(self.file.read_text(), "").steps
        return {
            datetime.fromtimestamp(step.start_ms / 1000, MADRID).isoformat(timespec="minutes"): str(step.price)
            for step in steps
        }


def test_the_evening_fetches_tomorrow_and_the_days_that_are_missing(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    assert ENGLISH.phrase(home.job.run(home.context)) == "121 hours added, 0 corrected in pvpc-peninsula.csv"
    prices = home.prices()
    assert (min(prices), max(prices)) == ("2026-10-21T00:00+02:00", "2026-10-25T23:00+01:00")
    assert {"2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"} <= prices.keys()
    assert set(prices.values()) == {"0.10"}


def test_before_the_evening_tomorrow_is_not_asked_for(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    home.context.now_ms -= 3600_000
    home.job.run(home.context)
    assert max(home.prices()) == "2026-10-24T23:00+02:00"


def test_a_correction_replaces_its_hours_only(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    home.job.run(home.context)
    before = home.prices()
    rows = archive_rows(TODAY)
    rows[5]["PCB"] = "90,00"
    home.publish(TODAY, archive(rows))
    assert ENGLISH.phrase(home.job.run(home.context)) == "0 hours added, 1 corrected in pvpc-peninsula.csv"
    assert {time for time, price in home.prices().items() if before[time] != price} == {"2026-10-24T05:00+02:00"}


def test_prices_that_are_not_published_yet_are_normal_and_tried_again(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    home.publish(TODAY + timedelta(days=1), b'{"message":"No values for specified archive"}')
    with pytest.raises(FetchError) as caught:
        home.job.run(home.context)
    assert (caught.value.problem.code, caught.value.is_normal) == (ProblemCode.PRICES_NOT_PUBLISHED, True)
    assert max(home.prices()) == "2026-10-24T23:00+02:00"


def test_a_day_of_the_past_without_prices_is_asked_for_once(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    gone = TODAY - timedelta(days=3)
    home.publish(gone, b'{"PVPC":[]}')
    home.job.run(home.context)
    asked = len(service.requests)
    home.job.run(home.context)
    assert [each.path for each in service.requests[asked:] if str(gone) in each.path] == []


@pytest.mark.parametrize(
    "body", [b"<html>", archive(archive_rows(TODAY)[:10]), archive(archive_rows(TODAY, "9.999,0"))]
)
def test_a_wrong_answer_overwrites_nothing_and_the_other_days_are_stored(
    tmp_path: Path, service: LocalService, body: bytes
) -> None:
    home = Household(tmp_path, service)
    home.job.run(home.context)
    before = home.file.read_bytes()
    home.publish(TODAY, body)
    with pytest.raises(FetchError):
        home.job.run(home.context)
    assert home.file.read_bytes() == before
    home.file.unlink()
    with pytest.raises(FetchError):
        home.job.run(home.context)
    assert len(home.prices()) == 121 - 24


def test_an_answer_that_was_refused_is_fetched_again_although_it_has_not_changed(
    tmp_path: Path, service: LocalService
) -> None:
    home = Household(tmp_path, service)
    home.publish(TODAY, b"{}", ETag='"1"')
    for _ in range(2):
        with pytest.raises(FetchError):
            home.job.run(home.context)


def test_an_unchanged_day_is_not_transferred_again(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    home.publish(TODAY, None, ETag='"1"')
    home.job.run(home.context)
    home.job.run(home.context)
    (again,) = [each for each in service.requests[5:] if str(TODAY) in each.path]
    assert again.headers["if-none-match"] == '"1"'


def test_a_file_that_cannot_be_used_is_not_changed(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    home.file.parent.mkdir()
    home.file.write_text("start,price\nyesterday,1\n")
    with pytest.raises(JobError, match="cannot be used and is not changed"):
        home.job.run(home.context)
    assert home.file.read_text() == "start,price\nyesterday,1\n"
    assert service.requests == []


def test_with_a_token_the_api_is_asked_and_the_token_sent(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service, pvpc_token="secret", pvpc_since=TODAY)  # noqa: S106 - of the test
    for day in (TODAY, TODAY + timedelta(days=1)):
        path = f"/indicators/1001?start_date={day}T00%3A00&end_date={day}T23%3A59"
        service.replies[path] = Reply(api(api_values(DayOfPrices(day, PvpcZone.PENINSULA))).body)
    assert ENGLISH.phrase(home.job.run(home.context)) == "49 hours added, 0 corrected in pvpc-peninsula.csv"
    assert {each.headers["x-api-key"] for each in service.requests} == {"secret"}


def test_a_long_past_comes_in_steps(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service, pvpc_since=TODAY - timedelta(days=40))
    for days in range(-40, 2):
        home.publish(TODAY + timedelta(days=days))
    home.job.run(home.context)
    assert len(service.requests) == 3 + 31
    context = JobContext(EVENING_MS + 60_000, is_scheduled=False, memory=home.context.memory)
    assert home.job.check(context)
    home.job.run(context)
    assert min(home.prices()) == "2026-09-14T00:00+02:00"
    assert not home.job.check(JobContext(EVENING_MS + 120_000, is_scheduled=False, memory=context.memory))


def test_a_ban_is_respected_for_a_day(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    service.replies = {path: Reply(status=429) for path in service.replies}
    runner = JobRunner("pvpc", home.job, Schedule(home.job.schedule, MADRID), JobState())
    assert not runner.poll(EVENING_MS)
    state = runner.state
    assert state.problem is not None
    assert state.problem.code is ProblemCode.FETCH_BANNED
    assert state.retry_ms is not None
    assert state.retry_ms - state.runs[-1].finished_ms >= 86_400_000
    assert state.is_failing(state.runs[-1].finished_ms)
    assert len(service.requests) == 1


def test_a_home_without_internet_needs_nobody_for_two_days(tmp_path: Path) -> None:
    with LocalService().running() as gone:
        home = Household(tmp_path, gone)
    runner = JobRunner("pvpc", home.job, Schedule(home.job.schedule, MADRID), JobState())
    assert not runner.poll(EVENING_MS)
    assert not runner.poll(EVENING_MS + 3600_000)
    state = runner.state
    assert state.problem is not None
    assert state.problem.code is ProblemCode.FETCH_OFFLINE
    finished_ms = state.runs[-1].finished_ms
    assert not state.is_failing(finished_ms + 47 * 3600_000)
    assert state.is_failing(finished_ms + 49 * 3600_000)
    assert JobState.from_json(state.to_json()) == state


def test_the_internet_can_be_forbidden(tmp_path: Path, service: LocalService) -> None:
    assert "pvpc" in enabled_jobs(Household(tmp_path, service).settings)
    assert "pvpc" not in enabled_jobs(Household(tmp_path, service, fetch="off").settings)
    assert "pvpc" not in enabled_jobs(settings_with(name="nas", ledger=tmp_path / "ledger.sqlite"))
