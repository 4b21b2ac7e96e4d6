"""Findings in words of a language, and as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping

from tictally_recorder.finding import Finding, FindingCode, Level, Subject
from tictally_recorder.translations import catalogue, form_text
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase


def subject_text(words: Catalogue, about: Subject) -> str:
    """What a finding is about: `edge pi-cellar`."""
    return words.text(f"finding.about.{about.kind}", name=about.name)


def lines(findings: Iterable[Finding], language: str) -> Iterator[tuple[Level, str, str | None]]:
    """Level, sentence and advice of each finding.

    Args:
        findings: in their order.
        language: of the words.
    """
    words = catalogue(language)
    for each in findings:
        text = words.text("report.line", about=subject_text(words, each.about), text=words.phrase(_worded(words, each)))
        yield each.level, text, words.advice(each.phrase)


def _worded(words: Catalogue, finding: Finding) -> Phrase:
    """The phrase of a finding, with the form of an importer's files in the reader's language."""
    phrase = finding.phrase
    if phrase.code is not FindingCode.IMPORTER_READY:
        return phrase
    form = form_text(words, finding.about.name, str(phrase.parameters["form"]))
    return Phrase(phrase.code, {**phrase.parameters, "form": form})


def records(findings: Iterable[Finding], words: Catalogue) -> list[Mapping[str, object]]:
    """An object each: about, level, code, parameters, and text and advice (or null) in a language.

    Args:
        findings: in their order.
        words: of the language.
    """
    return [_record(each, words) for each in findings]


def as_json(findings: Iterable[Finding]) -> str:
    """An array of objects: about, level, code, parameters, and text and advice (or null) in English."""
    return json.dumps(records(findings, catalogue("en")), ensure_ascii=False, indent=2)


def _record(finding: Finding, words: Catalogue) -> Mapping[str, object]:
    return {
        "about": subject_text(words, finding.about),
        "level": finding.level,
        **finding.phrase.as_json(),
        "text": words.phrase(finding.phrase),
        "advice": words.advice(finding.phrase),
    }
