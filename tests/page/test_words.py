"""The page's words: both languages have the same, all that is asked for is there, and both dark palettes are one."""

import json
import re
from pathlib import Path

import pytest

import tictally_recorder.page

STATIC = Path(tictally_recorder.page.__file__).parent / "static"
SCRIPTS = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]
ASKED = re.compile(r"""\b(?:t|before)\("([\w.]+)\"""")
COUNTED = re.compile(r"""\bcount\("([\w.]+)\"""")


def words(language: str) -> dict[str, str]:
    text = (STATIC / f"words-{language}.js").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(re.sub(r",\n}", "\n}", text[text.index("{\n") : text.rindex("}") + 1]))
    return found


def names(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_both_languages_have_the_same_words_with_the_same_figures_in_them() -> None:
    english, french = words("en"), words("fr")
    assert english.keys() == french.keys()
    assert {key for key in english if names(english[key]) != names(french[key])} == set()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_string_that_is_used_exists(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    asked = set(ASKED.findall(text)) | {f"{key}.{n}" for key in COUNTED.findall(text) for n in ("one", "many")}
    assert asked - words("en").keys() == set()


def test_every_string_is_used() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS if not path.name.startswith("words-"))
    made = (
        "period.",
        "quality.",
        "state.",
        "refused.",
        "tempo.",
        "theme.",
        "nav.",
        "sure.",
        "standby.",
        "usual.",
        "clock.",
    )
    counted = {f"{key}.{n}" for key in COUNTED.findall(text) for n in ("one", "many")}
    unused = {key for key in words("en") if f'"{key}"' not in text} - counted
    assert {key for key in unused if not key.startswith(made)} == set()


def test_dark_is_the_same_by_the_system_and_by_choice() -> None:
    style = (STATIC / "base.css").read_text(encoding="utf-8")
    blocks = [
        re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', style, re.DOTALL),
        re.search(r':root\[data-theme="dark"\] \{(\s*--.*?)\}', style, re.DOTALL),
    ]
    by_system, by_choice = (sorted(re.findall(r"--[\w-]+: [^;]+", block[1])) if block else [] for block in blocks)
    assert by_system == by_choice != []
