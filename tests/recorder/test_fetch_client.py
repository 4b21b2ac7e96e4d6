"""Requests to services on the internet, against a local server that stands for them."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import make_certificate
from local_service import LocalService, Reply

from tictally_recorder.fetch import FetchError, client
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.problem import ProblemCode


@pytest.fixture
def service() -> Iterator[LocalService]:
    with LocalService().running() as running:
        yield running


def failure(service: LocalService, path: str = "/") -> FetchError:
    with FetchClient() as http, pytest.raises(FetchError) as caught:
        http.get(f"{service.url}{path}")
    return caught.value


def test_a_request_names_the_program(service: LocalService) -> None:
    service.replies["/a?day=2026-11-30"] = Reply(b'{"price": 0.10}')
    with FetchClient() as http:
        answer = http.get(f"{service.url}/a", parameters={"day": "2026-11-30"})
    assert answer is not None
    assert str(answer.json()["price"]) == "0.10"
    assert service.requests[0].headers["user-agent"].startswith("tictally-recorder/")


def test_an_answer_that_was_used_is_not_transferred_again(service: LocalService) -> None:
    service.replies["/a"] = Reply(b"{}", headers={"ETag": '"1"'})
    memory: dict[str, object] = {}
    for used, expected in ((False, True), (True, True), (True, False)):
        with FetchClient(memory) as http:
            answer = http.get_changed(f"{service.url}/a")
            if answer is not None and used:
                http.accept(answer)
        assert (answer is not None) is expected
    service.replies["/a"] = Reply(b"{}", headers={"ETag": '"2"'})
    with FetchClient(memory) as http:
        assert http.get_changed(f"{service.url}/a") is not None


def test_etags_are_bounded(service: LocalService) -> None:
    memory: dict[str, dict[str, str]] = {}
    with FetchClient(memory) as http:
        for number in range(60):
            service.replies[f"/{number}"] = Reply(b"{}", headers={"ETag": f'"{number}"'})
            answer = http.get_changed(f"{service.url}/{number}")
            assert answer is not None
            http.accept(answer)
    assert len(memory["etags"]) == 50


@pytest.mark.parametrize(
    ("reply", "code", "retry_after_s"),
    [
        (Reply(status=401), ProblemCode.FETCH_DENIED, None),
        (Reply(status=403), ProblemCode.FETCH_BANNED, 86_400.0),
        (Reply(status=429, headers={"Retry-After": "172800"}), ProblemCode.FETCH_BANNED, 172_800.0),
        (Reply(status=404), ProblemCode.FETCH_STATUS, None),
        (Reply(status=503, headers={"Retry-After": "120"}), ProblemCode.FETCH_STATUS, 120.0),
        (Reply(status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), ProblemCode.FETCH_STATUS, 0.0),
        (Reply(status=503, headers={"Retry-After": "soon"}), ProblemCode.FETCH_STATUS, None),
        (Reply(status=302, headers={"Location": "/"}), ProblemCode.FETCH_FAILED, None),
    ],
)
def test_an_error_of_the_service_is_a_problem(
    service: LocalService, reply: Reply, code: ProblemCode, retry_after_s: float | None
) -> None:
    service.replies["/"] = reply
    error = failure(service)
    assert (error.problem.code, error.retry_after_s, error.is_normal) == (code, retry_after_s, False)


def test_an_answer_that_is_too_large_is_abandoned(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_MAX_BYTES", 1000)
    service.replies["/"] = Reply(b"x" * 2000)
    assert failure(service).problem.code is ProblemCode.FETCH_TOO_LARGE


def test_an_answer_that_never_ends_is_abandoned(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_TOTAL_S", -1.0)
    service.replies["/"] = Reply(b"x")
    assert failure(service).problem.code is ProblemCode.FETCH_TIMEOUT


def test_a_page_instead_of_json_is_a_problem_that_shows_its_beginning(service: LocalService) -> None:
    service.replies["/"] = Reply(b"<html>Log in to the hotel's network</html>")
    with FetchClient() as http:
        answer = http.get(service.url)
        assert answer is not None
        with pytest.raises(FetchError, match="it begins with: <html>Log in"):
            answer.json()


def test_a_home_without_internet_is_normal() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nothing listens there
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with FetchClient() as http, pytest.raises(FetchError) as caught:
            http.get(url)
    assert (caught.value.problem.code, caught.value.is_normal) == (ProblemCode.FETCH_OFFLINE, True)


def test_a_wrong_address_is_a_problem() -> None:
    with FetchClient() as http, pytest.raises(FetchError):
        http.get("http://[broken")


@pytest.mark.parametrize("days", [-366, 366])
def test_an_answer_is_refused_where_the_clocks_are_days_apart(service: LocalService, days: int) -> None:
    service.replies["/a"] = Reply(b"{}", headers={"ETag": '"1"'})
    memory: dict[str, object] = {}
    wrong = FetchClient(memory, lambda: time.time() + days * 86_400)
    with wrong as http, pytest.raises(FetchError) as caught:
        http.get(f"{service.url}/a")
    assert caught.value.problem.code is ProblemCode.FETCH_CLOCK
    assert abs(abs(days) - int(str(caught.value.problem.parameters["days"]))) <= 1
    with FetchClient(memory, clock=lambda: time.time() + 86_400) as http:
        assert http.get(f"{service.url}/a").body == b"{}"


def test_a_redirection_to_another_host_gets_no_secrets(service: LocalService) -> None:
    with LocalService().running() as other, FetchClient() as http:
        service.replies["/"] = Reply(status=302, headers={"Location": f"{other.url}/there"})
        other.replies["/there"] = Reply(b"{}")
        assert http.get(f"{service.url}/", headers={"x-api-key": "secret"}).body == b"{}"
        assert service.requests[0].headers["x-api-key"] == "secret"
        assert set(other.requests[0].headers) <= {"host", "accept", "accept-encoding", "connection", "user-agent"}


def test_a_redirection_from_https_to_http_is_not_followed(
    service: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.replies["/there"] = Reply(b"{}")
    certificate = make_certificate(tmp_path, "service")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with LocalService(certificate).running() as encrypted, FetchClient() as http:
        encrypted.replies["/"] = Reply(status=301, headers={"Location": f"{service.url}/there?token=secret"})
        with pytest.raises(FetchError) as caught:
            http.get(f"{encrypted.url}/", headers={"x-api-key": "secret"})
    assert len(encrypted.requests) == 1
    assert caught.value.problem.code is ProblemCode.FETCH_UNENCRYPTED
    assert caught.value.problem.parameters["address"] == f"{service.url}/there"
    assert service.requests == []
