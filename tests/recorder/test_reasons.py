"""Reasons: their words in both languages, and their JSON format."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from phrase_examples import REASON_PARAMETERS

import tictally_recorder.translations
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import LANGUAGES
from tictally_shared.phrase import Phrase

API_PAGE = Path(__file__).parents[2] / "docs" / "api.md"
PLACEHOLDER = re.compile(r"\{(\w+)(?:\|\w+)?\}")
SHOWN = {
    "en": {
        "due": "2026-08-01",
        "start": "2026-08-04",
        "until": "2026-08-05",
        "share": "12.5 %",
        "spans": "from 2026-08-03 10:00 to 2026-08-03 12:30",
    },
    "fr": {
        "due": "01/08/2026",
        "start": "04/08/2026",
        "until": "05/08/2026",
        "share": "12,5 %",
        "spans": "du 03/08/2026 à 10:00 au 03/08/2026 à 12:30",
    },
}


def words(language: str) -> dict[str, str | dict[str, str]]:
    text = files(tictally_recorder.translations).joinpath(f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str | dict[str, str]] = json.loads(text)
    return found


def forms(value: str | dict[str, str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value.values())


def placeholders(language: str, key: str) -> set[str]:
    return {name for form in forms(words(language)[key]) for name in PLACEHOLDER.findall(form)}


def example(code: ReasonCode) -> Reason:
    """The reason with a value for each placeholder of its English words."""
    return Reason(code, {name: REASON_PARAMETERS[name] for name in placeholders("en", f"reason.{code}")})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_words_that_show_all_its_parameters(code: ReasonCode, language: str) -> None:
    reason = example(code)
    assert placeholders(language, f"reason.{code}") == reason.parameters.keys()
    text = catalogue(language).phrase(reason)
    assert "{" not in text
    assert not text.endswith(".")
    assert text[0].islower() or text.startswith(("own", "EASF"))
    for name, value in reason.parameters.items():
        if isinstance(value, Phrase):
            assert catalogue(language).phrase(value) in text
            continue
        plain = [value] if isinstance(value, str) else value if isinstance(value, tuple) else [str(value)]
        shown = SHOWN[language].get(name)
        if shown is not None:
            assert shown in text
        elif name not in {"day", "time"}:
            assert all(str(each) in text for each in plain)


def test_there_are_no_words_for_an_unknown_reason() -> None:
    for language in LANGUAGES:
        codes = {key.removeprefix("reason.") for key in words(language) if key.startswith("reason.")}
        assert codes == {code.value for code in ReasonCode}


def test_both_languages_have_the_same_words_with_the_same_placeholders() -> None:
    english, french = words("en"), words("fr")
    assert english.keys() == french.keys()
    # How a date is written is a language's own.
    worded = [key for key in english if not key.startswith("format.")]
    assert {key for key in worded if placeholders("en", key) != placeholders("fr", key)} == set()
    assert {key for key in english if len(forms(english[key])) != len(forms(french[key]))} == set()


def test_the_documents_list_every_code_with_its_words() -> None:
    text = API_PAGE.read_text(encoding="utf-8")
    shown = dict(
        re.findall(r"^\| `(\w+)` \| (.*) \|$", text[text.index("## Reasons") : text.index("## Tariffs")], re.MULTILINE)
    )
    expected = {code.value: forms(words("en")[f"reason.{code}"])[-1] for code in ReasonCode}
    assert shown == {code: re.sub(r"\|\w+\}", "}", text) for code, text in expected.items()}


def test_a_reason_survives_its_json() -> None:
    for code in ReasonCode:
        reason = example(code)
        body = json.loads(json.dumps(reason.as_json()))
        again = Reason.from_json(body["code"], body["parameters"])
        assert again == reason
        assert len({again, reason}) == 1


@pytest.mark.parametrize(
    ("code", "parameters"), [("no_such_code", {}), ("no_version", {"tariff": None}), ("no_version", {"tariff": [[1]]})]
)
def test_an_invalid_reason_is_rejected(code: str, parameters: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no_such_code|no parameter"):
        Reason.from_json(code, parameters)


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [("en", 0, "0 days"), ("en", 1, "1 day,"), ("fr", 0, "0 jour,"), ("fr", 1, "1 jour,"), ("fr", 2, "2 jours,")],
)
def test_the_plural_is_that_of_the_language(language: str, count: int, expected: str) -> None:
    assert expected in catalogue(language).phrase(Reason(ReasonCode.WEEK_OF_PERIODS_NEEDED, {"count": count}))


def test_a_reason_of_which_only_the_code_is_known_has_an_outline() -> None:
    assert catalogue("en").outline(ReasonCode.NO_VERSION) == "… has no version"
    assert "{" not in "".join(catalogue(language).outline(code) for language in LANGUAGES for code in ReasonCode)


def test_the_repeated_hour_is_distinguished_by_its_offset() -> None:
    reason = Reason(ReasonCode.NO_PRICE_AT_TIME, {"time": "2026-10-25T02:15+02:00"})
    assert catalogue("en").phrase(reason) == "there is no price for 2026-10-25 02:15+02:00"
    assert catalogue("fr").phrase(reason) == "aucun prix n\u2019est connu pour le 25/10/2026 à 02:15"


def test_there_are_no_words_in_another_language() -> None:
    with pytest.raises(ValueError, match="no words in 'de', only in en, fr"):
        catalogue("de")
