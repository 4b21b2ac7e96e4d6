"""A tariff provider that is one file is everywhere where tariff providers are."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from almanac_provider import Almanac, AlmanacSettings
from api_serving import Served
from recorder_loop import recorder_loop, turn

from tictally_recorder.cli.app import main
from tictally_recorder.doctor.words import subject_text
from tictally_recorder.features import all_settings, load, settings_with
from tictally_recorder.finding import Level
from tictally_recorder.ledger import Ledger
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.model import Confidence, Price
from tictally_recorder.tariffs.providers.findings import collect_providers, provider_findings
from tictally_recorder.tariffs.providers.registry import provider_of, register
from tictally_recorder.translations import catalogue
from tictally_shared.settings import Origins, read_file
from tictally_shared.settings_error import SettingsError

TODAY = datetime.now(UTC).astimezone(ZoneInfo("Europe/Paris")).date()
NEW = date(2026, 9, 1)
"""After the newest bundled version of EJP."""
FILE = {
    "almanac": {
        "mainland": {"2026-09-01": {"HN": "0.151234", "PM": "0.9", "yearly": "200.40"}},
        "islands": {"2026-09-01": {"HN": "0.2", "PM": "0.8", "yearly": "240"}},
        "moon": {"2026-09-01": {"HN": "0.2", "PM": "0.1", "yearly": "240"}},
    }
}


@dataclass
class Home:
    """A recorder's folder with a file of the almanac; the commands have its settings."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    @property
    def file(self) -> Path:
        return self.folder / "almanac.json"

    @property
    def imported(self) -> Path:
        return self.folder / "tariffs" / "edf-bleu-ejp-imported.toml"

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit code, stdout with every run of spaces as one, stderr."""
        code = main(["tariff", *map(str, arguments)])
        out, err = self.capture.readouterr()
        return code, "\n".join(" ".join(line.split()) for line in out.splitlines()), err

    def almanac(self) -> dict[str, Any]:
        """The provider as `tictally tariff providers --json` shows it."""
        _, out, _ = self("providers", "--json")
        (found,) = [each for each in json.loads(out) if each["name"] == "almanac"]
        record: dict[str, Any] = found
        return record


@pytest.fixture(autouse=True)
def almanac(monkeypatch: pytest.MonkeyPatch) -> Iterator[Almanac]:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    provider = Almanac()
    unregister = register(provider)
    yield provider
    unregister()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    home = Home(tmp_path, capsys)
    home.file.write_text(json.dumps(FILE))
    return home


def findings(folder: Path, day: date, language: str = "en") -> list[tuple[str, Level, str]]:
    """What the doctor finds about the almanac on a day."""
    words = catalogue(language)
    states = collect_providers(settings_with(name="nas", ledger=folder / "ledger.sqlite"), day)
    return [
        (subject_text(words, each.about), each.level, words.phrase(each.phrase))
        for each in provider_findings(states)
        if each.about.name == "almanac"
    ]


def test_its_settings_are_settings_of_the_recorder(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "TICTALLY_ALMANAC_ZONE": "islands"}
    settings = load(Origins(environ, read_file), hostname="nas")
    assert settings.section(AlmanacSettings).zone == "islands"
    (tmp_path / "wrong.toml").write_text('almanac_zoen = "islands"\n')
    with pytest.raises(SettingsError, match=r"almanac_zoen .* is not a setting; .*almanac_zone"):
        load(Origins(environ, read_file, str(tmp_path / "wrong.toml")), hostname="nas")
    assert "section_AlmanacSettings" in all_settings().model_fields


def test_two_of_one_name_are_an_error(almanac: Almanac) -> None:
    with pytest.raises(ValueError, match="two tariff providers are named almanac"):
        register(almanac)


def test_an_import_recognizes_its_file_and_makes_versions_as_it_publishes_them(home: Home) -> None:
    code, out, err = home("import", home.file, "--write")
    assert (code, err) == (0, "")
    assert out.endswith(f"Written to {home.imported}: {NEW}.")
    version = load_catalogue(home.imported.parent).tariffs["edf-bleu-ejp"].versions[-1]
    assert (version.start, version.source, version.note) == (NEW, "The Almanac", "as printed")
    assert version.confidence is Confidence.SECONDARY
    # Five decimals, and a twelfth of its year.
    assert version.price(9, "HN") == Price(Decimal("0.15123"))
    assert version.monthly(9) == Decimal("16.70")


def test_its_setting_selects_what_is_imported(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICTALLY_ALMANAC_ZONE", "islands")
    assert home("import", home.file, "--write")[0] == 0
    assert load_catalogue(home.imported.parent).tariffs["edf-bleu-ejp"].versions[-1].monthly(9) == 20
    monkeypatch.setenv("TICTALLY_ALMANAC_ZONE", "mars")
    sentence = "it has no zone mars; it has mainland, islands, moon"
    assert home("import", home.file) == (1, "", f"tictally: {home.file}, line 1: {sentence}\n")


def test_billed_subscriptions_of_a_provider_replace_those_of_a_tariff(home: Home) -> None:
    home("import", home.file, "--write")
    dearer = json.dumps(FILE).replace("200.40", "204")
    home.file.write_text(dearer)
    assert "9 kVA subscription 16.70 → 17.00" in home("import", home.file)[1]


def test_a_revision_that_is_not_plausible_is_not_taken(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home("import", home.file, "--write")
    monkeypatch.setenv("TICTALLY_ALMANAC_ZONE", "moon")
    _, out, _ = home("import", home.file, "--write")
    assert f"Not taken where it differs: {NEW}: peak days are cheaper." in out
    assert out.endswith("There is nothing to write.")


def test_a_provider_can_be_selected_by_name(home: Home) -> None:
    assert home("import", home.file, "--provider", "almanac")[0] == 0
    code, _, err = home("import", home.file, "--provider", "cre")
    assert code == 1
    assert "there is no column DATE_DEBUT, DATE_FIN, P_SOUSCRITE" in err
    code, _, err = home("import", home.file, "--provider", "almanach")
    assert code == 2
    assert "there is no tariff provider 'almanach'; there are: cre, almanac" in err


def test_a_file_that_nobody_recognizes_lists_what_each_provider_reads(home: Home) -> None:
    home.file.write_text("from,price\n2026-09-01,0.2\n")
    forms = "cre: CSV of Base, HP/HC or Tempo from the CRE's open data; almanac: JSON of EJP"
    sentence = f"no tariff provider recognizes this file; there are: {forms}"
    assert home("import", home.file) == (1, "", f"tictally: {home.file}, line 1: {sentence}\n")


def test_a_file_that_two_recognize_asks_for_a_name(home: Home) -> None:
    class Copy(Almanac):
        name = "copy"
        settings = None  # type: ignore[assignment]

    unregister = register(Copy())
    try:
        code, _, err = home("import", home.file)
    finally:
        unregister()
    assert code == 1
    assert err.endswith("line 1: it may be a file of almanac or copy; select one with --provider\n")


@pytest.mark.parametrize("file", ["cre_base.csv", "cre_hphc.csv", "cre_tempo.csv"])
def test_files_of_the_regulator_are_recognized(file: str) -> None:
    assert provider_of((Path(__file__).parent / "data" / file).read_bytes(), file).name == "cre"


def test_the_command_line_lists_it_with_its_tariffs_and_the_last_import(home: Home) -> None:
    record = home.almanac()
    assert (record["title"], record["form"]) == ("The Almanac", "JSON of EJP")
    assert (record["imported"], record["age_days"], record["problem"]) == (None, None, None)
    assert home("providers")[1].endswith("almanac, The Almanac: JSON of EJP; nothing has been imported.")
    home("import", home.file, "--write")
    record = home.almanac()
    assert (record["imported"], record["age_days"]) == (str(TODAY), 0)
    (tariff,) = record["tariffs"]
    assert (tariff["id"], tariff["newest"], tariff["imported"]) == ("edf-bleu-ejp", str(NEW), str(TODAY))
    code, out, _ = home("providers")
    assert code == 0
    assert f"almanac edf-bleu-ejp {NEW} {TODAY}" in out
    assert out.endswith("almanac, The Almanac: JSON of EJP; the last import was today.")


def test_an_import_of_another_provider_is_not_its_own(home: Home) -> None:
    home("import", home.file, "--write")
    home.imported.write_text(home.imported.read_text().replace('provider = "almanac"', 'provider = "chronicle"'))
    assert home.almanac()["imported"] is None


def test_the_doctor_has_a_finding_about_it(home: Home) -> None:
    about, due = "tariff provider almanac", date(2027, 2, 1)
    sentence = "a revision was due on 2026-08-01 that is not known: edf-bleu-ejp; nothing has been imported"
    assert findings(home.folder, NEW) == [(about, Level.NOTE, sentence)]
    home("import", home.file, "--write")
    sentence = f"up to date: edf-bleu-ejp; the last import was on {TODAY}"
    assert findings(home.folder, due - timedelta(days=1)) == [(about, Level.OK, sentence)]
    ((_, level, sentence),) = findings(home.folder, due)
    assert level is Level.NOTE
    assert sentence.startswith("a revision was due on 2027-02-01 that is not known: edf-bleu-ejp")
    ((about, _, sentence),) = findings(home.folder, due, "fr")
    assert about == "fournisseur de tarifs almanac"
    assert sentence.startswith("une révision attendue le")


def test_the_doctor_finds_an_import_that_cannot_be_used(home: Home) -> None:
    home("import", home.file, "--write")
    home.imported.write_text(home.imported.read_text().replace("0.9", "9"))
    ((_, level, sentence),) = findings(home.folder, NEW)
    assert level is Level.TROUBLE
    assert sentence.startswith(f"an imported file cannot be used: {home.imported}, line ")
    code, _, err = home("providers")
    assert code == 1
    assert str(home.imported) in err
    assert str(home.imported) in str(home.almanac()["problem"])


def test_the_doctors_command_shows_it(home: Home) -> None:
    main(["doctor", "--json"])
    found = json.loads(home.capture.readouterr().out)
    assert {"tariff provider cre", "tariff provider almanac"} <= {each["about"] for each in found}


def test_health_has_it(home: Home) -> None:
    home("import", home.file, "--write")
    now_ms = int(datetime(2027, 2, 3, 12, tzinfo=UTC).timestamp() * 1000)
    with Ledger.open(home.folder / "ledger.sqlite") as ledger, recorder_loop(home.folder, ledger) as loop:
        assert loop.health()["tariff_providers"] == {}
        loop.step("cost").run(turn(now_ms=now_ms))
        assert set(loop.health()["tariff_providers"]) == {"cre", "almanac"}
        loop.publish_health_soon()
        loop.step("health").run(turn(now_ms=now_ms, is_connected=True))
        health = json.loads(loop.connection.payloads["tictally/recorder/nas/health"])
        assert health["tariff_providers"]["almanac"] == {
            "imported": str(TODAY),
            "age_days": max((date(2027, 2, 3) - TODAY).days, 0),
            "overdue_since": "2027-02-01",
            "problem": None,
            "is_failing": False,
        }


def test_api_and_metrics_have_it(home: Home) -> None:
    home("import", home.file, "--write")
    later = datetime(2027, 2, 3, 12, tzinfo=UTC)
    with Served(home.folder, now=later) as served:
        (item,) = [each for each in served.items("/api/v1/tariffs/providers") if each["name"] == "almanac"]
        assert (item["title"], item["imported"], item["overdue_since"]) == ("The Almanac", str(TODAY), "2027-02-01")
        assert [each["id"] for each in item["tariffs"]] == ["edf-bleu-ejp"]
        metrics = served.get("/metrics").text
        assert 'tictally_tariffs_overdue{provider="almanac"} 1.0' in metrics
        assert 'tictally_tariff_import_failing{provider="almanac"} 0.0' in metrics
        assert 'tictally_tariffs_overdue{provider="cre"} 3.0' in metrics
