"""A stand-in of the supervisor's API: the MQTT service, the app and the hub's version, to who has the token.

The real one needs its own system.
"""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self

TOKEN: Final = "the-supervisors-token"  # noqa: S105 - of the stand-in
NO_SERVICE: Final = 400


class Supervisor:
    """Serves from `__enter__` to `__exit__`.

    Args:
        mqtt: what it knows of a broker, or None.
        address: to listen on, host and port; port 0: any.
        version: of the hub, or None where it is not known.

    Attributes:
        url: of its API.
    """

    def __init__(
        self,
        mqtt: Mapping[str, object] | None,
        address: tuple[str, int] = ("127.0.0.1", 0),
        version: str | None = "2026.11.0",
    ) -> None:
        about: dict[str, Mapping[str, object]] = {
            "/addons/self/info": {"slug": "local_tictally", "ingress": True},
            "/info": {"homeassistant": version},
        }

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = self._answer()
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _answer(self) -> tuple[int, Mapping[str, object]]:
                if self.headers.get("authorization") != f"Bearer {TOKEN}":
                    return 401, {"result": "error", "message": "unauthorized"}
                if self.path in about:
                    return 200, {"result": "ok", "data": about[self.path]}
                if self.path != "/services/mqtt":
                    return 404, {"result": "error", "message": "not found"}
                if mqtt is None:
                    return NO_SERVICE, {"result": "error", "message": "Service not enabled"}
                return 200, {"result": "ok", "data": {"ssl": False, "protocol": "3.1.1", **mqtt}}

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(address, Handler)
        self.url = f"http://{address[0]}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
