"""Findings in words of a language, and as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping

from tictally_recorder.finding import Finding, Level, Message, Subject, Value
from tictally_recorder.reason import Reason
from tictally_recorder.translations import Catalogue, catalogue


def subject_text(words: Catalogue, about: Subject) -> str:
    """What a finding is about: `edge pi-cellar`."""
    return words.text(f"finding.about.{about.kind}", name=about.name)


def message_text(words: Catalogue, message: Message) -> str:
    """A message in words, with the messages and reasons that are its parameters."""
    values = {name: _shown(words, value) for name, value in message.parameters.items()}
    return words.text(f"finding.{message.code}", **values)


def advice_text(words: Catalogue, message: Message) -> str | None:
    """What to do, or None where nothing is to be done."""
    key = f"finding.{message.code}.advice"
    if key not in words:
        return None
    return words.text(key, **{name: _shown(words, value) for name, value in message.parameters.items()})


def lines(findings: Iterable[Finding], language: str) -> Iterator[tuple[Level, str, str | None]]:
    """Level, sentence and advice of each finding.

    Args:
        findings: in their order.
        language: of the words.
    """
    words = catalogue(language)
    for each in findings:
        text = f"{subject_text(words, each.about)}: {message_text(words, each.message)}"
        yield each.level, text, advice_text(words, each.message)


def as_json(findings: Iterable[Finding]) -> str:
    """An array of objects: about, level, code, parameters, and text and advice (or null) in English."""
    return json.dumps([_record(each) for each in findings], ensure_ascii=False, indent=2)


def _record(finding: Finding) -> Mapping[str, object]:
    words = catalogue("en")
    return {
        "about": subject_text(words, finding.about),
        "level": finding.level,
        **_message_record(finding.message),
        "text": message_text(words, finding.message),
        "advice": advice_text(words, finding.message),
    }


def _message_record(message: Message) -> dict[str, object]:
    return {
        "code": message.code,
        "parameters": {name: _plain(value) for name, value in message.parameters.items()},
    }


def _plain(value: Value) -> object:
    if isinstance(value, Message):
        return _message_record(value)
    if isinstance(value, Reason):
        return value.as_json()
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _shown(words: Catalogue, value: Value) -> object:
    if isinstance(value, Message):
        return message_text(words, value)
    if isinstance(value, Reason):
        return words.reason(value)
    return tuple(_shown(words, each) for each in value) if isinstance(value, tuple) else value
