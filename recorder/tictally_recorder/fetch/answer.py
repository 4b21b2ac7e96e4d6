"""What a request to a service on the internet brings: an answer, or an error."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tictally_recorder.problem import ProblemCode, ProblemError
from tictally_shared.phrase import Phrase, Value

_SHOWN: Final = 200


class FetchError(ProblemError):
    """A request has no usable answer.

    Args:
        problem: what happened.
        retry_after_s: how long the service wants to be left alone, seconds; None if it gave no time.
        is_normal: True if no connection was made, as in a home without internet.
    """

    def __init__(self, problem: Phrase | str, *, retry_after_s: float | None = None, is_normal: bool = False) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s
        self.is_normal = is_normal


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a successful answer.

    Attributes:
        service: host that answered, for people.
        body: whole.
        url: that was requested, with its query.
        etag: names this version of the body, or an empty string.
    """

    service: str
    body: bytes
    url: str = ""
    etag: str = ""

    def json(self) -> Any:  # noqa: ANN401 - of another program
        """The body as JSON; numbers with a point are Decimal.

        Raises:
            FetchError: it is not JSON; a page of a proxy, for instance.
        """
        try:
            return json.loads(self.body, parse_float=Decimal)
        except (ValueError, RecursionError):
            shown = self.body[:_SHOWN].decode("utf-8", "replace").split("\n")[0].strip()
            about: dict[str, Value] = {"service": self.service, "start": shown or "…"}
            raise FetchError(Phrase(ProblemCode.FETCH_NOT_JSON, about)) from None
