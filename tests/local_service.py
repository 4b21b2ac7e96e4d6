"""A service on the internet as a local HTTP server: answers by path and query, and what was asked.

It stands for services that cannot be reached from a test; the answers are recorded ones or in their form.
"""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """One request: path with query, headers by lower-case name, and the body."""

    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class LocalService:
    """Answers requests; a path without a reply is a 404.

    Args:
        certificate: its own and its key, for https; None for http.

    Attributes:
        replies: path with query → reply.
        requests: all there were, in order.
    """

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        self.replies: dict[str, Reply] = {}
        self.requests: list[Request] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def do_GET(self) -> None:
                self.answer(b"")

            def answer(self, body: bytes) -> None:
                service.requests.append(Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                reply = service.replies.get(self.path, Reply(status=404))
                etag = reply.headers.get("ETag")
                if etag is not None and self.headers.get("If-None-Match") == etag:
                    reply = Reply(status=304)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_: Any) -> None: ...  # noqa: ANN401 - the library's

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._scheme = "http" if certificate is None else "https"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["LocalService"]:
        """While the block runs, it answers."""
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
