"""The Conso API's interface: its clients' requests and what they read, over a real ledger."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import jwt
import pytest
from api_serving import METER, NOON, Served, frames

from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError
from tictally_recorder.cli.app import main
from tictally_shared.frames import Frame

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


def test_days_are_in_wh_and_whole(conso: ConsoClient) -> None:
    assert conso.get("daily_consumption", "2026-03-28", "2026-03-31").json() == {
        "usage_point_id": PRM,
        "start": "2026-03-28",
        "end": "2026-03-31",
        "quality": "BRUT",
        "reading_type": {"unit": "Wh", "measurement_kind": "energy", "aggregate": "sum", "measuring_period": "P1D"},
        "interval_reading": [
            {"value": "1440", "date": "2026-03-28"},
            {"value": "1380", "date": "2026-03-29"},  # 23 hours; today is not over
        ],
    }


def test_a_day_heard_in_part_is_no_day(tmp_path: Path) -> None:
    """Hearing began at 06:00 on the 28th and ended at 18:00 on the 29th."""
    with Served(tmp_path, {"prms": f"{PRM}={METER}"}, stored=frames(41)[36:], now=NOON + timedelta(days=3)) as served:
        conso = ConsoClient(served, TokenBook(served.folder).create([PRM], 9, NOON)[1])
        for kind in ("daily_consumption", "daily_production", "consumption_max_power"):
            answer = conso.get(kind, "2026-03-27", "2026-04-02")
            assert (answer.status_code, answer.json()["error"]["error"]) == (404, "no_data_found"), kind
        curve = conso.get("consumption_load_curve", "2026-03-27", "2026-04-02").json()["interval_reading"]
        assert (curve[0]["date"], curve[-1]["date"]) == ("2026-03-28 06:30:00", "2026-03-29 18:00:00")


def test_a_silence_inside_of_a_day_leaves_its_energy_known(tmp_path: Path) -> None:
    heard = [each for each in frames(59) if not 60 < each.seq <= 90]
    with Served(tmp_path, {"prms": f"{PRM}={METER}"}, stored=heard) as served:
        conso = ConsoClient(served, TokenBook(served.folder).create([PRM], 9, NOON)[1])
        day = conso.get("daily_consumption", "2026-03-28", "2026-03-29").json()
        assert day["interval_reading"][0]["value"] == "1440"


def test_a_day_on_which_the_register_fell_has_no_energy(tmp_path: Path) -> None:
    """It was set back at 09:55 on the 28th: what it counted since 09:50 is unknown."""
    fallen = [
        each if each.seq < 60 else replace(each, values={**each.values, "EAST": int(each.values["EAST"]) - 900_000})
        for each in frames(59)
    ]
    with Served(tmp_path, {"prms": f"{PRM}={METER}"}, stored=fallen) as served:
        conso = ConsoClient(served, TokenBook(served.folder).create([PRM], 9, NOON)[1])
        days = conso.get("daily_consumption", "2026-03-28", "2026-03-30").json()["interval_reading"]
        assert [row["date"] for row in days] == ["2026-03-29"]
        curve = conso.get("consumption_load_curve", "2026-03-28", "2026-03-29").json()["interval_reading"]
        assert len(curve) == 47
        assert "2026-03-28 10:00:00" not in [row["date"] for row in curve]


def test_estimated_data_are_marked(tmp_path: Path) -> None:
    """Nothing was heard from 10:00 on the 28th to 14:00 on the 29th: the energy between is divided by time."""
    heard = [each for each in frames(59) if not 60 < each.seq <= 228]
    with Served(tmp_path, {"prms": f"{PRM}={METER}"}, stored=heard) as served:
        conso = ConsoClient(served, TokenBook(served.folder).create([PRM], 9, NOON)[1])
        days = conso.get("daily_consumption", "2026-03-28", "2026-03-30").json()
        assert days["quality"] == "ESTIME"
        assert [row["measure_type"] for row in days["interval_reading"]] == ["E", "E"]
        curve = conso.get("consumption_load_curve", "2026-03-28", "2026-03-29").json()
        assert curve["quality"] == "ESTIME"
        kinds = {row["date"][11:]: row["measure_type"] for row in curve["interval_reading"]}
        assert (kinds["09:30:00"], kinds["12:00:00"]) == ("B", "E")
        measured = conso.get("consumption_load_curve", "2026-03-30", "2026-03-31").json()
        assert measured["quality"] == "BRUT"
        assert {row["measure_type"] for row in measured["interval_reading"]} == {"B"}


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


def test_the_greatest_power_has_its_quarter_hour(conso: ConsoClient) -> None:
    body = conso.get("consumption_max_power", "2026-03-28", "2026-03-31").json()
    assert body["reading_type"] == {
        "unit": "VA",
        "measurement_kind": "power",
        "aggregate": "maximum",
        "measuring_period": "P1D",
    }
    assert body["interval_reading"] == [
        {"value": "1638", "date": "2026-03-28 23:00:00"},
        {"value": "1776", "date": "2026-03-29 23:00:00"},
    ]


def with_own_maxima(found: list[Frame]) -> list[Frame]:
    """As a standard meter sends them: the maximum of the day with its second, and yesterday's."""
    days = {"2026-03-28": ("12:06:20+01:00", 4638), "2026-03-29": ("19:27:46+02:00", 4410)}
    made = []
    for each in found:
        now = datetime.fromtimestamp(each.time_ms / 1000, NOON.tzinfo).astimezone(ZoneInfo("Europe/Paris"))
        values, dated = dict(each.values), {}
        for label, day in (("SMAXSN", now.date()), ("SMAXSN-1", now.date() - timedelta(days=1))):
            clock, va = days.get(str(day), ("00:00:05+01:00", 900))
            at = f"{day}T{clock}"
            if label == "SMAXSN" and datetime.fromisoformat(at) > now:
                at, va = f"{day}T00:00:00{clock[-6:]}", 1000
            values[label], dated[label] = va, at
        made.append(replace(each, values=values, dated=dated))
    return made


def test_the_meters_own_maximum_has_its_second_for_ever(tmp_path: Path) -> None:
    stored = with_own_maxima(frames(59))
    with Served(tmp_path, {"prms": f"{PRM}={METER}"}, stored=stored) as served:
        conso = ConsoClient(served, TokenBook(served.folder).create([PRM], 99, NOON)[1])
        right = [
            {"value": "4638", "date": "2026-03-28 12:06:20"},
            {"value": "4410", "date": "2026-03-29 19:27:46"},
        ]
        assert conso.get("consumption_max_power", "2026-03-28", "2026-03-31").json()["interval_reading"] == right
        served.now += timedelta(days=30)
        while served.ledger.apply_retention(int(served.now.timestamp() * 1000)):
            pass
        assert conso.get("consumption_max_power", "2026-03-28", "2026-03-30").json()["interval_reading"] == right


def test_a_maximum_that_the_meter_sends_on_the_day_after_needs_no_whole_day(tmp_path: Path) -> None:
    stored = [each for each in with_own_maxima(frames(59)) if not 30 < each.seq <= 100]
    with Served(tmp_path, {"prms": f"{PRM}={METER}"}, stored=stored) as served:
        conso = ConsoClient(served, TokenBook(served.folder).create([PRM], 99, NOON)[1])
        (row,) = conso.get("consumption_max_power", "2026-03-28", "2026-03-29").json()["interval_reading"]
        assert row == {"value": "4638", "date": "2026-03-28 12:06:20"}


def test_a_horodate_that_is_no_day_does_no_harm(tmp_path: Path) -> None:
    stored = [
        replace(each, values=each.values | {"SMAXSN": 1}, dated={"SMAXSN": "2026-02-30T00:00:00+01:00"})
        for each in frames(30)
    ]
    with Served(tmp_path, stored=stored) as served:
        assert len(served.items("/api/v1/energy?from=2026-03-28&to=2026-03-29")) == 2


def test_a_site_may_be_requested_by_its_own_id(conso: ConsoClient) -> None:
    assert conso.get("daily_consumption", "2026-03-28", "2026-03-29", METER).status_code == 200


def missing(name: str) -> dict[str, object]:
    message = "Expected string, received null"
    return {"code": "invalid_type", "expected": "string", "received": "null", "path": [name], "message": message}


def wrong_length(bound: str, code: str) -> dict[str, object]:
    about = {"type": "string", "inclusive": True, "exact": True, "path": ["prm"]}
    return {"code": code, bound: 14, "message": "String must contain exactly 14 character(s)"} | about


INVALID_START = {"validation": "regex", "code": "invalid_string", "message": "Invalid", "path": ["start"]}


@pytest.mark.parametrize(
    ("query", "issues"),
    [
        ("start=2026-03-28&end=2026-03-29", [missing("prm")]),
        (f"prm={PRM}&end=2026-03-29", [missing("start")]),
        ("", [missing("prm"), missing("start"), missing("end")]),
        ("prm=123&start=2026-03-28&end=2026-03-29", [wrong_length("minimum", "too_small")]),
        (f"prm={PRM}0&start=2026-03-28&end=2026-03-29", [wrong_length("maximum", "too_big")]),
        (f"prm={PRM}&start=28/03/2026&end=2026-03-29", [INVALID_START]),
        (f"prm={PRM}&start=1926-03-28&end=2026-03-29", [INVALID_START]),
        (f"prm={PRM}&start=&end=2026-03-29", [INVALID_START]),
    ],
)
@pytest.mark.parametrize("kind", ["consumption_load_curve", "daily_production"])
def test_parameters_of_a_wrong_form_are_a_400_as_there(
    served: Served, token: str, kind: str, query: str, issues: list[object]
) -> None:
    """They are checked before the token."""
    for headers in ({}, {"authorization": f"Bearer {token}"}):
        answer = served.get(f"/api/{kind}?{query}", **headers)
        error = {"issues": issues, "name": "ZodError"}
        body = {"status": 400, "message": "Paramètres invalides", "error": error}
        assert (answer.status_code, answer.json()) == (400, body)
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("start", "end", "code", "description"),
    [
        ("2026-03-29", "2026-03-29", "Invalid_request", "Start date should be before end date."),
        ("2026-03-30", "2026-03-29", "Invalid_request", "Start date should be before end date."),
        ("2026-02-30", "2026-03-29", "Invalid_request", "Start date is incorrect."),
        ("2026-03-28T10", "2026-03-29", "Invalid_request", "Start date is incorrect."),
        ("2026-03-28", "2026-13-01", "Invalid_request", "End date is incorrect."),
        ("2026-03-20", "2026-03-29", "ADAM-ERR0126", "The requested period must be less than 7 days."),
    ],
)
def test_a_range_that_enedis_rejects_is_a_400_with_its_error(
    conso: ConsoClient, start: str, end: str, code: str, description: str
) -> None:
    answer = conso.get("consumption_load_curve", start, end)
    error = {"error": code, "error_description": description}
    body = {"status": 400, "message": "The Enedis API returned an error", "error": error}
    assert (answer.status_code, answer.json()) == (400, body)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "xxx.yyy.zzz"])
def test_a_missing_token_is_a_400(served: Served, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = served.get(f"/api/daily_consumption?prm={PRM}&start=2026-03-28&end=2026-03-29", **headers)
    message = "Le header 'Authorization' est manquant ou invalide"
    assert (answer.status_code, answer.json()) == (400, {"status": 400, "message": message})


def test_a_window_without_data_is_a_404(conso: ConsoClient) -> None:
    error = {"error": "no_data_found", "error_description": "no measure found for this usage point"}
    body = {"status": 404, "message": "The Enedis API returned an error", "error": error}
    for prm, start, end in ((PRM, "2020-01-01", "2020-01-02"), ("99999999999999", "2026-03-28", "2026-03-29")):
        answer = conso.get("daily_consumption", start, end, prm)
        assert (answer.status_code, answer.json()) == (404, body)


def test_options_are_a_200_without_a_body(served: Served) -> None:
    for kind in (
        "daily_consumption",
        "consumption_load_curve",
        "consumption_max_power",
        "daily_production",
        "production_load_curve",
    ):
        answer = served.client.options(f"/api/{kind}")
        assert (answer.status_code, answer.content) == (200, b"")


def test_other_methods_are_a_405_in_conso_format(served: Served) -> None:
    answer = served.client.post("/api/daily_consumption")
    assert (answer.status_code, answer.json()) == (
        405,
        {"status": 405, "message": "Seule la méthode GET est autorisée"},
    )


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
    answer = ConsoClient(served, other).get("daily_consumption", "2026-03-28", "2026-03-29")
    message = "Votre token est invalide ou ne permet pas d'accéder à ce PRM"
    assert (answer.status_code, answer.json()) == (401, {"status": 401, "message": message})
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
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    monkeypatch.setenv("TICTALLY_LEDGER", str(served.path))
    monkeypatch.setenv("TICTALLY_PRMS", f"{PRM}={METER}")
    assert main(["token", "create", "--prm", PRM, "--days", "9"]) == 0
    out, err = capsys.readouterr()
    made, token_id = out.strip(), err.split()[1].rstrip(",")
    claims = jwt.decode(made, options={"verify_signature": False})
    assert claims["sub"] == [PRM]
    assert claims["exp"] - claims["iat"] == 9 * 86_400
    assert main(["token", "create", "--prm", PRM]) == 0
    long_lived = jwt.decode(capsys.readouterr().out.strip(), options={"verify_signature": False})
    assert long_lived["exp"] - long_lived["iat"] == 1094 * 86_400  # as those of Conso API
    assert main(["token", "list"]) == 0
    assert token_id in capsys.readouterr().out
    assert main(["token", "revoke", token_id]) == 0
    assert main(["token", "revoke", "x"]) == 2
    assert "no token 'x'" in capsys.readouterr().err
    with pytest.raises(TokenError, match="revoked"):
        TokenBook(served.folder).prms_of(made, datetime.now().astimezone())
    assert main(["token", "create", "--prm", "00000000000000"]) == 2
    assert "nor a delivery point in TICTALLY_PRMS=" in capsys.readouterr().err


def test_without_tokens_every_request_is_rejected(tmp_path: Path) -> None:
    assert TokenBook(tmp_path).all() == []
    with pytest.raises(TokenError, match="not valid"):
        TokenBook(tmp_path).prms_of("x.y.z", NOON)
