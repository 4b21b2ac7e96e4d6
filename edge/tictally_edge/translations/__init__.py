"""The edge's words: a catalogue per language, for the doctor."""

from functools import cache
from typing import Final

from tictally_shared.catalogue import Catalogue, load_catalogue


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language.

    Raises:
        ValueError: there is none.
    """
    return load_catalogue(__package__, language)


ENGLISH: Final = "en"
"""The language of the texts beside codes in JSON."""
