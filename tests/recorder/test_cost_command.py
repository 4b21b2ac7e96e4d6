"""`tictally cost`, as people and programs use it, over a ledger of frames."""

import csv
import io
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger

HPHC = """\
[[contract]]
tariff = "edf-bleu-hphc"
power = 6
from = 2025-01-01
"""
METER_VALUES: Mapping[str, int | str] = {"NGTF": "H PLEINE/CREUSE", "PREF": 6}
NEW_METER = "021900000003"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


class Commands:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self._seq = 0

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = main([*arguments])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self("cost", *arguments, "--json")[1])

    def contracts(self, text: str) -> None:
        (self.folder / "contracts.toml").write_text(text)

    def store_frames(self, frames: Mapping[str, Mapping[str, int | str]], *, meter: str = METER) -> None:
        """Store frames by local time, each with the values that the meter always sends."""
        with Ledger.open(self.folder / "ledger.sqlite") as ledger:
            for moment, values in frames.items():
                self._seq += 1
                added = frame(self._seq, at(moment), {**METER_VALUES, **values}, meter=meter)
                ledger.store([message(added, arrived_ms=NOON_MS)])


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    return Commands(tmp_path, capsys)


@pytest.fixture
def summer(run: Commands) -> Commands:
    """The two days around the change of prices in August 2025: 4 kWh off-peak and 6 kWh peak on each."""
    run.contracts(HPHC)
    run.store_frames(
        {
            f"2025-{day}T{hour}+02:00": {"EASF01": 50_000 + hc, "EASF02": 90_000 + hp}
            for day, hour, hc, hp in [
                ("07-31", "00:00", 0, 0),
                ("07-31", "06:00", 3000, 0),
                ("07-31", "22:00", 3000, 6000),
                ("07-31", "23:59:59", 4000, 6000),
                ("08-01", "00:00", 4000, 6000),
                ("08-01", "06:00", 7000, 6000),
                ("08-01", "22:00", 7000, 12_000),
                ("08-01", "23:59:59", 8000, 12_000),
            ]
        }
    )
    return run


WINDOW = ("--from", "2025-07-31", "--to", "2025-08-02")


def test_a_change_of_prices_is_shown_by_day_to_the_cent(summer: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    # 4 x 0.1696 = 0.6784, 6 x 0.2146 = 1.2876, 14.04 / 31 = 0.4529…: 2.4189…
    # 4 x 0.1635 = 0.6540, 6 x 0.2081 = 1.2486, 15.74 / 31 = 0.5077…: 2.4103…
    code, out, err = summer("cost", *WINDOW)
    assert (code, err) == (0, "")
    assert out == dedent(
        """\
        Site 021900000002
        From        To          Period          kWh   Price  Amount       Quality   Version
        ────────────────────────────────────────────────────────────────────────────────────────────────────
        2025-07-31  2025-08-01  HC            4.000  0.1696    0.68  EUR  measured  edf-bleu-hphc 2025-02-01
                                HP            6.000  0.2146    1.29  EUR  measured  edf-bleu-hphc 2025-02-01
                                subscription          14.04    0.45  EUR  measured  edf-bleu-hphc 2025-02-01
                                total                          2.42  EUR

        2025-08-01  2025-08-02  HC            4.000  0.1635    0.65  EUR  measured  edf-bleu-hphc 2025-08-01
                                HP            6.000  0.2081    1.25  EUR  measured  edf-bleu-hphc 2025-08-01
                                subscription          15.74    0.51  EUR  measured  edf-bleu-hphc 2025-08-01
                                total                          2.41  EUR
        """
    )


def test_at_80_columns_versions_are_references_and_nothing_is_truncated(
    summer: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = summer("cost", *WINDOW)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert "2025-07-31 2025-08-01 HC           4.000 0.1696   0.68 EUR measured [1]\n" in out
    assert out.endswith("[1] edf-bleu-hphc 2025-02-01\n[2] edf-bleu-hphc 2025-08-01\n")


def test_a_year_has_a_line_for_each_price_and_one_total(summer: Commands) -> None:
    found = summer.json(*WINDOW, "--by", "year")
    assert [(each["period"], each["price"], each["rounded"]) for each in found] == [
        ("HC", "0.1696", "0.68"),
        ("HC", "0.1635", "0.65"),
        ("HP", "0.2146", "1.29"),
        ("HP", "0.2081", "1.25"),
        (None, "14.04", "0.45"),
        (None, "15.74", "0.51"),
        (None, None, "4.83"),
    ]
    assert {(each["from"], each["to"]) for each in found} == {("2025-07-31", "2025-08-02")}
    assert [each["kind"] for each in found[-3:]] == ["subscription", "subscription", "total"]


def cell(value: object) -> str:
    """A JSON value as in CSV: the text of a reason."""
    if isinstance(value, list):
        return "; ".join(each["text"] for each in value)
    return "" if value is None else str(value)


def test_json_and_csv_have_the_same_amounts_unrounded_and_in_cents(summer: Commands) -> None:
    as_json = summer.json(*WINDOW, "--by", "month")
    as_csv = list(csv.DictReader(io.StringIO(summer("cost", *WINDOW, "--by", "month", "--csv")[1])))
    assert [{key: cell(value) for key, value in each.items()} for each in as_json] == as_csv
    assert as_json[0] == {
        "site": METER,
        "from": "2025-07-31",
        "to": "2025-08-01",
        "kind": "energy",
        "direction": "consumption",
        "period": "HC",
        "days": 1,
        "energy_wh": 4000,
        "price": "0.1696",
        "amount": "0.6784",
        "rounded": "0.68",
        "currency": "EUR",
        "version": "edf-bleu-hphc 2025-02-01",
        "hash": as_json[0]["hash"],
        "power_kva": 6,
        "quality": "measured",
        "reasons": [],
    }


def test_explain_shows_how_each_figure_is_computed(summer: Commands) -> None:
    code, out, _ = summer("cost", "--from", "2025-07-31", "--to", "2025-08-01", "--explain")
    shown = summer.json("--from", "2025-07-31", "--to", "2025-08-01")[0]["hash"]
    assert code == 0
    assert out.partition("\n\n2025-07-31 to ")[2] == dedent(
        f"""\
        2025-08-01, HC:
            EASF01 from 50000 Wh (2025-07-31 00:00+02:00) to 54000 Wh (2025-08-01 00:00+02:00): 4.000 kWh
            4.000 kWh at 0.1696 EUR = 0.6784 EUR, shown as 0.68
            by edf-bleu-hphc 2025-02-01, 6 kVA, hash {shown}; official: CRE, open data
            measured
        2025-07-31 to 2025-08-01, HP:
            EASF02 from 90000 Wh (2025-07-31 00:00+02:00) to 96000 Wh (2025-08-01 00:00+02:00): 6.000 kWh
            6.000 kWh at 0.2146 EUR = 1.2876 EUR, shown as 1.29
            by edf-bleu-hphc 2025-02-01, 6 kVA, hash {shown}; official: CRE, open data
            measured
        2025-07-31 to 2025-08-01, subscription:
            14.04 EUR a month for 1 of the 31 days of 2025-07 = 0.452903 EUR, shown as 0.45
            by edf-bleu-hphc 2025-02-01, 6 kVA, hash {shown}; official: EDF, price grid
            measured
        """
    )


def test_explain_in_json_has_registers_and_source(summer: Commands) -> None:
    found = summer.json(*WINDOW, "--by", "month", "--explain")
    assert found[0]["explain"] == {
        "registers": [
            {
                "register": "EASF01",
                "from": "2025-07-30T22:00:00+00:00",
                "to": "2025-07-31T22:00:00+00:00",
                "first": 50_000,
                "last": 54_000,
                "energy_wh": 4000,
                "estimated": False,
                "first_estimated": False,
                "last_estimated": False,
                "price": None,
            }
        ],
        "months": [],
        "source": "CRE, open data",
        "confidence": "official",
    }
    assert found[2]["explain"]["months"] == [{"month": "2025-07", "days": 1, "days_of_month": 31}]
    assert found[3]["explain"] is None


def test_an_unknown_part_is_shown_beside_the_known_one_and_is_not_zero(summer: Commands) -> None:
    summer.contracts(HPHC.replace("2025-01-01", "2025-08-01"))
    code, out, err = summer("cost", *WINDOW, "--by", "year")
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "HC 4.000 unknown" in " ".join(lines[3:4])
    assert "total 2.41 EUR and unknown" in lines
    assert (
        "And unknown: 10.000 kWh (HC, HP) and the subscription, because the contract begins on 2025-08-01 (1 day: "
        "2025-07-31)." in lines
    )
    total = summer.json(*WINDOW, "--by", "year")[-1]
    assert (total["rounded"], total["quality"]) == ("2.41", "unknown")
    assert total["reasons"][0]["text"].startswith(
        "unknown: 10.000 kWh (HC, HP) and the subscription, because the contract begins on 2025-08-01"
    )


def test_without_a_contract_energy_is_shown_with_a_contract_to_write(summer: Commands) -> None:
    (summer.folder / "contracts.toml").unlink()
    code, out, err = summer("cost", *WINDOW, "--by", "year")
    assert code == 1
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[3:6] == ["2025-07-31 2025-08-02 HC 8.000 unknown", "HP 12.000 unknown", "subscription unknown"]
    assert err == dedent(
        f"""\
        tictally: site {METER} has no contract, so what its energy costs is unknown.
        Write into {summer.folder}/contracts.toml its tariff and first day, for example
            [[contract]]
            tariff = "edf-bleu-hphc"
            power = 6
            from = 2025-07-31
        The meter announces H PLEINE/CREUSE and 6 kVA; `tictally tariff list` lists the tariffs; your bill has the rest.
        `tictally contract add` asks for all of it and writes it.
        """
    )
    example = err.partition("    [[")[2].partition("The meter")[0]
    summer.contracts(f"[[{example}")
    assert summer.json(*WINDOW, "--by", "year")[-1]["rounded"] == "4.83"


def test_several_sites_are_separate_and_an_example_names_its_site(summer: Commands) -> None:
    (summer.folder / "contracts.toml").unlink()
    summer.store_frames({"2025-08-01T23:00+02:00": {"NGTF": "BASE", "PREF": 9, "EAST": 5}}, meter=NEW_METER)
    code, out, err = summer("cost", *WINDOW)
    assert code == 1
    assert out.count("Site ") == 2
    assert f'site = "{NEW_METER}"\n    tariff = "edf-bleu-base"\n    power = 9\n    from = 2025-08-01' in err
    assert {each["site"] for each in summer.json(*WINDOW, "--site", NEW_METER)} == {NEW_METER}


def test_days_beyond_the_frames_are_reported(summer: Commands) -> None:
    _, out, _ = summer("cost", "--from", "2025-07-30", "--to", "2025-08-03")
    assert out.endswith(
        "The first data are of 2025-07-31 00:00; what was used before it is not known.\n"
        "The last frame is of 2025-08-01 23:59; what was used after it is not known yet.\n"
    )


def test_a_first_day_that_was_heard_in_part_has_its_own_readings(run: Commands) -> None:
    run.contracts('[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n')
    frames = {"07-31T06:51": 1000, "07-31T22:00": 4000, "08-01T00:00": 5000, "08-01T17:20": 9000}
    run.store_frames({f"2025-{at}+02:00": {"EAST": wh} for at, wh in frames.items()})
    window = ("--from", "2025-07-31", "--to", "2025-08-02")
    _, out, _ = run("cost", *window, "--explain")
    assert "EAST from 1000 Wh (2025-07-31 06:51+02:00) to 5000 Wh (2025-08-01 00:00+02:00): 4.000 kWh\n" in out
    assert "EAST from 5000 Wh (2025-08-01 00:00+02:00) to 9000 Wh (2025-08-01 17:20+02:00): 4.000 kWh\n" in out
    remarks = (
        "The first data are of 2025-07-31 06:51; what was used before it is not known.",
        "The last frame is of 2025-08-01 17:20; what was used after it is not known yet.",
    )
    assert all(each in out for each in remarks)
    month = run.json(*window, "--by", "month", "--explain")[0]["explain"]["registers"]
    assert [(each["from"], each["to"]) for each in month] == [
        ("2025-07-31T04:51:00+00:00", "2025-07-31T22:00:00+00:00")
    ]
    _, out, _ = run("bill", *window)
    assert all(each in out for each in remarks)
    assert not json.loads(run("bill", *window, "--json")[1])[0]["whole"]
    _, out, _ = run("bill", "--from", "2025-07-31", "--to", "2025-08-01")
    assert (remarks[0] in out, remarks[1] in out) == (True, False)


def test_a_reading_within_a_gap_over_midnight_is_marked_as_interpolated(run: Commands) -> None:
    run.contracts('[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n')
    frames = {"06-30T00:00": 0, "06-30T22:00": 2200, "07-01T02:00": 2600, "07-01T23:59": 4799}
    run.store_frames({f"2025-{at}+02:00": {"EAST": wh} for at, wh in frames.items()})
    _, out, _ = run("cost", "--from", "2025-06-30", "--to", "2025-07-02", "--explain")
    assert "EAST from 0 Wh (2025-06-30 00:00+02:00) to 2400 Wh (2025-07-01 00:00+02:00, interpolated): 2.400 kWh" in out
    assert {each["quality"] for each in run.json("--from", "2025-06-30", "--to", "2025-07-02") if each["period"]} == {
        "estimated"
    }
    (year,) = [
        each for each in run.json("--from", "2025-06-30", "--to", "2025-07-02", "--by", "year") if each["period"]
    ]
    assert (year["quality"], year["energy_wh"]) == ("measured", 4799)


def test_cost_by_an_overdue_tariff_is_provisional(summer: Commands) -> None:
    folder = summer.folder / "lists"
    folder.mkdir()
    (folder / "own.toml").write_text(
        """\
        id = "own"
        supplier = "me"
        currency = "CHF"
        periods = ["HC", "HP"]
        revised = ["08-01"]
        names.en = "mine"
        [[version]]
        from = 2025-01-01
        confidence = "own"
        source = "a bill"
        energy.HC = { ttc = "0.10" }
        energy.HP = { ttc = "0.20" }
        subscription = "31"
        """
    )
    summer.contracts(HPHC.replace("edf-bleu-hphc", "own"))
    code, out, _ = summer("cost", *WINDOW, "--by", "year", "--config", str(config(summer, tariffs=str(folder))))
    assert code == 0
    # 8 x 0.10 + 12 x 0.20 + 2 x 31 / 31
    assert "total 5.20 CHF" in " ".join(out.split())
    reason = "a revision was due on 2025-08-01, and own 2025-01-01 is the newest known"
    assert f"Provisional (1 day: 2025-08-01): {reason}.\n" in out


def test_an_invalid_user_tariff_that_no_contract_is_on_is_reported_and_costs_nothing(summer: Commands) -> None:
    (summer.folder / "tariffs").mkdir()
    (summer.folder / "tariffs" / "own.toml").write_text("id = ")
    code, out, err = summer("cost", *WINDOW)
    assert code == 0
    assert "unknown" not in out
    assert err.startswith(f"tictally: {summer.folder}/tariffs/own.toml, line 1: it is not TOML")


def test_an_invalid_contract_is_one_sentence(summer: Commands) -> None:
    contracts = summer.folder / "elsewhere.toml"
    contracts.write_text(HPHC.replace("6", "7"))
    code, out, err = summer("cost", "--config", str(config(summer, contracts=str(contracts))))
    assert (code, out) == (1, "")
    assert err.startswith(f"tictally: {contracts}, line 3: edf-bleu-hphc has 6, 9, ")
    assert err.count("\n") == 1


def test_a_window_without_frames_is_reported(summer: Commands) -> None:
    window = ("cost", "--from", "2020-01-01", "--to", "2020-01-02")
    sentence = "Nothing was counted from 2020-01-01 to 2020-01-02.\n"
    assert summer(*window) == (0, sentence, "")
    assert summer(*window, "--json") == (0, "[]\n", sentence)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            ("--from", "soon"),
            2,
            "Invalid value for --from: 'soon' is not a valid date; write YYYY-MM-DD, YYYY-MM, YYYY or a word such as",
        ),
        (
            ("--from", "2025-07-31T12:00"),
            2,
            "Invalid value for --from: cost is computed for whole days; give a date without a time",
        ),
        (
            ("--to", "2025-07-31T22:30Z"),
            2,
            "Invalid value for --to: cost is computed for whole days; give a date without a time",
        ),
        (
            ("--from", "2025-08-01", "--to", "2025-08-01"),
            2,
            "Invalid value: --from (2025-08-01) must be before --to (2025-08-01)",
        ),
        (("--by", "hour"), 2, "Invalid value for '--by': 'hour' is not one of 'day', 'week', 'month', 'year'"),
        (("--json", "--csv"), 2, "Invalid value for --json: it excludes --csv"),
        (("--explain", "--csv"), 2, "Invalid value for --explain: it excludes --csv"),
        (("--site", "x"), 1, f"there is no site 'x' in the ledger; its sites are {METER}"),
        (("--ledger", "/absent/l.sqlite"), 1, "there is no ledger at /absent/l.sqlite"),
    ],
)
def test_an_error_is_one_sentence_and_an_exit_code(
    summer: Commands, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    got, out, err = summer("cost", *arguments)
    assert (got, out) == (code, "")
    assert err.startswith(f"tictally: {sentence}")
    assert err.count("\n") == 1


def config(run: Commands, **settings: str) -> Path:
    path = run.folder / "config.toml"
    path.write_text("\n".join(f"{name} = {json.dumps(value)}" for name, value in settings.items()))
    return path
