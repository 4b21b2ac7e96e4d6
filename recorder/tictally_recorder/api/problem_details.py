"""What is wrong with a request, as RFC 9457 has it: a status, a sentence, and as little else as serves."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.responses import Response

PROBLEM_TYPE: Final = "application/problem+json"
_OF_OTHERS: Final = ("/api/", "/meterit")
_OURS: Final = "/api/v1"


class Problem(Exception):  # noqa: N818 - it is what the RFC calls it
    """A request that is not answered as it was meant.

    Attributes:
        status: of HTTP.
        detail: a sentence for a person.
        parameter: that is wrong, or None.
        headers: of the answer.
        more: what the interfaces of others tell beside.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        parameter: str | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.parameter = parameter
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    def response(self, path: str = "") -> Response:
        """The answer that tells it.

        Args:
            path: that was asked for: the interfaces of others have a form of their own.
        """
        if path.startswith(_OF_OTHERS) and not path.startswith(_OURS):
            told = {"status": self.status, "message": self.detail, **self.more}
            headers = {"cache-control": "no-store", **self.headers}
            return Response(json.dumps(told, ensure_ascii=False), self.status, headers, "application/json")
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


def unavailable(detail: str, *, seconds: int = 1, status: int = HTTPStatus.SERVICE_UNAVAILABLE) -> Problem:
    """One that passes by itself."""
    return Problem(status, detail, headers={"retry-after": str(seconds)})


def wrong(parameter: str, detail: str) -> Problem:
    """A parameter that cannot be used."""
    return Problem(HTTPStatus.BAD_REQUEST, f"{parameter}: {detail}", parameter=parameter)
