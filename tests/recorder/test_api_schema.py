"""Every path with any input its schema allows, and more: no internal error, and answers that match the schema."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from api_serving import METER, NOON, TOKEN, Served
from hypothesis import HealthCheck, given, settings

from tictally_recorder.api import context
from tictally_recorder.api.compat.conso.tokens import TokenBook
from tictally_recorder.api.middleware import request_guard

# A stream has no end; its own tests request it.
_STREAM = "/api/v1/live"
# Ready, or written, by the recorder's loop only.
_NEEDS_LOOP = {"/readyz", "/meterit/", "/api/v1/notes", "/api/v1/notes/{note}"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_guard, "_REQUESTS_PER_S", 1e6)  # no rate limit
        patch.setattr(context, "_WRITE_TIMEOUT_S", 0.05)
        with Served(tmp_path_factory.mktemp("served"), {"meterit": "token"}) as found:
            yield found


def test_no_request_is_an_internal_error(served: Served) -> None:
    import schemathesis  # noqa: PLC0415 - it takes seconds, and each worker imports all files of tests
    from schemathesis.core.result import Ok  # noqa: PLC0415

    described = schemathesis.openapi.from_url(f"{served.base}/openapi.json").exclude(path=_STREAM)
    operations = [each.ok() for each in described.get_all_operations() if isinstance(each, Ok)]
    assert len(operations) > 20
    _, conso = TokenBook(served.folder).create([METER], 1, NOON)
    for operation in operations:
        is_conso = operation.path.startswith("/api/") and not operation.path.startswith("/api/v1/")
        _ask(operation, {"authorization": f"Bearer {conso if is_conso else TOKEN}"})


def _ask(operation: Any, headers: dict[str, str]) -> None:  # noqa: ANN401 - the library is untyped
    from schemathesis.checks import not_a_server_error  # noqa: PLC0415
    from schemathesis.specs.openapi.checks import (  # noqa: PLC0415
        content_type_conformance,
        response_schema_conformance,
    )

    checks = [not_a_server_error, content_type_conformance, response_schema_conformance]

    @settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None, database=None)
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:  # noqa: ANN401 - as above
        answer = case.call(headers=headers, timeout=60)
        # No loop runs here.
        if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE or operation.path not in _NEEDS_LOOP:
            case.validate_response(answer, checks=checks, headers=headers)

    ask()


def test_every_path_is_described(served: Served, tmp_path: Path) -> None:
    paths = served.get("/openapi.json").json()["paths"]
    documented = (Path(__file__).parents[2] / "docs/api.md").read_text(encoding="utf-8")
    for path in paths:
        assert path.split("{")[0].rstrip("/").rsplit("/", 1)[-1] in documented
    assert tmp_path.exists()
