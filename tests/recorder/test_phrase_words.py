"""Remarks, issues, problems and findings: every code has words in every language, and no words are without a code."""

import json
import re
from pathlib import Path

import pytest
from phrase_examples import FAMILIES, PLACEHOLDER, every_phrase, example, forms, words

from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.remark import RemarkCode
from tictally_recorder.translations import catalogue, phrase_record
from tictally_shared.catalogue import LANGUAGES
from tictally_shared.phrase import Phrase, PhraseCode, Value

CODES_PAGE = Path(__file__).parents[2] / "docs" / "codes.md"
# Findings stand in the doctor's output only, parts of reasons in theirs.
LISTED = [family for family in FAMILIES if family.family() not in {"finding", "reasons"}]


def test_every_family_is_walked() -> None:
    own = {each for each in PhraseCode.__subclasses__() if each.__module__.startswith("tictally_recorder")}
    assert own == {*FAMILIES, ReasonCode}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("phrase", every_phrase(), ids=lambda each: each.code.key)
def test_every_phrase_has_words_that_show_all_its_parameters(phrase: Phrase, language: str) -> None:
    text = catalogue(language).phrase(phrase)
    assert text
    assert PLACEHOLDER.search(text) is None
    for name, value in phrase.parameters.items():
        if value == f"<{name}>":
            assert value in text


@pytest.mark.parametrize("family", LISTED)
def test_no_words_are_of_a_code_that_there_is_not(family: type[PhraseCode]) -> None:
    codes = {code.key for code in family}
    for language in LANGUAGES:
        assert {key for key in words(language) if key.startswith(f"{family.family()}.")} == codes


@pytest.mark.parametrize("family", LISTED)
def test_the_documents_list_every_code_with_its_words(family: type[PhraseCode]) -> None:
    text = CODES_PAGE.read_text(encoding="utf-8")
    section = text[text.index(f"## `{family.family()}`") :].split("\n## ")[0]
    shown = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    expected = {code.value: forms(words("en")[code.key])[-1] for code in family}
    assert shown == {code: PLACEHOLDER.sub(r"{\1}", text) for code, text in expected.items()}


def test_json_has_the_codes_of_inner_phrases_and_reasons_too() -> None:
    line = Phrase(RemarkCode.LINE_SUBSCRIPTION_AT_POWER, {"power_kva": 6})
    about: dict[str, Value] = {"line": line, "extent": (), "reasons": (Reason(ReasonCode.NO_CONTRACT),)}
    record = json.loads(json.dumps(phrase_record(Phrase(RemarkCode.BILL_LINE_UNKNOWN, about))))
    assert record == {
        "code": "bill_line_unknown",
        "parameters": {
            "line": {"code": "line_subscription_at_power", "parameters": {"power_kva": 6}},
            "extent": [],
            "reasons": [{"code": "no_contract", "parameters": {}}],
        },
        "text": "Unknown: subscription at 6 kVA (none): there is no contract.",
    }


def test_inner_phrases_are_in_the_language_of_the_outer() -> None:
    phrase = Phrase(
        RemarkCode.BILL_PARTS_UNKNOWN,
        {
            "version": "own 2026-02-01",
            "parts": (Phrase(RemarkCode.PART_CTA), Phrase(RemarkCode.PART_VAT)),
            "lines": (Phrase(RemarkCode.LINE_SUBSCRIPTION),),
        },
    )
    assert catalogue("en").phrase(phrase) == "own 2026-02-01 does not state the CTA and the VAT of subscription."
    assert catalogue("fr").phrase(phrase) == "own 2026-02-01 n\u2019indique pas la CTA et la TVA pour : abonnement."


@pytest.mark.parametrize(
    ("language", "text"), [("en", "2026-08-03 to 2026-08-05"), ("fr", "du 03/08/2026 au 05/08/2026")]
)
def test_many_ranges_are_counted_and_the_first_ones_shown(language: str, text: str) -> None:
    ranges = [("2026-08-03", "2026-08-05"), *[(f"2026-09-{day:02}",) * 2 for day in (1, 3, 5, 7, 9)]]
    shown = catalogue(language).days(ranges)
    assert shown.startswith("8 ")
    assert text in shown
    assert "2026-09-09" not in shown.replace("09/09/2026", "2026-09-09")


def test_a_code_is_found_by_its_key() -> None:
    assert example(RemarkCode.PROVISIONAL).code.key == "remark.provisional"
