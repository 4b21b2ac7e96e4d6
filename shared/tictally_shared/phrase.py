"""Words to be made, as data: a code of a family with parameters. Nothing stores, sends or parses a sentence.

Words are made where a phrase is shown, from the catalogue of the reader's language (`tictally_shared.catalogue`). The
key of the code `register_fell` of the family `remark` is `remark.register_fell`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class PhraseCode(StrEnum):
    """A family of codes, an enumeration each; the placeholders of a code's words are its parameters."""

    @classmethod
    def family(cls) -> str:
        """The first part of the keys in the catalogues."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """Its key in the catalogues."""
        return f"{self.family()}.{self.value}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to be made.

    Attributes:
        code: which words.
        parameters: name → what fills the placeholder of that name. Days and moments are ISO 8601, ages whole seconds,
            sizes bytes, amounts and fractions decimal strings, ranges of days and spans of time pairs of ISO 8601;
            `detail` is the message of a program or system outside, in English.
    """

    code: PhraseCode
    parameters: Mapping[str, "Value"] = field(default_factory=dict)

    def __hash__(self) -> int:
        """By code and parameters."""
        return hash((self.code, frozenset(self.parameters.items())))

    def as_json(self) -> dict[str, object]:
        """Code and parameters as JSON has them, those of inner phrases too."""
        return {
            "code": self.code.value,
            "parameters": {name: _plain(value) for name, value in self.parameters.items()},
        }


Part: TypeAlias = str | Phrase
Value: TypeAlias = Part | int | tuple[Part, ...] | tuple[tuple[str, str], ...]


def _plain(value: object) -> object:
    if isinstance(value, Phrase):
        return value.as_json()
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
