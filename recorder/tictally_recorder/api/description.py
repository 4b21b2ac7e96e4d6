"""The OpenAPI description: this API's errors, who may ask, and the parameters of each operation."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from tictally_recorder.api.problem_details import PROBLEM_TYPE
from tictally_recorder.api.settings import BY_TOKEN, COOKIE, HttpSettings

_PROBLEM: Final = {
    "type": "object",
    "description": "Problem details (RFC 9457)",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, as a sentence."},
        "parameter": {"type": "string", "description": "The invalid parameter."},
        "nearest": {"type": "string", "description": "The parameter or label that was probably meant."},
        "reason": {"type": "object", "description": "Why a figure cannot be computed: code, parameters, text."},
    },
}
_MESSAGE: Final = {
    "type": "object",
    "description": "An error in the format of the compatible interface",
    "required": ["status", "message"],
    "properties": {
        "status": {"type": "integer"},
        "message": {"type": "string"},
        "error": {"description": "Conso API: what its server, or Enedis, reports."},
    },
}
_TOKEN, _PAGE_TOKEN, _CONSO_TOKEN = "token", "page_token", "conso_token"
_SCHEMES: Final = {
    _TOKEN: {"type": "http", "scheme": "bearer", "description": "The recorder's token (TICTALLY_HTTP_TOKEN)."},
    _PAGE_TOKEN: {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The recorder's token in a cookie, for browsers that open a stream; never for writes.",
    },
    _CONSO_TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of `tictally token create`, for some delivery points.",
    },
}
_NOBODY: Final[Mapping[str, list[str]]] = {}
_WRITES: Final = frozenset({"post", "put", "delete"})
_OWN: Final = "/api/v1/"
_FORCE: Final = "force_get_prices"

Security = list[Mapping[str, list[str]]]


def error_responses(media_type: str, schema: str) -> dict[int | str, dict[str, Any]]:
    """The description of a router's errors.

    Args:
        media_type: of the errors.
        schema: `Problem` or `Message`.
    """
    content = {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"default": {"description": "Error", "content": content}}


def problem_responses() -> dict[int | str, dict[str, Any]]:
    """The description of errors as problem details."""
    return error_responses(PROBLEM_TYPE, "Problem")


def operation_id(route: APIRoute) -> str:
    """The id of an operation: the name of its function, which clients generate methods from. A test lists them."""
    return route.name


class DescribedApi(FastAPI):
    """An application whose OpenAPI description has this API's errors and tokens instead of FastAPI's."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI description."""
        if self.openapi_schema is None:
            description = get_openapi(
                title=self.title, version=self.version, description=self.description, routes=self.routes
            )
            components = description.setdefault("components", {})
            schemas = components.setdefault("schemas", {})
            schemas["Problem"], schemas["Message"] = _PROBLEM, _MESSAGE
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            components["securitySchemes"] = _SCHEMES
            for path, methods in description["paths"].items():
                for method, operation in methods.items():
                    is_write = method in _WRITES and path.startswith(_OWN)
                    access = [{_TOKEN: []}] if is_write else _security(path, operation, self.state.context.http)
                    operation["security"] = access
                    # FastAPI describes its own form of this error.
                    operation["responses"].pop("422", None)
            description["paths"] = {
                path.removeprefix(self.state.root): methods for path, methods in description["paths"].items()
            }
            self.openapi_schema = description
        return self.openapi_schema

    def parameters_of(self, operation: str) -> tuple[str, ...]:
        """The names of the query parameters of an operation, in the order of the description."""
        return self._parameters.get(operation, ())

    @cached_property
    def _parameters(self) -> Mapping[str, tuple[str, ...]]:
        operations = [each for methods in self.openapi()["paths"].values() for each in methods.values()]
        return {
            each["operationId"]: tuple(
                parameter["name"] for parameter in each.get("parameters", ()) if parameter["in"] == "query"
            )
            for each in operations
        }


def _security(path: str, operation: Mapping[str, Any], http: HttpSettings) -> Security:
    """Who may ask: each entry is one way, and an empty one needs no token."""
    tag = next(iter(operation.get("tags", ())), "")
    if tag == "conso":
        return [{_CONSO_TOKEN: []}]
    if tag == "meterit":
        return [{_TOKEN: []}] if operation["operationId"] == _FORCE else [{_TOKEN: []}, _NOBODY]
    if path in {"/healthz", "/readyz"}:
        return []
    by_token: Security = [{_TOKEN: []}, {_PAGE_TOKEN: []}]
    return by_token if http.reads == BY_TOKEN else [_NOBODY, *by_token]
