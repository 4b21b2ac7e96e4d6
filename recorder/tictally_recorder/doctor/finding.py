"""A finding: a sentence, how much it matters, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence.

    Attributes:
        about: `ledger`, `recorder`, `broker`, `clock`, `edge <name>`, `site <id>`, `cost` or `cost of site <id>`.
        level: trouble needs a person.
        sentence: what was found.
        advice: what to do, None where nothing is to be done.
    """

    about: str
    level: Level
    sentence: str
    advice: str | None = None
