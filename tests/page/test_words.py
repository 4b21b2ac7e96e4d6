"""The page's words: all that the page asks for is in the catalogue, all are used, both dark palettes are one."""

import json
import re
from pathlib import Path

import pytest

import tictally_recorder.page
import tictally_recorder.translations
from tictally_recorder.page.files import NOT_OF_PAGE, Files

STATIC = Path(tictally_recorder.page.__file__).parent / "static"
CATALOGUES = Path(tictally_recorder.translations.__file__).parent
SCRIPTS = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]
ASKED = re.compile(r"""\b(?:t|before)\("([\w.]+)\"""")


def words() -> dict[str, object]:
    found: dict[str, object] = json.loads((CATALOGUES / "en.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_string_that_is_used_exists(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert set(ASKED.findall(text)) - words().keys() == set()


def test_no_string_is_asked_for_without_its_parameters() -> None:
    """A placeholder without a value would be an empty space in a sentence; the page logs one of a composed key."""
    table = words()
    for script in SCRIPTS:
        text = script.read_text(encoding="utf-8")
        keys = set(re.findall(r"""\bt\("([\w.]+)"\)""", text))
        asking = {key for key in keys if isinstance(table[key], dict) or "{" in str(table[key])}
        assert asking == set(), script.name


def test_every_string_is_used() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    composed = (
        *(
            "period.",
            "quality.",
            "state.",
            "rejectedGroup.",
            "rejected.",
            "clock.",
            "tempo.",
            "tempo_day.",
            "period_full.",
            "overview.problem.",
            "day.beside.",
            "day.event.",
            "theme.",
            "nav.",
            "power.unknown.",
            "injection.source.",
            "injection.kind.",
            "injection.by.",
            "confidence.",
        ),
        *("system.level.", "calendar.", "save.", "standby.", "usual.", "imports.count.", "imports.year.", "kinds."),
    )
    of_python = (
        "app.",
        "format.",
        "list.",
        "reason.",
        "reasons.",
        "finding.",
        "remark.",
        "issue.",
        "problem.",
        "file.",
        "import.",
        *(
            "column.",
            "report.",
            "explain_text.",
            "bill.",
            "tariff_text.",
            "tariff_days.",
            "import_text.",
            "site_text.",
            "note_text.",
            "contract_text.",
            "weekday.",
            "begin_text.",
            "job_result.",
            "job_text.",
            "form.",
            "origin.",
            "template.",
            "tempo_source.",
            "wrong_use.",
            "notification.",
            "notify_text.",
        ),
    )
    unused = {key for key in words() if f'"{key}"' not in text}
    assert {key for key in unused if not key.startswith(composed + of_python)} == set()


def test_dark_is_the_same_by_the_system_and_by_choice() -> None:
    style = (STATIC / "base.css").read_text(encoding="utf-8")
    blocks = [
        re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', style, re.DOTALL),
        re.search(r':root\[data-theme="dark"\] \{(\s*--.*?)\}', style, re.DOTALL),
    ]
    by_system, by_choice = (sorted(re.findall(r"--[\w-]+: [^;]+", block[1])) if block else [] for block in blocks)
    assert by_system == by_choice != []


def test_the_page_is_served_without_words_that_it_never_shows() -> None:
    files = Files(STATIC, CATALOGUES).served
    parts = [json.loads(files[f"translations/en{part}.json"].content) for part in ("", ".more")]
    assert parts[0].keys() & parts[1].keys() == set()
    assert {key for key in words() if not key.startswith(NOT_OF_PAGE)} == parts[0].keys() | parts[1].keys()
    text = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    assert not re.findall("|".join(rf"""[`"\']{re.escape(each)}""" for each in NOT_OF_PAGE), text)


def test_the_modules_of_the_first_view_and_every_style_are_in_one_file_each() -> None:
    files = Files(STATIC, CATALOGUES)
    assert {"main.js", "views/tariffs.js", "first.js"} <= files.served.keys()
    assert not {"views/overview.js", "i18n.js", "costs.js"} & files.served.keys()
    assert {"views/overview.js", "i18n.js", "main.js"} <= files.modules.keys()
    style = files.served["page.css"].content
    assert all(path.read_bytes() in style for path in STATIC.glob("*.css"))
