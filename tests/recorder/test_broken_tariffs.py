"""A broken file of the user's costs the tariffs in it and the contracts on them, and nothing else."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest
from cost_building import PARIS, english
from ledger_building import METER, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.doctor.collect import collect_cost
from tictally_recorder.doctor.costs import cost_findings
from tictally_recorder.finding import Level
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.broken import broken_tariffs
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.model import Direction

OTHER = "021900000003"
WINDOW = ("--from", "2025-08-01", "--to", "2025-08-02")
GOOD = """
id = "{id}"
supplier = "Somebody"
currency = "EUR"
periods = ["BASE"]
names.en = "Own"
[[version]]
from = 2020-01-01
confidence = "own"
source = "a letter"
energy.BASE = {{ ttc = "0.30" }}
subscription = "31"
"""
MISTAKES = {
    "no TOML": GOOD.format(id="own").replace('"Somebody"', '"Somebody'),
    "no price": GOOD.format(id="own").replace('ttc = "0.30"', ""),
    "a wrong key": GOOD.format(id="own") + "prize = 3\n",
    "no bytes of UTF-8": GOOD.format(id="own").replace("Somebody", "\udcff"),
    "cut": 'id = "own"\nsupplier = ',
    "nothing but its name": "",
}


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two sites of 10 kWh on a day: one on Tarif Bleu, one on a tariff of the user's."""
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "contracts.toml").write_text(
        f'[[contract]]\nsite = "{METER}"\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n'
        f'[[contract]]\nsite = "{OTHER}"\ntariff = "own"\nfrom = 2025-01-01\naliases = {{ X = "BASE" }}\n'
    )
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        frames = []
        for n in range(97):
            for meter in (METER, OTHER):
                values: dict[str, int | str] = {"NGTF": "BASE", "EAST": 10_000 * n // 96}
                added = frame(
                    n + 1, ms("2025-08-01T00:00+02:00") + n * 900_000, values, meter=meter, boot=meter[-1] * 16
                )
                frames.append(message(added, arrived_ms=ms("2025-08-02T12:00Z")))
        ledger.store(frames)
    return tmp_path


def break_own(folder: Path, text: str, name: str = "own.toml") -> Path:
    path = folder / "tariffs" / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def totals(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, tuple[str | None, str]], str]:
    """The exit code of `tictally cost`, site → total and quality, and what it printed on stderr."""
    code = main(["cost", *WINDOW, "--json", *arguments])
    out, err = capsys.readouterr()
    rows = [row for row in json.loads(out) if row["kind"] == "total"]
    return code, {row["site"]: (row["rounded"], row["quality"]) for row in rows}, err


# 10 x 0.1952 + 15.47 / 31
BLEU = ("2.45", "measured")


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_only_the_site_on_it_loses_its_cost(folder: Path, capsys: pytest.CaptureFixture[str], mistake: str) -> None:
    path = break_own(folder, mistake)
    code, found, err = totals(capsys)
    assert (code, found) == (1, {METER: BLEU, OTHER: (None, "unknown")})
    assert str(path) in err


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_draft_that_no_contract_is_on_costs_nobody(
    folder: Path, capsys: pytest.CaptureFixture[str], mistake: str
) -> None:
    break_own(folder, GOOD.format(id="own"))
    path = break_own(folder, mistake.replace('"own"', '"next-year"'), "next-year.toml")
    # 10 x 0.30 + 31 / 31
    code, found, err = totals(capsys)
    assert (code, found) == (0, {METER: BLEU, OTHER: ("4.00", "measured")})
    assert str(path) in err


def test_the_site_asked_decides_the_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_own(folder, MISTAKES["no price"])
    assert totals(capsys, "--site", METER)[:2] == (0, {METER: BLEU})
    assert totals(capsys, "--site", OTHER)[:2] == (1, {OTHER: (None, "unknown")})


def test_a_bundled_tariff_has_no_cost_while_a_file_over_it_is_broken(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_own(folder, GOOD.format(id="own"))
    break_own(folder, 'id = "edf-bleu-base"\noverlay = true\n[[version]]\nfrom = 2025-08-01\n', "corrections.toml")
    code, found, _ = totals(capsys)
    assert (code, found) == (1, {METER: (None, "unknown"), OTHER: ("4.00", "measured")})


def test_two_files_of_one_tariff_cost_it_and_no_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_own(folder, GOOD.format(id="own"))
    break_own(folder, GOOD.format(id="own").replace("0.30", "0.40"), "own-copy.toml")
    assert totals(capsys)[:2] == (1, {METER: BLEU, OTHER: (None, "unknown")})


def test_an_editors_hidden_file_is_no_tariff(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_own(folder, GOOD.format(id="own"))
    (folder / "tariffs" / ".#own.toml").symlink_to("nobody@nowhere:1")
    assert totals(capsys) == (0, {METER: BLEU, OTHER: ("4.00", "measured")}, "")


def test_the_reason_names_file_and_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = break_own(folder, MISTAKES["a wrong key"])
    main(["cost", *WINDOW, "--site", OTHER])
    because = f"{path}, line 13, cannot be used: there is no prize; there are: confidence, "
    assert because in capsys.readouterr().out.replace("\n", " ")


def test_a_contract_on_a_broken_injection_tariff_is_no_second_consumption_contract(folder: Path) -> None:
    text = GOOD.format(id="sold").replace("currency", 'direction = "injection"\ncurrency') + "broken"
    break_own(folder, GOOD.format(id="own"))
    path = break_own(folder, text, "sold.toml")
    contracts = (folder / "contracts.toml").read_text()
    (folder / "contracts.toml").write_text(
        contracts + f'[[contract]]\nsite = "{OTHER}"\ntariff = "sold"\nfrom = 2025-01-01\n'
    )
    watched = WatchedTerms(folder / "contracts.toml", folder / "tariffs", PARIS)
    with LedgerReader.open(folder / "ledger.sqlite") as reader:
        watched.look(reader.sites())
    assert watched.terms is not None
    assert [each.tariff for each in watched.terms.contracts.of_site(OTHER)] == ["own", "sold"]
    assert {name: each.direction for name, each in watched.terms.broken.items()} == {"sold": Direction.INJECTION}
    assert str(path) in str(watched.problem)


def test_a_contract_on_a_tariff_that_no_file_has_is_still_rejected(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_own(folder, GOOD.format(id="other"), "other.toml")
    assert main(["cost", *WINDOW]) == 1
    assert "there is no tariff 'own'" in capsys.readouterr().err


def test_the_doctor_reports_a_draft_as_a_note_and_a_used_file_as_trouble(folder: Path) -> None:
    break_own(folder, MISTAKES["no price"])
    break_own(folder, MISTAKES["cut"].replace('"own"', '"draft"'), "draft.toml")
    settings = Settings(name="nas", ledger=folder / "ledger.sqlite", language="en")
    facts = collect_cost(settings, ms("2025-08-02T12:00Z"))
    assert [(paid.site, paid.version) for paid in facts.paid] == [(METER, "edf-bleu-base 2025-08-01"), (OTHER, None)]
    found = [each for each in cost_findings(facts) if ".toml" in english([each.phrase])[0]]
    assert [(each.level, "own.toml" in english([each.phrase])[0]) for each in found] == [
        (Level.TROUBLE, True),
        (Level.NOTE, False),
        (Level.NOTE, True),
    ]


def test_check_compare_and_list_go_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = break_own(folder, MISTAKES["no price"])
    for command in (("tariff", "check"), ("tariff", "list"), ("compare", *WINDOW)):
        main(list(command))
        out, err = capsys.readouterr()
        assert str(path) in out + err
        assert "Traceback" not in out + err
    assert main(["compare", *WINDOW, "--site", METER, "--json"]) == 0
    found = {row["tariff"] for row in json.loads(capsys.readouterr().out) if row["rounded"] is not None}
    assert "edf-bleu-base" in found


def test_a_file_of_which_nothing_can_be_read_may_be_about_any_tariff(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = break_own(folder, GOOD.format(id="own"))

    error = TariffError(str(path), 1, "it cannot be read: Permission denied")

    def denied(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", denied)
        assert broken_tariffs(folder / "tariffs", [error]).unreadable is error
    assert broken_tariffs(folder / "tariffs", [error]).unreadable is None
