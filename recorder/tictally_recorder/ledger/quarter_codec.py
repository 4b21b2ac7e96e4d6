"""Codec of quarters, a few bytes each, stored for ever. Pure. The format is final: another gets another first byte.

    byte 1, then varints:
        n · first_ms - start_ms · last_ms - first_ms
        per label, registers first, then live numbers, then others, each group by rising label id:
            (id - the id before it in the group (0 at first) - 1) * 8 + form, then by form:
            0 register, one value throughout          z(value)
            1 register, one run                       z(first) · last - first
            2 register, runs                          how many; each: first_ms - last_ms of the run before
                                                      (the quarter's first_ms at first) · last_ms - first_ms ·
                                                      z(first - last of the run before (0 at first)) · last - first
            3 live, in every frame                    z(min) · max - min · sum - n * min · first - min · last - min
            4 live                                    n · first_ms - the quarter's · last_ms - first_ms · as 3
            5 other, the same at both ends            z(value)
            6 other                                   z(first) · z(last - first)
            7 other                                   first_ms - the quarter's · last_ms - first_ms · as 6
In forms 0, 1, 3, 5 and 6 the label was in the quarter's first and last frame. A varint has seven bits a byte, the
lowest first, bit 7 set where more follow. z(value) is 2 * value, or -2 * value - 1 where it is negative.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Self

from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.model import Ends, Live, Quarter, Run

_FORMAT_1: Final = 1
_STILL, _RUN, _RUNS, _LIVE, _LIVE_PART, _SAME, _ENDS, _ENDS_PART = range(8)
# How many numbers follow each form; after runs it depends on how many they are.
_FOLLOW: Final = (1, 2, 0, 5, 8, 1, 2, 4)
_SHORT: Final = 2
_VARINT: Final = re.compile(rb"[\x80-\xff]*[\x00-\x7f]", re.DOTALL)


class _Numbers(dict[bytes, int]):
    """Varint → its number; the short ones, which are nearly all, are looked up from their second time on."""

    def __missing__(self, varint: bytes) -> int:
        number = varint[-1]
        for byte in varint[-2::-1]:
            number = number << 7 | byte & 0x7F
        if len(varint) <= _SHORT:
            self[varint] = number
        return number


_number: Final = _Numbers().__getitem__


class MonotonicRegisters(NamedTuple):
    """The registers of a quarter in which none fell and each was in the first and in the last frame, as nearly always.

    Reading years of quarters so takes a third of the time: no object is needed for each register.

    Attributes:
        start_ms: of the quarter.
        first_ms: time of its first frame.
        last_ms: time of its last frame.
        names: the registers.
        firsts: their values in the first frame.
        lasts: their values in the last frame.
    """

    start_ms: int
    first_ms: int
    last_ms: int
    names: list[str]
    firsts: list[int]
    lasts: list[int]

    @property
    def registers(self) -> dict[str, tuple[Run, ...]]:
        """As a `Quarter` has them."""
        return {
            name: (Run(self.first_ms, first, self.last_ms, last),)
            for name, first, last in zip(self.names, self.firsts, self.lasts, strict=True)
        }


class LiveQuarter(NamedTuple):
    """What a quarter has beside registers.

    Attributes:
        start_ms: of the quarter.
        live: label → statistics of a power, current or voltage.
        others: the labels of any other number, such as alarms.
    """

    start_ms: int
    live: Mapping[str, Live]
    others: tuple[str, ...]

    @classmethod
    def of(cls, quarter: Quarter) -> Self:
        """Those of a quarter."""
        return cls(quarter.start_ms, quarter.live, tuple(quarter.ends))


def pack(quarter: Quarter, ids: Mapping[str, int]) -> bytes:
    """A quarter's bytes; `ids` gives each label its id, from 1."""
    numbers = [quarter.n, quarter.first_ms - quarter.start_ms, quarter.last_ms - quarter.first_ms]
    before = 0
    for at, runs in sorted((ids[name], runs) for name, runs in quarter.registers.items()):
        _pack_register(numbers, (at - before - 1) << 3, runs, quarter)
        before = at
    before = 0
    for at, live in sorted((ids[name], name) for name in quarter.live):
        _pack_live(numbers, (at - before - 1) << 3, quarter.live[live], quarter)
        before = at
    before = 0
    for at, ends in sorted((ids[name], name) for name in quarter.ends):
        _pack_ends(numbers, (at - before - 1) << 3, quarter.ends[ends], quarter)
        before = at
    return _to_bytes(numbers)


def _pack_register(numbers: list[int], head: int, runs: tuple[Run, ...], quarter: Quarter) -> None:
    first = runs[0]
    if len(runs) == 1 and (first.first_ms, first.last_ms) == (quarter.first_ms, quarter.last_ms):
        if first.first == first.last:
            numbers += (head | _STILL, _zigzag(first.first))
        else:
            numbers += (head | _RUN, _zigzag(first.first), first.last - first.first)
        return
    numbers += (head | _RUNS, len(runs))
    time_ms, value = quarter.first_ms, 0
    for run in runs:
        numbers += (run.first_ms - time_ms, run.last_ms - run.first_ms)
        numbers += (_zigzag(run.first - value), run.last - run.first)
        time_ms, value = run.last_ms, run.last


def _pack_live(numbers: list[int], head: int, live: Live, quarter: Quarter) -> None:
    if (live.n, live.first_ms, live.last_ms) == (quarter.n, quarter.first_ms, quarter.last_ms):
        numbers.append(head | _LIVE)
    else:
        numbers += (head | _LIVE_PART, live.n, live.first_ms - quarter.first_ms, live.last_ms - live.first_ms)
    low = live.min
    numbers += (_zigzag(low), live.max - low, live.sum - live.n * low, live.first - low, live.last - low)


def _pack_ends(numbers: list[int], head: int, ends: Ends, quarter: Quarter) -> None:
    if (ends.first_ms, ends.last_ms) != (quarter.first_ms, quarter.last_ms):
        numbers += (head | _ENDS_PART, ends.first_ms - quarter.first_ms, ends.last_ms - ends.first_ms)
    elif ends.first == ends.last:
        numbers += (head | _SAME, _zigzag(ends.first))
        return
    else:
        numbers.append(head | _ENDS)
    numbers += (_zigzag(ends.first), _zigzag(ends.last - ends.first))


def unpack(
    packed: bytes, meter_id: int, start_ms: int, names: Mapping[int, str], *, registers_only: bool = False
) -> Quarter:
    """The quarter that `pack` packed.

    Args:
        packed: its bytes.
        meter_id: the meter's id in the ledger.
        start_ms: of the quarter.
        names: id → label.
        registers_only: True leaves all other labels out, in half the time.

    Raises:
        LedgerError: it is damaged, or from a newer program.
    """
    numbers = _to_numbers(packed)
    try:
        n, first_ms = next(numbers), start_ms + next(numbers)
        quarter = Quarter(meter_id, start_ms, n, first_ms, first_ms + next(numbers), {}, {}, {})
        return _unpack_labels(quarter, numbers, names, registers_only=registers_only)
    except (StopIteration, KeyError):
        raise LedgerError("a quarter's bytes are damaged") from None


def unpack_registers(
    packed: bytes, meter_id: int, start_ms: int, names: Mapping[int, str], last_id: int = 2**62
) -> Quarter | MonotonicRegisters:
    """The registers of the quarter that `pack` packed, in the cheapest representation that holds all of them.

    Args:
        packed: its bytes.
        meter_id: the meter's id in the ledger.
        start_ms: of the quarter.
        names: id → label.
        last_id: registers of a higher id may be left out.

    Raises:
        LedgerError: it is damaged, or from a newer program.
    """
    numbers = _to_numbers(packed)
    found, firsts, lasts = [], [], []
    at = 0
    try:
        next(numbers)
        first_ms = start_ms + next(numbers)
        last_ms = first_ms + next(numbers)
        for head in numbers:
            form = head & 7
            if form == _RUNS:
                return unpack(packed, meter_id, start_ms, names, registers_only=True)
            if form > _RUNS:
                break
            at += (head >> 3) + 1
            if at > last_id:
                break
            first = _unzigzag(next(numbers))
            found.append(names[at])
            firsts.append(first)
            lasts.append(first if form == _STILL else first + next(numbers))
    except (StopIteration, KeyError):
        raise LedgerError("a quarter's bytes are damaged") from None
    return MonotonicRegisters(start_ms, first_ms, last_ms, found, firsts, lasts)


def unpack_live(
    packed: bytes, meter_id: int, start_ms: int, names: Mapping[int, str], *, with_others: bool = True
) -> LiveQuarter:
    """The powers, currents and voltages of the quarter that `pack` packed, in a third of the time of all of it.

    Args:
        packed: its bytes.
        meter_id: the meter's id in the ledger.
        start_ms: of the quarter.
        names: id → label.
        with_others: False leaves the names of other numbers out.

    Raises:
        LedgerError: it is damaged, or from a newer program.
    """
    _check_format(packed)
    numbers = _VARINT.findall(packed, 1)  # what is not needed is not decoded
    live: dict[str, Live] = {}
    others: list[str] = []
    try:
        n, first_ms, length_ms = map(_number, numbers[:3])
        first_ms += start_ms
        last_ms = first_ms + length_ms
        rest = map(_number, numbers[_behind_registers(numbers) :])
        last_form, before = _LIVE_PART, 0
        for head in rest:
            form = head & 7
            if form > last_form:
                if not with_others:
                    break
                last_form, before = _ENDS_PART, 0
            before += (head >> 3) + 1
            if form == _LIVE:
                low, width, above = next(rest), next(rest), next(rest)
                low = (low >> 1) ^ -(low & 1)
                first, last = low + next(rest), low + next(rest)
                live[names[before]] = Live(first_ms, first, last_ms, last, n, n * low + above, low, low + width)
            elif form == _LIVE_PART:
                quarter = Quarter(meter_id, start_ms, n, first_ms, last_ms, {}, {}, {})
                live[names[before]] = _unpack_live(form, rest, quarter)
            else:
                others.append(names[before])
                for _ in range(_FOLLOW[form]):
                    next(rest)
    except (StopIteration, IndexError, KeyError, ValueError):
        raise LedgerError("a quarter's bytes are damaged") from None
    return LiveQuarter(start_ms, live, tuple(others))


def _behind_registers(numbers: Sequence[bytes]) -> int:
    """The place of the first number behind the registers."""
    at, end = 3, len(numbers)
    while at < end:
        form = numbers[at][0] & 7  # the lowest bits are in the first byte
        if form > _RUNS:
            break
        at += 1 + (_FOLLOW[form] if form != _RUNS else 1 + 4 * _number(numbers[at + 1]))
    if at > end:
        raise StopIteration
    return at


def span(packed: bytes, start_ms: int) -> tuple[int, int]:
    """The times of the first and the last frame of a packed quarter that starts at `start_ms`."""
    numbers = _to_numbers(packed)
    next(numbers)
    first_ms = start_ms + next(numbers)
    return first_ms, first_ms + next(numbers)


def _unpack_labels(
    quarter: Quarter, numbers: Iterator[int], names: Mapping[int, str], *, registers_only: bool
) -> Quarter:
    registers: dict[str, tuple[Run, ...]] = {}
    live: dict[str, Live] = {}
    ends: dict[str, Ends] = {}
    last_form = _RUNS  # of the group that is read
    before = 0
    for head in numbers:
        form = head & 7
        if form > last_form:
            if registers_only:
                break
            last_form = _LIVE_PART if form <= _LIVE_PART else _ENDS_PART
            before = 0
        before += (head >> 3) + 1
        if form <= _RUNS:
            registers[names[before]] = _unpack_register(form, numbers, quarter)
        elif form <= _LIVE_PART:
            live[names[before]] = _unpack_live(form, numbers, quarter)
        else:
            ends[names[before]] = _unpack_ends(form, numbers, quarter)
    return replace(quarter, registers=registers, live=live, ends=ends)


def _unpack_register(form: int, numbers: Iterator[int], quarter: Quarter) -> tuple[Run, ...]:
    if form != _RUNS:
        first = _unzigzag(next(numbers))
        last = first if form == _STILL else first + next(numbers)
        return (Run(quarter.first_ms, first, quarter.last_ms, last),)
    time_ms, value = quarter.first_ms, 0
    runs = []
    for _ in range(next(numbers)):
        since = time_ms + next(numbers)
        time_ms = since + next(numbers)
        first = value + _unzigzag(next(numbers))
        value = first + next(numbers)
        runs.append(Run(since, first, time_ms, value))
    return tuple(runs)


def _unpack_live(form: int, numbers: Iterator[int], quarter: Quarter) -> Live:
    n, since, until = quarter.n, quarter.first_ms, quarter.last_ms
    if form == _LIVE_PART:
        n, since = next(numbers), since + next(numbers)
        until = since + next(numbers)
    low = _unzigzag(next(numbers))
    high, total = low + next(numbers), n * low + next(numbers)
    return Live(since, low + next(numbers), until, low + next(numbers), n, total, low, high)


def _unpack_ends(form: int, numbers: Iterator[int], quarter: Quarter) -> Ends:
    since, until = quarter.first_ms, quarter.last_ms
    if form == _ENDS_PART:
        since += next(numbers)
        until = since + next(numbers)
    first = _unzigzag(next(numbers))
    return Ends(since, first, until, first if form == _SAME else first + _unzigzag(next(numbers)))


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else -(value << 1) - 1


def _unzigzag(number: int) -> int:
    return -((number + 1) >> 1) if number & 1 else number >> 1


def _to_bytes(numbers: list[int]) -> bytes:
    packed = bytearray((_FORMAT_1,))
    for each in numbers:
        number = each
        while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
            packed.append(number & 0x7F | 0x80)
            number >>= 7
        packed.append(number)
    return bytes(packed)


def _check_format(packed: bytes) -> None:
    if packed[:1] != bytes((_FORMAT_1,)):
        raise LedgerError(f"a quarter's bytes begin with {packed[:1].hex() or 'nothing'}; this program reads format 01")


def _to_numbers(packed: bytes) -> Iterator[int]:
    _check_format(packed)
    rest = iter(packed[1:])
    for byte in rest:
        if byte <= 0x7F:  # noqa: PLR2004 - as most are
            yield byte
            continue
        number, shift = byte & 0x7F, 7
        for more in rest:
            number |= (more & 0x7F) << shift
            shift += 7
            if more <= 0x7F:  # noqa: PLR2004
                yield number
                break
