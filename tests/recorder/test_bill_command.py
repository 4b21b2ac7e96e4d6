"""`tictally bill`, as people and programs use it: from frames, contracts and the shipped tariffs."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cost_building import d, days, midnight_ms
from ledger_building import METER, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger

CONTRACT = """\
[[contract]]
tariff = "edf-bleu-hphc"
power = 6
from = 2025-01-01
"""
WINDOW = ("--from", "2025-07-15", "--to", "2025-08-16")


class Commands:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--ledger", str(self.folder / "ledger.sqlite")])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self(*arguments, "--json")[1])


@pytest.fixture
def tictally(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    """A month across a change of prices, a frame each midnight: 3.125 kWh off-peak and 6.25 kWh peak a day."""
    for name in ("TICTALLY_CONFIG", "TICTALLY_CONTRACTS", "TICTALLY_TARIFFS", "TICTALLY_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    frames = [
        frame(
            n + 1,
            midnight_ms(day),
            {"EASF01": 50_000 + n * 3125, "EASF02": 90_000 + n * 6250, "NGTF": "H PLEINE/CREUSE"},
        )
        for n, day in enumerate(days("2025-07-15", "2025-08-16"))
    ]
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.store([message(each) for each in frames])
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    return Commands(tmp_path, capsys)


def test_a_bill_has_its_parts_in_order_and_its_total_to_the_cent(tictally: Commands) -> None:
    code, out, err = tictally("bill", *WINDOW)
    assert (code, err) == (0, "")
    assert out.startswith(f"Bill of site {METER}, 2025-07-15 to 2025-08-16 (excluded)\n")
    titles = ("Energy", "Subscription", "Contributions and taxes in it", "Sum", "Tariffs")
    places = [out.index(f"\n{title}\n") for title in titles]
    assert places == sorted(places)
    # by hand in test_bill_by_hand.py
    (total,) = [line for line in out.splitlines() if line.startswith("Total, TTC")]
    assert total.split() == ["Total,", "TTC", "74.30"]
    assert "CRE, open data" in out


def test_its_total_equals_the_cost(tictally: Commands) -> None:
    (bill,) = tictally.json("bill", *WINDOW)
    of_cost = [each for each in tictally.json("cost", *WINDOW, "--by", "year") if each["kind"] == "total"]
    assert [each["rounded"] for each in of_cost] == [bill["totals"][0]["amount_rounded"]] == ["74.30"]
    assert [each["amount"] for each in of_cost] == [bill["totals"][0]["amount"]]


def test_without_a_contract_it_shows_what_to_write_and_fails(tictally: Commands) -> None:
    (tictally.folder / "contracts.toml").unlink()
    code, out, err = tictally("bill", *WINDOW)
    assert code == 1
    assert "Total" not in out
    assert "Unknown: HC (100.000 kWh, 32 days from 2025-07-15 to 2025-08-16): there is no contract." in out
    assert f"Write into {tictally.folder}/contracts.toml" in err


def test_a_day_missing_in_the_ledger_is_reported(tictally: Commands) -> None:
    _, out, _ = tictally("bill", "--from", "2025-07-01", "--to", "2025-08-16")
    assert "The ledger begins on 2025-07-15: the days from 2025-07-01 on are not in this bill." in out
    assert "Total of what is known, TTC" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--from", "July"), "--from"),
        (("--from", "2025-07-15T10:00", "--to", "2025-08-16"), "cost is computed for whole days"),
        (("--from", "2025-08-16", "--to", "2025-08-16"), "--from (2025-08-16) must be before --to (2025-08-16)"),
    ],
)
def test_an_invalid_window_is_rejected(tictally: Commands, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = tictally("bill", *arguments)
    assert (code, out) == (2, "")
    assert sentence in err


def test_a_source_is_shown_verbatim(tictally: Commands) -> None:
    (tictally.folder / "tariffs").mkdir()
    (tictally.folder / "tariffs" / "own.toml").write_text(
        'id = "edf-bleu-hphc"\noverlay = true\n[[version]]\nfrom = 2025-08-01\nconfidence = "own"\n'
        'source = "my bill [red]"\nenergy.HC = { ttc = "0.1" }\nenergy.HP = { ttc = "0.2" }\nsubscription = "16"\n'
    )
    assert "my bill [red]" in tictally("bill", *WINDOW)[1]


def test_a_named_site_has_the_only_bill(tictally: Commands) -> None:
    assert [each["site"] for each in tictally.json("bill", *WINDOW, "--site", METER)] == [METER]
    code, _, err = tictally("bill", *WINDOW, "--site", "nobody")
    assert (code, "there is no site 'nobody'" in err) == (1, True)


def test_an_invalid_tariff_is_reported_and_fails_where_the_site_pays_by_it(tictally: Commands) -> None:
    (tictally.folder / "tariffs").mkdir()
    draft = tictally.folder / "tariffs" / "own.toml"
    for text, code, total in (("id =", 0, "Total, TTC"), ('id = "edf-bleu-hphc"\nsupplier =', 1, "unknown")):
        draft.write_text(text)
        found, out, err = tictally("bill", *WINDOW)
        assert (found, total in out) == (code, True)
        assert f"{draft}, line " in err


def test_an_empty_ledger_has_no_bill(tictally: Commands) -> None:
    (tictally.folder / "empty").mkdir()
    tictally.folder /= "empty"
    with Ledger.open(tictally.folder / "ledger.sqlite"):
        pass
    assert tictally("bill", *WINDOW) == (0, "The ledger has no frames yet; is the recorder running?\n", "")


def test_each_of_two_sites_has_a_bill(tictally: Commands) -> None:
    other = "021900000003"
    with Ledger.open(tictally.folder / "ledger.sqlite") as ledger:
        values: dict[str, int | str] = {"EASF01": 1000, "NGTF": "BASE"}
        frames = [frame(100 + n, midnight_ms(d("2025-07-20")) + n, values, meter=other) for n in range(2)]
        ledger.store([message(each) for each in frames])
    (tictally.folder / "contracts.toml").write_text(CONTRACT + f'site = "{METER}"\n')
    code, out, err = tictally("bill", *WINDOW)
    assert code == 1
    assert [line.split()[3] for line in out.splitlines() if line.startswith("Bill of")] == [f"{METER},", f"{other},"]
    assert f'site = "{other}"' in err


def test_a_day_is_a_bill_too(tictally: Commands) -> None:
    day = d("2025-08-01")
    (bill,) = tictally.json("bill", "--from", str(day), "--to", str(day + timedelta(days=1)))
    # 3.125 x 0.1635 + 6.25 x 0.2081 + 15.74 / 31 = 0.5109375 + 1.300625 + 0.507741…
    assert (bill["totals"][0]["amount_rounded"], bill["whole"]) == ("2.32", True)
