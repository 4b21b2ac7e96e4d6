"""Phrases as the ledger keeps them: with the families of their codes, those of inner phrases too. Pure.

`Phrase.as_json` is for readers, who know from the place what family a code is of.
"""

from collections.abc import Mapping
from typing import Any

from tictally_shared.phrase import Phrase, PhraseCode, Value

_MEMBERS = {"key", "parameters"}


def phrase_to_json(phrase: Phrase) -> dict[str, object]:
    """A phrase with the keys of its codes, `problem.backup_failed`."""
    return {"key": phrase.code.key, "parameters": {name: _plain(each) for name, each in phrase.parameters.items()}}


def phrase_from_json(stored: Mapping[str, Any], *families: type[PhraseCode]) -> Phrase:
    """What `phrase_to_json` made.

    Args:
        stored: the phrase.
        families: of its code, and of those of inner phrases.

    Raises:
        KeyError: its family is none of these, or it was stored in another form.
        ValueError: its family has no such code.
    """
    by_name = {each.family(): each for each in families}

    def phrase_of(found: Mapping[str, Any]) -> Phrase:
        family, _, code = found["key"].partition(".")
        return Phrase(by_name[family](code), {name: value_of(each) for name, each in found["parameters"].items()})

    def value_of(found: Any) -> Value:  # noqa: ANN401 - of JSON
        if isinstance(found, Mapping) and found.keys() == _MEMBERS:
            return phrase_of(found)
        return tuple(part_of(each) for each in found) if isinstance(found, list) else found

    def part_of(found: Any) -> Any:  # noqa: ANN401 - of JSON
        return tuple(found) if isinstance(found, list) else value_of(found)

    return phrase_of(stored)


def _plain(value: object) -> object:
    if isinstance(value, Phrase):
        return phrase_to_json(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
