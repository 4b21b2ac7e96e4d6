"""Notifications: each event once at a local receiver, over restarts and outages, and none while nothing happens."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cost_building import PARIS
from ledger_building import METER, frame, message
from local_service import LocalService, Reply
from observation_building import energy

from tictally_recorder.__main__ import main
from tictally_recorder.cost.budget import budget_key
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.features import settings_with
from tictally_recorder.finding import FindingCode, Level, Moments
from tictally_recorder.jobs import JobState, enabled_jobs, job_reports
from tictally_recorder.jobs.report import job_findings
from tictally_recorder.jobs.runner import JobRunner
from tictally_recorder.jobs.scheduler import make_runner
from tictally_recorder.jobs.state import state_key
from tictally_recorder.ledger import Ledger, LedgerReader, Night, ObservedFile, importing
from tictally_recorder.notifications.model import Event, parse_events
from tictally_recorder.notifications.settings import NotifySettings
from tictally_recorder.problem import uncoded
from tictally_recorder.settings import Settings
from tictally_shared.calendar import day_bounds_ms

# Plugins of Apprise import what Python deprecates.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
BEGIN = datetime(2025, 10, 6, 12, tzinfo=PARIS)
BASE = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2020-01-01\n'
TEMPO = '[[contract]]\ntariff = "edf-bleu-tempo"\npower = 6\nfrom = 2020-01-01\n'
OVERLOADED, CALM = "003A4481", "003A4401"
RED_TOMORROW = "0D3A4401"


class Home:
    """A ledger, a clock, and a recorder's job with targets at a local receiver."""

    def __init__(self, folder: Path, service: LocalService, **values: object) -> None:
        self.folder, self.service, self.now_ms = folder, service, int(BEGIN.timestamp() * 1000)
        self.path, self._seq, self._wh = folder / "ledger.sqlite", 0, 0
        self.url = service.url.replace("http:", "json:") + "/one"
        service.replies["/one"] = service.replies["/two"] = Reply()
        self.values: dict[str, Any] = {"notify_targets": self.url, "language": "en", **values}
        (folder / "contracts.toml").write_text(BASE)
        self.ledger = Ledger.open(self.path)
        self.frame()
        self.runner = self.started()

    @property
    def settings(self) -> Settings:
        return settings_with(name="nas", ledger=self.path, **self.values)

    def started(self) -> JobRunner:
        """The job of a recorder that has just started, from what the ledger has of it."""
        job = enabled_jobs(self.settings)["notify"]
        with LedgerReader.open(self.path) as reader:
            return make_runner(self.settings, "notify", job, reader.get_value)

    def restart(self, **values: object) -> None:
        self.values |= values
        self.runner = self.started()

    def frame(self, wh: int = 100, **values: int | str) -> None:
        """A frame of now."""
        self._seq, self._wh = self._seq + 1, self._wh + wh
        shown = {"SINSTS": 500, "STGE": CALM, "EAST": self._wh, "EASF01": self._wh, **values}
        self.ledger.store([message(frame(self._seq, self.now_ms, shown))])

    def poll(self, wh: int = 100, **values: int | str) -> list[tuple[str, str]]:
        """A frame and a look a minute later; what the receiver gets: titles and bodies."""
        self.now_ms += MINUTE_MS
        self.frame(wh, **values)
        return self.look()

    def look(self, later_ms: int = 0) -> list[tuple[str, str]]:
        self.now_ms += later_ms
        self.service.requests.clear()
        before = self.runner.state
        self.runner.poll(self.now_ms)
        if self.runner.state != before:  # as the recorder's loop does
            self.ledger.put_value(state_key("notify"), self.runner.state.to_json())
        bodies = [json.loads(each.body) for each in self.service.requests if each.path == "/one"]
        return [(each["title"], each["message"]) for each in bodies]

    def until(self, moment: datetime, hours: int = 1) -> list[tuple[str, str]]:
        """A frame and a look every so many hours."""
        got = []
        while self.now_ms < moment.timestamp() * 1000:
            self.now_ms += hours * HOUR_MS - MINUTE_MS
            got += self.poll()
        return got

    def compute_cost(self) -> None:
        while self.ledger.recompute_dirty(1000):
            pass
        with LedgerReader.open(self.path) as reader:
            terms = WatchedTerms(self.settings.contracts_file, self.settings.tariffs_folder, PARIS)
            recomputer = CostRecomputer(self.ledger, reader, terms, PARIS)
            recomputer.begin()
            while recomputer.step(lambda: self.now_ms):
                pass

    def nights(self, first: date, count: int, va: int) -> None:
        self.ledger.store_standby(Night(1, first + timedelta(days=n), va, 360) for n in range(count))

    def put_job(self, name: str, state: JobState) -> None:
        self.ledger.put_value(state_key(name), state.to_json())

    def finding(self) -> tuple[Level, str]:
        with LedgerReader.open(self.path) as reader:
            reports = [
                each for each in job_reports(self.settings, reader.get_value, self.now_ms) if each.name == "notify"
            ]
        (found,) = job_findings(reports, Moments(self.now_ms, PARIS))
        return found.level, found.phrase.code


@pytest.fixture
def service() -> Iterator[LocalService]:
    with LocalService().running() as running:
        yield running


Make = Callable[..., Home]


@pytest.fixture
def make(tmp_path: Path, service: LocalService) -> Iterator[Make]:
    with ExitStack() as stack:

        def made(**values: object) -> Home:
            home = Home(tmp_path, service, **values)
            stack.callback(home.ledger.close)
            return home

        yield made


@pytest.fixture
def home(make: Make) -> Home:
    found = make()
    assert found.look() == []
    return found


def test_an_overload_is_notified_within_a_minute_and_once_an_hour(home: Home) -> None:
    assert home.poll() == []
    ((title, body),) = home.poll(STGE=OVERLOADED, SINSTS=9300)
    assert title == "Overload"
    assert body.startswith("Overload on 2025-10-06 12:02")
    assert "9300 VA" in body
    home.restart()
    for _ in range(5):
        assert home.poll(STGE=OVERLOADED) == []
        assert home.poll() == []
    home.now_ms += HOUR_MS
    assert [title for title, _ in home.poll(STGE=OVERLOADED)] == ["Overload"]


def test_an_overload_in_historique_mode_is_one_also_without_a_power(home: Home) -> None:
    home.now_ms += MINUTE_MS
    home.ledger.store([message(frame(999, home.now_ms, {"ADIR2": 45, "IINST2": 45}))])
    ((title, body),) = home.look()
    assert (title, "VA" in body) == ("Overload", False)


def test_an_overload_between_two_looks_is_seen(home: Home) -> None:
    home.now_ms += 20_000
    home.frame(STGE=OVERLOADED, SINSTS=7000)
    home.now_ms += 10_000
    assert len(home.poll()) == 1


def test_a_silent_meter_is_notified_once_and_so_is_its_return(home: Home) -> None:
    home.poll()
    assert home.look(10 * MINUTE_MS) == []
    ((title, body),) = home.look(MINUTE_MS)
    assert (title, "since 2025-10-06 12:01" in body) == ("Meter", True)
    for _ in range(60):
        assert home.look(MINUTE_MS) == []
    home.restart()
    assert home.look(30 * MINUTE_MS) == []
    ((title, body),) = home.poll()
    assert (title, "again" in body) == ("Meter", True)
    assert home.poll() == []


def test_a_recorder_that_was_stopped_listens_before_it_takes_a_meter_for_silent(home: Home) -> None:
    home.poll()
    home.now_ms += DAY_MS
    home.restart()
    assert home.look() == []
    assert home.look(5 * MINUTE_MS) == []
    assert home.poll() == []


def test_an_old_ledger_is_no_news(make: Make, tmp_path: Path) -> None:
    home = make(notify_budget="1", backup=tmp_path)
    home.frame(STGE=OVERLOADED)
    home.frame(wh=900_000)
    home.nights(BEGIN.date() - timedelta(days=59), 30, 100)
    home.nights(BEGIN.date() - timedelta(days=29), 30, 200)
    home.put_job("backup", JobState(None, uncoded("the disk is full"), memory={"folder": str(tmp_path)}))
    home.compute_cost()
    home.now_ms += 100 * DAY_MS
    for minutes in (0, 1, 15, 60, 24 * 60):
        assert home.look(minutes * MINUTE_MS) == []


def test_nothing_is_sent_in_a_month_in_which_nothing_happens(make: Make, tmp_path: Path) -> None:
    home = make(notify_budget="1000", backup=tmp_path)
    home.nights(BEGIN.date() - timedelta(days=60), 95, 120)
    home.put_job("backup", JobState(home.now_ms, memory={"folder": str(tmp_path)}))
    home.look()
    assert home.until(BEGIN + timedelta(days=30), hours=2) == []
    assert home.runner.state.problem is None
    assert home.finding() == (Level.OK, FindingCode.JOB_SUCCEEDED)


def test_every_daily_event_is_sent_once_in_a_month(make: Make, tmp_path: Path) -> None:
    home = make(notify_budget="100", backup=tmp_path)
    home.nights(BEGIN.date() - timedelta(days=60), 62, 100)
    home.look()

    home.put_job("backup", JobState(None, uncoded("the disk is full"), memory={"folder": str(tmp_path)}))
    assert home.until(BEGIN + timedelta(hours=2)) == [("Backup failed", "The nightly backup fails: the disk is full.")]

    home.restart()
    home.frame(wh=600_000)
    home.compute_cost()
    ((title, body),) = home.until(BEGIN + timedelta(days=1))
    assert title == "Budget exceeded"
    assert body.endswith("EUR; the budget is 100 EUR.")

    home.restart()
    home.nights(BEGIN.date(), 35, 160)
    assert home.until(BEGIN + timedelta(days=1, hours=2)) == []
    ((title, body),) = home.until(BEGIN + timedelta(days=22), hours=3)
    assert (title, body[:39]) == ("Base load rises", "Base load at night has risen: 130 VA in")

    home.restart()
    day = BEGIN.date() + timedelta(days=21)
    start_ms, end_ms = day_bounds_ms(day, PARIS)
    with importing(home.path) as ledger:
        observed = energy(start_ms, (end_ms - start_ms) // MINUTE_MS, 77_000)
        ledger.put(METER, 0, [ObservedFile("enedis", "file", "1", None, (observed,))])
    ((title, body),) = home.until(BEGIN + timedelta(days=24), hours=3)
    assert (title, str(day) in body) == ("Enedis' figure differs", True)

    home.restart()
    assert home.until(BEGIN + timedelta(days=25)) == []


def test_a_red_day_is_notified_the_day_before(make: Make, tmp_path: Path) -> None:
    home = make()
    (tmp_path / "contracts.toml").write_text(TEMPO)
    home.look()
    home.now_ms += 3 * HOUR_MS
    got = [each for _ in range(3) for each in home.poll(STGE=RED_TOMORROW)]
    home.restart()
    got += [each for _ in range(3) for looked in (home.look(HOUR_MS), home.poll(STGE=RED_TOMORROW)) for each in looked]
    assert [title for title, _ in got if title != "Meter"] == ["Red day tomorrow"]
    assert "2025-10-07" in next(body for title, body in got if title != "Meter")


def test_a_tariff_that_is_overdue_is_notified_once(make: Make, tmp_path: Path) -> None:
    home = make()
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "own.toml").write_text(OWN)
    (tmp_path / "contracts.toml").write_text(BASE.replace("edf-bleu-base", "own"))
    home.look()
    got = home.until(BEGIN + timedelta(days=40), hours=6)
    assert [(title, "2025-11-01" in body) for title, body in got] == [("Tariff overdue", True)]


def test_a_month_that_will_likely_exceed_the_budget_of_its_site_is_notified_once(home: Home) -> None:
    home.until(BEGIN + timedelta(days=10), hours=1)
    home.compute_cost()
    home.ledger.put_value(budget_key(METER), "20")
    home.restart()
    got = [home.look(hours * HOUR_MS) for hours in (3, 3, 18, 3)]
    home.restart()
    got.append(home.look(HOUR_MS))
    ((title, body),) = [each for looked in got for each in looked if each[0] != "Meter"]
    assert title == "Budget at risk"
    assert body.endswith("EUR, more than the budget of 20 EUR.")


OWN = """
id = "own"
supplier = "A small one"
names.en = "Own"
currency = "EUR"
periods = ["BASE"]
revised = ["11-01"]
[[version]]
from = 2025-01-01
source = "a letter"
confidence = "own"
energy.BASE = { ttc = "0.1" }
subscription = "12"
"""


@pytest.mark.parametrize(
    ("language", "kind", "title", "expected"),
    [
        ("en", "daily", "Electricity: summary", r"2025-10-07: 2\.4 kWh; .* EUR; .* EUR this month so far"),
        ("fr", "daily", "Électricité : bilan", r"le 07/10/2025 : 2,4 kWh ; .* EUR ; .* EUR depuis le début du mois"),
    ],
)
def test_a_summary_of_each_day_comes_once(make: Make, language: str, kind: str, title: str, expected: str) -> None:
    home = make(notify_summary=kind, language=language)
    home.look()
    got = []
    for day in range(1, 4):
        got += home.until(BEGIN + timedelta(days=day, hours=-12))
        home.compute_cost()
        home.restart()
    got += home.until(BEGIN + timedelta(days=3))
    assert [each for each, _ in got] == 3 * [title]
    assert re.match(expected, got[1][1]), got[1][1]


def test_a_summary_of_each_month_comes_once(make: Make) -> None:
    home = make(notify_summary="monthly")
    home.look()
    got = home.until(BEGIN + timedelta(days=35), hours=6)
    assert [title for title, _ in got] == ["Electricity: summary"]
    assert got[0][1].startswith("2025-10-01 to 2025-10-31: ")


def test_a_target_that_is_down_gets_everything_once_it_is_back_and_the_other_nothing_twice(home: Home) -> None:
    home.restart(notify_targets=f"{home.url} {home.url.replace('/one', '/two')}")
    home.service.replies["/one"] = Reply(status=500)
    home.poll(STGE=OVERLOADED)
    assert home.finding() == (Level.TROUBLE, FindingCode.JOB_FAILED)
    assert home.runner.state.problem is not None
    assert "secret" not in home.runner.state.to_json()
    asked, others = 0, 1
    for _ in range(70):
        asked += len(home.poll())
        others += sum(each.path == "/two" for each in home.service.requests)
    assert (asked, others) == (6, 1)  # after 1, 2, 4, 8, 16, 32 minutes
    home.service.replies["/one"] = Reply()
    home.restart()
    got = [each for _ in range(70) for each in home.poll()]
    assert [title for title, _ in got] == ["Overload"]
    assert home.runner.state.problem is None
    assert home.finding()[0] is Level.OK


def test_messages_an_hour_are_limited_and_what_is_held_back_comes_together(make: Make, tmp_path: Path) -> None:
    home = make(notify_per_hour=1, backup=tmp_path)
    home.look()
    assert len(home.poll(STGE=OVERLOADED)) == 1
    home.put_job("backup", JobState(None, uncoded("the disk is full"), memory={"folder": str(tmp_path)}))
    got = [each for _ in range(59) for each in home.poll()]
    assert got == []
    ((title, body),) = home.poll(STGE=OVERLOADED)
    assert title == "2 notifications from tictally"
    assert len(body.splitlines()) == 2


def test_a_new_target_gets_nothing_of_before_and_one_that_is_removed_keeps_nothing_back(home: Home) -> None:
    home.service.replies["/one"] = Reply(status=500)
    home.poll(STGE=OVERLOADED)
    home.restart(notify_targets=home.url.replace("/one", "/two"))
    assert home.poll() == []
    assert [each.path for each in home.service.requests] == []
    assert home.runner.state.problem is None


def test_an_event_that_is_switched_off_is_not_sent(home: Home) -> None:
    home.restart(notify_events="-overload")
    assert home.poll(STGE=OVERLOADED) == []


def test_with_several_sites_each_line_names_its_own(home: Home) -> None:
    other = frame(1, home.now_ms, {"EAST": 1}, meter="021900000003", boot="00000000000000b2")
    home.ledger.store([message(other)])
    ((_, body),) = home.poll(STGE=OVERLOADED)
    assert body.startswith(f"Site {METER}: Overload")


@pytest.mark.parametrize("scheme", ["nonsense", "tgram"])
def test_a_wrong_address_is_a_clear_error_and_does_not_hold_up_others(home: Home, scheme: str) -> None:
    urls = f"{scheme}://wrong-secret"
    home.restart(notify_targets=f"{urls}, {home.url}")
    assert len(home.poll(STGE=OVERLOADED)) == 1
    problem = home.runner.state.problem
    assert problem is not None
    assert (problem.code, problem.parameters) == (
        "notify_target_wrong",
        {"target": f"1 ({urls.split(':', maxsplit=1)[0]})"},
    )
    home.restart(notify_targets=urls)
    home.poll()
    assert home.finding() == (Level.TROUBLE, FindingCode.JOB_FAILED)


@pytest.fixture
def environment(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    own: Mapping[str, object] = {"LEDGER": home.path, "NAME": "nas", "LANGUAGE": "en", "NOTIFY_TARGETS": home.url}
    for name, value in own.items():
        monkeypatch.setenv(f"TICTALLY_{name}", str(value))
    return home


def test_the_command_tests_targets_and_lists_what_is_on(
    environment: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["notify", "test"]) == 0
    assert capsys.readouterr().out == "target 1 (json): sent\n"
    assert json.loads(environment.service.requests[-1].body)["message"] == "This is a test from the recorder nas."
    environment.service.replies["/one"] = Reply(status=403)
    assert main(["notify", "test"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("tictally: target 1 (json) of TICTALLY_NOTIFY_TARGETS does not accept messages: ")
    assert "/one" not in error
    environment.poll(STGE=OVERLOADED)
    monkeypatch.setenv("TICTALLY_NOTIFY_EVENTS", "overload")
    assert main(["notify", "list"]) == 0
    out = capsys.readouterr().out
    assert "Target 1 (json): 1 notification pending" in out
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    assert lines["overload"] == ["on", "2025-10-06", "12:01"]
    assert lines["red_day"] == ["off"]
    assert main(["notify", "list", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert records[0] == {"name": "overload", "is_on": True, "last": "2025-10-06T10:01:00.000Z"}
    monkeypatch.delenv("TICTALLY_NOTIFY_TARGETS")
    assert main(["notify", "test"]) == 1
    assert "set TICTALLY_NOTIFY_TARGETS" in capsys.readouterr().err


@pytest.mark.usefixtures("environment")
def test_without_apprise_the_error_names_the_cure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert main(["notify", "test"]) == 1
    assert "pipx inject tictally-recorder apprise" in capsys.readouterr().err


def test_another_recorder_sends_them_itself(environment: Home, capsys: pytest.CaptureFixture[str]) -> None:
    environment.path.with_name("ledger.sqlite.lock").write_text("1")  # its process
    assert main(["job", "run", "notify"]) == 1
    assert "the running recorder sends notifications itself" in capsys.readouterr().err


def test_targets_are_read_from_a_file_a_line_each(
    environment: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TICTALLY_NOTIFY_TARGETS")
    (tmp_path / "targets").write_text(f"# ours\n{environment.url}\n\n{environment.url.replace('/one', '/two')}\n")
    monkeypatch.setenv("TICTALLY_NOTIFY_TARGETS_FILE", str(tmp_path / "targets"))
    assert main(["notify", "test"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_what_is_no_address_is_an_error_of_the_setting_that_does_not_show_it(
    environment: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICTALLY_NOTIFY_TARGETS", f"{environment.url} my-secret")
    assert main(["notify", "list"]) == 2
    error = capsys.readouterr().err
    assert ("TICTALLY_NOTIFY_TARGETS" in error, "my-secret" in error) == (True, False)


def test_events_are_named_added_and_left_out() -> None:
    assert parse_events("all") == set(Event)
    assert parse_events("none") == set()
    assert parse_events("overload, red_day") == {Event.OVERLOAD, Event.RED_DAY}
    assert parse_events("-overload") == set(Event) - {Event.OVERLOAD}
    assert parse_events("all,-overload") == set(Event) - {Event.OVERLOAD}
    with pytest.raises(ValueError, match="there is no event 'overlod'; there are overload,"):
        parse_events("overlod")
    own = settings_with(notify_targets="json://a/?x=1,2, tgram://b/c", name="x", ledger="y").section(NotifySettings)
    assert own.urls == ("json://a/?x=1,2", "tgram://b/c")
