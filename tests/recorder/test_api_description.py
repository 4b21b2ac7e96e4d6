"""The OpenAPI description as generators of clients use it, CSV files, money, and pages of other origins."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_serving import METER, TOKEN, Served

OPERATIONS = {
    *(
        "sites",
        "now",
        "live",
        "overview",
        "day",
        "day_power",
        "quarters",
        "frames",
        "energy",
        "use",
        "profile",
        "usual",
        "cost",
        "bill",
        "compare",
    ),
    *(
        "reconciliation",
        "temperature",
        "standby",
        "tariffs",
        "providers",
        "tariff",
        "prices",
        "quality",
        "sinks",
        "jobs",
        "log",
        "healthz",
        "readyz",
        "metrics",
    ),
    *("daily_consumption", "consumption_load_curve", "consumption_max_power"),
    *("daily_production", "production_load_curve"),
    *("add_reading", "readings", "current_price", "force_get_prices", "ping"),
}
LISTS = (
    *("energy", "use", "profile", "cost", "compare", "standby", "tariffs", "quality", "sinks", "jobs", "log"),
    *("reconciliation", "temperature", "readings/quarters", "readings/frames"),
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served"), {"meterit": "token"}) as found:
        yield found


@pytest.fixture(scope="module")
def described(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.get("/openapi.json").json()
    return found


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, each) for path, methods in described["paths"].items() for each in methods.values()]


def test_operation_ids_stay(described: dict[str, Any]) -> None:
    ids = [each["operationId"] for _, each in operations(described)]
    assert len(ids) == len(set(ids))
    assert set(ids) >= OPERATIONS


def test_each_operation_has_its_security_schemes(described: dict[str, Any]) -> None:
    schemes = described["components"]["securitySchemes"]
    assert {name: (each["type"], each.get("scheme") or each["in"]) for name, each in schemes.items()} == {
        "token": ("http", "bearer"),
        "page_token": ("apiKey", "cookie"),
        "conso_token": ("http", "bearer"),
    }
    for path, each in operations(described):
        assert {name for way in each["security"] for name in way} <= schemes.keys(), path
    security = {each["operationId"]: each["security"] for _, each in operations(described)}
    assert security["energy"] == [{}, {"token": []}, {"page_token": []}]
    assert security["daily_consumption"] == [{"conso_token": []}]
    assert security["force_get_prices"] == [{"token": []}]
    assert security["healthz"] == []


def test_reads_that_need_the_token_are_described_so(tmp_path: Path) -> None:
    with Served(tmp_path, {"http_reads": "token"}) as served:
        found = served.get("/openapi.json", authorization=f"Bearer {TOKEN}").json()["paths"]
        assert found["/api/v1/energy"]["get"]["security"] == [{"token": []}, {"page_token": []}]


@pytest.mark.parametrize("name", LISTS)
def test_csv_has_a_type_its_columns_and_a_file_name(served: Served, described: dict[str, Any], name: str) -> None:
    about = described["paths"][f"/api/v1/{name}"]["get"]["responses"]["200"]
    csv = about["content"]["text/csv"]
    assert csv["schema"]["type"] == "string"
    assert "Content-Disposition" in about["headers"]
    answer = served.get(f"/api/v1/{name}?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.split("\n")[0] == csv["example"].strip()
    assert answer.headers["content-disposition"] == f'attachment; filename="tictally-{name.replace("/", "-")}.csv"'
    assert "content-disposition" not in served.get(f"/api/v1/{name}").headers


def test_a_file_name_has_site_and_days(served: Served) -> None:
    query = f"site={METER}&from=2026-03-28&to=2026-03-29T12:00"
    disposition = served.get(f"/api/v1/energy?{query}&format=csv").headers["content-disposition"]
    assert disposition == f'attachment; filename="tictally-energy-{METER}-2026-03-28-2026-03-29.csv"'


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize(
    "path",
    [
        "cost?from=2026-03-28",
        "cost?from=2026-03-28&by=month&explain=true",
        "bill?from=2026-03-28&to=2026-03-30",
        "compare?from=2026-03-28&to=2026-03-30",
        "standby?from=2026-03-28",
        "cost?from=2026-03-28&format=csv",
    ],
)
def test_no_amount_has_more_than_six_decimals(served: Served, path: str) -> None:
    answer = served.get(f"/api/v1/{path}")
    assert answer.status_code == 200
    found = answer.text.replace("\n", ",").split(",") if "csv" in path else [*texts(answer.json())]
    numbers = [each for each in found if re.fullmatch(r"-?\d+\.\d+", each)]
    assert numbers or "standby" in path
    assert [each for each in numbers if len(each.partition(".")[2]) > 6] == []


ORIGIN = "https://home.example"


def test_no_page_of_another_origin_may_read_by_default(served: Served) -> None:
    answer = served.get("/api/v1/sites", origin=ORIGIN)
    assert "access-control-allow-origin" not in answer.headers
    assert served.get("/api/v1/sites", origin=ORIGIN, **{"sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(("setting", "answered"), [(f"http://other.example:3000, {ORIGIN}/", ORIGIN), ("*", "*")])
def test_pages_of_named_origins_may_read(tmp_path: Path, setting: str, answered: str) -> None:
    with Served(tmp_path, {"http_origins": setting}) as served:
        answer = served.get(
            "/api/v1/sites", origin=ORIGIN, **{"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
        )
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, answered)
        assert "access-control-allow-credentials" not in answer.headers
        assert {"etag", "link"} <= {*answer.headers["access-control-expose-headers"].lower().split(", ")}
        asked = {"origin": ORIGIN, "access-control-request-method": "GET", "sec-fetch-site": "cross-site"}
        asked["access-control-request-headers"] = "authorization"
        preflight = served.client.options("/api/v1/energy", headers=asked)
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, answered)
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        foreign = served.get("/api/v1/sites", origin="https://evil.example", **{"sec-fetch-site": "cross-site"})
        assert foreign.status_code == (200 if setting == "*" else 403)


@pytest.mark.parametrize("origin", ["home.example", "https://home.example/path", "ftp://home.example", "https://"])
def test_a_setting_that_is_no_origin_is_rejected_with_an_example(tmp_path: Path, origin: str) -> None:
    with (
        pytest.raises(ValueError, match=r"no origin, such as https://home\.example"),
        Served(tmp_path, {"http_origins": origin}),
    ):
        pass
