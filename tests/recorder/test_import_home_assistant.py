"""Statistics from Home Assistant's WebSocket interface: a local server in its form, and what is imported."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ledger_building import METER
from pydantic import SecretStr
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tictally_recorder.cli.app import main
from tictally_recorder.features import settings_with
from tictally_recorder.fetch import home_assistant as client
from tictally_recorder.imports.errors import ImportFileError
from tictally_recorder.imports.task import ImportTask, TaskKind, run_task
from tictally_recorder.ledger import Ledger

START_MS = 1_767_222_000_000  # 2026-01-01T00:00 in Paris
HOUR_MS = 3_600_000
TOKEN = "of a user"  # noqa: S105 - of a local server
PRM = "09111642617347"


class Home:
    """Answers as Home Assistant does. `sums` are in kWh by statistic and hour; `asked` is every command."""

    def __init__(self) -> None:
        self.sums: dict[str, list[float]] = {f"linky:{PRM}": [0.0, 0.5, 1.25, 1.25, 3.0]}
        self.asked: list[dict[str, Any]] = []
        self.broken = False

    @contextmanager
    def running(self) -> Iterator[str]:
        with serve(self._talk, "127.0.0.1", 0) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
            finally:
                server.shutdown()
                thread.join()

    def _talk(self, socket: ServerConnection) -> None:
        socket.send(json.dumps({"type": "auth_required", "ha_version": "2026.11"}))
        is_welcome = json.loads(socket.recv())["access_token"] == TOKEN
        socket.send(json.dumps({"type": "auth_ok" if is_welcome else "auth_invalid"}))
        with suppress(ConnectionClosed):
            self._answer_all(socket if is_welcome else ())

    def _answer_all(self, socket: ServerConnection | tuple[()]) -> None:
        for text in socket:
            command = json.loads(text)
            self.asked.append(command)
            assert not isinstance(socket, tuple)
            if self.broken:
                socket.send("<html>")
                continue
            socket.send(json.dumps({"id": command["id"], "type": "event", "event": {}}))
            socket.send(json.dumps({"id": command["id"], "type": "result", **self._answer(command)}))

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        if command["type"] == "recorder/list_statistic_ids":
            units = {**dict.fromkeys(self.sums, "kWh"), "sensor.temperature": "°C", "linky:water": "m³"}
            return {
                "success": True,
                "result": [
                    {"statistic_id": name, "statistics_unit_of_measurement": unit} for name, unit in units.items()
                ],
            }
        assert command["units"] == {"energy": "Wh"}
        first, last = (datetime.fromisoformat(command[each]).timestamp() * 1000 for each in ("start_time", "end_time"))
        rows = {
            name: [
                {"start": at, "end": at + HOUR_MS, "sum": total * 1000}
                for number, total in enumerate(self.sums[name])
                if first <= (at := START_MS + number * HOUR_MS) < last
            ]
            for name in command["statistic_ids"]
        }
        return {"success": True, "result": {name: of_name for name, of_name in rows.items() if of_name}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    ledger = tmp_path / "ledger.sqlite"
    monkeypatch.setenv("TICTALLY_LEDGER", str(ledger))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    monkeypatch.setenv("TICTALLY_HOME_ASSISTANT_TOKEN", TOKEN)
    Ledger.open(ledger).close()
    found = Home()
    with found.running() as url:
        monkeypatch.setenv("TICTALLY_HOME_ASSISTANT_URL", url)
        yield found


def hours(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    capsys.readouterr()
    assert main(["energy", "--from", "2026-01-01", "--to", "2026-01-02", "--by", "hour", "--json"]) == 0
    return {row["from"][11:16]: row["energy"] for row in json.loads(capsys.readouterr().out)}


def test_each_hours_energy_is_the_difference_of_its_sums(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "home-assistant", "--site", METER]) == 0
    assert "imported 4 energy values for the new site" in capsys.readouterr().out
    assert hours(capsys).items() >= {"01:00": 500, "02:00": 750, "03:00": 0, "04:00": 1750}.items()
    assert [each["type"] for each in home.asked[:2]] == [
        "recorder/list_statistic_ids",
        "recorder/statistics_during_period",
    ]


def test_a_task_of_the_page_tries_and_imports_the_same(home: Home, tmp_path: Path) -> None:
    url, token = os.environ["TICTALLY_HOME_ASSISTANT_URL"], SecretStr(TOKEN)
    ledger = tmp_path / "ledger.sqlite"
    settings = settings_with(name="nas", ledger=ledger, home_assistant_url=url, home_assistant_token=token)
    phases: list[tuple[str, int]] = []

    def run(kind: TaskKind) -> dict[str, Any]:
        task = ImportTask(kind, site=METER, is_home_assistant=True)
        return run_task(settings, task, datetime(2026, 2, 1, tzinfo=UTC), lambda *each: phases.append(each))

    for kind, number in ((TaskKind.CHECK, None), (TaskKind.IMPORT, 1)):
        found = run(kind)
        assert (found["run"], [each["after_wh"] for each in found["months"]]) == (number, [3000])
    assert phases == [("reading", 0), ("storing", 4)] * 2
    home.sums.clear()
    with pytest.raises(ImportFileError):
        run(TaskKind.IMPORT)


def test_the_next_fetch_continues_where_the_last_one_ended(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "home-assistant", "--site", METER]) == 0
    home.sums[f"linky:{PRM}"].append(4.0)
    home.asked.clear()
    assert main(["import", "home-assistant"]) == 0
    assert "imported 1 energy values" in capsys.readouterr().out
    _, asked, *_ = home.asked  # a long time since then is asked for in parts
    assert datetime.fromisoformat(asked["start_time"]) == datetime(2026, 1, 1, 3, tzinfo=UTC)
    assert hours(capsys)["05:00"] == 1000


@pytest.mark.usefixtures("home")
def test_all_of_it_again_is_nothing_new(capsys: pytest.CaptureFixture[str]) -> None:
    whole = ["import", "home-assistant", "--from", "2025", "--to", "2026-02"]
    assert main([*whole, "--site", METER, "--dry-run"]) == 0
    assert "Nothing was imported." in capsys.readouterr().out
    assert main([*whole, "--site", METER]) == 0
    capsys.readouterr()
    assert main(whole) == 0
    assert "There is nothing new to import." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        (("TOKEN", "wrong"), "denies access (HTTP 401): check the token"),
        (("URL", "http://127.0.0.1:9"), "127.0.0.1:9 cannot be reached: "),
        (("CONSUMPTION", "sensor.linky"), f"name them in TICTALLY_HOME_ASSISTANT_CONSUMPTION: linky:{PRM}"),
    ],
)
@pytest.mark.usefixtures("home")
def test_what_is_not_configured_right_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], setting: tuple[str, str], problem: str
) -> None:
    monkeypatch.setenv(f"TICTALLY_HOME_ASSISTANT_{setting[0]}", setting[1])
    assert main(["import", "home-assistant", "--site", METER]) == 1
    assert problem in (error := capsys.readouterr().err)
    assert "nothing was imported" in error


def test_an_answer_that_is_no_json_is_a_sentence(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.broken = True
    assert main(["import", "home-assistant", "--site", METER]) == 1
    assert "<html>" in capsys.readouterr().err


@pytest.mark.usefixtures("home")
def test_without_address_or_package_there_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client, "find_spec", lambda _: None)
    assert main(["import", "home-assistant", "--site", METER]) == 1
    assert "pipx inject tictally-recorder websockets" in capsys.readouterr().err
    monkeypatch.delenv("TICTALLY_HOME_ASSISTANT_URL")
    assert main(["import", "home-assistant", "--site", METER]) == 1
    assert "set TICTALLY_HOME_ASSISTANT_URL and" in capsys.readouterr().err
