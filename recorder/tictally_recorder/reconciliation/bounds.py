"""What frames show of a site's registers around a midnight."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from tictally_recorder.energy.register_totals import INJECTION_TOTAL, is_period_register
from tictally_recorder.ledger import CONSUMPTION, LedgerReader, Run, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS

_HOUR_MS: Final = 3_600_000
# Frames further apart do not show a register between them.
_LONGEST_MS: Final = 120_000
_Registers = Mapping[str, tuple[Run, ...]]


@dataclass(frozen=True, slots=True)
class Bound:
    """A midnight.

    Attributes:
        gap_ms: the time without frames that it is in or beside, start and end; None if frames are on both sides.
        slack_wh: what was counted between the last frame before it and the first one after it.
        power_w: the mean power of the quarter-hours around it, or None.
    """

    gap_ms: tuple[int, int] | None = None
    slack_wh: int = 0
    power_w: float | None = None

    def minutes_of(self, energy_wh: int) -> int | None:
        """In how many minutes around it an energy is counted; None where that is unknown."""
        return round(energy_wh / self.power_w * 60) if self.power_w else None


def bound_at(
    reader: LedgerReader, site: Site, time_ms: int, direction: Direction, with_frames: Collection[int]
) -> Bound:
    """A midnight of a site.

    Args:
        reader: of the ledger.
        site: whose meters are read.
        time_ms: of the midnight, milliseconds since 1970.
        direction: consumption or injection.
        with_frames: quarters with frames, by number, around it.
    """
    number = time_ms // QUARTER_MS
    if number - 1 not in with_frames or number not in with_frames:
        return Bound(_gap(number, with_frames))
    for meter in site.meters:
        quarters = list(reader.registers(meter.id, time_ms - QUARTER_MS, time_ms + QUARTER_MS))
        if len(quarters) == 2:  # noqa: PLR2004 - before and after
            return _between(time_ms, quarters[0].registers, quarters[1].registers, direction)
    return Bound()


def _gap(number: int, with_frames: Collection[int]) -> tuple[int, int]:
    oldest, newest = min(with_frames, default=number), max(with_frames, default=number)
    start, end = number, number
    while start > oldest and start - 1 not in with_frames:
        start -= 1
    while end <= newest and end not in with_frames:
        end += 1
    return start * QUARTER_MS, end * QUARTER_MS


def _between(time_ms: int, before: _Registers, after: _Registers, direction: Direction) -> Bound:
    slack = counted = span_ms = 0
    for register in _counting(before.keys() & after.keys(), direction):
        first, low, high, last = before[register][0], before[register][-1], after[register][0], after[register][-1]
        if not first.first <= low.last <= high.first <= last.last:
            continue
        if high.first_ms > time_ms:  # else a frame of that very moment shows it
            if high.first_ms - low.last_ms > _LONGEST_MS:
                return Bound((low.last_ms, high.first_ms))
            slack += high.first - low.last
        counted += last.last - first.first
        span_ms = max(span_ms, last.last_ms - first.first_ms)
    return Bound(None, slack, counted * _HOUR_MS / span_ms if span_ms else None)


def _counting(registers: Collection[str], direction: Direction) -> list[str]:
    """The registers that together count a direction: the total, or else those of the periods."""
    total = INJECTION_TOTAL if direction is Direction.INJECTION else CONSUMPTION
    if total in registers or direction is Direction.INJECTION:
        return [total] if total in registers else []
    return [each for each in registers if is_period_register(each)]
