"""`tictally compare` over a ledger of frames, with figures computed by hand."""

import json
import os
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from ledger_building import NOON_MS, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost.compare.tempo_colours import agreed, heard_colours
from tictally_recorder.ledger import Ledger, TextChange
from tictally_recorder.tariffs.hours import is_within
from tictally_shared.calendar import zone
from tictally_shared.status_register import Colour

PARIS = zone("Europe/Paris")
BASE = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n'
NIGHT = 'off_peak = ["22:00-06:00"]\n'
WINDOW = ("--from", "2025-08-01", "--to", "2025-08-02")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A day of 4 kWh from 22:00 to 06:00 (3 before the morning) and 6 between, on Base, with off-peak hours."""
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    (tmp_path / "contracts.toml").write_text(BASE + NIGHT)
    store_day(tmp_path, "2025-08-01")
    return tmp_path


def store_day(folder: Path, day: str) -> None:
    steps = [("00:00", 0), ("06:00", 3000), ("22:00", 9000), ("23:59:59", 10_000)]
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        for seq, (hour, wh) in enumerate(steps, 1):
            added = frame(seq, at(f"{day}T{hour}+02:00"), {"NGTF": "BASE", "EAST": wh, "EASF01": wh})
            ledger.store([message(added, arrived_ms=NOON_MS)])


def offers(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[tuple[str, int], dict[str, object]]:
    assert main(["compare", *WINDOW, "--json", *arguments]) == 0
    return {(each["tariff"], each["power_kva"]): each for each in json.loads(capsys.readouterr().out)}


def test_peak_and_off_peak_are_divided_by_the_hours_of_the_contract(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # 4 x 0.1635 = 0.6540, 6 x 0.2081 = 1.2486, 15.74 / 31 = 0.5077…: 2.4103…
    assert folder.exists()
    found = offers(capsys)["edf-bleu-hphc", 6]
    assert (found["energy_wh"], found["rounded"]) == ({"HC": 4000, "HP": 6000}, "2.41")
    assert (found["off_peak_hours"], found["quality"], found["days"]) == ("22:00-06:00", "estimated", 1)


def test_off_peak_hours_that_nothing_shows_are_unknown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "contracts.toml").write_text(BASE)
    found = offers(capsys)["edf-bleu-hphc", 6]
    assert (found["amount"], found["quality"], found["off_peak_hours"]) == (None, "unknown", "")
    assert [each["code"] for each in found["reasons"]] == ["off_peak_hours_unknown"]  # type: ignore[attr-defined]
    given = offers(capsys, "--off-peak", "22:00-06:00")["edf-bleu-hphc", 6]
    assert given["rounded"] == "2.41"


def reasons(offer: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Text of a reason → its ranges of days."""
    return {each["text"]: each["ranges"] for each in offer["reasons"]}


def test_energy_that_no_register_shows_leaves_a_day_unknown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        added = frame(9, at("2025-08-02T08:00+02:00"), {"OPTARIF": "BASE", "BASE": 11})
        ledger.store([message(added, arrived_ms=NOON_MS)])
    assert main(["compare", "--from", "2025-08-01", "--to", "2025-08-03", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["quality"] for each in found} == {"unknown"}
    assert "the registers do not show all of the energy" in str(found)


def test_other_off_peak_hours_divide_differently(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder.exists()
    assert offers(capsys, "--off-peak", "00:00-06:00")["edf-bleu-hphc", 6]["energy_wh"] == {"HC": 3000, "HP": 7000}


def test_tempo_on_a_day_without_a_colour_is_unknown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "ledger.sqlite").unlink()
    store_day(folder, "2026-06-01")  # after the bundled history
    asked = ["compare", "--from", "2026-06-01", "--to", "2026-06-02"]
    assert main([*asked, "--json"]) == 0
    (unknown,) = [
        each
        for each in json.loads(capsys.readouterr().out)
        if (each["tariff"], each["power_kva"]) == ("edf-bleu-tempo", 6)
    ]
    assert unknown["amount"] is None
    assert reasons(unknown) == {"the colour of the Tempo day is unknown": [["2026-06-01", "2026-06-01"]]}
    assert main(asked) == 0
    expected = "Unknown (edf-bleu-tempo 6 kVA; 2026-06-01): the colour of the Tempo day is unknown."
    assert expected in capsys.readouterr().out


@pytest.mark.parametrize(
    ("day", "is_known"),
    # The night belongs to the day before: of 1 September 2019 its colour is unknown.
    [("2019-09-01", False), ("2019-09-02", True), ("2022-07-01", True), ("2026-04-21", True), ("2026-04-22", False)],
)
def test_a_household_that_never_had_a_colour_has_tempos_cost_as_far_as_the_history_goes(
    folder: Path, capsys: pytest.CaptureFixture[str], day: str, is_known: bool
) -> None:
    (folder / "ledger.sqlite").unlink()
    store_day(folder, day)
    (folder / "contracts.toml").write_text(
        BASE.replace("edf-bleu-base", "edf-bleu-hphc").replace("2025", "2019") + NIGHT
    )
    after = str(date.fromisoformat(day) + timedelta(days=1))
    assert main(["compare", "--from", day, "--to", after, "--json"]) == 0
    (tempo,) = (
        each
        for each in json.loads(capsys.readouterr().out)
        if (each["tariff"], each["power_kva"]) == ("edf-bleu-tempo", 9)
    )
    assert (tempo["amount"] is not None) is is_known
    assert [each["code"] for each in tempo["reasons"]] == ([] if is_known else ["tempo_colour_unknown"])


def test_tempo_is_priced_by_bundled_and_fetched_colours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    energy = offers(capsys)["edf-bleu-tempo", 6]["energy_wh"]
    assert {k: v for k, v in energy.items() if v} == {"HC BLEU": 4000, "HP BLEU": 6000}  # type: ignore[attr-defined]
    (folder / "tariffs").mkdir()
    (folder / "tariffs" / "tempo-days.csv").write_text("date,color\n2025-07-31,white\n")
    energy = offers(capsys)["edf-bleu-tempo", 6]["energy_wh"]
    shown = {k: v for k, v in energy.items() if v}  # type: ignore[attr-defined]
    assert shown == {"HC BLANC": 3000, "HC BLEU": 1000, "HP BLEU": 6000}


def test_a_broken_file_of_colours_is_reported_and_costs_no_tariff_its_price(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tariffs").mkdir()
    (folder / "tariffs" / "tempo-days.csv").write_text("date,color\nyesterday,white\n")
    assert main(["compare", *WINDOW, "--json"]) == 0
    out, err = capsys.readouterr()
    amounts = {each["tariff"]: each["amount"] for each in json.loads(out) if each["power_kva"] == 6}
    assert None not in {amounts["edf-bleu-base"], amounts["edf-bleu-hphc"], amounts["edf-bleu-tempo"]}
    assert "tempo-days.csv, line 2: 'yesterday,white' is not a day" in err


def test_given_colours_go_before_all_others_and_tempo_days_last_from_six_to_six(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "colours.csv"
    file.write_text("date,color\n2025-07-31,red\n2025-08-01,blue\n")
    known = offers(capsys, "--colours", str(file))["edf-bleu-tempo", 6]
    # 1 x 0.1232, 6 x 0.1494 = 0.8964, 3 x 0.1460 = 0.4380, 15.50 / 31 = 0.50: 1.9576
    assert known["rounded"] == "1.96"
    assert {k: v for k, v in known["energy_wh"].items() if v} == {"HC BLEU": 1000, "HP BLEU": 6000, "HC ROUGE": 3000}  # type: ignore[attr-defined]


def test_the_powers_next_to_the_subscribed_one_are_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder.exists()
    assert [power for tariff, power in offers(capsys) if tariff == "edf-bleu-base"] == [3, 6, 9]


def test_all_powers_of_a_tariff_are_compared_on_request(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder.exists()
    powers = [power for tariff, power in offers(capsys, "--powers", "all") if tariff == "edf-bleu-base"]
    assert sorted(powers) == [3, 6, 9, 12, 15, 18, 24, 30, 36]


def test_the_contracts_own_tariff_costs_the_actual_amount(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder.exists()
    found = offers(capsys)["edf-bleu-base", 6]
    assert found["amount"] is not None
    assert found["amount"] == found["actual"]


def test_hours_over_midnight_exclude_their_end() -> None:
    night = [(time(22), time(6))]
    assert [is_within(time(hour), night) for hour in (21, 22, 0, 5, 6)] == [False, True, True, True, False]


def test_a_string_gives_the_colour_of_days_with_frames_and_of_no_other() -> None:
    changes = [TextChange("PTEC", at("2025-11-03T06:00+01:00"), "HPJR")]
    seen = [at("2025-11-03T12:00+01:00"), at("2025-11-05T03:00+01:00")]
    assert {str(day): colour.name for day, colour in heard_colours(changes, seen, PARIS).items()} == {
        "2025-11-03": "ROUGE"
    }


def test_a_tariff_whose_periods_only_its_own_registers_count_is_unknown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.exists()
    found = offers(capsys)["edf-bleu-ejp", 9]
    assert found["amount"] is None
    assert "no register counts the periods of" in str(found["reasons"])


def test_colours_reported_by_the_meter_are_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blue, red = 1 << 24, 3 << 24
    moments = [("2025-07-31T12:00", red), ("2025-07-31T13:00", red), ("2025-08-01T12:00", blue)]
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        for seq, (moment, status) in enumerate(moments, 10):
            wh = 6000 if status == blue else 0
            added = frame(seq, at(f"{moment}+02:00"), {"EAST": wh, "EASF01": wh, "STGE": f"{status:08X}"})
            ledger.store([message(added, arrived_ms=NOON_MS)])
    found = offers(capsys)["edf-bleu-tempo", 6]
    assert {k: v for k, v in found["energy_wh"].items() if v} == {"HC BLEU": 1000, "HP BLEU": 6000, "HC ROUGE": 3000}  # type: ignore[attr-defined]


def test_the_table_has_the_cheapest_first_and_the_assumptions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Base at 6 kVA: 10 x 0.1952 = 1.952, 15.47 / 31 = 0.4990…: 2.4510…, dearer than HP/HC's 2.41.
    assert folder.exists()
    assert main(["compare", *WINDOW]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    hphc, base = (
        next(at for at, line in enumerate(lines) if line.split()[:2] == [name, "6"])
        for name in ("edf-bleu-hphc", "edf-bleu-base")
    )
    assert hphc < base
    assert "assumed to be 22:00-06:00" in out


def test_energy_counted_by_the_total_only_is_in_no_period_of_such_a_tariff(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ledger.sqlite").unlink()
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        for seq, (hour, wh) in enumerate([("01:00", 0), ("23:00", 5000)], 1):
            added = frame(seq, at(f"2025-08-01T{hour}+02:00"), {"EAST": wh})
            ledger.store([message(added, arrived_ms=NOON_MS)])
    assert reasons(offers(capsys)["edf-bleu-ejp", 9]) == {
        "no register counts the periods of edf-bleu-ejp": [["2025-08-01", "2025-08-01"]]
    }


@pytest.mark.parametrize(("normal", "peak"), [(4000, 1000), (0, 0)])
def test_a_standard_meter_on_ejp_is_priced_by_its_own_registers(
    folder: Path, capsys: pytest.CaptureFixture[str], normal: int, peak: int
) -> None:
    # Its eight other registers are at zero: they count no period of the tariff, nor anything else.
    (folder / "ledger.sqlite").unlink()
    rest: dict[str, int | str] = {f"EASF{number:02}": 0 for number in range(3, 11)}
    steps = [("00:00", 0, 0), ("12:00", normal, 0), ("23:59:59", normal, peak)]
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        for seq, (hour, hn, pm) in enumerate(steps, 1):
            values: dict[str, int | str] = {"NGTF": "EJP", "EAST": hn + pm, "EASF01": hn, "EASF02": pm, **rest}
            ledger.store([message(frame(seq, at(f"2025-08-01T{hour}+02:00"), values), arrived_ms=NOON_MS)])
    found = offers(capsys)["edf-bleu-ejp", 9]
    assert found["energy_wh"] == {"HN": normal, "PM": peak}
    assert "no register counts the periods of" not in str(found["reasons"])


def test_a_day_on_which_two_sources_disagree_has_no_colour() -> None:
    first, second = date(2025, 1, 6), date(2025, 1, 7)
    sources = [{first: Colour.ROUGE, second: Colour.BLEU}, {first: Colour.BLANC}, {second: Colour.BLEU}]
    assert agreed(sources) == {second: Colour.BLEU}


def test_prices_of_one_day_may_be_taken_for_all_days(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # 4 x 0.1579 + 6 x 0.2065 + 15.65 / 31 = 2.375…
    assert folder.exists()
    found = offers(capsys, "--prices-on", "2026-02-01")["edf-bleu-hphc", 6]
    assert (found["energy_wh"], found["prices_on"]) == ({"HC": 4000, "HP": 6000}, "2026-02-01")
    assert found["rounded"] == "2.38"
    assert offers(capsys)["edf-bleu-hphc", 6]["prices_on"] is None
    assert main(["compare", *WINDOW, "--prices-on", "2026-02-01"]) == 0
    assert "Prices and subscriptions are those of 2026-02-01" in capsys.readouterr().out
    assert main(["compare", *WINDOW, "--prices-on", "soon"]) == 2
    assert "--prices-on" in capsys.readouterr().err


def test_offers_are_compared_where_they_are_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder.exists()
    assert ("edf-vert", 6) not in offers(capsys)
    found = offers(capsys, "--offers", "--prices-on", "2026-06-01")
    # 10 x 0.1881 + 14.78 / 31; a template has no price before its day, and no list of the days of Zen Flex
    assert found["edf-vert", 6]["rounded"] == "2.36"
    assert [each["code"] for each in offers(capsys, "--offers")["edf-vert", 6]["reasons"]] == ["no_version"]  # type: ignore[attr-defined]
    flex = found["edf-zen-flex", 6]
    assert (flex["amount"], [each["code"] for each in flex["reasons"]]) == (None, ["no_list_of_days"])  # type: ignore[attr-defined]
    # A Friday: 2 hours from 22:00 and 6 to 06:00 off-peak
    plus = found["edf-zen-weekend-plus-hc", 6]
    assert [each["code"] for each in plus["reasons"]] == ["chosen_weekday_unknown"]  # type: ignore[attr-defined]
    chosen = offers(capsys, "--offers", "--prices-on", "2026-06-01", "--chosen-day", "fri")[
        "edf-zen-weekend-plus-hc", 6
    ]
    assert chosen["energy_wh"] == {"WE": 10_000, "HC": 0, "HP": 0}
    assert main(["compare", *WINDOW, "--chosen-day", "friday"]) == 2
    assert "is not one of mon, tue" in capsys.readouterr().err
