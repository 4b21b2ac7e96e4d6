"""Which quarters' energy differs between two states of what imports fill. Pure.

Where no reading and no frame fixes a register, its values are relative: an older day that is imported shifts all later
ones, and changes the energy of none. So differences of values count, not the values.
"""

from collections.abc import Callable, Mapping
from operator import sub
from typing import Final

from tictally_recorder.ledger.quarter_codec import MonotonicRegisters, span, unpack_registers
from tictally_shared.interval_set import IntervalSet

_EVER: Final = 2**62


class _AnyNames(dict[int, str]):
    """Label ids as names: which label it is does not matter here."""

    def __missing__(self, label: int) -> str:
        return str(label)


_NAMES: Final = _AnyNames()
Shifts = Mapping[str, int]
"""Register → by how much its values differ; empty where nothing differs."""


def changed_energy(
    known: Mapping[int, bytes], wanted: Mapping[int, bytes], has_frames: Callable[[int, int], bool]
) -> IntervalSet:
    """The quarters of which the energy in them, or between them and the next, has changed.

    Args:
        known: number → packed quarter, as it was.
        wanted: as it is to be.
        has_frames: whether frames are in quarters [first, end); their values have not changed.
    """
    changed = IntervalSet()
    before: tuple[int, Shifts | None] = (-1, {})
    numbers = sorted(known.keys() | wanted.keys())
    is_end = bool(numbers) and not has_frames(numbers[-1], _EVER)
    for number in numbers:
        here = number, _shifts(known.get(number), wanted.get(number))
        if here[1] is None:
            is_last = is_end and number == numbers[-1]
            first = number - (is_last and _is_at_start(known.get(number), wanted.get(number)))
            changed.add(first, first)
        _compare(changed, before, here, has_frames, is_first=before[0] < 0)
        before = here
    if before[1] and not is_end:
        changed.add(before[0], before[0])
    return changed


def _is_at_start(*packed: bytes | None) -> bool:
    """True if a quarter was observed only at its start: what was counted up to then is of the quarters before."""
    return all(each is None or span(each, 0) == (0, 0) for each in packed)


def _compare(
    changed: IntervalSet,
    before: tuple[int, Shifts | None],
    here: tuple[int, Shifts | None],
    has_frames: Callable[[int, int], bool],
    *,
    is_first: bool,
) -> None:
    """Add two quarters that follow one another where the energy from one to the other has changed."""
    if before[1] is None or here[1] is None or not (before[1] or here[1]):
        return
    if is_first:
        if has_frames(0, here[0]):
            changed.add(here[0], here[0])
    elif before[1] != here[1]:
        changed.add(before[0], here[0])
    elif here[0] - before[0] > 1 and has_frames(before[0] + 1, here[0]):
        changed.add(before[0], before[0])
        changed.add(here[0], here[0])


def _shifts(known: bytes | None, wanted: bytes | None) -> Shifts | None:
    """By how much the registers of a quarter differ; None if more than their values does, or it is new or gone."""
    if known == wanted:
        return {}
    if known is None or wanted is None:
        return None
    one, other = (unpack_registers(each, 0, 0, _NAMES) for each in (known, wanted))
    if isinstance(one, MonotonicRegisters) and isinstance(other, MonotonicRegisters):
        found = dict(zip(one.names, map(sub, other.firsts, one.firsts), strict=False))
        is_same = (one.names, one[1:3]) == (other.names, other[1:3])
        return found if is_same and list(map(sub, other.lasts, one.lasts)) == list(found.values()) else None
    if one.registers.keys() != other.registers.keys():
        return None
    found = {}
    for register, runs in one.registers.items():
        others = other.registers[register]
        found[register] = shift = others[0].first - runs[0].first
        if others != tuple(each._replace(first=each.first + shift, last=each.last + shift) for each in runs):
            return None
    return found
