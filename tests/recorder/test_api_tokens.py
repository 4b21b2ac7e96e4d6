"""Tokens by HTTP: created, listed, revoked; a QR code with the token in the fragment; nothing without the token."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import segno
from api_serving import METER, TOKEN, Served

AUTH = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


def send(served: Served, method: str, path: str = "", body: object = None) -> httpx.Response:
    return served.client.request(method, f"/api/v1/tokens{path}", json=body, headers=AUTH)


def test_a_token_is_shown_once_opens_its_point_and_is_revoked(served: Served) -> None:
    created = send(served, "POST", body={"prms": [METER], "days": 30})
    assert created.status_code == 201
    token = created.json()["token"]
    listed = send(served, "GET")
    (only,) = listed.json()["items"]
    assert (only["prms"], only["expires"][:10], only["is_revoked"]) == ([METER], "2026-04-29", False)
    assert token not in listed.text
    asked = f"/api/daily_consumption?prm={METER}&start=2026-03-28&end=2026-03-29"
    assert served.get(asked, authorization=f"Bearer {token}").status_code == 200
    assert send(served, "DELETE", f"/{only['id']}").status_code == 204
    assert served.get(asked, authorization=f"Bearer {token}").status_code != 200
    assert send(served, "GET").json()["items"][0]["is_revoked"] is True
    assert send(served, "DELETE", "/nothing").status_code == 404


@pytest.mark.parametrize("body", [{"prms": ["99"]}, {"prms": []}, {"prms": [METER], "days": 0}, {}, [], None])
def test_what_is_no_token_is_refused(served: Served, body: object) -> None:
    assert send(served, "POST", body=body).status_code == 400
    assert send(served, "GET").json()["items"] == []


def test_without_the_recorders_token_nothing_is_shown_or_changed(served: Served) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("POST", "", {"prms": [METER]}),
        ("DELETE", "/abc", None),
        ("POST", "/qr", {"page": "http://nas/"}),
    ):
        answer = served.client.request(
            method, f"/api/v1/tokens{path}", json=body, headers={"cookie": f"tictally_token={TOKEN}"}
        )
        assert answer.status_code == 401


def test_the_code_opens_the_page_with_the_token_in_the_fragment(served: Served) -> None:
    rows = send(served, "POST", "/qr", {"page": "http://nas:8780/"}).json()["rows"]
    expected = segno.make(f"http://nas:8780/#/token/{TOKEN}", micro=False, error="m")
    assert rows == ["".join(map(str, row)) for row in expected.matrix]
    for wrong in ("javascript:alert(1)", "nas", "http://", "http://nas/?a=b", "http://nas/#x", "http://[nas/"):
        answer = send(served, "POST", "/qr", {"page": wrong})
        assert (answer.status_code, answer.json()["parameter"]) == (400, "page")


def test_files_that_cannot_be_read_are_reported(served: Served) -> None:
    (served.folder / "tokens.json").write_text("{")
    assert send(served, "GET").status_code == 503
