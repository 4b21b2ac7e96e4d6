"""Findings of the edge's doctor: every code has words in both languages, and no words are without a code."""

import json
import re
from importlib.resources import files

import pytest

import tictally_edge.translations
from tictally_edge.finding import FindingCode, PartCode, Subject, bad, good
from tictally_edge.translations import catalogue
from tictally_shared.catalogue import LANGUAGES
from tictally_shared.phrase import Phrase, PhraseCode, Value

PLACEHOLDER = re.compile(r"\{(\w+)(?:\|(\w+))?\}")
CODES: tuple[PhraseCode, ...] = (*FindingCode, *PartCode)
OF_FORMAT: dict[str, Value] = {"": "<value>", "age": 7200, "decimal": "12.5", "joined": ("A", "B"), "list": ("A", "B")}
SHOWN = {"en": {"age": "2 h", "list": "A and B"}, "fr": {"age": "2 h", "list": "A et B", "decimal": "12,5"}}


def words(language: str) -> dict[str, str | dict[str, str]]:
    text = files(tictally_edge.translations).joinpath(f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str | dict[str, str]] = json.loads(text)
    return found


def placeholders(language: str, key: str) -> set[tuple[str, str]]:
    of_key = words(language).get(key, "")
    forms = [of_key] if isinstance(of_key, str) else list(of_key.values())
    return {match for form in forms for match in PLACEHOLDER.findall(form)}


def example(code: PhraseCode) -> Phrase:
    found = placeholders("en", code.key) | placeholders("en", f"{code.key}.advice")
    return Phrase(code, {name: 3 if name == "count" else OF_FORMAT[form] for name, form in found})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES, ids=lambda code: code.key)
def test_every_finding_has_words_that_show_its_parameters(code: PhraseCode, language: str) -> None:
    text = catalogue(language).phrase(example(code))
    assert text
    assert "{" not in text
    for name, form in placeholders("en", code.key):
        assert ("3" if name == "count" else SHOWN[language].get(form, "<value>" if not form else "")) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_are_of_a_code_that_does_not_exist(language: str) -> None:
    keys = {key.removesuffix(".advice") for key in words(language) if key.startswith(("finding.", "part."))}
    assert keys == {code.key for code in CODES} | {f"finding.about.{subject}" for subject in Subject}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, french = words("en"), words("fr")
    assert english.keys() == french.keys()
    names = {language: {key: {n for n, _ in placeholders(language, key)} for key in english} for language in LANGUAGES}
    assert names["en"] == names["fr"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_findings_that_need_a_person_have_advice(language: str) -> None:
    finding = bad(Subject.LINE, FindingCode.NO_GOOD_FRAME, port="/dev/ttyUSB0")
    assert "\n   → " in finding.lines(language)
    assert "\n" not in good(Subject.PORT, FindingCode.PORT_FREE, port="/dev/ttyUSB0").lines(language)


def test_a_finding_in_french_has_no_english_words() -> None:
    finding = bad(Subject.CLOCK, FindingCode.CLOCK_UNPROVED, wait=Phrase(PartCode.WAIT_FOR_PROOF))
    assert finding.lines("fr").startswith("!! horloge : pas encore vérifiée : les trames attendent un serveur de temps")


def test_json_has_code_parameters_and_english_words() -> None:
    finding = bad(Subject.CLOCK, FindingCode.CLOCK_UNPROVED, wait=Phrase(PartCode.WAIT_FOR_PROOF))
    record = finding.as_json()
    assert (record["about"], record["level"], record["code"]) == ("clock", "trouble", "clock_unproved")
    assert record["parameters"] == {"wait": {"code": "wait_for_proof", "parameters": {}}}
    assert str(record["text"]).startswith("not proved yet: frames wait for a time server")
    assert str(record["advice"]).startswith("Set up a time server")
