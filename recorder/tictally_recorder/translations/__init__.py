"""The recorder's words: a catalogue per language, for command line, page and hubs alike."""

from functools import cache
from typing import Final

from tictally_shared.catalogue import Catalogue, load_catalogue
from tictally_shared.phrase import Phrase


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language.

    Raises:
        ValueError: there is none.
    """
    return load_catalogue(__package__, language)


ENGLISH: Final = catalogue("en")
"""The `text` of reasons and phrases in JSON, and the language of logs."""


def phrase_record(phrase: Phrase) -> dict[str, object]:
    """Code, parameters, and the English words as `text`."""
    return phrase.as_json() | {"text": ENGLISH.phrase(phrase)}
