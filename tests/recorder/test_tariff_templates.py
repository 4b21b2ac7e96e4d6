"""Templates of market offers: they can be read, have the figures that were collected, and are written as files."""

import csv
import json
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from tictally_recorder.cli.app import main
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.model import Confidence, Tariff
from tictally_recorder.tariffs.template_files import templates, with_templates

OFFERS: Final = Path(__file__).parents[3] / "shared" / "data" / "offers" / "market_offers.csv"
SUPPLIERS: Final = {"TotalEnergies": "TotalEnergie"}
# What the collection calls a kind of day and of hour, where it is not the period's own name.
KINDS: Final = {
    "BASE": {("bleu", "all")},
    "SEMAINE": {("bleu", "all")},
    "WE": {("weekend", "all")},
    "HC": {("bleu", "HC"), ("base", "HC")},
    "HP": {("bleu", "HP"), ("base", "HP")},
    "HSC": {("hsc", "all")},
    "HAPPY": {("happy", "all")},
    "HP ROUGE": {("rouge", "HP")},
    "HC ROUGE": {("rouge", "HC")},
    "HP SOBRIETE": {("sobriete", "HP")},
    "HC SOBRIETE": {("sobriete", "HC")},
    "HP HIVER": {("hiver", "HP"), ("hiverWeekend", "HP"), ("hpHiver", "all")},
    "HC HIVER": {("hiver", "HC"), ("hiverWeekend", "HC"), ("hcHiver", "all")},
    "HSC HIVER": {("hiverSC", "all"), ("hscHiver", "all")},
    "HP ETE": {("ete", "HP"), ("eteWeekend", "HP"), ("hpEte", "all")},
    "HC ETE": {("ete", "HC"), ("eteWeekend", "HC"), ("hcEte", "all")},
    "HSC ETE": {("eteSC", "all"), ("hscEte", "all")},
}


@pytest.fixture(scope="module")
def tariffs() -> dict[str, Tariff]:
    tables = load_catalogue().tax_tables
    return {name: each.tariff(tables) for name, each in templates().items()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    return tmp_path


def test_each_template_is_a_tariff_of_its_own_name_worth_a_secondary_source(tariffs: dict[str, Tariff]) -> None:
    assert len(tariffs) == 56
    for name, each in tariffs.items():
        (version,) = each.versions
        assert (each.id, version.confidence) == (name, Confidence.SECONDARY)
        assert str(version.start) in version.source
        assert each.rules is None or set(each.rules.periods) == set(each.periods)


def test_each_template_has_rules_unless_meters_count_its_periods(tariffs: dict[str, Tariff]) -> None:
    for each in tariffs.values():
        if len(each.periods) > 1:
            assert (each.rules is None) is (set(each.periods) == {"HC", "HP"}), each.id


@pytest.mark.skipif(not OFFERS.exists(), reason="the collection is not here")
def test_the_templates_have_every_collected_figure_and_no_other(tariffs: dict[str, Tariff]) -> None:
    collected: dict[tuple[str, str], dict[tuple[int, str, str], set[tuple[str, Decimal, Decimal]]]] = defaultdict(dict)
    with OFFERS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = int(row["power_kva"]), row["day_kind"], row["hour_kind"]
            figures = row["as_of"], Decimal(row["subscription_ttc_month"]), Decimal(row["ttc_kwh"])
            collected[row["supplier"], row["offer"]].setdefault(key, set()).add(figures)
    shipped: dict[tuple[str, str], dict[tuple[int, str, str], set[tuple[str, Decimal | None, Decimal]]]] = {}
    for each in tariffs.values():
        name = SUPPLIERS.get(each.supplier, each.supplier), each.names["fr"]
        (version,) = each.versions
        of_offer = shipped.setdefault(name, {})
        for power in version.powers:
            for period in each.periods:
                price, monthly = version.price(power, period), version.monthly(power)
                assert price is not None
                for day_kind, hour_kind in KINDS[period]:
                    if (power, day_kind, hour_kind) in collected[name]:
                        of_offer[power, day_kind, hour_kind] = {(str(version.start), monthly, price.ttc)}
    assert shipped == dict(collected)


def test_templates_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tariff", "template", "--json"]) == 0
    found = {each["id"]: each for each in json.loads(capsys.readouterr().out)}
    assert len(found) == 56
    flex = found["edf-zen-weekend-plus-hc"]
    assert (flex["as_of"], flex["confidence"], flex["needs"]) == ("2026-02-01", "secondary", ["off_peak", "chosen_day"])
    assert found["octopus-octotempo"]["needs"] == ["colours"]
    assert main(["tariff", "template"]) == 0
    assert "enercoop-2-saisons" in capsys.readouterr().out
    assert not (folder / "tariffs").exists()


def test_a_template_is_written_once_and_read_as_a_tariff(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tariff", "template", "edf-zen-flex"]) == 0
    path = folder / "tariffs" / "edf-zen-flex.toml"
    assert path.read_text(encoding="utf-8") == templates()["edf-zen-flex"].text
    shown = capsys.readouterr().out
    assert f"{path} is written, with prices of 2026-02-01." in shown
    assert "without it costs are unknown" in shown
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    assert main(["tariff", "template", "edf-zen-flex"]) == 1
    assert "it is there already, and is left as it is" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8").endswith("# mine\n")
    assert main(["tariff", "show", "edf-zen-flex", "--on", "2026-06-01"]) == 0
    assert "HC SOBRIETE: 00:00-08:00, 13:00-18:00, 20:00-00:00; days sobriete" in capsys.readouterr().out


def test_an_unknown_template_and_a_folder_that_cannot_be_written_are_errors(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tariff", "template", "nothing"]) == 1
    assert "there is no template 'nothing'" in capsys.readouterr().err
    (folder / "tariffs").write_text("a file")
    assert main(["tariff", "template", "edf-vert"]) == 1
    assert "it cannot be written: " in capsys.readouterr().err


def test_a_template_is_no_tariff_until_it_is_written_and_then_the_users_file_holds(folder: Path) -> None:
    assert "edf-vert" not in load_catalogue(folder / "tariffs").tariffs
    assert main(["tariff", "template", "edf-vert"]) == 0
    path = folder / "tariffs" / "edf-vert.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("0.1881", "0.1771"), encoding="utf-8")
    found = with_templates(load_catalogue(folder / "tariffs"))
    price = found.tariff("edf-vert").versions[0].price(6, "BASE")
    assert price is not None
    assert price.ttc == Decimal("0.1771")
    assert "edf-vert-hc" in found.tariffs
