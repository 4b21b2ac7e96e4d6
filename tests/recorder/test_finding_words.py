"""Findings in words: every code in every language, and no words without a code."""

import json
from importlib.resources import files

import pytest

import tictally_recorder.translations
from tictally_recorder.doctor.words import subject_text
from tictally_recorder.finding import FindingCode, Subject, SubjectKind
from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import LANGUAGES
from tictally_shared.phrase import Phrase

PREFIX = "finding."


def keys(language: str) -> set[str]:
    text = files(tictally_recorder.translations).joinpath(f"{language}.json").read_text(encoding="utf-8")
    return {key.removeprefix(PREFIX) for key in json.loads(text) if key.startswith(PREFIX)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_and_every_subject_has_words_and_nothing_else_has(language: str) -> None:
    codes = {code.value for code in FindingCode}
    subjects = {f"about.{kind}" for kind in SubjectKind}
    advice = {key for key in keys(language) if key.endswith(".advice")}
    assert keys(language) - advice == codes | subjects
    assert {key.removesuffix(".advice") for key in advice} <= codes


def test_both_languages_advise_on_the_same_findings() -> None:
    assert keys("en") == keys("fr")


@pytest.mark.parametrize(("language", "name"), [("en", "edge pi"), ("fr", "lecteur pi")])
def test_a_subject_has_its_name(language: str, name: str) -> None:
    assert subject_text(catalogue(language), Subject(SubjectKind.EDGE, "pi")) == name


def test_an_ok_finding_has_no_advice() -> None:
    assert catalogue("en").advice(Phrase(FindingCode.LEDGER_INTACT)) is None


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0, "0 s", "0 s"),
        (119, "119 s", "119 s"),
        (120, "2 min", "2 min"),
        (7_199, "119 min", "119 min"),
        (7_200, "2 h", "2 h"),
        (172_800, "2 days", "2 jours"),
    ],
)
def test_an_age_is_in_the_largest_unit_of_which_there_are_two(seconds: int, english: str, french: str) -> None:
    assert (catalogue("en").age(seconds), catalogue("fr").age(seconds)) == (english, french)


@pytest.mark.parametrize(
    ("size", "english", "french"),
    [
        (999, "999 bytes", "999 octets"),
        (12_300_000, "12 MB", "12 Mo"),
        (80_000_000_000, "80.0 GB", "80,0 Go"),
    ],
)
def test_a_size_is_in_its_largest_unit(size: int, english: str, french: str) -> None:
    phrase = Phrase(FindingCode.DISK_FREE, {"free": size})
    assert catalogue("en").phrase(phrase) == f"{english} are free on its disk"
    assert catalogue("fr").phrase(phrase) == f"il reste {french} sur son disque"
