"""TaskRunner of InfluxDB's tasks, looked at while they wait, run and end.

A script answers in InfluxDB's place: what 2.8 answers for the moment between running and ended, a panic of its own,
comes once in some hundred runs and only on a busy machine.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from ledger_building import NOON_MS

from tictally_recorder.ledger import TimeWindow
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.errors import InfluxError
from tictally_recorder.sinks.influxdb.task_runs import TaskRunner
from tictally_recorder.sinks.influxdb.windows import HOUR_MS
from tictally_recorder.translations import ENGLISH

PANIC = "a panic has occurred: /api/v2/tasks/t/runs/r: runtime error: invalid memory address or nil pointer dereference"
WINDOW = TimeWindow(HOUR_MS, NOON_MS)


@contextmanager
def answering(*looks: tuple[int, dict[str, str]]) -> Iterator[tuple[TaskRunner, list[str]]]:
    """What looks at a run are answered, one after another; yields the runs, and the requests as they come."""
    asked: list[str] = []
    waiting = iter(looks)

    class Script(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.answer(201, {"id": f"r{len(asked)}", "status": "scheduled"})

        def do_GET(self) -> None:
            self.answer(*next(waiting))

        def answer(self, status: int, body: dict[str, str]) -> None:
            asked.append(f"{self.command} {status}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Script) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with closing(Client(f"http://127.0.0.1:{server.server_port}", "t", "o")) as client:
            yield TaskRunner(client, lambda _seconds: False), asked
        server.shutdown()


def test_a_run_is_awaited_although_it_is_invisible_for_a_moment() -> None:
    looks = [
        (200, {"status": "scheduled"}),
        (404, {"message": "run not found"}),
        (200, {"status": "started"}),
        (500, {"message": PANIC}),
        (200, {"status": "success"}),
    ]
    with answering(*looks) as (runs, asked):
        assert runs.run([WINDOW], {HOUR_MS: "t"}) == [WINDOW]
    assert asked == ["POST 201", "GET 200", "GET 404", "GET 200", "GET 500", "GET 200"]


@pytest.mark.parametrize(("status", "message"), [(500, "the disk is full"), (503, "busy"), (401, "unauthorized")])
def test_a_permanent_failure_is_raised_at_once(status: int, message: str) -> None:
    with answering((status, {"message": message})) as (runs, asked), pytest.raises(InfluxError, match=message):
        runs.run([WINDOW], {HOUR_MS: "t"})
    assert asked == ["POST 201", f"GET {status}"]


def test_a_failed_run_is_retried_later_and_others_continue_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [1000.0]
    monkeypatch.setattr("tictally_recorder.sinks.influxdb.task_runs.time.monotonic", lambda: now_s[0])
    other = TimeWindow(HOUR_MS, NOON_MS - HOUR_MS)
    with answering(*[(200, {"status": "failed"})] * 3) as (runs, _):
        for after_s, trouble in ((1.0, None), (30.0, "failed"), (300.0, "failed")):
            assert runs.ready([WINDOW, other]) == [WINDOW, other]
            assert runs.run([WINDOW], {HOUR_MS: "t"}) == []
            failure = runs.persistent_failure
            assert (failure and ENGLISH.phrase(failure).partition("has failed: ")[2]) == trouble
            assert runs.ready([WINDOW, other]) == [other]
            now_s[0] += after_s
        # A window that no longer waits is forgotten.
        assert runs.ready([other]) == [other]
        assert runs.persistent_failure is None


def test_a_successful_run_is_done_although_another_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tictally_recorder.sinks.influxdb.task_runs._TIMEOUT_S", 0.05)
    slow = TimeWindow(HOUR_MS, NOON_MS - HOUR_MS)
    with answering((200, {"status": "success"}), *[(200, {"status": "started"})] * 10_000) as (runs, _):
        assert runs.run([WINDOW, slow], {HOUR_MS: "t"}) == [WINDOW]
        with pytest.raises(InfluxError, match=r"has not finished its task"):
            runs.run([slow], {HOUR_MS: "t"})
