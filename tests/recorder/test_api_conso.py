"""The Conso API's interface: its clients' requests and what they read, over a real ledger."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from api_serving import METER, NOON, Served

from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError
from tictally_recorder.cli.app import main

PRM = "12345678901234"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served"), {"prms": f"{PRM}={METER}"}) as found:
        yield found


@pytest.fixture(scope="module")
def token(served: Served) -> str:
    return TokenBook(served.folder).create([PRM, METER, "99999999999999"], 365, NOON)[1]


@dataclass(frozen=True)
class ConsoClient:
    """Sends a request with its token to the Conso API."""

    served: Served
    token: str

    def get(self, kind: str, start: str, end: str, prm: str = PRM) -> httpx.Response:
        query = f"prm={prm}&start={start}&end={end}"
        return self.served.get(f"/api/{kind}?{query}", authorization=f"Bearer {self.token}")


@pytest.fixture(scope="module")
def conso(served: Served, token: str) -> ConsoClient:
    return ConsoClient(served, token)


def test_days_are_in_wh_and_include_today(conso: ConsoClient) -> None:
    assert conso.get("daily_consumption", "2026-03-28", "2026-03-31").json() == {
        "usage_point_id": PRM,
        "start": "2026-03-28",
        "end": "2026-03-31",
        "quality": "BRUT",
        "reading_type": {"unit": "Wh", "measurement_kind": "energy", "aggregate": "sum", "measuring_period": "P1D"},
        "interval_reading": [
            {"value": "1440", "date": "2026-03-28"},
            {"value": "1380", "date": "2026-03-29"},  # 23 hours
            {"value": "720", "date": "2026-03-30"},  # until noon
        ],
    }


def test_half_hours_are_dated_by_their_end_in_local_time(conso: ConsoClient) -> None:
    body = conso.get("consumption_load_curve", "2026-03-28", "2026-03-29").json()
    assert body["reading_type"] == {"unit": "W", "measurement_kind": "power", "aggregate": "average"}
    rows = body["interval_reading"]
    assert rows[0]["date"] == "2026-03-28 00:30:00"
    assert rows[-1]["date"] == "2026-03-29 00:00:00"
    assert len(rows) == 48
    assert {(row["interval_length"], row["measure_type"]) for row in rows} == {("PT30M", "B")}
    assert sum(int(row["value"]) for row in rows) / 2 == 1440


def test_a_day_of_23_hours_has_46_half_hours(conso: ConsoClient) -> None:
    dates = [
        row["date"]
        for row in conso.get("consumption_load_curve", "2026-03-29", "2026-03-30").json()["interval_reading"]
    ]
    assert len(dates) == 46
    assert dates[3:5] == ["2026-03-29 03:00:00", "2026-03-29 03:30:00"]


def test_an_unfinished_half_hour_is_left_out(conso: ConsoClient) -> None:
    rows = conso.get("consumption_load_curve", "2026-03-30", "2026-03-31").json()["interval_reading"]
    assert rows[-1]["date"] == "2026-03-30 12:00:00"


def test_injection_is_production(conso: ConsoClient) -> None:
    days = conso.get("daily_production", "2026-03-28", "2026-03-29").json()["interval_reading"]
    assert days == [{"value": "288", "date": "2026-03-28"}]
    halves = conso.get("production_load_curve", "2026-03-28", "2026-03-29").json()["interval_reading"]
    assert sum(int(row["value"]) for row in halves) / 2 == 288


def test_the_greatest_power_has_its_time(conso: ConsoClient) -> None:
    body = conso.get("consumption_max_power", "2026-03-28", "2026-03-29").json()
    assert body["reading_type"]["unit"] == "VA"
    assert body["interval_reading"] == [{"value": "1638", "date": "2026-03-28 23:00:00"}]


def test_a_site_may_be_requested_by_its_own_id(conso: ConsoClient) -> None:
    assert conso.get("daily_consumption", "2026-03-28", "2026-03-29", METER).status_code == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("start=2026-03-28&end=2026-03-29", "prm is missing: the number of the delivery point"),
        (f"prm={PRM}&end=2026-03-29", "start is missing: a day such as 2026-11-21"),
        (f"prm={PRM}&start=2026-03-28", "end is missing: a day such as 2026-11-21"),
        (f"prm={PRM}&start=28/03/2026&end=2026-03-29", "start is not a day such as 2026-11-21"),
        (f"prm={PRM}&start=2026-03-28T10&end=2026-03-29", "start is not a day such as 2026-11-21"),
        (
            f"prm={PRM}&start=2026-03-29&end=2026-03-29",
            "start (2026-03-29) must be before end (2026-03-29), which is excluded",
        ),
        (f"prm={PRM}&start=2026-03-20&end=2026-03-29", "the range is longer than 7 days, the maximum for this request"),
    ],
)
def test_an_invalid_query_is_a_400_in_conso_format(served: Served, token: str, query: str, message: str) -> None:
    answer = served.get(f"/api/consumption_load_curve?{query}", authorization=f"Bearer {token}")
    assert (answer.status_code, answer.json()) == (400, {"status": 400, "message": message})


def test_a_window_without_data_is_a_404(conso: ConsoClient) -> None:
    error = {"error": "no_data_found", "error_description": "no measure found for this usage point"}
    for prm, start, end in ((PRM, "2020-01-01", "2020-01-02"), ("99999999999999", "2026-03-28", "2026-03-29")):
        answer = conso.get("daily_consumption", start, end, prm)
        assert (answer.status_code, answer.json()) == (404, {"status": 404, "message": "no_data_found", "error": error})


def test_other_methods_are_a_405_in_conso_format(served: Served) -> None:
    answer = served.client.post("/api/daily_consumption")
    assert (answer.status_code, answer.json()["status"]) == (405, 405)


def signed(served: Served, algorithm: str = "HS256", **claims: object) -> str:
    secret = (served.folder / "token-secret").read_bytes()
    until = int((NOON + timedelta(days=1)).timestamp())
    return jwt.encode({"sub": [PRM], "iss": "tictally", "jti": "0" * 12, "exp": until} | claims, secret, algorithm)


def test_invalid_tokens_are_rejected(conso: ConsoClient, served: Served, token: str) -> None:
    header, payload, signature = token.split(".")
    revoked, taken = TokenBook(served.folder).create([PRM], 1, NOON)
    TokenBook(served.folder).revoke(revoked.id)
    unsigned = jwt.encode({"sub": [PRM], "iss": "tictally", "jti": revoked.id, "exp": 2**31}, None, "none")
    _, over = TokenBook(served.folder).create([PRM], 1, NOON - timedelta(days=2))
    wrong = [
        "x",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[::-1]}",
        unsigned,
        taken,
        over,
        signed(served),  # with an id that was never issued
        signed(served, "HS512"),
        signed(served, jti=7),
        signed(served, exp="soon"),
    ]
    for each in wrong:
        answer = ConsoClient(served, each).get("daily_consumption", "2026-03-28", "2026-03-29")
        assert (answer.status_code, answer.json()["status"]) == (401, 401), each
    assert conso.get("daily_consumption", "2026-03-28", "2026-03-29").status_code == 200


def test_a_token_gives_access_to_its_own_points_only(served: Served) -> None:
    _, other = TokenBook(served.folder).create(["11111111111111"], 1, NOON)
    assert ConsoClient(served, other).get("daily_consumption", "2026-03-28", "2026-03-29").status_code == 403
    # The token is signed, but its points are read from the token book.
    assert TokenBook(served.folder).prms_of(other, NOON) == ("11111111111111",)


def test_the_recorders_own_token_is_rejected(served: Served) -> None:
    assert (
        ConsoClient(served, "a-token-for-tests-0123").get("daily_consumption", "2026-03-28", "2026-03-29").status_code
        == 401
    )


def test_token_files_are_readable_by_their_owner_only(served: Served, token: str) -> None:
    for name in ("token-secret", "tokens.json"):
        assert stat.S_IMODE((served.folder / name).stat().st_mode) == 0o600
    assert token not in (served.folder / "tokens.json").read_text()


def test_commands_create_list_and_revoke_tokens(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICTALLY_LEDGER", str(served.path))
    monkeypatch.setenv("TICTALLY_PRMS", f"{PRM}={METER}")
    assert main(["token", "create", "--prm", PRM, "--days", "9"]) == 0
    out, err = capsys.readouterr()
    made, token_id = out.strip(), err.split()[1].rstrip(",")
    claims = jwt.decode(made, options={"verify_signature": False})
    assert claims["sub"] == [PRM]
    assert claims["exp"] - claims["iat"] == 9 * 86_400
    assert main(["token", "list"]) == 0
    assert token_id in capsys.readouterr().out
    assert main(["token", "revoke", token_id]) == 0
    assert main(["token", "revoke", "x"]) == 2
    assert "no token 'x'" in capsys.readouterr().err
    with pytest.raises(TokenError, match="revoked"):
        TokenBook(served.folder).prms_of(made, datetime.now().astimezone())
    assert main(["token", "create", "--prm", "00000000000000"]) == 2
    assert "TICTALLY_PRMS maps delivery points to sites" in capsys.readouterr().err


def test_without_tokens_every_request_is_rejected(tmp_path: Path) -> None:
    assert TokenBook(tmp_path).all() == []
    with pytest.raises(TokenError, match="not valid"):
        TokenBook(tmp_path).prms_of("x.y.z", NOON)
