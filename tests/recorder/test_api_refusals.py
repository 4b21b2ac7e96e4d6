"""Rejected requests have a message: invalid queries, large bodies, slow clients, foreign host names."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from api_serving import TOKEN, Served

from tictally_recorder.api.middleware import connection_limits, request_guard
from tictally_recorder.api.middleware.connection_limits import LimitedConnection
from tictally_recorder.api.routes import live


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served"), {"meterit": "token"}) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/nothing", 404, "nothing is served at /nothing; /docs lists every address"),
        ("/api/v1/energy?site=x", 404, "no site or meter 'x'"),
        ("/api/v1/tariffs/x", 404, "no tariff 'x'; /api/v1/tariffs lists them"),
        ("/api/v1/energy?from=soon", 400, "from: 'soon' is neither a date (2026-11-21) nor a time (2026-11-21T20:00)"),
        ("/api/v1/energy?from=2026-03-29T02:30", 400, "from: 2026-03-29T02:30 does not exist in Europe/Paris"),
        ("/api/v1/energy?from=2026-03-02&to=2026-03-01", 400, "from: 2026-03-02T00:00:00+01:00 is not before"),
        ("/api/v1/energy?from=2026-01-01&by=quarter", 400, "from: the range is longer than 32 days"),
        ("/api/v1/cost?from=2026-03-01T12:00", 400, "from: '2026-03-01T12:00' is within a day"),
        ("/api/v1/energy?by=decade", 400, "by: Input should be 'quarter', 'hour', 'day', 'week', 'month' or 'year'"),
        ("/api/v1/energy?limit=0", 400, "limit: Input should be greater than or equal to 1"),
        ("/api/v1/energy?format=xml", 400, "format: Input should be 'json' or 'csv'"),
        ("/api/v1/bill", 400, "from: a bill requires its first day and the day after its last"),
        ("/api/v1/bill?from=2026-03-01&to=2026-03-02&format=csv", 406, "this list is not available as CSV"),
        ("/api/v1/compare?off_peak=night", 400, "off_peak: "),
        ("/api/v1/compare?prices_on=soon", 400, "prices_on: 'soon' is no day, such as 2026-11-21"),
        ("/api/v1/compare?chosen_day=sunday", 400, "chosen_day: "),
    ],
)
def test_an_invalid_request_is_a_problem_with_a_message(served: Served, path: str, status: int, sentence: str) -> None:
    answer = served.get(path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(sentence)
    assert answer.json()["type"] == "about:blank"


def test_an_unsupported_method_is_a_problem(served: Served) -> None:
    answer = served.client.delete("/api/v1/energy")
    assert (answer.status_code, answer.json()["detail"]) == (405, "/api/v1/energy does not support DELETE")
    assert answer.headers["allow"] == "GET"


def test_a_missing_ledger_is_a_problem_until_it_is_back(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        hidden = served.path.with_suffix(".hidden")
        served.path.rename(hidden)
        answer = served.get("/api/v1/energy")
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
        assert answer.headers["content-type"] == "application/problem+json"
        hidden.rename(served.path)
        assert served.get("/api/v1/energy").status_code == 200


@pytest.mark.parametrize("name", ["evil.example", "evil.example:80", "192.0.2.1.evil.example"])
def test_a_foreign_host_name_is_rejected(served: Served, name: str) -> None:
    assert served.get("/api/v1/energy", host=name).status_code == 421


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1:8780", "[::1]:8780", "nas", "nas.local:8780", "nas.home.arpa"]
)
def test_local_host_names_are_accepted(served: Served, name: str) -> None:
    assert served.get("/healthz", host=name).status_code == 200


def test_a_configured_host_name_is_accepted(tmp_path: Path) -> None:
    with Served(tmp_path, {"http_names": "energy.example.org"}) as served:
        assert served.get("/healthz", host="energy.example.org").status_code == 200


def test_a_body_of_100_mb_is_rejected_before_it_is_read(served: Served) -> None:
    head = (
        f"POST /meterit/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 104857600\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(head.encode() + b"x" * 1000)
        client.settimeout(60)
        assert client.recv(4096).startswith(b"HTTP/1.1 413 ")
        with pytest.raises(OSError, match=r"reset|Broken pipe"):  # it is not read
            _send(client, 200_000_000)
    assert served.get("/healthz").status_code == 200


def test_a_body_of_unknown_length_is_rejected_when_it_is_too_large(served: Served) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
    answer = httpx.post(f"{served.base}/meterit/", content=pieces(), headers=headers)
    assert (answer.status_code, answer.json()) == (413, {"status": 413, "message": "the body exceeds 16384 bytes"})


def test_a_stream_whose_client_keeps_sending_ends_without_an_error(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as client:
        client.sendall(b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        with suppress(OSError):  # it may be closed meanwhile
            for _ in range(40):
                client.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
                time.sleep(0.01)
        time.sleep(1.5)
    assert served.get("/healthz").status_code == 200
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


def test_slow_clients_at_the_connection_limit_do_not_block_others(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limits, "MAX_CONNECTIONS", 20)
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", served.port))) for _ in range(100)]
        for client in clients:
            try:
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            except OSError:
                continue
        assert httpx.get(f"{served.base}/healthz").status_code == 200
        time.sleep(0.2)
        assert sum(_is_closed(client) for client in clients) >= 80


def test_a_client_that_sends_no_request_is_disconnected(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "REQUEST_TIMEOUT_S", 0.2)
    monkeypatch.setattr(connection_limits, "_CHECK_INTERVAL_S", 0.1)
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        begin = time.monotonic()
        while not _is_closed(client):
            client.send(b"")
            assert time.monotonic() - begin < 5
            time.sleep(0.05)


def test_a_client_that_never_reads_is_disconnected(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "READ_TIMEOUT_S", 0.3)
    monkeypatch.setattr(connection_limits, "_CHECK_INTERVAL_S", 0.1)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        client.connect(("127.0.0.1", served.port))
        request = b"GET /api/v1/readings/frames?from=2026-03-28&to=2026-03-31 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        client.sendall(request * 60)
        time.sleep(3)
        received = 0
        client.settimeout(60)
        with suppress(ConnectionResetError):
            while piece := client.recv(65536):
                received += len(piece)
        assert received < 60 * 30_000


def test_a_slow_reader_gets_the_whole_answer(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "REQUEST_TIMEOUT_S", 0.2)
    monkeypatch.setattr(connection_limits, "_CHECK_INTERVAL_S", 0.05)
    made = LimitedConnection.connection_made

    def connection_made_with_small_buffer(self: LimitedConnection, transport: asyncio.Transport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # as on a slow line
        made(self, transport)

    monkeypatch.setattr(LimitedConnection, "connection_made", connection_made_with_small_buffer)
    address = f"/{re.findall(r'page/[0-9a-f]+/', served.get('/').text)[0]}vendor/echarts.js"
    whole = served.get(address).content
    assert len(whole) > 500_000
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        client.connect(("127.0.0.1", served.port))
        client.sendall(f"GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        received, begin_s = b"", time.monotonic()
        while piece := client.recv(4096):
            received += piece
            if time.monotonic() < begin_s + 1.5:
                time.sleep(0.02)
    assert received.endswith(whole[-1000:])
    assert len(received) > len(whole)


def test_a_cross_site_request_is_rejected_but_a_link_is_not(served: Served) -> None:
    def status_of(path: str, **fetch: str) -> int:
        headers = {f"Sec-Fetch-{name.title()}": value for name, value in fetch.items()}
        return int(served.client.get(path, headers=headers).status_code)

    assert status_of("/api/v1/compare", site="cross-site", mode="no-cors", dest="empty") == 403
    assert status_of("/api/v1/sites", site="cross-site", mode="navigate", dest="iframe") == 403
    assert status_of("/", site="cross-site", mode="navigate", dest="document") == 200
    for site in ("same-origin", "same-site", "none"):
        assert status_of("/api/v1/sites", site=site, mode="cors", dest="empty") == 200


def test_too_many_requests_are_rate_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_guard, "_BURST", 5.0)
    monkeypatch.setattr(request_guard, "_REQUESTS_PER_S", 0.01)
    with Served(tmp_path) as served:
        statuses = [served.get("/api/v1/tariffs/x").status_code for _ in range(12)]
        assert statuses[:5] == [404] * 5
        assert 429 in statuses
        answer = served.get("/healthz")
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "1"


def test_streams_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_MAX_STREAMS", 2)
    with Served(tmp_path) as served:
        with ExitStack() as stack:
            for _ in range(2):
                assert stack.enter_context(served.client.stream("GET", "/api/v1/live")).status_code == 200
            refused = served.get("/api/v1/live")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
        end = time.monotonic() + 60
        while True:
            with served.client.stream("GET", "/api/v1/live") as stream:
                if stream.status_code == 200:
                    break
            assert time.monotonic() < end


def test_invalid_http_does_no_harm(served: Served) -> None:
    for content in (b"\x00\xff\x00\r\n\r\n", b"GET /\r\n\r\n", b"A" * 100_000, b"GET /\xff HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.sendall(content)
            client.settimeout(60)
            try:
                assert client.recv(4096)[:12] in {b"HTTP/1.1 400", b""}
            except OSError:
                continue
    assert served.get("/healthz").status_code == 200


def _send(client: socket.socket, size: int) -> None:
    for _ in range(size // 1_000_000):
        client.sendall(b"x" * 1_000_000)


def _is_closed(client: socket.socket) -> bool:
    client.settimeout(0)
    try:
        return client.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        client.settimeout(60)
