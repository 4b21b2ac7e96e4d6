"""Why InfluxDB cannot be reached, in words for whoever set its address."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from certificates import make_certificate

from demo.broker import free_port
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.errors import InfluxError

PAGE = b"HTTP/1.0 404 Not Found\r\nDate: Mon, 30 Nov 2026 12:00:00 GMT\r\n\r\n<!DOCTYPE HTML><html>no such page</html>"


@contextmanager
def answering(answer: bytes, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on a port that answers everything alike."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, answer, tls), daemon=True)
        thread.start()
        yield int(server.getsockname()[1])


def _serve(server: socket.socket, answer: bytes, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            accepted, _ = server.accept()
            with accepted if tls is None else tls.wrap_socket(accepted, server_side=True) as connection:
                connection.recv(4096)
                connection.sendall(answer)
        except ssl.SSLError:
            continue
        except OSError:
            return


def reason(url: str, ca: Path | None = None) -> str:
    client = Client(url, "token", "home", ca)
    with pytest.raises(InfluxError) as raised:
        client.get("/api/v2/orgs")
    client.close()
    message = str(raised.value)
    assert not any(each in message for each in ("Errno", "SSL:", "_ssl.c", "object at", "Disconnected(", "HTML"))
    return message


def test_an_unknown_host_and_a_closed_port_are_told_apart() -> None:
    assert "cannot be reached: there is no host of that name" in reason("http://influx.invalid:8086")
    assert "cannot be reached: Connection refused" in reason(f"http://127.0.0.1:{free_port()}")


def test_a_server_that_is_no_influxdb_is_reported_as_such() -> None:
    with answering(PAGE) as port:
        assert "a web page comes from there; is it InfluxDB 2?" in reason(f"http://127.0.0.1:{port}")
    with answering(b"") as port:
        assert "it closes the connection without an answer" in reason(f"http://127.0.0.1:{port}")
    with answering(PAGE) as port:
        assert "it does not answer with TLS" in reason(f"https://127.0.0.1:{port}")


def test_a_certificate_that_does_not_fit_says_how(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "influx")
    other, _ = make_certificate(tmp_path, "other")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with answering(PAGE, context) as port:
        assert "its certificate is for another name" in reason(f"https://localhost:{port}", certificate)
        assert "is not signed by the CA certificate that is set" in reason(f"https://127.0.0.1:{port}", other)
