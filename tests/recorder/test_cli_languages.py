"""The command line's tables and sentences are in one language, that of the settings."""

import io
import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from ledger_building import METER, frame, message
from observation_building import energy, observed

import tictally_recorder
from tictally_recorder.cli.app import main
from tictally_recorder.imports.registry import importers
from tictally_recorder.ledger import Ledger, ignore_site, importing
from tictally_recorder.tariffs.providers.registry import providers
from tictally_recorder.tariffs.taxes import TAX_NAMES
from tictally_recorder.translations import catalogue, origin_text
from tictally_shared.catalogue import Catalogue

FAMILIES: tuple[str, ...] = (
    "column.",
    "report.",
    "explain_text.",
    "bill.",
    "tariff_text.",
    "import_text.",
    "site_text.",
    "begin_text.",
)
FAMILIES += ("wrong_use.", "contract_text.", "job_text.")
FORMS = ("form.", "origin.")
# Composed from a value of the data, not written out in the code.
COMPOSED: tuple[str, ...] = (
    "report.confidence.",
    "report.direction.",
    "report.verdict.",
    "bill.reading_",
    "bill.tax.",
    "tariff_text.weekday.",
    "tariff_text.title.",
)
COMPOSED += (
    "wrong_use.missing_",
    "contract_text.ask_",
    "import_text.state.",
    *(f"tariff_text.{tax}" for tax in TAX_NAMES),
)
PLACEHOLDER = re.compile(r"\{\w+(?:\|\w+)?\}")
WORD = re.compile(r"[^\W\d_]{2,}")
# The same in both languages, by their letters.
IN_BOTH = {"accise", "date", "injection", "minutes", "note", "site", "source", "table", "total", "version", "versions"}
IN_BOTH |= {
    "option",
    "tictally",
    "import",
    "undo",
    "list",
    "kwh",
    "kva",
    "va",
    "cta",
    "ht",
    "ttc",
    "or",
    "on",
    "fichier",
    "an",
}
OTHER = "021900000003"


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def keys(*more: str) -> list[str]:
    return [key for key in catalogue("en")._words if key.startswith((*FAMILIES, *more))]


def words_of(words: Catalogue, key: str) -> set[str]:
    of_key = words._words[key]
    forms = [of_key] if isinstance(of_key, str) else of_key.values()
    return {word.lower() for form in forms for word in WORD.findall(PLACEHOLDER.sub(" ", form))}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site of which a day and a half is known, with a gap, and an ignored one."""
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("COLUMNS", "250")
    (tmp_path / "contracts.toml").write_text(
        f'[[contract]]\nsite = "{METER}"\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n'
        f'[[lump_sum]]\nsite = "{METER}"\nday = 2025-08-01\namount = "-3"\ntext = "cheque"\n'
    )
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        frames = []
        for n in [*range(30), *range(60, 145)]:
            values: dict[str, int | str] = {"NGTF": "BASE", "EAST": 100 * n, "EAIT": n, "PREF": 6}
            added = frame(n + 1, ms("2025-08-01T00:00+02:00") + n * 900_000, values, boot="00000000000000a1")
            frames += [added, frame(n + 1, added.time_ms, values, meter=OTHER, boot="00000000000000b1")]
        ledger.store([message(each, arrived_ms=ms("2025-08-03T12:00Z")) for each in frames])
    with importing(tmp_path / "ledger.sqlite") as imports:
        imports.put_weather({(ms("2025-08-01T00:00+02:00") // 3_600_000) + n: 1500 + n for n in range(72)})
        imports.put(METER, 0, [observed([energy(ms("2025-08-01T00:00+02:00"), 1440, 9412)], "enedis")])
    ignore_site(tmp_path / "ledger.sqlite", OTHER, ms("2025-08-03T12:00Z"))
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main([*arguments])
    return "".join(capsys.readouterr())


COMMANDS = (
    ("energy", "--from", "2025-08"),
    ("energy", "--from", "2020", "--to", "2021"),
    ("cost", "--from", "2025-08", "--to", "2025-09", "--explain"),
    ("bill", "--from", "2025-08", "--to", "2025-09"),
    ("compare", "--from", "2025-08", "--to", "2025-09"),
    ("standby", "--from", "2025-08", "--to", "2025-09"),
    ("site", "list"),
    ("site", "ignore", OTHER, "--undo"),
    ("tariff", "list"),
    ("tariff", "show", "edf-bleu-hphc"),
    ("tariff", "check", "edf-bleu-ejp"),
    ("tariff", "providers"),
    ("import", "list"),
    ("reconcile", "--from", "2025-08"),
    ("reconcile", "--from", "2020", "--to", "2021"),
    ("temperature", "--from", "2025-08", "--by", "month"),
    ("temperature", "--from", "2025-08", "--by", "temperature"),
    ("temperature", "--from", "2020", "--to", "2021"),
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_report_is_french_in_french_and_english_in_english(
    folder: Path,  # noqa: ARG001 - a ledger is needed
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    foreign = {}
    for language, other in (("fr", "en"), ("en", "fr")):
        own, theirs = (
            set().union(*(words_of(catalogue(each), key) for key in keys(*FORMS))) | IN_BOTH
            for each in (language, other)
        )
        monkeypatch.setenv("TICTALLY_LANGUAGE", language)
        text = re.sub("`[^`]*`", " ", shown(capsys, *arguments))  # commands are the same in both
        assert text
        named = {"edf", "cre", "open", "data", "price", "grid", "others", "who", "publish", "prices", "tarif", "bleu"}
        named |= {
            "commission",
            "de",
            "régulation",
            "l",
            "énergie",
            "enedis",
            "linkystat",
            "secondary",
            "one",
            "and",
            "history",
            "registers",
        }
        found = {word.lower() for word in WORD.findall(text)}
        foreign[language] = (found & theirs) - own - named
    assert foreign == {"fr": set(), "en": set()}


def test_an_error_in_a_file_is_in_the_language(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "contracts.toml").write_text('[[contract]]\ntariff = "edf-bleu-base"\nfrom = 2025-02-30\n')
    text = shown(capsys, "cost")
    assert text.startswith(f"tictally: {folder}/contracts.toml, ligne 3 : le jour 2025-02-30 ")


def test_every_word_of_the_reports_is_used() -> None:
    root = Path(tictally_recorder.__file__).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py"))
    unused = [
        key
        for key in keys()
        if not re.search(rf"""["'](?:{key}|{key.partition(".")[2]})["']""", text) and not key.startswith(COMPOSED)
    ]
    assert unused == []


def test_a_form_of_files_is_the_same_in_code_and_catalogue() -> None:
    words = catalogue("en")
    for importer in importers():
        assert words.text(f"form.{importer.name}") == importer.form
        assert origin_text(words, importer.name, importer.title) == importer.title
    for provider in providers():
        assert words.text(f"form.{provider.name}") == provider.form


WRONG_USES = (
    ("cost", "--by", "quinzaine"),
    ("cost", "--from", "hier"),
    ("cost", "--from", "2025-08-02", "--to", "2025-08-01"),
    ("cost", "--from", "2025-08-01T10:00"),
    ("energy", "--from", "2025-03-30T02:30"),
    ("cost", "--json", "--csv"),
    ("cost", "--site", "77"),
    ("cost", "--nix"),
    ("cost", "--from"),
    ("cost", "--json=3"),
    ("cost", "nix"),
    ("nix",),
    ("temperature", "--base", "chaud"),
    ("compare", "--off-peak", "22-6"),
    ("contract", "add"),
    ("contract", "add", "--power", "six"),
    ("contract", "end", "2020"),
    ("import", "undo", "x"),
    ("import", "undo", "9"),
    ("import", "absent.csv"),
    ("job", "run"),
    ("sink", "remove"),
    ("site", "join", "1", "2"),
    ("tariff", "show", "nix"),
    ("token", "create", "--prm", "12"),
    ("backup", "--check"),
    ("restore", "absent.backup"),
)


@pytest.mark.parametrize("arguments", WRONG_USES, ids=" ".join)
def test_wrong_use_is_explained_in_french_to_a_french_reader_and_in_english_to_an_english_one(
    folder: Path,  # noqa: ARG001 - a ledger is needed
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    shown_in = {}
    for language in ("fr", "en"):
        monkeypatch.setenv("TICTALLY_LANGUAGE", language)
        assert main([*arguments]) != 0
        shown_in[language] = capsys.readouterr().err
    for language, foreign in (("fr", ENGLISH_WORDS), ("en", FRENCH_WORDS)):
        text = re.sub(r"`[^`]*`|\[Errno.*|No such file or directory", "", shown_in[language])
        assert text.startswith("tictally: ")
        assert {word.lower() for word in WORD.findall(text)} & foreign == set()


ENGLISH_WORDS = {
    "is",
    "are",
    "the",
    "not",
    "for",
    "valid",
    "invalid",
    "value",
    "missing",
    "must",
    "should",
    "there",
    "no",
}
FRENCH_WORDS = {"le", "la", "les", "est", "pas", "un", "une", "incorrecte", "valeur", "il", "manque", "pour", "doit"}


def test_a_question_is_answered_by_oui(
    folder: Path,  # noqa: ARG001 - a ledger is needed
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TICTALLY_LANGUAGE", "fr")
    for answer, code in (("n\n", 130), ("\n", 130), ("o\n", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        assert main(["site", "remove", METER]) == code
    assert f"Le site {METER} est supprimé." in capsys.readouterr().out


def test_a_check_without_contracts_does_not_find_them_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "contracts.toml").unlink()
    assert "pas de contrat dans" in shown(capsys, "contract", "check")
