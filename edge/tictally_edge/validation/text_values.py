"""What stays the same from frame to frame: texts, codes, schedules, and numbers that change a few times a day.

The very first value is believed at once; a changed one on its second equal sighting, so that one damaged group changes
nothing. Only the overload bit of STGE is always believed: an alarm that comes a frame late is a cut-off.
"""

from dataclasses import dataclass
from typing import Final

from tictally_edge.validation.plausibility import Verdict

_STGE: Final = "STGE"
_OVERLOAD: Final = 1 << 7  # Enedis-NOI-CPT_54E, STGE bit 7: reference power exceeded


@dataclass(frozen=True, slots=True)
class Said:
    """A value with its horodate, which change together."""

    value: int | str
    horodate: str | None = None


class Texts:
    """The steady values of one meter.

    Attributes:
        believed: label → what it says.

    Args:
        first_sights: True to believe a change at once, for decoding a file.
    """

    def __init__(self, *, first_sights: bool = False) -> None:
        self._first_sights = first_sights
        self.believed: dict[str, Said] = {}
        self._candidate: dict[str, Said] = {}

    def judge(self, name: str, said: Said) -> tuple[Verdict, Said]:
        """A verdict, and what to publish where it is believed."""
        before = self.believed.get(name)
        candidate = self._candidate.pop(name, None)
        if before is None or self._first_sights or said in (before, candidate):
            self.believed[name] = said
            return Verdict.BELIEVED, said
        self._candidate[name] = said
        if name == _STGE and (overloaded := _with_overload_of(before, said)) != before:
            self.believed[name] = overloaded
            return Verdict.BELIEVED, overloaded
        return Verdict.UNCONFIRMED, before


def _with_overload_of(before: Said, said: Said) -> Said:
    status = int(str(before.value), 16) & ~_OVERLOAD | int(str(said.value), 16) & _OVERLOAD
    return Said(f"{status:08X}")
