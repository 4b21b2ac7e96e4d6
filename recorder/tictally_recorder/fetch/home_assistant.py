"""Home Assistant's WebSocket interface: connected and authorized once, then one answer for each command."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urlsplit

from tictally_recorder.fetch.client import FetchError, Url
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase, Value

PACKAGE: Final = "websockets"
_TIMEOUT_S: Final = 60.0
_MAX_BYTES: Final = 64 * 1024 * 1024
_PATH: Final = "/api/websocket"


class HomeAssistant:
    """A connection that is authorized; `home_assistant` opens it."""

    def __init__(self, socket: Any, service: str) -> None:  # noqa: ANN401 - of a package that may be missing
        self._socket = socket
        self._service = service
        self._asked = 0

    def ask(self, what: str, **about: object) -> Any:  # noqa: ANN401 - as many shapes as commands
        """The result of a command.

        Args:
            what: its type, `recorder/list_statistic_ids`.
            about: its other fields.

        Raises:
            FetchError: it is refused, or there is no usable answer.
        """
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "type": what, **about}))
        answer = self.receive()
        while (answer.get("id"), answer.get("type")) != (self._asked, "result"):  # an event
            answer = self.receive()
        if answer.get("success") is not True:
            error = answer.get("error")
            detail = error.get("message") if isinstance(error, dict) else None
            raise self._unexpected(f"{what}: {detail or 'no success'}")
        return answer.get("result")

    def receive(self) -> dict[str, Any]:
        """The next message. Raises as `ask` does."""
        text = self._socket.recv(_TIMEOUT_S)
        try:
            body = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError):
            about: dict[str, Value] = {"service": self._service, "start": str(text)[:40]}
            raise FetchError(Phrase(ProblemCode.FETCH_NOT_JSON, about)) from None
        if not isinstance(body, dict):
            raise self._unexpected(f"a message is {str(body)[:40]}")
        return body

    def authorize(self, token: str) -> None:
        """Answer its first message. Raises as `ask` does."""
        self.receive()
        self._socket.send(json.dumps({"type": "auth", "access_token": token}))
        if self.receive().get("type") != "auth_ok":
            raise FetchError(Phrase(ProblemCode.FETCH_DENIED, {"service": self._service, "status": 401}))

    def _unexpected(self, detail: str) -> FetchError:
        return FetchError(Phrase(ProblemCode.FETCH_UNEXPECTED, {"service": self._service, "detail": detail}))


@contextmanager
def home_assistant(url: Url, token: str) -> Iterator[HomeAssistant]:
    """A connection for the block.

    Args:
        url: http or https, as a browser opens it.
        token: a long-lived access token.

    Raises:
        FetchError: the package is missing, there is no connection, or the token is refused.
    """
    if find_spec(PACKAGE) is None:
        raise FetchError(Phrase(ProblemCode.PACKAGE_MISSING, {"package": PACKAGE}))
    from websockets.exceptions import WebSocketException  # noqa: PLC0415 - it is optional
    from websockets.sync.client import connect  # noqa: PLC0415

    parts = urlsplit(url)
    service = parts.netloc
    address = f"{'wss' if parts.scheme == 'https' else 'ws'}://{service}{parts.path}{_PATH}"
    try:
        with connect(address, max_size=_MAX_BYTES, open_timeout=_TIMEOUT_S) as socket:
            opened = HomeAssistant(socket, service)
            opened.authorize(token)
            yield opened
    except OSError as error:  # no answer in time is one
        detail = error.strerror or str(error) or type(error).__name__
        about: dict[str, Value] = {"service": service, "detail": detail}
        raise FetchError(Phrase(ProblemCode.SERVICE_UNREACHABLE, about), is_normal=True) from None
    except WebSocketException as error:
        about = {"service": service, "detail": str(error)}
        raise FetchError(Phrase(ProblemCode.FETCH_FAILED, about)) from None
