"""Rejects query parameters that a request does not have: one that is ignored changes a figure without a word."""

from collections.abc import Collection
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.requests import Request

from tictally_recorder.api.problem_details import Problem, unknown_name
from tictally_shared.nearest_name import nearest_name

if TYPE_CHECKING:
    from tictally_recorder.api.description import DescribedApi

# As other APIs call them; no slip leads from one to the other.
_SYNONYMS: Final = {
    **dict.fromkeys(("start", "begin", "since", "after"), "from"),
    **dict.fromkeys(("end", "until", "before"), "to"),
    **dict.fromkeys(("meter", "prm"), "site"),
}
_SHOWN: Final = 40


def require_known_parameters(request: Request) -> None:
    """Check that a request has no query parameter that its address does not know.

    Raises:
        Problem: 422, with the nearest name.
    """
    if not request.query_params:
        return
    app: DescribedApi = request.app
    known = app.parameters_of(request.scope["endpoint"].__name__)
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is not None:
        raise _unknown_parameter(unknown[:_SHOWN], known)


def _unknown_parameter(name: str, known: Collection[str]) -> Problem:
    synonym = _SYNONYMS.get(name.lower())
    nearest = synonym if synonym in known else nearest_name(name, known)
    if not known:
        hint = "this request takes none"
    elif nearest:
        hint = f"did you mean {nearest}?"
    else:
        hint = f"the parameters are {', '.join(known)}"
    return unknown_name(HTTPStatus.UNPROCESSABLE_ENTITY, name, f"there is no such parameter; {hint}", nearest)
