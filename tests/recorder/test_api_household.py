"""The budget of a month by HTTP: kept by the ledger, refused where it is no amount, shown in the overview."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_serving import METER, TOKEN, Served

from tictally_recorder.cost.budget import BudgetError, parse_budget


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


def put(served: Served, budget: object, *, site: str = METER, token: str = TOKEN) -> httpx.Response:
    answers: list[httpx.Response] = []
    path, headers = f"/api/v1/household/{site}/budget", {"authorization": f"Bearer {token}"}
    thread = threading.Thread(
        target=lambda: answers.append(served.client.put(path, json={"budget": budget}, headers=headers))
    )
    thread.start()
    while thread.is_alive():
        served.run_write_commands()
        thread.join(0.01)
    return answers[0]


def test_a_budget_is_kept_and_shown_in_the_overview(served: Served) -> None:
    assert served.items("/api/v1/household") == [{"site": METER, "budget": None}]
    assert put(served, "120,5").json() == {"site": METER, "budget": "120.50"}
    assert served.items("/api/v1/household") == [{"site": METER, "budget": "120.50"}]
    assert served.items("/api/v1/overview")[0]["month"]["budget"] == "120.50"
    assert put(served, None).json()["budget"] is None
    assert served.items("/api/v1/overview")[0]["month"]["budget"] is None


@pytest.mark.parametrize("wrong", ["abc", "-5", "0", "1.234", "1e9", "NaN", "Infinity", 5, "9" * 41])
def test_what_is_no_amount_is_refused(served: Served, wrong: object) -> None:
    answer = put(served, wrong)
    assert (answer.status_code, answer.json()["parameter"]) == (400, "budget")
    assert served.items("/api/v1/household")[0]["budget"] is None


def test_a_budget_needs_the_token_and_a_site(served: Served) -> None:
    assert put(served, "100", token="wrong").status_code == 401  # noqa: S106 - a test's
    assert put(served, "100", site="nowhere").status_code == 404
    assert served.get("/api/v1/household").json()["writes"] == "refused"


def test_amounts_have_two_decimals_at_most() -> None:
    assert str(parse_budget(" 80,25 ")) == "80.25"
    with pytest.raises(BudgetError):
        parse_budget("80.255")
