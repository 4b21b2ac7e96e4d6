"""Runs of InfluxDB's tasks, looked at while they wait, run and end.

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

from tictally_recorder.ledger import Window
from tictally_recorder.sinks.influx.client import Client
from tictally_recorder.sinks.influx.errors import InfluxError
from tictally_recorder.sinks.influx.runs import Runs
from tictally_recorder.sinks.influx.windows import HOUR_MS

PANIC = "a panic has occurred: /api/v2/tasks/t/runs/r: runtime error: invalid memory address or nil pointer dereference"
WINDOW = Window(HOUR_MS, NOON_MS)


@contextmanager
def answering(*looks: tuple[int, dict[str, str]]) -> Iterator[tuple[Runs, list[str]]]:
    """What looks at a run are answered, one after another; yields the runs, and the requests as they come."""
    asked: list[str] = []
    waiting = iter(looks)

    class Script(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.answer(201, {"id": "r", "status": "scheduled"})

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
            yield Runs(client, lambda _seconds: False), asked
        server.shutdown()


def test_a_run_is_waited_for_though_it_cannot_be_seen_for_a_moment() -> None:
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


@pytest.mark.parametrize(("status", "said"), [(500, "the disk is full"), (503, "busy"), (401, "unauthorized")])
def test_what_is_no_matter_of_a_moment_is_told_at_once(status: int, said: str) -> None:
    with answering((status, {"message": said})) as (runs, asked), pytest.raises(InfluxError, match=said):
        runs.run([WINDOW], {HOUR_MS: "t"})
    assert asked == ["POST 201", f"GET {status}"]
