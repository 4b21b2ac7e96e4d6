"""Decodes a meter's number: maker, year and type.

Sources: the maker's codes, Euridis, list of identifiers (V3.04A, 2019); the types, Enedis-NOI-CPT_54E §6.2.1.
"""

from dataclasses import dataclass
from typing import Final

_LENGTH: Final = 12
# By the code's first owner's present name; the codes from 81 are those of the overseas departments.
_MAKERS: Final = {
    "01": "Crouzet",
    "02": "Sagemcom",
    "03": "Itron",
    "04": "Landis+Gyr",
    "05": "Stepper Energie France",
    "06": "Itron",
    "07": "Maec",
    "08": "Enerdis",
    "09": "Faure-Herman",
    "11": "Honeywell Elster",
    "18": "Schneider Electric",
    "27": "Iskraemeco",
    "30": "Michaud",
    "34": "Honeywell Elster",
    "39": "ZIV",
    "70": "Landis+Gyr",
    "71": "Stepper Energie France",
    "81": "Sagemcom",
    "82": "Landis+Gyr",
    "83": "Honeywell Elster",
    "84": "Sagemcom",
    "85": "Itron",
}
# Phases, rated current in ampere, and the generation of its power line communication.
_LINKY_TYPES: Final = {
    "61": (1, 60, "G3"),
    "62": (1, 90, "G1"),
    "63": (3, 60, "G1"),
    "64": (1, 60, "G3"),
    "70": (1, 60, "G3"),
    "71": (3, 60, "G3"),
    "75": (1, 90, "G3"),
    "76": (3, 60, "G3"),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What a number contains.

    Attributes:
        maker: its present name, or None for an unknown code.
        year: of making, 20yy, or None if the number is not one of twelve digits.
        is_linky: True for the types of Linky meters.
        model: such as `Linky G3, 1 phase, 60 A`, or None for a type that is not known.
    """

    maker: str | None
    year: int | None
    is_linky: bool
    model: str | None


def identity_of(number: str) -> Identity:
    """Decode the number of a meter (ADCO or ADSC); all is None if it is not twelve digits."""
    if len(number) != _LENGTH or not number.isdecimal():
        return Identity(None, None, is_linky=False, model=None)
    linky = _LINKY_TYPES.get(number[4:6])
    model = None
    if linky is not None:
        phases, ampere, generation = linky
        model = f"Linky {generation}, {phases} phase{'s' * (phases > 1)}, {ampere} A"
    return Identity(_MAKERS.get(number[:2]), 2000 + int(number[2:4]), is_linky=linky is not None, model=model)
