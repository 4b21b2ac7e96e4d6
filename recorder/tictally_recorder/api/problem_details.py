"""Errors of a request as problem details (RFC 9457): a status, a sentence and, if there is one, the parameter."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from tictally_recorder.translations import phrase_record
from tictally_shared.phrase import Phrase

PROBLEM_TYPE: Final = "application/problem+json"
METERIT: Final = "/meterit"
"""Below it, errors have meterit's form."""
CONSO_PATHS: Final = frozenset(
    f"/api/{kind}"
    for kind in (
        *("daily_consumption", "consumption_load_curve", "consumption_max_power"),
        *("daily_production", "production_load_curve"),
    )
)
"""There, errors have Conso API's form."""


class Problem(Exception):  # noqa: N818 - it is what the RFC calls it
    """A request that fails.

    Attributes:
        status: HTTP status.
        detail: a sentence for the reader.
        parameter: name of the invalid parameter, or None.
        nearest: what was probably meant by a misspelt name, or None.
        headers: of the response.
        more: further members of the message in the compatible interfaces.
        reason: the same as data, or None.
    """

    reason: Phrase | None = None
    nearest: str | None = None

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
        """The response that reports it.

        Args:
            path: of the request; the compatible interfaces have their own error format.
        """
        headers = {"cache-control": "no-store", **self.headers}
        if path in CONSO_PATHS or path == METERIT or path.startswith(f"{METERIT}/"):
            message = {"status": self.status, "message": self.detail, **self.more}
            return Response(json.dumps(message, ensure_ascii=False), self.status, headers, "application/json")
        body: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.parameter is not None:
            body["parameter"] = self.parameter
        if self.nearest is not None:
            body["nearest"] = self.nearest
        if self.reason is not None:
            body["reason"] = phrase_record(self.reason)
        return Response(json.dumps(body, ensure_ascii=False), self.status, headers, PROBLEM_TYPE)


def unavailable(
    detail: str,
    *,
    retry_after_s: int = 1,
    status: int = HTTPStatus.SERVICE_UNAVAILABLE,
    reason: Phrase | None = None,
) -> Problem:
    """A temporary failure.

    Args:
        detail: a sentence for the reader.
        retry_after_s: when the client may retry, in seconds.
        status: HTTP status.
        reason: the same as data, or None.
    """
    problem = Problem(status, detail, headers={"retry-after": str(retry_after_s)})
    problem.reason = reason
    return problem


def invalid_parameter(parameter: str, detail: str) -> Problem:
    """A parameter that cannot be used."""
    return Problem(HTTPStatus.BAD_REQUEST, f"{parameter}: {detail}", parameter=parameter)


def unknown_name(status: HTTPStatus, parameter: str, detail: str, nearest: str | None) -> Problem:
    """A name that does not exist: of a parameter, or as the value of one.

    Args:
        status: HTTP status.
        parameter: whose name or value it is.
        detail: a sentence for the reader.
        nearest: what was probably meant, or None.
    """
    problem = Problem(status, f"{parameter}: {detail}", parameter=parameter)
    problem.nearest = nearest
    return problem
