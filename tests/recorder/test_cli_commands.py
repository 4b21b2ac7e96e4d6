"""The commands as a user runs them, over a ledger of real frames."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from textwrap import dedent

import pytest
from recording import METER, frame

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger, Message
from tictally_shared.calendar import zone

HOUR_MS = 3_600_000
MIDNIGHT_MS = int(datetime.fromisoformat("2026-03-28T00:00:00+01:00").timestamp()) * 1000
NEW_METER = "021900000003"


def message(text: str) -> Message:
    return Message("cellar", text.encode(), MIDNIGHT_MS + 72 * HOUR_MS, "tictally/edge/cellar/frame")


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two days of a meter, a frame each ten minutes (60 Wh an hour), across the spring change; an hour of another."""
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as opened:
        frames = [frame(1 + seq, time_ms=MIDNIGHT_MS + seq * HOUR_MS // 6) for seq in range(6 * 47 + 1)]
        later_ms = MIDNIGHT_MS + 47 * HOUR_MS
        frames += [
            frame(1 + seq, boot="0" * 16, meter=NEW_METER, time_ms=later_ms + seq * HOUR_MS // 6) for seq in range(6)
        ]
        opened.store([message(text) for text in frames])
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(path))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.usefixtures("ledger")
def test_energy_is_shown_by_day_also_of_23_hours(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "energy", "--from", "2026-03-28", "--to", "2026-03-30", "--site", METER)
    assert (code, err) == (0, "")
    assert out == dedent(
        """\
        Site 021900000002
        From        To          Register  Period  Energy
        ────────────────────────────────────────────────────────
        2026-03-28  2026-03-29  EAST               1.440  kWh
        2026-03-29  2026-03-30  EAST               1.380  kWh
        """
    )


@pytest.mark.usefixtures("ledger")
def test_json_and_csv_have_the_same_values(capsys: pytest.CaptureFixture[str]) -> None:
    window = ("energy", "--from", "2026-03-28", "--to", "2026-03-30", "--by", "month")
    _, as_json, _ = run(capsys, *window, "--json")
    _, as_csv, _ = run(capsys, *window, "--csv")
    rows = json.loads(as_json)
    assert rows == [
        {
            "site": METER,
            "from": "2026-03-28T00:00:00+01:00",
            "to": "2026-03-30T00:00:00+02:00",
            "register": "EAST",
            "period": None,
            "energy": 2820,
            "unit": "Wh",
            "estimated": False,
            "quality": "measured",
            "fell": False,
            "first": 1_000_010,
            "last": 1_002_830,
            "covered": 188,
            "quarters": 188,
            "imported": 0,
        }
    ]
    assert [row["energy"] for row in csv.DictReader(io.StringIO(as_csv))] == ["2820"]


@pytest.mark.usefixtures("ledger")
def test_quarters_add_up_to_the_day(capsys: pytest.CaptureFixture[str]) -> None:
    window = ("energy", "--from", "2026-03-28", "--to", "2026-03-30", "--site", METER, "--json", "--by")
    by_quarter = json.loads(run(capsys, *window, "quarter")[1])
    by_day = json.loads(run(capsys, *window, "day")[1])
    assert sum(row["energy"] for row in by_quarter) == sum(row["energy"] for row in by_day) == 2820


@pytest.mark.usefixtures("ledger")
def test_sites_are_separate_until_they_are_joined(capsys: pytest.CaptureFixture[str]) -> None:
    window = ("energy", "--from", "2026-03-28", "--to", "2026-04-01", "--by", "year", "--json")
    assert [row["site"] for row in json.loads(run(capsys, *window)[1])] == [METER, NEW_METER]
    code, out, _ = run(capsys, "site", "join", NEW_METER, METER)
    assert (code, out) == (0, f"The meters of {NEW_METER} belong to the site of {METER} now.\n")
    rows = json.loads(run(capsys, *window)[1])
    assert [(row["site"], row["energy"]) for row in rows] == [(METER, 2870)]
    assert json.loads(run(capsys, *window, "--site", NEW_METER)[1]) == rows


@pytest.mark.usefixtures("ledger")
def test_the_list_of_sites_shows_their_meters(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "site", "join", NEW_METER, METER)
    _, out, _ = run(capsys, "site", "list")
    assert [line.split() for line in out.splitlines()[2:]] == [
        [METER, METER, "2026-03-28", "00:00", "2026-03-30", "00:00", "cellar"],
        [NEW_METER, "2026-03-30", "00:00", "2026-03-30", "00:50"],
    ]


@pytest.mark.usefixtures("ledger")
def test_without_energy_there_is_a_message_beside_an_empty_answer(capsys: pytest.CaptureFixture[str]) -> None:
    window = ("energy", "--from", "2020-01-01", "--to", "2020-01-02")
    sentence = "Nothing was counted between 2020-01-01 00:00 and 2020-01-02 00:00.\n"
    assert run(capsys, *window) == (0, sentence, "")
    assert run(capsys, *window, "--json") == (0, "[]\n", sentence)


@pytest.mark.usefixtures("ledger")
def test_the_default_window_is_this_month(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "energy")
    assert code == 0
    assert out.startswith("Nothing was counted between ")
    assert out.startswith(f"Nothing was counted between {datetime.now(zone('Europe/Paris')):%Y-%m}-01 00:00 and ")


@pytest.mark.usefixtures("ledger")
def test_weeks_begin_on_monday(capsys: pytest.CaptureFixture[str]) -> None:
    window = ("energy", "--from", "2026-03", "--to", "2026-04", "--by", "week", "--json", "--site", METER)
    rows = json.loads(run(capsys, *window)[1])
    assert [(row["from"], row["to"], row["energy"]) for row in rows] == [
        ("2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 2820),
        ("2026-03-30T00:00:00+02:00", "2026-04-01T00:00:00+02:00", 0),
    ]


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            ("energy", "--from", "soon"),
            2,
            "Invalid value for --from: 'soon' is not a valid date; write YYYY-MM-DD, YYYY-MM, YYYY or a word such",
        ),
        (
            ("energy", "--to", "2026-13-01"),
            2,
            "Invalid value for --to: '2026-13-01' is not a valid date; write YYYY-MM-DD, YYYY-MM, YYYY or a word such",
        ),
        (("energy", "--from", "2026-03-29T02:30"), 2, "Invalid value for --from: 2026-03-29T02:30 does not exist"),
        (
            ("energy", "--from", "2026-03-02", "--to", "2026-03-01"),
            2,
            "Invalid value: --from (2026-03-02) must be before",
        ),
        (("energy", "--by", "decade"), 2, "Invalid value for '--by': 'decade' is not one of"),
        (("energy", "--json", "--csv"), 2, "Invalid value for --json: it excludes --csv"),
        (("energy", "--site", "x"), 1, f"there is no site 'x' in the ledger; its sites are {METER}, {NEW_METER}"),
        (("energy", "--ledger", "/absent/l.sqlite"), 1, "there is no ledger at /absent/l.sqlite"),
        (("energy", "--ledger", __file__), 1, f"{__file__} is not a tictally ledger"),
        (("energy", "--ledger", "/"), 1, "/ is a folder; give the ledger's file"),
        (("record", "--ledger", "/"), 1, "/ is a folder; give the ledger's file"),
        (("backup",), 2, "give a FILE, or set TICTALLY_BACKUP to a folder"),
        (("energy", "--config", "/absent.toml"), 2, "--config: /absent.toml cannot be read"),
        (("site", "join", "x", METER), 1, "there is no site 'x' in the ledger"),
        (("site", "join", METER, METER), 1, f"{METER} and {METER} are already the same site"),
        (("site", "join", METER), 2, "Missing argument 'OLD'"),
        (("record", "--ledger", "/dev/null/ledger"), 1, "there is no ledger at /dev/null/ledger, nor a folder"),
        (("recrod",), 2, "No such command; those of `tictally`: record, energy, cost"),
        (("energy", "--form", "x"), 2, "No such option: --form"),
    ],
)
def test_an_error_is_one_sentence_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    got, out, err = run(capsys, *arguments)
    assert (got, out) == (code, "")
    assert err.startswith(f"tictally: {sentence}")
    assert err.count("\n") == 1


@pytest.mark.usefixtures("ledger")
def test_a_wrong_setting_stops_every_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICTALLY_TIMEZONE", "Europe/Lyon")
    for command in (["record"], ["energy"], ["site", "list"]):
        code, out, err = run(capsys, *command)
        assert (code, out) == (2, "")
        assert err.startswith("tictally: TICTALLY_TIMEZONE: 'Europe/Lyon' is not a time zone")


@pytest.mark.parametrize(
    "arguments",
    [
        ("energy", "--json"),
        ("cost", "--json"),
        ("site", "list"),
        ("tariff", "list"),
        ("job", "list"),
        ("sink", "status"),
    ],
)
@pytest.mark.usefixtures("ledger")
def test_every_command_warns_once_of_a_misspelt_setting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    before = run(capsys, *arguments)
    monkeypatch.setenv("TICTALLY_LEGDER", "/elsewhere")
    code, out, err = run(capsys, *arguments)
    assert (code, out) == before[:2]
    assert err == f"tictally: warning: TICTALLY_LEGDER is not a setting; did you mean TICTALLY_LEDGER?\n{before[2]}"


@pytest.mark.usefixtures("ledger")
def test_the_recorder_warns_of_a_misspelt_setting_even_where_it_cannot_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICTALLY_LEGDER", "/elsewhere")
    code, _, err = run(capsys, "record", "--ledger", "/")
    assert code == 1
    assert err.splitlines() == [
        "tictally: warning: TICTALLY_LEGDER is not a setting; did you mean TICTALLY_LEDGER?",
        "tictally: / is a folder; give the ledger's file",
    ]


@pytest.mark.usefixtures("ledger")
def test_without_a_sink_its_status_is_that_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "sink", "status")
    assert (code, err) == (0, "")
    assert out.startswith("no sink is configured, so the ledger is replicated nowhere")


def test_an_empty_ledger_is_reported_in_the_same_words_by_every_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    path = tmp_path / "new.sqlite"
    Ledger.open(path).close()
    for command in ("energy", "cost", "compare", "bill", "standby", "site list", f"backup {tmp_path / 'b.tictally'}"):
        code, out, err = run(capsys, *command.split(), "--ledger", str(path))
        assert (code, err) == (0, "")
        assert out.startswith("The ledger has no frames yet; is the recorder running?\n"), command


def test_a_reader_that_closes_the_pipe_early_causes_no_traceback(ledger: Path) -> None:
    command = f"{sys.executable} -m tictally_recorder energy --from 2026-03-28 --by quarter --json | head -1"
    done = subprocess.run(
        ["bash", "-c", command], env={**os.environ, "TICTALLY_LEDGER": str(ledger)}, capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"[\n", b"")


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), ("site",), ("energy", "--help"), ("record", "--help")])
def test_help_is_shown_on_request_and_without_arguments(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: tictally")


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version")[:2] == (0, "tictally 0.1.0\n")
