"""Query parameters: unknown ones are rejected with the nearest name, labels must exist, a plus sign may be a space."""

from collections.abc import Iterator
from typing import Any

import pytest
from api_serving import TOKEN, Served
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tictally_recorder.api.middleware import request_guard

WORDS = st.text("abcdefghijklmnopqrstuvwxyz_-0123456789", min_size=1, max_size=20)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_guard, "_REQUESTS_PER_S", 1e6)
        with Served(tmp_path_factory.mktemp("served"), {"meterit": "token"}) as found:
            yield found


@pytest.mark.parametrize(
    ("path", "written", "meant"),
    [
        ("/api/v1/cost", "form", "from"),
        ("/api/v1/energy", "form", "from"),
        ("/api/v1/energy", "froms", "from"),
        ("/api/v1/energy", "tO", "to"),
        ("/api/v1/energy", "sit", "site"),
        ("/api/v1/energy", "formt", "format"),
        ("/api/v1/energy", "start", "from"),
        ("/api/v1/use", "end", "to"),
        ("/api/v1/compare", "off-peak", "off_peak"),
        ("/api/v1/compare", "offpeak", "off_peak"),
        ("/api/v1/readings/quarters", "labels", "label"),
        ("/api/v1/tariffs/edf-bleu-base", "powers", "power"),
        ("/api/v1/tariffs", "lang", "language"),
        ("/api/v1/live", "site_id", "site"),
        ("/api/v1/jobs", "fromat", "format"),
    ],
)
def test_an_unknown_parameter_is_a_problem_with_the_nearest_name(
    served: Served, path: str, written: str, meant: str
) -> None:
    answer = served.get(f"{path}?{written}=2026-03-28")
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["parameter"], problem["nearest"]) == (422, written, meant)
    assert problem["detail"].startswith(f"{written}: there is no such parameter; did you mean {meant}?")


def test_a_request_without_parameters_names_that(served: Served) -> None:
    answer = served.get("/healthz?verbose=1")
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "verbose: there is no such parameter; this request takes none",
    )


@pytest.mark.parametrize("path", ["/meterit/", "/meterit/ping", "/api/daily_consumption"])
def test_the_compatible_interfaces_reject_it_in_their_own_form(served: Served, path: str) -> None:
    answer = served.get(f"{path}?limt=1", authorization=f"Bearer {TOKEN}")
    assert (answer.status_code, answer.json()["status"]) == (422, 422)
    assert "message" in answer.json()


def test_no_operation_ignores_an_unknown_parameter(served: Served) -> None:
    described: dict[str, dict[str, Any]] = served.get("/openapi.json").json()["paths"]
    operations = [(path, method, each) for path, item in described.items() for method, each in item.items()]
    assert len(operations) > 25

    @settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None, database=None)
    @given(operation=st.sampled_from(operations), written=WORDS, value=WORDS)
    def ask(operation: tuple[str, str, dict[str, Any]], written: str, value: str) -> None:
        path, method, about = operation
        known = {each["name"] for each in about.get("parameters", ()) if each["in"] == "query"}
        if written in known:
            return
        address = path.replace("{tariff_id}", "edf-bleu-base")
        headers = {"authorization": f"Bearer {TOKEN}"}
        answer = served.client.request(method, address, params={written: value}, headers=headers)
        assert answer.status_code == 422, (address, written, answer.text)
        assert written in answer.text

    ask()


def test_a_parameter_after_known_ones_is_rejected_too(served: Served) -> None:
    assert served.get("/api/v1/energy?from=2026-03-28&to=2026-03-29&bye=day").json()["nearest"] == "by"


@pytest.mark.parametrize("path", ["/api/v1/readings/quarters", "/api/v1/readings/frames"])
def test_an_unknown_label_is_a_404_with_the_nearest_one(served: Served, path: str) -> None:
    answer = served.get(f"{path}?label=SINTS&label=EAST&from=2026-03-28")
    assert (answer.status_code, answer.json()["parameter"]) == (404, "label")
    assert answer.json()["detail"] == "label: there is no label 'SINTS'; did you mean SINSTS?"
    assert served.get(f"{path}?label=power&label=EAST&from=2026-03-28").status_code == 200
    assert served.get(f"{path}?label=PAPP&from=2026-03-28").status_code == 200  # known, and not in this ledger


@pytest.mark.parametrize("name", ["from", "to"])
def test_a_plus_sign_in_a_time_need_not_be_encoded(served: Served, name: str) -> None:
    other = "to=2026-03-29T00:00" if name == "from" else "from=2026-03-28T00:00"
    for text in (
        "2026-03-28T06:00:00+01:00",
        "2026-03-28T06:00:00%2B01:00",
        "2026-03-28T06:00+0100",
        "2026-03-28T06:00:00.000+01:00",
    ):
        (row, *_) = served.items(f"/api/v1/energy?{name}={text}&{other}")
        assert row[name] == "2026-03-28T06:00:00+01:00"
    # A space between day and time is no plus sign.
    (row, *_) = served.items(f"/api/v1/energy?{name}=2026-03-28%2006:00&{other}")
    assert row[name] == "2026-03-28T06:00:00+01:00"


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v2", "/api/v2/energy", "/api/v1", "/api/v1/", "/api/energies"])
def test_an_address_that_is_not_served_below_api_is_a_problem(served: Served, path: str) -> None:
    answer = served.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == f"nothing is served at {path}; /docs lists every address"
