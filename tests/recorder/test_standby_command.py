"""`tictally standby`: its text, JSON and CSV output, and its errors."""

import csv
import io
import json
import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from cost_building import PARIS, d
from ledger_building import METER, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger, LedgerReader, Night
from tictally_shared.calendar import QUARTER_MS, local_midnight

NEW_METER = "021900000003"
CONTRACT = """\
[[contract]]
site = "021900000002"
tariff = "own"
from = 2025-01-01
"""
OWN = """\
id = "own"
supplier = "me"
currency = "EUR"
periods = ["HC", "HP"]
names.en = "mine"
[[version]]
from = 2025-01-01
confidence = "own"
source = "a bill"
energy.HC = { ttc = "0.10" }
energy.HP = { ttc = "0.20" }
subscription = "10"
"""
WINDOW = ("--from", "2025-09-29", "--to", "2025-12-01")


class Commands:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = main(["standby", *arguments])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self(*arguments, "--json")[1])

    def store_frames(self, first: date, days: int, *, meter: str = METER) -> None:
        """Store a frame a quarter: off-peak for six of 24 hours."""
        boot = meter[-1] * 16
        start_ms = int(local_midnight(first, PARIS).timestamp()) * 1000
        words = ({"NTARF": "01", "LTARF": "HC"}, {"NTARF": "02", "LTARF": "HP"})
        always: dict[str, int | str] = {"NGTF": "H PLEINE/CREUSE", "PREF": 6, "EAST": 1}
        with Ledger.open(self.folder / "ledger.sqlite") as ledger:
            ledger.store(
                [
                    message(
                        frame(
                            1 + n, start_ms + n * QUARTER_MS, {**always, **words[n % 96 >= 24]}, meter=meter, boot=boot
                        )
                    )
                    for n in range(96 * days)
                ]
            )

    def store_nights(self, last: date, powers: Iterable[int], *, meter: str = METER) -> None:
        """Store consecutive nights, the last of which is `last`."""
        powers = list(powers)
        path = self.folder / "ledger.sqlite"
        with LedgerReader.open(path) as reader:
            (meter_id,) = [each.id for site in reader.sites() for each in site.meters if each.key == meter]
        with Ledger.open(path) as ledger:
            ledger.store_standby(
                Night(meter_id, last - timedelta(days=len(powers) - 1 - n), va, 360) for n, va in enumerate(powers)
            )


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "own.toml").write_text(OWN)
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    return Commands(tmp_path, capsys)


@pytest.fixture
def autumn(run: Commands) -> Commands:
    """Nights to the end of November 2025: 180 VA, and 150 VA since 1 November; a week of frames."""
    run.store_frames(d("2025-11-03"), 8)
    run.store_nights(d("2025-11-30"), [180] * 33 + [150] * 30)
    return run


def test_months_and_the_meaning_of_the_newest_nights_are_shown(autumn: Commands) -> None:
    # 0.150 kW x 8760 h = 1314 kWh at 0.25 x 0.10 + 0.75 x 0.20 = 0.175
    code, out, err = autumn(*WINDOW)
    assert (code, err) == (0, "")
    assert out == dedent(
        """\
        Site 021900000002
        From        To           VA  Nights
        ───────────────────────────────────
        2025-09-29  2025-10-01  180       2
        2025-10-01  2025-11-01  180      31
        2025-11-01  2025-12-01  150      30
        The last night: 150 VA (2025-11-30, from 360 minutes with frames).
        The last 30 nights: 150 VA; 30 VA less than in the 30 nights before (180 VA); the same nights a year earlier \
are not known.
        150 VA cost 229.95 EUR a year by own 2025-01-01: 0.1750 EUR a kWh (HC 25.0 %, HP 75.0 % of the time), taxes \
included, without subscription.
        Assumed: all 8760 hours of a year are as these nights, and a VA is a W, which is the most it can be.
        """
    )


def test_days_have_their_minutes_and_a_year_earlier_is_compared(autumn: Commands) -> None:
    autumn.store_nights(d("2024-11-30"), [155] * 12)
    code, out, _ = autumn("--from", "2025-11-30", "--to", "2025-12-01", "--by", "day")
    assert code == 0
    assert [line.split() for line in out.splitlines()[1:4:2]] == [
        ["From", "To", "VA", "Minutes"],
        ["2025-11-30", "2025-12-01", "150", "360"],
    ]
    assert "5 VA less than in the same nights a year earlier (155 VA)." in out


@pytest.mark.parametrize(
    ("before", "words"),
    [(150, "as in the 30 nights before (150 VA)"), (100, "50 VA more than in the 30 nights before")],
)
def test_no_change_and_a_rise_are_reported(autumn: Commands, before: int, words: str) -> None:
    autumn.store_nights(d("2025-10-31"), [before] * 30)
    assert words in autumn(*WINDOW)[1]


def test_json_has_periods_then_the_newest_nights_and_their_year(autumn: Commands) -> None:
    found = autumn.json(*WINDOW, "--by", "year")
    assert [(each["kind"], each["from"], each["to"], each["va"], each["nights"]) for each in found] == [
        ("nights", "2025-09-29", "2025-12-01", 180, 63),
        ("last", "2025-11-30", "2025-12-01", 150, 1),
        ("recent", "2025-11-01", "2025-12-01", 150, 30),
        ("before", "2025-10-02", "2025-11-01", 180, 30),
        ("year_ago", "2024-11-01", "2024-12-01", None, 0),
        ("year_cost", "2025-11-01", "2025-12-01", 150, 30),
    ]
    assert [each["change_va"] for each in found] == [None, None, None, -30, None, None]
    assert found[-1] == {
        "site": METER,
        "from": "2025-11-01",
        "to": "2025-12-01",
        "kind": "year_cost",
        "va": 150,
        "nights": 30,
        "imported": 0,
        "minutes": 10_800,
        "change_va": None,
        "price": "0.1750",
        "amount": "229.9500",
        "rounded": "229.95",
        "currency": "EUR",
        "version": "own 2025-01-01",
        "shares": "HC 25.0 %, HP 75.0 %",
        "reason": None,
    }


def test_csv_has_the_same_values_as_json(autumn: Commands) -> None:
    as_json = autumn.json(*WINDOW)
    as_csv = list(csv.DictReader(io.StringIO(autumn(*WINDOW, "--csv")[1])))
    assert [{key: "" if value is None else str(value) for key, value in each.items()} for each in as_json] == as_csv


def test_the_default_period_is_the_last_twelve_months(run: Commands) -> None:
    today = datetime.now(UTC).astimezone(PARIS).date()
    run.store_frames(today - timedelta(days=8), 8)
    run.store_nights(today, [100] * 3 * 366)
    months = [each for each in run.json() if each["kind"] == "nights"]
    assert len(months) == 12
    assert months[-1]["to"] == str(today + timedelta(days=1))
    assert {each["from"][-3:] for each in months} == {"-01"}
    new_year, year_before = today.replace(month=1, day=1), today.replace(year=today.year - 1, month=1, day=1)
    earlier = [each for each in run.json("--to", str(new_year)) if each["kind"] == "nights"]
    assert [earlier[0]["from"], earlier[-1]["to"]] == [str(year_before), str(new_year)]


def test_the_cost_of_a_year_uses_the_version_of_the_last_day(autumn: Commands) -> None:
    lists = autumn.folder / "tariffs" / "own.toml"
    dearer = OWN[OWN.index("[[version]]") :].replace("2025-01-01", "2025-11-20").replace("0.20", "0.60")
    lists.write_text(OWN + dearer)
    assert autumn.json(*WINDOW)[-1]["version"] == "own 2025-11-20"
    assert autumn.json("--from", "2025-11-01", "--to", "2025-11-20")[-1]["version"] == "own 2025-01-01"


def test_too_few_nights_have_no_median_and_no_cost(run: Commands) -> None:
    run.store_frames(d("2025-11-03"), 8)
    run.store_nights(d("2025-11-30"), [150] * 9)
    code, out, _ = run(*WINDOW)
    assert code == 0
    assert out.endswith("What is usual is not known yet: fewer than 10 of the last 30 nights are known.\n")
    record = run.json(*WINDOW)[-1]
    assert (record["kind"], record["amount"], record["va"]) == ("year_cost", None, None)
    assert record["reason"]["text"] == "fewer than 10 of the last 30 nights are known"


def test_the_number_of_known_nights_is_shown_when_some_are_missing(run: Commands) -> None:
    run.store_frames(d("2025-11-03"), 8)
    run.store_nights(d("2025-11-30"), [150] * 12)
    assert "The last 30 nights, 12 of them known: 150 VA; the 30 nights before are not known;" in run(*WINDOW)[1]


def test_an_unknown_cost_has_its_reason(run: Commands) -> None:
    run.store_frames(d("2025-11-03"), 3)
    run.store_nights(d("2025-11-30"), [150] * 30)
    code, out, _ = run(*WINDOW)
    assert code == 0
    reason = "the meter has reported which period applies for 3 days, and a whole week is needed"
    assert out.endswith(f"What 150 VA cost a year is unknown, because {reason}.\n")
    assert run.json(*WINDOW)[-1]["reason"]["text"] == reason


def test_without_contract_nights_are_shown_and_what_to_write_where(autumn: Commands) -> None:
    (autumn.folder / "contracts.toml").unlink()
    code, out, err = autumn(*WINDOW)
    assert code == 1
    assert "What 150 VA cost a year is unknown, because there is no contract." in out
    assert err.startswith(f"tictally: site {METER} has no contract, so what its energy costs is unknown.\n")
    assert f"Write into {autumn.folder}/contracts.toml" in err


def test_contracts_of_unknown_sites_are_named(autumn: Commands) -> None:
    file = autumn.folder / "contracts.toml"
    file.write_text(CONTRACT.replace(METER, "hme") + CONTRACT.replace(METER, "attic"))
    code, _, err = autumn(*WINDOW)
    assert code == 1
    assert err.splitlines()[1:3] == [
        f"The contracts in {file} are of sites that the ledger does not have: attic, hme.",
        f'Write site = "{METER}" there, or add its own contract, for example',
    ]
    assert f'    site = "{METER}"\n    tariff = "edf-bleu-hphc"\n' in err


def test_several_sites_are_shown_separately(autumn: Commands) -> None:
    autumn.store_frames(d("2025-11-03"), 1, meter=NEW_METER)
    autumn.store_nights(d("2025-11-30"), [70] * 30, meter=NEW_METER)
    _, out, _ = autumn(*WINDOW)
    assert out.count("Site ") == 2
    assert {each["va"] for each in autumn.json(*WINDOW, "--site", NEW_METER) if each["va"]} == {70}


def test_a_broken_user_tariff_that_no_contract_is_on_is_reported(autumn: Commands) -> None:
    (autumn.folder / "tariffs" / "other.toml").write_text("id = ")
    code, out, err = autumn(*WINDOW)
    assert code == 0
    assert "The last night" in out
    assert err.startswith(f"tictally: {autumn.folder}/tariffs/other.toml, line 1: it is not TOML")


def test_a_period_without_nights_is_reported_in_a_sentence(autumn: Commands) -> None:
    window = ("--from", "2020-01-01", "--to", "2020-01-02")
    sentence = "No night is known from 2020-01-01 to 2020-01-02.\n"
    assert autumn(*window) == (0, sentence, "")
    assert autumn(*window, "--json") == (0, "[]\n", sentence)
    assert autumn("--from", "2025-12-01", "--to", "2025-12-24")[1].startswith("No night")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            ("--from", "soon"),
            2,
            "Invalid value for --from: 'soon' is not a valid date; write YYYY-MM-DD, YYYY-MM, YYYY or a word such as",
        ),
        (
            ("--to", "2025-07-31T12:00"),
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
        (("--site", "x"), 1, f"there is no site 'x' in the ledger; its sites are {METER}"),
        (("--ledger", "/absent/l.sqlite"), 1, "there is no ledger at /absent/l.sqlite"),
    ],
)
def test_a_usage_error_is_one_sentence_and_an_exit_code(
    autumn: Commands, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    got, out, err = autumn(*arguments)
    assert (got, out) == (code, "")
    assert err.startswith(f"tictally: {sentence}")
    assert err.count("\n") == 1
