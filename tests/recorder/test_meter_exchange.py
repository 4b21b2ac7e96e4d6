"""After a meter exchange: whoever asks what it costs is pointed to `site join`, which mends it."""

import os
from datetime import datetime
from pathlib import Path

import pytest
from api_serving import Served, messages
from cost_building import PARIS

from tictally_recorder.cli.app import main
from tictally_recorder.cost.contracts import ContractError
from tictally_recorder.cost.terms import load_terms
from tictally_recorder.ledger import INTEGRATED_EDGE, Ledger, LedgerReader, Meter, Site, probable_exchanges
from tictally_recorder.translations import ENGLISH, catalogue
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

OLD, NEW = "021900000002", "021900000003"
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
START_MS = int(datetime.fromisoformat("2026-10-10T00:00:00+02:00").timestamp()) * 1000
CONTRACT = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2024-01-01\n'
OF_OLD = CONTRACT.replace("tariff", f'site = "{OLD}"\ntariff', 1)


def site(name: str, first_day: float, last_day: float, *edges: str) -> Site:
    return Site(name, (Meter(1, name, None, round(first_day * DAY_MS), round(last_day * DAY_MS)),), edges or ("pi",))


EXCHANGES: dict[str, tuple[list[Site], list[tuple[str, str]]]] = {
    "one site": ([site("a", 0, 9)], []),
    "an exchange": ([site("a", 0, 5), site("b", 5.01, 9)], [("b", "a")]),
    "an exchange after months of silence": ([site("a", 0, 5), site("b", 200, 209)], [("b", "a")]),
    "two exchanges": ([site("c", 8, 9), site("a", 0, 5), site("b", 5.01, 7)], [("b", "a"), ("c", "b")]),
    "two homes at a time": ([site("a", 0, 9), site("b", 5, 9)], []),
    "two homes by edges of their own, one given up for long": ([site("a", 0, 5), site("b", 50, 59, "pi-2")], []),
    "the edge was replaced with the meter": ([site("a", 0, 5), site("b", 6, 9, "pi-2")], [("b", "a")]),
    "readings by HTTP": ([site("a", 0, 5), site("b", 6, 9, INTEGRATED_EDGE)], []),
}


@pytest.mark.parametrize("case", EXCHANGES)
def test_a_site_that_began_when_another_had_ended_may_be_its_next_meter(case: str) -> None:
    sites, expected = EXCHANGES[case]
    assert [(each.new, each.old) for each in probable_exchanges(sites)] == expected


def frames() -> list[Frame]:
    """Two days of the old meter, then two of the new one; 100 Wh each quarter-hour."""
    found = []
    for n in range(4 * 96 + 1):
        is_new = n > 2 * 96
        register = 5 + 100 * (n - 2 * 96) if is_new else 9_000_000 + 100 * n
        values: dict[str, int | str] = {"NGTF": "BASE", "LTARF": "BASE", "NTARF": "01", "SINSTS": 400, "PREF": 6}
        values |= {"EAST": register, "EASF01": register}
        time_ms = START_MS + n * HOUR_MS // 4
        found.append(Frame(NEW if is_new else OLD, "pi", "a1" * 8, n + 1, time_ms, Mode.STANDARD, values))
    return found


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "ledger.sqlite"
    monkeypatch.setenv("TICTALLY_LEDGER", str(path))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    with Ledger.open(path) as opened:
        opened.store(messages(frames()))
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out + captured.err


COST = ("cost", "--from", "2026-10-10", "--to", "2026-10-14")


def test_the_error_of_a_contract_without_site_points_to_site_join(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ledger.parent / "contracts.toml").write_text(CONTRACT)
    code, shown = run(capsys, *COST)
    assert code != 0
    assert f"tictally site join {NEW} {OLD}" in shown
    with LedgerReader.open(ledger) as reader, pytest.raises(ContractError) as raised:
        load_terms(ledger.parent / "contracts.toml", ledger.parent / "tariffs", reader.sites(), PARIS)
    assert f"replaced that of {OLD}, make them one site" in ENGLISH.phrase(raised.value.problem)
    assert f"a remplacé celui de {OLD}, faites-en un seul site" in catalogue("fr").phrase(raised.value.problem)
    assert run(capsys, "site", "join", NEW, OLD)[0] == 0
    code, shown = run(capsys, *COST, "--by", "month")
    assert (code, "38.300" in shown) == (0, True), shown  # 100 Wh were counted while the meter was exchanged


def test_a_new_meter_without_contract_is_pointed_to_site_join(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ledger.parent / "contracts.toml").write_text(OF_OLD)
    code, shown = run(capsys, *COST, "--site", NEW)
    assert code == 1
    assert f"site {NEW} has no contract" in shown
    assert f"If its meter replaced that of site {OLD}, make them one instead" in shown
    assert "site join" not in run(capsys, *COST, "--site", OLD)[1]


def test_the_doctor_points_to_site_join_until_the_sites_are_one(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ledger.parent / "contracts.toml").write_text(OF_OLD)
    _, shown = run(capsys, "doctor")
    assert f"it began when site {OLD} had ended" in shown
    assert f"tictally site join {NEW} {OLD}" in shown
    run(capsys, "site", "join", NEW, OLD)
    assert "site join" not in run(capsys, "doctor")[1]


def test_the_page_shows_how_to_join_as_well(tmp_path: Path) -> None:
    with Served(tmp_path, contracts=OF_OLD, stored=frames()) as served:
        helps = {each["site"]: each["how_to_begin"] for each in served.items("/api/v1/sites")}
    assert helps[OLD] is None
    assert f"`tictally site join {NEW} {OLD}`" in helps[NEW]
