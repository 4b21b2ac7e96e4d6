"""Notes through the API: listed by anybody who may read, changed with the token, and refused with a code."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_serving import METER, Served

NOTES = "/api/v1/notes"
PUMP = {"day": "2026-03-29", "text": "heat pump installed"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as found:
        yield found


def test_a_note_is_added_changed_deleted_and_shown_again(served: Served) -> None:
    added = served.send("POST", NOTES, PUMP)
    note = {"note": 1, "site": METER, **PUMP}
    assert (added.status_code, added.json(), served.items(NOTES)) == (201, note, [note])
    changed = served.send("PUT", f"{NOTES}/1", {"day": "2024-02-29", "text": "  heat\npump "})
    assert changed.json() == {**note, "day": "2024-02-29", "text": "heat pump"}
    deleted = served.send("DELETE", f"{NOTES}/1")
    assert (deleted.status_code, deleted.json(), served.items(NOTES)) == (200, changed.json(), [])
    assert served.items(f"{NOTES}?deleted=true") == [changed.json()]
    assert served.send("PUT", f"{NOTES}/1", PUMP).json() == note
    assert served.items(NOTES) == [note]


def test_notes_are_listed_by_day_and_of_a_range(served: Served) -> None:
    for day in ("2026-03-30", "2026-03-28", "2027-01-01"):
        served.send("POST", NOTES, {"day": day, "text": day, "site": METER})
    assert [each["day"] for each in served.items(NOTES)] == ["2026-03-28", "2026-03-30", "2027-01-01"]
    assert [each["day"] for each in served.items(f"{NOTES}?from=2026-03-29&to=2027-01-01")] == ["2026-03-30"]
    assert [each["day"] for each in served.items(f"{NOTES}?to=2026-03-30")] == ["2026-03-28"]
    csv = served.get(f"{NOTES}?format=csv&to=2026-03-30").text
    assert csv == f"note,site,day,text\n2,{METER},2026-03-28,2026-03-28\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_changes_require_the_token(served: Served, method: str) -> None:
    served.send("POST", NOTES, PUMP)
    path = NOTES if method == "POST" else f"{NOTES}/1"
    refused = served.send(method, path, {"day": "2026-03-30", "text": "another"}, token=None)
    assert refused.status_code == 401
    assert [each["text"] for each in served.items(NOTES)] == ["heat pump installed"]
    assert served.get(NOTES).json()["writes"] == "refused"
    assert served.get(NOTES, authorization="Bearer a-token-for-tests-0123").json()["writes"] == "allowed"


@pytest.mark.parametrize(
    ("body", "parameter", "code"),
    [
        ({"day": "2026-03-29", "text": " "}, "text", "note_empty"),
        ({"day": "2026-03-29", "text": "x" * 301}, "text", "note_too_long"),
        ({"day": "1066-10-14", "text": "x"}, "day", "note_too_far"),
        ({"day": "2026-02-29", "text": "x"}, "day", None),
        ({"text": "x"}, "day", None),
        ({"day": "2026-03-29", "text": "x", "colour": "red"}, "colour", None),
        ({"day": "2026-03-29", "text": "x", "site": "nobody"}, "site", None),
    ],
)
def test_what_cannot_be_a_note_is_refused(
    served: Served, body: dict[str, str], parameter: str, code: str | None
) -> None:
    problem = served.send("POST", NOTES, body)
    assert problem.status_code == (404 if body.get("site") else 400)
    assert (problem.json()["parameter"], problem.json().get("reason", {}).get("code")) == (parameter, code)
    assert served.items(NOTES) == []


def test_an_unknown_note_is_not_found(served: Served) -> None:
    for method in ("PUT", "DELETE"):
        missing = served.send(method, f"{NOTES}/7", PUMP)
        assert (missing.status_code, missing.json()["reason"]["code"]) == (404, "note_unknown")


def test_without_a_site_there_is_none_for_a_note(tmp_path: Path) -> None:
    with Served(tmp_path, stored=[]) as empty:
        assert empty.items(NOTES) == []
        assert empty.send("POST", NOTES, PUMP).json()["parameter"] == "site"
