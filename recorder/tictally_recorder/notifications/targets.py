"""Sends messages by Apprise, an optional dependency; addresses are secrets and appear in no message."""

import importlib
import logging
from typing import Any, Final

from tictally_recorder.jobs import JobError
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase

_MAX_DETAIL: Final = 200


class Targets:
    """The targets of the settings.

    Args:
        urls: their addresses.
    """

    def __init__(self, urls: tuple[str, ...]) -> None:
        self.urls = urls
        self._servers: dict[str, Any] = {}

    def title(self, url: str) -> str:
        """What stands for a target in messages: its place among them and the kind of service, `2 (tgram)`."""
        return f"{self.urls.index(url) + 1} ({url.partition('://')[0][:20]})"

    def check(self, url: str) -> None:
        """Check the form of an address; nothing is sent.

        Raises:
            JobError: Apprise is missing, or does not know such an address.
        """
        if url in self._servers:
            return
        apprise = _apprise()
        with apprise.LogCapture(level=logging.WARNING):  # what Apprise logs of it has the address
            server = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if server is None:
            raise JobError(Phrase(ProblemCode.NOTIFY_TARGET_WRONG, {"target": self.title(url)}))
        self._servers[url] = server

    def send(self, url: str, title: str, body: str) -> None:
        """Send a message to a target; returns once its service has accepted it.

        Raises:
            JobError: it has not.
        """
        self.check(url)
        apprise = _apprise()
        sender = apprise.Apprise()
        sender.add(self._servers[url])
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as log:
            is_sent = bool(sender.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
            lines = [line.strip() for line in log.getvalue().splitlines() if line.strip()]
        if not is_sent:
            detail = lines[-1][:_MAX_DETAIL] if lines and url not in lines[-1] else "?"
            about = {"target": self.title(url), "detail": detail}
            raise JobError(Phrase(ProblemCode.NOTIFY_TARGET_FAILS, about))


def _apprise() -> Any:  # noqa: ANN401 - Apprise may not be installed
    try:
        apprise = importlib.import_module("apprise")
    except ImportError:
        raise JobError(Phrase(ProblemCode.NOTIFY_APPRISE_MISSING)) from None
    # Its log has addresses; what matters of it is in our own messages.
    logger = logging.getLogger("apprise")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return apprise
