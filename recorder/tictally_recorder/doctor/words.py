"""Findings in words of a language, and as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping

from tictally_recorder.finding import Finding, Level, Phrase, Subject, Value
from tictally_recorder.reason import Reason
from tictally_recorder.translations import Catalogue, catalogue


def subject_text(words: Catalogue, about: Subject) -> str:
    """What a finding is about: `edge pi-cellar`."""
    return words.text(f"finding.about.{about.kind}", name=about.name)


def phrase_text(words: Catalogue, phrase: Phrase) -> str:
    """A phrase in words, with the phrases and reasons that are its parameters."""
    values = {name: _shown(words, value) for name, value in phrase.parameters.items()}
    return words.text(f"finding.{phrase.code}", **values)


def advice_text(words: Catalogue, phrase: Phrase) -> str | None:
    """What to do, or None where nothing is to be done."""
    key = f"finding.{phrase.code}.advice"
    if key not in words:
        return None
    return words.text(key, **{name: _shown(words, value) for name, value in phrase.parameters.items()})


def lines(findings: Iterable[Finding], language: str) -> Iterator[tuple[Level, str, str | None]]:
    """Level, sentence and advice of each finding.

    Args:
        findings: in their order.
        language: of the words.
    """
    words = catalogue(language)
    for each in findings:
        text = f"{subject_text(words, each.about)}: {phrase_text(words, each.phrase)}"
        yield each.level, text, advice_text(words, each.phrase)


def as_json(findings: Iterable[Finding]) -> str:
    """An array of objects: about, level, code, parameters, and text and advice (or null) in English."""
    return json.dumps([_record(each) for each in findings], ensure_ascii=False, indent=2)


def _record(finding: Finding) -> Mapping[str, object]:
    words = catalogue("en")
    return {
        "about": subject_text(words, finding.about),
        "level": finding.level,
        **_phrase_record(finding.phrase),
        "text": phrase_text(words, finding.phrase),
        "advice": advice_text(words, finding.phrase),
    }


def _phrase_record(phrase: Phrase) -> dict[str, object]:
    return {
        "code": phrase.code,
        "parameters": {name: _plain(value) for name, value in phrase.parameters.items()},
    }


def _plain(value: Value) -> object:
    if isinstance(value, Phrase):
        return _phrase_record(value)
    if isinstance(value, Reason):
        return value.as_json()
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _shown(words: Catalogue, value: Value) -> object:
    if isinstance(value, Phrase):
        return phrase_text(words, value)
    if isinstance(value, Reason):
        return words.reason(value)
    return tuple(_shown(words, each) for each in value) if isinstance(value, tuple) else value
