"""Enedis' figures through a fake Conso API: its quota, errors and bans, and each request of thirty simulated days."""

import json
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from imported_files import PARIS
from ledger_building import METER
from local_service import LocalService, Reply
from observation_building import store, undo

from tictally_recorder.features import settings_with
from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.finding import Level, Moments
from tictally_recorder.imports.conso.answers import FigureKind, FigureRequest, observed
from tictally_recorder.imports.conso.job import EnedisJob
from tictally_recorder.imports.conso.settings import NAME
from tictally_recorder.imports.conso.visits import Memory, VisitStep, after_step, is_due, past_steps, schedule_of
from tictally_recorder.jobs import JobContext, JobError, JobKind, JobReport, JobState, runner
from tictally_recorder.jobs.report import job_findings
from tictally_recorder.jobs.runner import JobRunner
from tictally_recorder.jobs.schedule import Schedule
from tictally_recorder.ledger import IntervalEnergy, Ledger, LedgerReader
from tictally_recorder.settings import Settings
from tictally_recorder.translations import ENGLISH
from tictally_shared.calendar import day_bounds_ms, days_between, local_day

PRM = "09111642617347"
FIRST, LAST = date(2026, 10, 10), date(2026, 11, 8)
HOUR_MS = 3_600_000


@dataclass
class ConsoApi:
    """Answers as Conso API does, by the simulated clock.

    Attributes:
        now_ms: of the clock.
        asked: when, what, and for which days.
        published_h: day → hour of the next one from which its figures are there; 8 otherwise.
        failing: days on which it answers with an error.
        banned_until_ms: until then it answers 429, whatever is asked.
    """

    now_ms: int = 0
    asked: list[tuple[datetime, str, date, date]] = field(default_factory=list)
    published_h: dict[date, float] = field(default_factory=dict)
    failing: dict[date, int] = field(default_factory=dict)
    bans: set[date] = field(default_factory=set)
    banned_until_ms: int = 0

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_ms / 1000, UTC).astimezone(PARIS)

    def get(self, path: str, _default: Reply) -> Reply:
        """The answer to a path with its query, where `LocalService` looks for one."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        kind = parts.path.rpartition("/")[2]
        start, end = date.fromisoformat(query["start"]), date.fromisoformat(query["end"])
        self.asked.append((self.now, kind, start, end))
        if self.now.date() in self.bans and self.now_ms >= self.banned_until_ms:
            self.bans.remove(self.now.date())
            self.banned_until_ms = self.now_ms + 20 * HOUR_MS
        if self.now_ms < self.banned_until_ms:
            return Reply(b"{}", 429)
        if status := self.failing.pop(self.now.date(), None):
            return Reply(b'{"status": 500, "message": "Internal"}', status)
        assert (end - start).days <= (180 if kind.startswith("daily") else 7), "more than is answered at once"
        days = [day for day in days_between(start, end - timedelta(days=1)) if self._is_published(day)]
        if not days:
            return Reply(b'{"status": 404, "message": "no_data_found"}', 404)
        rows = daily(days) if kind.startswith("daily") else curve(days)
        return Reply(json.dumps(answer(kind, rows, start, end)).encode())

    def _is_published(self, day: date) -> bool:
        hour = self.published_h.get(day, 6)
        since = datetime.combine(day + timedelta(days=1), datetime.min.time(), PARIS) + timedelta(hours=hour)
        return self.now >= since


def watts(end_ms: int) -> int:
    return 200 + end_ms // 1_800_000 % 97


def daily(days: list[date]) -> list[dict[str, str]]:
    return [{"value": str(wh_of(day)), "date": f"{day}"} for day in days]


def wh_of(day: date) -> int:
    first_ms, last_ms = day_bounds_ms(day, PARIS)
    return sum(watts(end_ms) for end_ms in range(first_ms + 1_800_000, last_ms + 1, 1_800_000)) // 2


def curve(days: list[date]) -> list[dict[str, str]]:
    return [
        {
            "value": str(watts(end_ms)),
            "date": f"{datetime.fromtimestamp(end_ms / 1000, PARIS):%Y-%m-%d %H:%M:%S}",
            "interval_length": "PT30M",
            "measure_type": "B",
        }
        for day in days
        for first_ms, last_ms in (day_bounds_ms(day, PARIS),)
        for end_ms in range(first_ms + 1_800_000, last_ms + 1, 1_800_000)
    ]


def answer(kind: str, rows: list[dict[str, str]], start: date, end: date) -> dict[str, Any]:
    unit = "Wh" if kind.startswith("daily") else "W"
    about = {"usage_point_id": PRM, "start": str(start), "end": str(end), "quality": "BRUT"}
    return {**about, "reading_type": {"unit": unit}, "interval_reading": rows}


@pytest.fixture
def api() -> ConsoApi:
    return ConsoApi()


@pytest.fixture
def address(api: ConsoApi) -> Iterator[str]:
    service = LocalService()
    service.replies = api  # type: ignore[assignment]  # it only gets from it
    with service.running():
        yield f"{service.url}/api"


@pytest.fixture
def settings(address: str, tmp_path: Path) -> Settings:
    return with_settings(address, tmp_path)


def with_settings(address: str, tmp_path: Path, **others: object) -> Settings:
    Ledger.open(tmp_path / "ledger.sqlite").close()
    token = jwt.encode({"sub": [PRM]}, "a secret of the service that nobody here knows")
    about = {"enedis_token": token, "enedis_site": METER, "enedis_url": address, **others}
    return settings_with(name="nas", ledger=tmp_path / "ledger.sqlite", **about)


@pytest.fixture
def home(api: ConsoApi, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> JobRunner:
    monkeypatch.setattr(runner, "_now_ms", lambda: api.now_ms)
    monkeypatch.setattr(runner, "_CHECK_EVERY_S", 3600.0)  # fewer polls, the same decisions
    # Reading the certificates of each client takes longer than all the rest, and nothing is encrypted here.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_args, **_others: None)
    return made(settings)


def made(settings: Settings) -> JobRunner:
    job = EnedisJob(settings, pause_s=0.0)
    return JobRunner(NAME, job, Schedule.spread(job.schedule, PARIS, f"nas/{NAME}"), JobState())


def simulate(home: JobRunner, api: ConsoApi, first: date, last: date) -> None:
    """Let the days pass, the last one included, as the runner's own loop does."""
    api.now_ms = max(api.now_ms, day_bounds_ms(first, PARIS)[0])
    while local_day(api.now_ms, PARIS) <= last:
        home.poll(api.now_ms)
        api.now_ms = max(home.next_poll_ms(api.now_ms), api.now_ms + 1)


def visits(api: ConsoApi) -> dict[datetime, list[str]]:
    found: dict[datetime, list[str]] = {}
    for at, kind, _, _ in api.asked:
        found.setdefault(at, []).append(kind)
    return found


def imported_days(settings: Settings) -> dict[date, int]:
    """Day → Wh of its daily figure."""
    with LedgerReader.open(settings.ledger) as reader:
        found = reader.observations(METER, 0, 2**50)
        return {
            local_day(each.start_ms, PARIS): each.watt_minutes // 60
            for _, importer, _, each in found
            if importer == NAME and isinstance(each, IntervalEnergy) and each.end_ms - each.start_ms > 20 * HOUR_MS
        }


def test_thirty_days_with_errors_and_a_ban_are_asked_for_politely(
    api: ConsoApi, settings: Settings, home: JobRunner
) -> None:
    late, never, broken, banned = (FIRST + timedelta(days=n) for n in (4, 8, 12, 16))
    api.published_h = {late: 11, never: 33}
    api.failing = {broken: 500}
    api.bans = {banned}
    simulate(home, api, FIRST, LAST)
    found = visits(api)
    for at in found:
        assert 6 <= at.hour < 10 or 14 <= at.hour < 18, at
    a_day = Counter(at.date() for at in found)
    # One visit a day; a second one after 14 h where yesterday's figure was missing, or the service failed.
    after = timedelta(days=1)
    assert {day: count for day, count in a_day.items() if count != 1} == {late + after: 2, never + after: 2, broken: 2}
    assert set(days_between(FIRST, LAST)) == set(a_day)
    assert len({(at.minute, at.second) for at in found}) <= 2  # this home's own, and a second later after the ban
    # A visit asks for the day, and for its load curve since this home has no frames; a failed one asks once.
    assert Counter(map(len, found.values())) == {2: 28, 1: 5}
    assert len(api.asked) == 61
    assert imported_days(settings) == {day: wh_of(day) for day in days_between(FIRST - after, LAST - after)}


def test_after_a_ban_nothing_is_asked_for_a_day_and_the_doctor_says_so(
    api: ConsoApi, settings: Settings, home: JobRunner
) -> None:
    api.bans = {FIRST}
    simulate(home, api, FIRST, FIRST)
    assert len(api.asked) == 1
    (finding,) = job_findings([report(home)], Moments(api.now_ms, PARIS))
    assert finding.level is Level.TROUBLE
    until = api.asked[0][0] + timedelta(days=1)
    assert f"refuses requests from here, so none is made before {until:%Y-%m-%d %H:%M}" in ENGLISH.phrase(
        finding.phrase
    )
    later_ms = round(api.asked[0][0].timestamp() * 1000) + HOUR_MS
    forced = JobContext(later_ms, is_scheduled=True, memory=dict(home.state.memory))
    with pytest.raises(FetchError, match="none is made before"):
        EnedisJob(settings, pause_s=0.0).run(forced)
    simulate(home, api, FIRST + timedelta(days=1), FIRST + timedelta(days=1))
    assert api.asked[1][0] - api.asked[0][0] >= timedelta(days=1)
    assert home.state.problem is None


def report(home: JobRunner) -> JobReport:
    kind = JobKind(NAME, {"en": "Enedis", "fr": "Enedis"}, lambda _: None, has_own_findings=False)
    return JobReport(kind, "Enedis", "* * * * *", home.state, home.state.retry_ms, is_failing=True)


def test_a_home_whose_frames_are_complete_asks_once_a_day(api: ConsoApi, settings: Settings, home: JobRunner) -> None:
    first_ms = day_bounds_ms(FIRST - timedelta(days=1), PARIS)[0]
    last_ms = day_bounds_ms(FIRST + timedelta(days=2), PARIS)[1]
    times = range(first_ms, last_ms, 900_000)
    store(settings.ledger, [(at, 1_000_000 + (at - first_ms) // 10_000) for at in times])
    simulate(home, api, FIRST, FIRST + timedelta(days=2))
    assert [kind for _, kind, _, _ in api.asked] == ["daily_consumption"] * 3


def test_the_past_comes_backwards_in_small_steps_until_the_chosen_day() -> None:
    yesterday = FIRST - timedelta(days=1)
    since, memory = FIRST - timedelta(days=200), Memory()
    after_step(memory, VisitStep(FigureKind.DAYS, yesterday, FIRST), FIRST, has_data=True)
    steps = []
    for number in range(40):
        today = FIRST + timedelta(days=number)
        for step in past_steps(memory, since, today, injection=False, has_gap=lambda start, _: start.month != 7):
            after_step(memory, step, today, has_data=number % 2 == 0)
            steps.append((number, step))
    assert len({number for number, _ in steps}) == len(steps), "one a visit"
    assert [(step.start, step.end) for _, step in steps if step.kind is FigureKind.DAYS] == [
        (yesterday - timedelta(days=180), yesterday),
        (since, yesterday - timedelta(days=180)),
    ]
    weeks = [step for _, step in steps if step.kind is FigureKind.CURVE]
    assert (weeks[0].end, weeks[-1].start) == (yesterday, since)
    assert all(step.end - step.start <= timedelta(days=7) for step in weeks)
    # Weeks whose frames are complete are skipped, and all others follow one another.
    assert [there.end for here, there in pairwise(weeks) if there.end != here.start] == [date(2026, 7, 3)]
    assert len(weeks) == 24


def test_a_visit_asks_for_a_step_of_the_past_too(api: ConsoApi, address: str, tmp_path: Path) -> None:
    since = FIRST - timedelta(days=40)
    settings = with_settings(address, tmp_path, enedis_since=since)
    job = EnedisJob(settings, pause_s=0.0)
    memory: dict[str, Any] = {}
    for number in range(3):
        api.now_ms = day_bounds_ms(FIRST + timedelta(days=number), PARIS)[0] + 9 * HOUR_MS
        job.run(JobContext(api.now_ms, is_scheduled=True, memory=memory))
    past = [(kind, start, end) for at, kind, start, end in api.asked if end < at.date()]
    week = FIRST - timedelta(days=8)
    assert past == [
        ("daily_consumption", since, FIRST - timedelta(days=1)),
        ("consumption_load_curve", week, FIRST - timedelta(days=1)),
        ("consumption_load_curve", week - timedelta(days=7), week),
    ]
    assert imported_days(settings) == {day: wh_of(day) for day in days_between(since, FIRST + timedelta(days=1))}


def test_a_visit_is_a_run_that_can_be_undone(api: ConsoApi, settings: Settings, home: JobRunner) -> None:
    simulate(home, api, FIRST, FIRST)
    with LedgerReader.open(settings.ledger) as reader:
        (run,) = reader.import_runs()
    assert [file.name for file in run.files] == ["daily_consumption 2026-10-09", "consumption_load_curve 2026-10-09"]
    undo(settings.ledger, run.id)
    assert imported_days(settings) == {}


@pytest.mark.parametrize(
    ("now", "memory", "expected"),
    [
        ("2026-11-20T07:12:59", Memory(), False),
        ("2026-11-20T07:13:20", Memory(), True),
        ("2026-11-20T09:59:59", Memory(), True),
        ("2026-11-20T10:00:00", Memory(), False),  # it was started too late for the morning
        ("2026-11-20T15:13:19", Memory(), False),
        ("2026-11-20T15:13:20", Memory(), True),
        ("2026-11-20T23:30:00", Memory(day="2026-11-18"), True),
        ("2026-11-20T15:13:20", Memory(day="2026-11-19"), False),
        ("2026-11-20T07:13:20", Memory(day="2026-11-19"), True),  # of the past
        ("2026-11-21T03:00:00", Memory(), False),
        ("2026-11-20T07:30:00", Memory(asked_ms=1_795_155_200_000), False),
        ("2026-11-20T07:30:00", Memory(asked_ms=1_795_155_199_000), True),
        ("2026-11-20T07:30:00", Memory(banned_until_ms=1_795_156_201_000), False),
        ("2026-11-20T07:30:00", Memory(banned_until_ms=1_795_156_200_000), True),
    ],
)
def test_the_service_is_asked_at_its_times_alone(now: str, memory: Memory, *, expected: bool) -> None:
    now_ms = round(datetime.fromisoformat(now).replace(tzinfo=PARIS).timestamp() * 1000)
    due_ms = Schedule("13 7,15 * * *", PARIS, 20).last_ms(now_ms)
    assert is_due(memory, due_ms, now_ms, PARIS) is expected


def test_every_home_has_a_second_of_its_own() -> None:
    times = {Schedule.spread(schedule_of(f"home{n}"), PARIS, f"home{n}/{NAME}").next_ms(0) for n in range(100)}
    assert len(times) > 95
    hours = {datetime.fromtimestamp(each / 1000, PARIS).hour for each in times}
    assert hours == {6, 7, 8, 9}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"interval_reading": 1}, "interval_reading is missing"),
        (answer("daily", [], FIRST, LAST) | {"usage_point_id": "1"}, "it is of delivery point 1"),
        (answer("curve", [], FIRST, LAST), "the unit is W, not Wh"),
        (answer("daily", [{"value": "-5", "date": str(FIRST)}], FIRST, LAST), "a value is -5"),
        (answer("daily", [{"value": "5", "date": "soon"}], FIRST, LAST), "a date is soon"),
        (answer("daily", [{"value": "5", "date": "2020-01-01"}], FIRST, LAST), "times that were not asked for"),
        (answer("daily", [{"value": each, "date": str(FIRST)} for each in "56"], FIRST, LAST), "two values"),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused(body: dict[str, Any], problem: str) -> None:
    wanted = FigureRequest(FigureKind.DAYS, PRM, FIRST, LAST)
    with pytest.raises(FetchError, match=problem):
        observed(Answer("conso", json.dumps(body).encode()), wanted, PARIS)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_load_curve_has_every_half_hour_of_a_clock_change(day: date) -> None:
    body = answer(FigureKind.CURVE, curve([day]), day, day)
    found = observed(
        Answer("conso", json.dumps(body).encode()),
        FigureRequest(FigureKind.CURVE, PRM, day, day + timedelta(days=1)),
        PARIS,
    )
    assert [each.watt_minutes for each in found] == [watts(each.end_ms) * 30 for each in found]
    assert (found[0].start_ms, found[-1].end_ms) == day_bounds_ms(day, PARIS)
    assert len(found) == (46 if day.month == 3 else 50)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"enedis_token": "no token at all"}, "set TICTALLY_ENEDIS_PRM"),
        ({"enedis_token": jwt.encode({"sub": [PRM, "1"]}, "x" * 32)}, f"but {PRM}, 1: set TICTALLY_ENEDIS_PRM"),
        ({"enedis_token": "x", "enedis_prm": PRM}, "set TICTALLY_ENEDIS_SITE"),
    ],
)
def test_what_is_not_clear_is_asked_of_the_user_and_not_of_the_service(
    tmp_path: Path, given: dict[str, str], problem: str
) -> None:
    ledger = tmp_path / "ledger.sqlite"
    Ledger.open(ledger).close()
    job = EnedisJob(settings_with(name="nas", ledger=ledger, enedis_url="http://127.0.0.1:9/api", **given))
    with pytest.raises(JobError, match=problem):
        job.run(JobContext(day_bounds_ms(FIRST, PARIS)[0], is_scheduled=True))
