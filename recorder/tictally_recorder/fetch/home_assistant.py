"""Home Assistant's WebSocket interface: connected and authorized once, then one answer for each command."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tictally_recorder.fetch.answer import FetchError
from tictally_recorder.fetch.settings import Url
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase, Value

PACKAGE: Final = "websockets"
_TIMEOUT_S: Final = 60.0
_MAX_BYTES: Final = 64 * 1024 * 1024
_PATH: Final = "/api/websocket"


class CommandError(FetchError):
    """Home Assistant refuses a command.

    Attributes:
        code: why, `unauthorized`, `invalid_format`.
    """

    def __init__(self, problem: Phrase, code: str) -> None:
        super().__init__(problem)
        self.code = code


class HomeAssistant:
    """A connection that is authorized; `home_assistant` opens it.

    Attributes:
        version: Home Assistant's, `2025.4.4`.
    """

    def __init__(self, socket: Any, service: str) -> None:  # noqa: ANN401 - of a package that may be missing
        self._socket = socket
        self._service = service
        self._asked = 0
        self.version = ""

    def ask(self, what: str, **about: object) -> Any:  # noqa: ANN401 - as many shapes as commands
        """The result of a command.

        Args:
            what: its type, `recorder/list_statistic_ids`.
            about: its other fields.

        Raises:
            CommandError: it is refused.
            FetchError: there is no usable answer.
        """
        self._asked += 1
        with _translated(self._service):
            self._socket.send(json.dumps({"id": self._asked, "type": what, **about}))
            answer = self.receive()
            while (answer.get("id"), answer.get("type")) != (self._asked, "result"):  # an event
                answer = self.receive()
        if answer.get("success") is not True:
            error = answer.get("error")
            refusal = error if isinstance(error, dict) else {}
            detail = f"{what}: {refusal.get('message') or 'no success'}"
            raise CommandError(self._unexpected(detail).problem, str(refusal.get("code")))
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
        answer = self.receive()
        if answer.get("type") != "auth_ok":
            raise FetchError(Phrase(ProblemCode.FETCH_DENIED, {"service": self._service, "status": 401}))
        self.version = str(answer.get("ha_version", ""))

    def _unexpected(self, detail: str) -> FetchError:
        return FetchError(Phrase(ProblemCode.FETCH_UNEXPECTED, {"service": self._service, "detail": detail}))


@contextmanager
def home_assistant(url: Url, token: str, ca: Path | None = None) -> Iterator[HomeAssistant]:
    """A connection for the block.

    Args:
        url: http or https, as a browser opens it.
        token: a long-lived access token.
        ca: certificate (PEM file) that must have signed its own; None for the system's authorities.

    Raises:
        FetchError: the package is missing, there is no connection, or the token is refused.
    """
    if find_spec(PACKAGE) is None:
        raise FetchError(Phrase(ProblemCode.PACKAGE_MISSING, {"package": PACKAGE}))
    from websockets.sync.client import connect  # noqa: PLC0415 - it is optional

    parts = urlsplit(url)
    service, is_secure = parts.netloc, parts.scheme == "https"
    address = f"{'wss' if is_secure else 'ws'}://{service}{parts.path}{_PATH}"
    with _translated(service):
        context = ssl.create_default_context(cafile=ca) if is_secure else None
        with connect(address, ssl=context, max_size=_MAX_BYTES, open_timeout=_TIMEOUT_S) as socket:
            opened = HomeAssistant(socket, service)
            opened.authorize(token)
            yield opened


@contextmanager
def _translated(service: str) -> Iterator[None]:
    """Errors of the connection in the block as FetchError."""
    from websockets.exceptions import WebSocketException  # noqa: PLC0415 - it is optional

    try:
        yield
    except OSError as error:  # no answer in time is one
        detail = error.strerror or str(error) or type(error).__name__
        about: dict[str, Value] = {"service": service, "detail": detail}
        raise FetchError(Phrase(ProblemCode.SERVICE_UNREACHABLE, about), is_normal=True) from None
    except WebSocketException as error:
        about = {"service": service, "detail": str(error)}
        raise FetchError(Phrase(ProblemCode.FETCH_FAILED, about)) from None
