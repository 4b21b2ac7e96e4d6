"""Contracts by HTTP: listed, added, corrected, deleted; previews, refusals, and files that others change meanwhile."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_serving import METER, TOKEN, Served

from tictally_recorder.api import contract_form
from tictally_recorder.cost.contracts.file import MADE_ELSEWHERE

FILE = f"""# the house
[[contract]]   # the first
site = "{METER}"
tariff = "edf-bleu-base"
power = 6   # kVA
from = 2024-01-01

[contract.aliases]
"TH.." = "BASE"

# a bonus
[[lump_sum]]
day = 2025-02-01
amount = "-10"
text = "bonus"
"""
AUTH = {"authorization": f"Bearer {TOKEN}"}
HPHC = {"tariff": "edf-bleu-hphc", "from": "2026-03-29", "power_kva": 9, "off_peak": ["22:30-06:30"]}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path, contracts=FILE) as served:
        yield served


def text(served: Served) -> str:
    return (served.folder / "contracts.toml").read_text(encoding="utf-8")


def listed(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.get("/api/v1/contracts", **AUTH).json()
    return found


def change(
    served: Served, method: str, path: str = "", body: object = None, *, token: bool = True, **query: str | bool
) -> httpx.Response:
    query.setdefault("state", listed(served)["state"])
    return served.client.request(
        method, f"/api/v1/contracts{path}", params=query, json=body, headers=AUTH if token else {}
    )


def test_the_contracts_are_listed_with_what_a_form_needs(served: Served) -> None:
    found = listed(served)
    (only,) = found["items"]
    assert (only["contract"], only["tariff"], only["power_kva"], only["from"]) == (0, "edf-bleu-base", 6, "2024-01-01")
    assert only["aliases"] == {"TH..": "BASE"}
    assert found["file"].endswith("contracts.toml")
    assert (found["writes"], served.get("/api/v1/contracts").json()["writes"]) == ("allowed", "refused")
    asked = served.get("/api/v1/contracts/asked?tariff=edf-bleu-hphc").json()
    assert (asked["off_peak"], asked["chosen_day"], 9 in asked["powers"]) == (True, False, True)
    assert asked["reported_power_kva"] == 6
    assert served.get("/api/v1/contracts/asked?tariff=nothing").status_code == 404


def test_a_preview_shows_what_would_change_and_writes_nothing(served: Served) -> None:
    answer = change(served, "POST", body=HPHC, preview=True)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert text(served) == FILE
    assert found["is_written"] is False
    assert {"sign": "+", "text": 'tariff = "edf-bleu-hphc"'} in found["lines"]
    assert all(each["sign"] == "+" for each in found["lines"])
    assert found["recomputed"] == [{"site": METER, "first": "2026-03-29", "last": "2026-03-30", "days": 2}]
    # The meter of this home is on Base and reports 6 kVA.
    assert [each["code"] for each in found["findings"]] == ["power_differs"]


def test_a_contract_is_added_and_its_days_are_recomputed(served: Served) -> None:
    assert change(served, "POST", body=HPHC).json()["is_written"] is True
    assert text(served).startswith(FILE)
    served.recompute_cost()
    tariffs = {each["version"].split()[0] for each in served.items("/api/v1/cost?from=2026-03-30") if each["version"]}
    assert tariffs == {"edf-bleu-hphc"}
    first, second = listed(served)["items"]
    assert (first["last"], second["off_peak"], second["last"]) == ("2026-03-28", ["22:30-06:30"], None)


def test_a_correction_leaves_comments_aliases_and_other_entries(served: Served) -> None:
    body = {"tariff": "edf-bleu-base", "from": "2024-01-01", "power_kva": 9, "site": METER, "billing_day": 24}
    assert change(served, "PUT", "/0", body).status_code == 200
    nine = FILE.replace("power = 6 ", "power = 9 ")
    assert text(served) == nine.replace("2024-01-01\n", "2024-01-01\nbilling_day = 24\n")
    assert change(served, "PUT", "/0", {**body, "until": "2026-03-01"}).status_code == 200
    assert "until = 2026-03-01\n" in text(served)
    assert change(served, "PUT", "/0", {**body, "billing_day": None}).status_code == 200
    assert text(served) == nine


def test_a_contract_is_deleted_and_the_rest_stays(served: Served) -> None:
    assert change(served, "POST", body=HPHC).status_code == 200
    found = change(served, "DELETE", "/0", preview=True).json()
    assert {each["sign"] for each in found["lines"]} == {"-"}
    assert change(served, "DELETE", "/0").status_code == 200
    left = text(served)
    assert left.startswith("# the house\n# a bonus\n[[lump_sum]]\n")
    assert [each["tariff"] for each in tomllib.loads(left)["contract"]] == ["edf-bleu-hphc"]
    assert change(served, "DELETE", "/7").status_code == 404


WRONG: list[tuple[dict[str, object], str, str]] = [
    ({"power_kva": 7}, "power_kva", "power_not_in_tariff"),
    ({"power_kva": None}, "power_kva", "power_missing"),
    ({"tariff": "nothing"}, "tariff", "tariff_unknown"),
    ({"tariff": 'x"\n[[contract]]'}, "tariff", "tariff_unknown"),
    ({"from": "2026-02-30"}, "from", "date_wrong"),
    ({"from": "2024-01-01"}, "from", "same_day"),
    ({"from": "2026-03-29T02:30"}, "from", "moment_skipped"),
    ({"from": "2026-03-28T10:07"}, "from", "moment_not_a_quarter"),
    ({"until": "2026-03-01"}, "until", "ends_before_start"),
    ({"off_peak": ["22-6"]}, "off_peak", "hours_wrong"),
    ({"chosen_day": "sunday"}, "chosen_day", "weekday_wrong"),
    ({"billing_day": 32}, "billing_day", "billing_day_wrong"),
    ({"billed_in_advance": 40}, "billed_in_advance", "billed_in_advance_wrong"),
    ({"site": "Not A Site"}, "site", "site_wrong"),
    ({"powers_kw": {"P1": "1e5"}}, "powers_kw", "powers_wrong"),
]


@pytest.mark.parametrize(("wrong", "field", "code"), WRONG, ids=[each[2] for each in WRONG])
def test_what_the_check_refuses_is_refused_with_its_field(
    served: Served, wrong: dict[str, object], field: str, code: str
) -> None:
    for preview in (True, False):
        answer = change(served, "POST", body={**HPHC, **wrong}, preview=preview)
        assert (answer.status_code, answer.json()["parameter"]) == (400, field), answer.text
        assert answer.json()["reason"]["code"] == code
    assert text(served) == FILE


def test_what_is_wrong_in_another_contract_names_file_and_line(served: Served) -> None:
    (served.folder / "contracts.toml").write_text(FILE.replace("power = 6", "power = 7"))
    found = listed(served)
    assert (found["items"], found["state"]) == ([], None)
    assert found["problem"]["parameters"]["line"] == 5
    assert found["problem"]["parameters"]["problem"]["code"] == "power_not_in_tariff"
    answer = change(served, "POST", body=HPHC, state="0" * 16)
    assert answer.status_code == 412


def test_nothing_is_written_without_the_token(served: Served) -> None:
    for method, path, body in (("POST", "", HPHC), ("PUT", "/0", HPHC), ("DELETE", "/0", None)):
        answer = change(served, method, path, body, token=False)
        assert answer.status_code == 401
    assert text(served) == FILE


def test_a_file_that_has_changed_meanwhile_is_not_overwritten(served: Served) -> None:
    state = listed(served)["state"]
    assert change(served, "POST", body=HPHC, state=state).status_code == 200
    now = text(served)
    answer = change(served, "PUT", "/0", {**HPHC, "from": "2024-02-01"}, state=state)  # another tab
    assert (answer.status_code, answer.json()["parameter"], text(served)) == (412, "state", now)
    (served.folder / "contracts.toml").write_text(now + "# by hand\n")
    answer = change(served, "DELETE", "/0", state=state)
    assert (answer.status_code, text(served)) == (412, now + "# by hand\n")


def test_a_folder_that_cannot_be_written_is_reported(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")  # root may write into every folder that a test can make

    monkeypatch.setattr("tictally_shared.runtime.atomic_file.rewrite_text", refuse)
    answer = change(served, "POST", body=HPHC)
    assert (answer.status_code, answer.json()["reason"]["code"]) == (409, "not_writable")
    assert text(served) == FILE


def test_contracts_from_the_options_of_an_app_are_not_overwritten(served: Served) -> None:
    (served.folder / "contracts.toml").write_text(f"{MADE_ELSEWHERE}\n{FILE}")
    answer = change(served, "POST", body=HPHC)
    assert (answer.status_code, answer.json()["reason"]["code"]) == (409, "contracts_made_elsewhere")


def test_the_first_contract_makes_the_file(tmp_path: Path) -> None:
    with Served(tmp_path, contracts="") as served:
        (tmp_path / "contracts.toml").unlink()
        assert change(served, "POST", body=HPHC).status_code == 200
        assert text(served).startswith('[[contract]]\ntariff = "edf-bleu-hphc"\npower = 9\n')


def test_a_body_that_is_no_contract_is_a_problem_and_not_an_error(served: Served) -> None:
    bodies: list[object] = [None, [], {"tariff": 1}, {**HPHC, "colour": "red"}, {**HPHC, "off_peak": "22:30-06:30"}]
    for body in bodies:
        answer = change(served, "POST", body=body)
        assert answer.status_code == 400, answer.text
    assert text(served) == FILE


def test_a_program_that_is_killed_while_it_writes_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    """It is killed at once and again, each time a little later."""
    path = tmp_path / "contracts.toml"
    path.write_text(FILE)
    new = FILE.replace("power = 6", "power = 9")
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from tictally_shared.runtime import atomic_file
        print("ready", flush=True)
        while True:
            for text in ({FILE!r}, {new!r}):
                atomic_file.rewrite_text(Path({str(path)!r}), text)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        for _ in range(200):
            assert path.read_text() in {FILE, new}
        running.send_signal(signal.SIGKILL)
    assert path.read_text() in {FILE, new}
    with Served(tmp_path, contracts=path.read_text()) as served:
        stale = tmp_path / ".contracts.toml.0123abcd.part"
        stale.write_text("half")
        os.utime(stale, (0, 0))
        assert change(served, "POST", body=HPHC).status_code == 200
        assert not stale.exists()


def test_a_contract_as_it_is_listed_is_the_same_when_it_is_sent(served: Served) -> None:
    (served.folder / "contracts.toml").write_text(
        '[[contract]]\ntariff = "edf-bleu-hphc"\npower = 9\nfrom = 2024-01-01T10:00:00\n'
        'off_peak = [{ season = ["05-01", "09-30"], hours = ["02:00-07:00"] }, { hours = ["22:00-06:00"] }]\n'
    )
    before = text(served)
    (only,) = listed(served)["items"]
    assert only["has_other_seasons"] is True
    fields = {each.alias or name for name, each in contract_form.ContractForm.model_fields.items()}
    body = {name: value for name, value in only.items() if name in fields} | {"off_peak": None}
    assert change(served, "PUT", "/0", body).json()["lines"] == []
    assert text(served) == before
    assert json.dumps(body)
    assert date.fromisoformat(only["from"][:10]) == date(2024, 1, 1)
