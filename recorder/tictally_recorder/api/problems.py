"""What is wrong with a request, as RFC 9457 has it: a status, a sentence, and as little else as serves."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.responses import Response

PROBLEM_TYPE: Final = "application/problem+json"


class Problem(Exception):  # noqa: N818 - it is what the RFC calls it
    """A request that is not answered as it was meant.

    Attributes:
        status: of HTTP.
        detail: a sentence for a person.
        parameter: that is wrong, or None.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        parameter: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.parameter = parameter
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer that tells it."""
        body: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.parameter is not None:
            body["parameter"] = self.parameter
        headers = {"cache-control": "no-store", **self.headers}
        return Response(json.dumps(body, ensure_ascii=False), self.status, headers, PROBLEM_TYPE)


def busy(detail: str, *, seconds: int = 1, status: int = HTTPStatus.SERVICE_UNAVAILABLE) -> Problem:
    """One that passes by itself."""
    return Problem(status, detail, headers={"retry-after": str(seconds)})


def wrong(parameter: str, detail: str) -> Problem:
    """A parameter that cannot be used."""
    return Problem(HTTPStatus.BAD_REQUEST, f"{parameter}: {detail}", parameter=parameter)
