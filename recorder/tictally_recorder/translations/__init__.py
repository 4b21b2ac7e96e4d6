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


def form_text(words: Catalogue, name: str, form: str) -> str:
    """What files an importer or tariff provider reads; in its own words where the catalogue has none.

    Args:
        words: of the reader's language.
        name: of the importer or provider.
        form: in English, as it names it itself.
    """
    key = f"form.{name}"
    return words.text(key) if key in words else form


def origin_text(words: Catalogue, name: str, title: str) -> str:
    """Where such files are from, as `form_text`."""
    key = f"origin.{name}"
    return words.text(key) if key in words else title


def phrase_record(phrase: Phrase) -> dict[str, object]:
    """Code, parameters, and the English words as `text`."""
    return phrase.as_json() | {"text": ENGLISH.phrase(phrase)}
