"""The errors of Conso API, word for word as its clients know them: its own, and Enedis's inside of one."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from tictally_recorder.api.problem_details import Problem

WRONG_METHOD: Final = "Seule la méthode GET est autorisée"
UNEXPECTED: Final = "Erreur inconnue. Réessayez plus tard"
PRM_LENGTH: Final = 14

Issue = Mapping[str, object]


def missing_parameter(name: str) -> Issue:
    """What its schema (zod) reports of a parameter that is missing."""
    return {
        "code": "invalid_type",
        "expected": "string",
        "received": "null",
        "path": [name],
        "message": "Expected string, received null",
    }


def wrong_length(prm: str) -> Issue:
    """What its schema reports of a delivery point that has not 14 characters."""
    is_longer = len(prm) > PRM_LENGTH
    return {
        "code": "too_big" if is_longer else "too_small",
        "maximum" if is_longer else "minimum": PRM_LENGTH,
        "type": "string",
        "inclusive": True,
        "exact": True,
        "message": f"String must contain exactly {PRM_LENGTH} character(s)",
        "path": ["prm"],
    }


def no_day(name: str) -> Issue:
    """What its schema reports of a day that is not written as 2026-11-21."""
    return {"validation": "regex", "code": "invalid_string", "message": "Invalid", "path": [name]}


def invalid_parameters(issues: Sequence[Issue]) -> Problem:
    """400: parameters that its schema rejects."""
    error = {"issues": list(issues), "name": "ZodError"}
    return Problem(HTTPStatus.BAD_REQUEST, "Paramètres invalides", more={"error": error})


def missing_header() -> Problem:
    """400: no token."""
    return Problem(HTTPStatus.BAD_REQUEST, "Le header 'Authorization' est manquant ou invalide")


def wrong_token() -> Problem:
    """401: a token that is not valid, or not for the delivery point."""
    message = "Votre token est invalide ou ne permet pas d'accéder à ce PRM"
    return Problem(HTTPStatus.UNAUTHORIZED, message, headers={"www-authenticate": 'Bearer realm="tictally"'})


def invalid_request(description: str) -> Problem:
    """400, as Enedis reports a range that it does not accept."""
    return _of_enedis(HTTPStatus.BAD_REQUEST, "Invalid_request", description)


def too_long(days: int) -> Problem:
    """400, as Enedis reports a range that is too long."""
    return _of_enedis(HTTPStatus.BAD_REQUEST, "ADAM-ERR0126", f"The requested period must be less than {days} days.")


def no_data() -> Problem:
    """404, as Enedis reports that it has nothing."""
    return _of_enedis(HTTPStatus.NOT_FOUND, "no_data_found", "no measure found for this usage point")


def _of_enedis(status: HTTPStatus, code: str, description: str) -> Problem:
    error = {"error": code, "error_description": description}
    return Problem(status, "The Enedis API returned an error", more={"error": error})
