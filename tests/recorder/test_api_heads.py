"""HEAD is answered like GET, without the body, and holds nothing open."""

import socket
import time
from collections.abc import Iterator

import pytest
from api_serving import Served

from tictally_recorder.api.routes import live

PER_REQUEST = frozenset({"date", "x-request-id"})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/healthz",
        "/docs",
        "/api/v1/sites",
        "/api/v1/cost?from=2026-03-01&to=2026-03-02",
        "/api/v1/energy?from=soon",
        "/nothing",
    ],
)
def test_head_has_the_headers_of_get(served: Served, path: str) -> None:
    whole, head = served.client.get(path), served.client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert whole.content != b""
    headers = [{k: v for k, v in each.headers.items() if k not in PER_REQUEST} for each in (whole, head)]
    assert headers[0] == headers[1]


def test_head_of_a_stream_ends_and_occupies_no_slot(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_MAX_STREAMS", 1)
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection:
        for _ in range(3):  # on one connection: the next is answered when the former is over
            begin_s = time.monotonic()
            connection.sendall(b"HEAD /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                part = connection.recv(4096)
                assert part, head
                head += part
            assert head.startswith(b"HTTP/1.1 200")
            assert b"text/event-stream" in head
            assert time.monotonic() - begin_s < 5
