"""Many requests at once: a short one is answered beside long ones, and nobody computes for a client that has left."""

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from api_serving import TOKEN, Served

from tictally_recorder.api.middleware.abandoned_requests import AbandonedRequests
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.routes import compare, live
from tictally_recorder.api.worker_pool import CLIENT, Lane, WorkerPool
from tictally_recorder.cancellation import WorkAbandonedError, check_abandoned
from tictally_recorder.ledger import LedgerReader

T = TypeVar("T")


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: a browser's tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, coroutine).result()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as found:
        yield found


@dataclass
class SlowWork:
    """Stands for a comparison of years: it computes until it is let go, or abandoned."""

    running: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Event = field(default_factory=threading.Event)
    started: int = 0
    abandoned: int = 0

    def __call__(self, *_: object) -> tuple[()]:
        self.started += 1
        self.running.release()
        try:
            while not self.go_on.wait(0.01):
                check_abandoned()
        except WorkAbandonedError:
            self.abandoned += 1
            raise
        return ()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowWork]:
    work = SlowWork()
    monkeypatch.setattr(compare._Comparing, "records", work)
    yield work
    work.go_on.set()


def ask(served: Served, path: str, source: str = "127.0.0.1") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", served.port), timeout=60, source_address=(source, 0))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return client


def wait_until(condition: Any) -> None:  # noqa: ANN401
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_twenty_comparisons_keep_nobody_waiting(served: Served, slow: SlowWork) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(ask(served, "/api/v1/compare"))
        assert slow.running.acquire(timeout=60)
        for path in ("/api/v1/now", "/api/v1/sites", "/healthz", "/metrics", "/api/v1/cost", "/api/v1/energy"):
            assert served.client.get(path, timeout=60).status_code == 200, path
        with served.client.stream("GET", "/api/v1/live", timeout=60) as stream:
            assert stream.status_code == 200
        assert slow.started == 1


def test_requests_whose_clients_have_left_are_given_up(served: Served, slow: SlowWork) -> None:
    clients = [ask(served, "/api/v1/compare") for _ in range(20)]
    assert slow.running.acquire(timeout=60)
    for client in clients:
        client.close()
    wait_until(lambda: slow.abandoned == 1)
    time.sleep(0.2)
    assert slow.started == 1  # nineteen have never begun
    slow.go_on.set()
    assert served.client.get("/api/v1/compare", timeout=60).status_code == 200


def test_a_client_that_stays_gets_its_answer_beside_one_that_leaves(served: Served, slow: SlowWork) -> None:
    leaving = ask(served, "/api/v1/compare")
    assert slow.running.acquire(timeout=60)
    with ask(served, "/api/v1/compare") as staying:
        leaving.close()
        assert slow.running.acquire(timeout=60)
        slow.go_on.set()
        assert staying.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_reading_the_ledger_can_be_given_up(served: Served) -> None:
    pool = WorkerPool(served.path)

    def read_for_ever(reader: LedgerReader) -> None:
        (meter,) = (meter for site in reader.sites() for meter in site.meters)
        begun.set()
        try:
            while True:
                list(reader.quarters(meter.id, 0, 2**62))
        except WorkAbandonedError:
            ended.set()
            raise

    begun, ended = threading.Event(), threading.Event()

    async def leave() -> None:
        task = asyncio.create_task(pool.read(read_for_ever))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    run_apart(leave())
    assert ended.wait(10)
    pool.close()


def test_one_client_cannot_take_all_places_of_a_lane(served: Served) -> None:
    pool, go_on = WorkerPool(served.path), threading.Event()

    async def fill() -> tuple[int, list[object]]:
        CLIENT.set("192.0.2.1")
        tasks = [asyncio.create_task(pool.run(go_on.wait, Lane.SLOW)) for _ in range(40)]
        await asyncio.sleep(0.2)
        rejected = sum(task.done() and isinstance(task.exception(), Problem) for task in tasks)
        CLIENT.set("192.0.2.2")
        other = asyncio.create_task(pool.run(lambda: "answer", Lane.SLOW))
        await asyncio.sleep(0.1)
        go_on.set()
        return rejected, [await other, *await asyncio.gather(*tasks, return_exceptions=True)]

    rejected, answers = run_apart(fill())
    assert rejected == 16
    assert answers[0] == "answer"
    assert sum(each is True for each in answers) == 24
    pool.close()


def test_requests_that_wait_when_the_recorder_stops_are_a_503(served: Served) -> None:
    pool, go_on = WorkerPool(served.path), threading.Event()

    async def stop() -> list[object]:
        tasks = [asyncio.create_task(pool.run(go_on.wait, Lane.SLOW)) for _ in range(3)]
        await asyncio.sleep(0.1)
        pool.close()
        go_on.set()
        return [*await asyncio.gather(*tasks, return_exceptions=True)]

    first, *others = run_apart(stop())
    assert first is True
    assert [isinstance(each, Problem) and each.status for each in others] == [503, 503]


def test_a_body_is_read_whole_although_its_end_is_watched_for(tmp_path: Path) -> None:
    with Served(tmp_path, {"meterit": "token"}) as served:
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        answer = served.client.post("/meterit/", content=iter([b" " * 8000, b"[1]"]), headers=headers)
        assert answer.json()["message"].startswith("a reading is an object")


def test_an_error_of_the_application_is_raised_to_the_server() -> None:
    async def failing(*_: object) -> None:
        raise KeyError

    async def never() -> Any:  # noqa: ANN401
        await asyncio.Event().wait()

    async def call() -> None:
        await AbandonedRequests(failing)({"type": "http"}, never, lambda _: asyncio.sleep(0))

    with pytest.raises(KeyError):
        run_apart(call())


def test_one_address_cannot_hold_all_streams(served: Served) -> None:
    with ExitStack() as stack:
        answers = []
        for _ in range(20):
            client = stack.enter_context(ask(served, "/api/v1/live", "127.0.0.1"))
            answers.append(client.recv(4096)[9:12])
        assert answers == [b"200"] * 16 + [b"503"] * 4
        other = stack.enter_context(ask(served, "/api/v1/live", "127.0.0.2"))
        assert other.recv(4096)[9:12] == b"200"


def test_an_address_may_open_another_stream_after_it_has_closed_one(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_MAX_STREAMS_OF_CLIENT", 1)
    first = ask(served, "/api/v1/live")
    assert first.recv(4096)[9:12] == b"200"
    refused = httpx.get(f"{served.base}/api/v1/live")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    assert refused.json()["detail"] == "the maximum of 1 streams of one address is reached; request /now instead"
    first.close()

    def is_accepted() -> bool:
        with ask(served, "/api/v1/live") as client:
            return client.recv(4096)[9:12] == b"200"

    wait_until(is_accepted)


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "transfer-encoding: Chunked\r\ncontent-length: 0",
        "Content-Length: 5\r\nTransfer-Encoding : chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: identity",
        "Content-Length: 5\r\nTransfer-Encoding:\r\n chunked",
    ],
)
@pytest.mark.parametrize("request_line", ["GET /healthz", "POST /meterit/", "GET /", "GET /nothing"])
def test_a_request_of_two_lengths_is_rejected_and_its_connection_closed(
    served: Served, request_line: str, headers: str
) -> None:
    """What follows must never be taken for a request."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as client:
        smuggled = "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        client.sendall(f"{request_line} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n{smuggled}".encode())
        received = b""
        with suppress(ConnectionResetError):
            while piece := client.recv(4096):
                received += piece
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert b"connection: close" in received.lower()


def test_meterit_has_its_original_addresses_at_a_port_of_its_own(tmp_path: Path) -> None:
    with Served(tmp_path, {"meterit": "token"}, roots=True) as served:
        headers = {"authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{served.root_port}", headers=headers, timeout=60) as client:
            assert client.get("/ping").json() == {"status": 200, "message": "OK"}
            assert client.get("/current_price").json() == {"price": "0.1940"}
            assert client.get("/force_get_prices").json() == {"status": 200, "message": "OK"}
            assert served.post({"watts": 123.4, "station_id": 1}, client=client, path="/").json()["message"] == "OK"
            (reading,) = client.get("/").json()["readings"]
            assert (reading["watts"], reading["station_id"]) == (123.4, "1")
            assert client.get("/ping?x=1").json()["status"] == 422
            for path in ("/api/v1/sites", "/meterit/ping", "/healthz", "/nothing"):
                assert client.get(path).json()["status"] == 404
            assert set(client.get("/openapi.json").json()["paths"]) == {
                "/",
                "/current_price",
                "/force_get_prices",
                "/ping",
            }
            assert "GET /ping" in client.get("/docs").text
            assert client.get("/ping", headers={"authorization": ""}).json()["status"] == 401
        assert served.get("/meterit/ping", authorization=f"Bearer {TOKEN}").status_code == 200
