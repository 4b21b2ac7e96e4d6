"""The CRE's files from the open-data portal: what the weekly job takes, refuses and leaves, and what undoing does."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from cost_building import PARIS
from ledger_building import METER, frame, message
from local_service import LocalService, Reply

from tictally_recorder.cli.app import main
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.features import settings_with
from tictally_recorder.fetch import FetchError
from tictally_recorder.jobs import JobContext, JobError, enabled_jobs
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.cre.files import RESOURCES
from tictally_recorder.providers.cre.job import CreJob
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.model import Confidence
from tictally_recorder.translations import ENGLISH

NOW = datetime(2027, 2, 8, 6, 45, tzinfo=PARIS)
NOW_MS = int(NOW.timestamp() * 1000)
BASE = "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;PART_VARIABLE_HT;PART_VARIABLE_TTC"
HPHC = BASE.replace("VARIABLE_HT;PART_VARIABLE_TTC", "VARIABLE_HC_HT;PART_VARIABLE_HC_TTC")
HPHC += ";PART_VARIABLE_HP_HT;PART_VARIABLE_HP_TTC"
COLOURS = [f"{half}{colour}" for colour in ("Bleu", "Blanc", "Rouge") for half in ("HC", "HP")]
PAIRS = ";".join(f"PART_VARIABLE_{each}_HT;PART_VARIABLE_{each}_TTC" for each in COLOURS)
TEMPO = BASE.replace("PART_VARIABLE_HT;PART_VARIABLE_TTC", PAIRS)
KNOWN = "01/08/2025;31/01/2026;6;132,84;185,64;0,1327;0,1952"
NEW = "01/02/2027;;6;138;190,38;0,1412;0,2065"
OLD_HPHC = "01/08/2025;;6;135,6;189,99;0,1063;0,1635;0,1434;0,2081"
OLD_TEMPO = (
    "01/08/2025;;6;133,20;186,46;0,0727;0,1232;0,0945;0,1494;0,0859;0,1391;0,1142;0,173;0,0917;0,146;0,509;0,6468"
)
CONTRACT = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n'
OWN = """id = "edf-bleu-base"
overlay = true
[[version]]
from = 2027-02-01
confidence = "own"
source = "a letter"
energy.BASE = { ttc = "0.2100" }
subscription = "15"
"""


@pytest.fixture
def portal() -> Iterator[LocalService]:
    with LocalService().running() as running:
        yield running


class Household:
    """A household on Base, its files, and the portal."""

    def __init__(self, folder: Path, portal: LocalService, updates: str = "take") -> None:
        self.folder = folder
        self.portal = portal
        self.tariffs = folder / "tariffs"
        self.settings = settings_with(
            name="nas", ledger=folder / "ledger.sqlite", cre_updates=updates, cre_url=portal.url
        )
        (folder / "contracts.toml").write_text(CONTRACT)
        self.context = JobContext(NOW_MS, is_scheduled=True)
        self.publish("edf-bleu-base", BASE, KNOWN)
        self.publish("edf-bleu-hphc", HPHC, OLD_HPHC)
        self.publish("edf-bleu-tempo", TEMPO, OLD_TEMPO)

    def publish(self, tariff: str, *rows: str, etag: str = "") -> None:
        body = "\r\n".join([*rows, ""]).encode()
        self.answer(tariff, Reply(body, headers={"ETag": etag} if etag else {}))

    def answer(self, tariff: str, reply: Reply) -> None:
        self.portal.replies[f"/{RESOURCES[tariff]}"] = reply

    def run(self) -> str:
        return ENGLISH.phrase(CreJob(self.settings).run(self.context))

    def starts(self) -> list[str]:
        catalogue = load_catalogue(self.tariffs)
        assert catalogue.errors == ()
        return [str(version.start) for version in catalogue.tariff("edf-bleu-base").versions][-2:]

    def files(self) -> dict[str, str]:
        return {each.name: each.read_text() for each in sorted(self.tariffs.glob("*"))}


@pytest.fixture
def home(tmp_path: Path, portal: LocalService, monkeypatch: pytest.MonkeyPatch) -> Household:
    monkeypatch.delenv("TICTALLY_CONFIG", raising=False)
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    for name, value in (("LEDGER", tmp_path / "ledger.sqlite"), ("CRE_URL", portal.url)):
        monkeypatch.setenv(f"TICTALLY_{name}", str(value))
    return Household(tmp_path, portal)


def test_a_revision_is_taken_as_official(home: Household) -> None:
    home.publish("edf-bleu-base", BASE, KNOWN, NEW)
    assert home.run() == "edf-bleu-base: taken from 2027-02-01; edf-bleu-hphc: nothing new; edf-bleu-tempo: nothing new"
    version = load_catalogue(home.tariffs).tariff("edf-bleu-base").versions[-1]
    price = version.price(6, "BASE")
    assert (str(version.start), version.confidence, version.source) == (
        "2027-02-01",
        Confidence.OFFICIAL,
        "CRE, open data",
    )
    assert price is not None
    assert str(price.ttc) == "0.2065"


def test_an_unchanged_file_is_not_transferred_again(home: Household) -> None:
    home.publish("edf-bleu-base", BASE, KNOWN, NEW, etag='"1"')
    home.run()
    written = home.files()
    assert home.run() == "edf-bleu-hphc: nothing new; edf-bleu-tempo: nothing new"
    assert home.files() == written


def test_without_permission_a_revision_is_only_reported(tmp_path: Path, portal: LocalService) -> None:
    home = Household(tmp_path, portal, "show")
    home.publish("edf-bleu-base", BASE, KNOWN, NEW, etag='"1"')
    for _ in range(2):
        assert home.run().startswith("edf-bleu-base: new or different from 2027-02-01, not taken")
    assert not home.tariffs.exists()


WRONG = {
    "HTML": ("<!DOCTYPE html>", "<html>"),
    "other columns": (BASE.replace("PART_VARIABLE_TTC", "PRIX"), NEW),
    "another option": (HPHC, OLD_HPHC),
    "no number": (BASE, NEW.replace("0,2065", "much")),
    "10 EUR a kWh": (BASE, NEW.replace("0,1412;0,2065", "8;10")),
    "two lists at once": (BASE, NEW, NEW.replace("01/02/2027", "01/03/2027")),
    "half a row": (BASE, NEW[:20]),
    "an end before the start": (BASE, NEW.replace(";;6;", ";01/01/2027;6;")),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_and_nothing_overwritten(home: Household, case: str) -> None:
    home.publish("edf-bleu-base", BASE, KNOWN, NEW)
    home.run()
    before = home.files()
    home.publish("edf-bleu-base", *WRONG[case])
    for _ in range(2):  # and the next run looks at it again
        with pytest.raises(FetchError) as caught:
            home.run()
        assert caught.value.problem.code is ProblemCode.FETCH_UNEXPECTED
    assert home.files() == before


def test_a_wrong_file_does_not_keep_the_others_from_being_taken(home: Household) -> None:
    home.publish("edf-bleu-base", "<html>")
    home.publish("edf-bleu-hphc", HPHC, OLD_HPHC.replace(";;6", ";31/07/2026;6"), NEW_HPHC)
    with pytest.raises(FetchError):
        home.run()
    assert "edf-bleu-hphc-imported.toml" in home.files()


NEW_HPHC = "01/02/2027;;6;138;196,08;0,1089;0,1677;0,1461;0,2123"


def test_amounts_that_contradict_one_another_are_not_taken_and_reported(home: Household) -> None:
    home.publish("edf-bleu-base", BASE, KNOWN, NEW, NEW.replace(";6;", ";9;").replace("0,2065", "0,2085"))
    with pytest.raises(JobError) as caught:
        home.run()
    assert caught.value.problem.code is ProblemCode.REVISION_DOUBTFUL
    assert not home.tariffs.exists()


def test_a_version_of_the_users_own_is_never_replaced(home: Household) -> None:
    home.tariffs.mkdir()
    (home.tariffs / "own.toml").write_text(OWN)
    home.publish("edf-bleu-base", BASE, KNOWN, NEW)
    assert home.run() == "edf-bleu-base: nothing new; edf-bleu-hphc: nothing new; edf-bleu-tempo: nothing new"
    assert home.files() == {"own.toml": OWN}


def test_beside_a_broken_file_nothing_is_written(home: Household) -> None:
    home.tariffs.mkdir()
    (home.tariffs / "own.toml").write_text("id = 1")
    home.publish("edf-bleu-base", BASE, KNOWN, NEW)
    with pytest.raises(JobError) as caught:
        home.run()
    assert caught.value.problem.code is ProblemCode.REVISION_NOT_WRITTEN
    assert home.files() == {"own.toml": "id = 1"}


def test_what_was_undone_is_not_taken_again_but_by_a_person(
    home: Household, capsys: pytest.CaptureFixture[str]
) -> None:
    home.publish("edf-bleu-base", BASE, KNOWN, NEW)
    home.run()
    assert main(["tariff", "undo", "edf-bleu-base"]) == 0
    assert capsys.readouterr().out == "Undone: the versions of edf-bleu-base from 2027-02-01.\n"
    assert home.starts()[-1] == "2026-08-01"
    assert home.run() == "edf-bleu-base: nothing new; edf-bleu-hphc: nothing new; edf-bleu-tempo: nothing new"
    assert main(["tariff", "undo", "edf-bleu-base"]) == 1
    assert "there is no import of edf-bleu-base that can be undone" in capsys.readouterr().err
    # Other amounts of the same day are another version.
    home.publish("edf-bleu-base", BASE, KNOWN, NEW.replace("0,1412;0,2065", "0,1413;0,2066"))
    assert home.run().startswith("edf-bleu-base: taken from 2027-02-01")
    assert main(["tariff", "undo", "edf-bleu-base"]) == 0
    assert main(["tariff", "fetch", "--write"]) == 0
    assert "Written to" in capsys.readouterr().out
    assert home.starts()[-1] == "2027-02-01"


def test_undoing_the_second_import_gives_back_the_first(home: Household) -> None:
    home.publish("edf-bleu-base", BASE, KNOWN, NEW)
    home.run()
    first = home.files()["edf-bleu-base-imported.toml"]
    home.publish(
        "edf-bleu-base", BASE, KNOWN, NEW.replace(";;6", ";31/07/2027;6"), NEW.replace("01/02/2027", "01/08/2027")
    )
    home.run()
    assert home.starts() == ["2027-02-01", "2027-08-01"]
    assert main(["tariff", "undo", "edf-bleu-base"]) == 0
    assert home.files()["edf-bleu-base-imported.toml"] == first


def test_an_import_that_a_person_has_changed_is_not_undone(home: Household, capsys: pytest.CaptureFixture[str]) -> None:
    home.publish("edf-bleu-base", BASE, KNOWN, NEW)
    home.run()
    file = home.tariffs / "edf-bleu-base-imported.toml"
    file.write_text(file.read_text().replace("0.2065", "0.2066"))
    before = home.files()
    assert main(["tariff", "undo", "edf-bleu-base"]) == 1
    assert "it was changed since it was imported" in capsys.readouterr().err
    assert home.files() == before


def test_tariff_fetch_shows_the_difference_and_takes_nothing(
    home: Household, capsys: pytest.CaptureFixture[str]
) -> None:
    home.publish("edf-bleu-base", BASE, KNOWN, NEW)
    assert main(["tariff", "fetch"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "2027-02-01 new 6 kVA BASE 0.2065 0.1412" in out
    assert "--write takes 1 version; nothing was written." in out
    assert not home.tariffs.exists()


def test_it_is_off_unless_set_and_where_the_internet_is_forbidden(tmp_path: Path) -> None:
    settings = {"name": "nas", "ledger": tmp_path / "ledger.sqlite"}
    assert "cre" not in enabled_jobs(settings_with(**settings))
    assert "cre" in enabled_jobs(settings_with(**settings, cre_updates="show"))
    assert "cre" not in enabled_jobs(settings_with(**settings, cre_updates="show", fetch="off"))


def test_a_revision_recomputes_exactly_the_days_that_it_touches(
    home: Household, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home.folder / "ledger.sqlite"
    days = [
        datetime(2027, 1, 29 + n, 12, tzinfo=PARIS) if n < 3 else datetime(2027, 2, n - 2, 12, tzinfo=PARIS)
        for n in range(6)
    ]
    with Ledger.open(path) as ledger, LedgerReader.open(path) as reader:
        ledger.store(
            message(
                frame(
                    1 + 2 * n + hour // 6,
                    int(at.timestamp()) * 1000 + hour * 3_600_000,
                    {"BASE": 10_000 * n + 1000 * hour},
                    meter=METER,
                )
            )
            for n, at in enumerate(days)
            for hour in (0, 6)
        )
        keeper = CostRecomputer(
            ledger, reader, WatchedTerms(home.folder / "contracts.toml", home.tariffs, PARIS), PARIS
        )

        def recompute(hours: int) -> int:
            before = keeper.counts.computed
            keeper.begin()
            while keeper.step(lambda: NOW_MS + hours * 3_600_000):
                pass
            return keeper.counts.computed - before

        assert recompute(0) == 6
        assert (home.run()[:26], recompute(1)) == ("edf-bleu-base: nothing new", 0)
        home.publish("edf-bleu-base", BASE, KNOWN, NEW)
        home.run()
        assert recompute(2) == 3
        assert recompute(3) == 0
        assert main(["tariff", "undo", "edf-bleu-base"]) == 0
        assert recompute(4) == 3
        assert main(["tariff", "fetch", "--write"]) == 0
        assert recompute(6) == 3
    capsys.readouterr()
    assert main(["cost", "--from", "2027-01-31", "--to", "2027-02-02", "--explain"]) == 0
    shown = capsys.readouterr().out
    assert "10.000 kWh at 0.2065 EUR = 2.065 EUR, shown as 2.07" in shown
    assert "official: CRE, open data" in shown
    assert (
        "2027-02-01 was 2.57 EUR until 2027-02-08 08:45+01:00, by edf-bleu-base 2026-08-01, hash c515f43c1fe7 "
        "(secondary: others who publish prices): a revision was due on 2027-02-01"
    ) in shown
    assert "2027-01-31 was" not in shown


def test_tariff_fetch_obeys_the_setting_that_forbids_requests(
    home: Household, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TICTALLY_FETCH", "off")
    assert main(["tariff", "fetch"]) == 1
    assert capsys.readouterr().err == "tictally: `TICTALLY_FETCH=off` forbids requests to services on the internet\n"
    assert home.portal.requests == []
