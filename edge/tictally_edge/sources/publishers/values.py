"""Values as publishers write them, to values of TIC labels: units, rounding, padding. Pure; exact by Decimal."""

import json
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NoReturn

from tictally_shared.frames import MAX_BYTES
from tictally_shared.labels import Kind, Label

Raw = int | Decimal | str
"""A value as it was published: a JSON number or string, or a plain payload."""

KWH, WH, UNKNOWN_UNIT = "kWh", "Wh", ""
# As home automation writes energies, in Wh.
_FACTORS: Final = {"wh": Decimal(1), "kwh": Decimal(1000), "mwh": Decimal(1_000_000)}
_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,20})?", re.ASCII)
_DIGITS: Final = re.compile(r"\d+", re.ASCII)
_LONGEST_TEXT: Final = 256
_LARGEST_WH: Final = 999_999_999
# Enumerations that a publisher may write without the dots that fill them up to four characters.
_DOTTED: Final = frozenset({"OPTARIF", "PTEC"})
_COLOURS: Final = {"BLANC": "BLAN", "ROUGE": "ROUG"}
_NUMBER_DIGITS: Final = 12
_SINGLE_BITS: Final = 24
_ASCII: Final = range(0x20, 0x7F)


def json_object(payload: bytes) -> dict[str, Any] | None:
    """The JSON object of a message, its numbers exact; None if it is none.

    A key that stands twice with two values has none: one of them is another's.
    """
    if len(payload) > MAX_BYTES:
        return None
    try:
        body = _DECODER.decode(payload.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) == len(pairs):
        return body
    doubtful = {key for key, value in pairs if value != body[key]}
    return {key: value for key, value in body.items() if key not in doubtful}


_DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_constant, object_pairs_hook=_object)


def text_of(payload: bytes) -> str | None:
    """The plain text of a message; None if it is none."""
    if len(payload) > _LONGEST_TEXT:
        return None
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return None


def raw(value: object) -> Raw | None:
    """A published value, or None for null, an empty string and what is no value."""
    if isinstance(value, str):
        return " ".join(value.replace("\0", " ").split()) or None
    return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def raws(values: Mapping[str, object]) -> dict[str, Raw]:
    """The published values among some."""
    return {name: found for name, value in values.items() if (found := raw(value)) is not None}


def number(value: Raw) -> Raw:
    """A number that was published as plain text, or the value as it is."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return Decimal(value) if "." in value else int(value)


def meter_number(value: object) -> str | None:
    """The meter's number in a field, also where it was published as a number, which loses its zeros."""
    found = raw(value)
    if isinstance(found, Decimal) or found is None:
        return None
    text = str(found)
    is_number = _DIGITS.fullmatch(text) is not None and len(text) <= _NUMBER_DIGITS
    is_whole = isinstance(found, int) or len(text) >= _NUMBER_DIGITS - 1
    return text.zfill(_NUMBER_DIGITS) if is_number and is_whole and text.strip("0") else None


def decimals(value: Raw) -> int:
    """How many decimals a number is written with; noise beyond Wh is not counted."""
    text = str(value) if not isinstance(value, Decimal) else format(value, "f")
    return min(len(text.partition(".")[2]), 3)


def label_value(label: Label, value: Raw, unit: str = UNKNOWN_UNIT) -> int | str | None:
    """The value of a label, as a meter would have sent it; None if it cannot be one.

    Args:
        label: the label.
        value: as published.
        unit: of an energy; empty: whole numbers are Wh, others kWh.
    """
    if label.is_number:
        return _integer(label, value, unit)
    if isinstance(value, Decimal):
        if value != value.to_integral_value() or abs(value) > _LARGEST_WH:
            return None
        value = int(value)
    text = f"{value:0{label.size}d}" if isinstance(value, int) else value
    if label.name == "HHPHC" and isinstance(value, int):  # ZLinky: the character's code
        text = chr(value) if value in _ASCII else ""
    if label.name in _DOTTED:
        text = text.ljust(label.size, ".")
    text = _COLOURS.get(text, text) if label.name == "DEMAIN" else text
    fitting = (text, text.zfill(label.size) if _DIGITS.fullmatch(text) else text)
    return next((each for each in fitting if label.shape.fullmatch(each)), None)


def _integer(label: Label, value: Raw, unit: str) -> int | None:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    amount = Decimal(value)
    if not abs(amount) <= 10 * _LARGEST_WH:
        return None
    if label.kind is Kind.REGISTER:
        amount *= energy_factor(value, unit)
    whole = int(amount.quantize(Decimal(1), ROUND_HALF_UP))
    return whole if 0 <= whole < 10**label.size else None


def energy_factor(value: Raw, unit: str) -> Decimal:
    """What makes Wh of an energy."""
    if (known := _FACTORS.get(unit.lower())) is not None:
        return known
    is_kwh = decimals(value) > 0 and Decimal(value) * 1000 <= _LARGEST_WH
    return _FACTORS["kwh" if is_kwh else "wh"]


def step_of_single_precision(register_wh: int) -> int:
    """The step in which a number of 24 bits (IEEE 754, single precision) holds a register."""
    return 1 << max(register_wh.bit_length() - _SINGLE_BITS, 0)
