"""Steady values: strings, codes, schedules, and numbers that change a few times a day.

The first value is accepted at once, unless the line is noisy: then its very label may be damaged. A changed value is
accepted on its second identical sighting, so that one damaged group changes nothing. A number, which may rise in every
frame, needs none on a line that has been clean for long. Only the overload bit of STGE is always accepted at once: an
alarm that comes a frame late is a power cut.
"""

from dataclasses import dataclass
from typing import Final

from tictally_edge.validation.fault_watch import FaultWatch
from tictally_edge.validation.plausibility import Decision

_STGE: Final = "STGE"
_OVERLOAD: Final = 1 << 7  # Enedis-NOI-CPT_54E, STGE bit 7: reference power exceeded


@dataclass(frozen=True, slots=True)
class TextValue:
    """A value with its horodate, which change together."""

    value: int | str
    horodate: str | None = None


class TextValues:
    """The steady values of one meter.

    Attributes:
        accepted: label → the value accepted last.

    Args:
        accepts_first: True to accept a change at once, for decoding a file.
    """

    def __init__(self, *, accepts_first: bool = False) -> None:
        self._accepts_first = accepts_first
        self.accepted: dict[str, TextValue] = {}
        self._candidates: dict[str, TextValue] = {}

    def decide(self, name: str, value: TextValue, line: FaultWatch) -> tuple[Decision, TextValue]:
        """Decide on a value.

        Args:
            name: its label.
            value: with its horodate.
            line: has watched its frame and those before it.

        Returns:
            The decision, and the value to publish where it is accepted.
        """
        before = self.accepted.get(name)
        candidate = self._candidates.pop(name, None)
        needs_none = before is None and not line.is_noisy
        needs_none |= line.is_clean_for_long and isinstance(value.value, int)
        if needs_none or self._accepts_first or value in (before, candidate):
            self.accepted[name] = value
            return Decision.ACCEPTED, value
        self._candidates[name] = value
        if before is not None and name == _STGE and (overloaded := _with_overload_of(before, value)) != before:
            self.accepted[name] = overloaded
            return Decision.ACCEPTED, overloaded
        return Decision.UNCONFIRMED, value


def _with_overload_of(before: TextValue, value: TextValue) -> TextValue:
    status = int(str(before.value), 16) & ~_OVERLOAD | int(str(value.value), 16) & _OVERLOAD
    return TextValue(f"{status:08X}")
