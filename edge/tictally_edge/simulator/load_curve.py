"""A real household's load curve, and the file of it that Enedis's customer space exports as CSV.

UTF-8 with a byte order mark. Line 1 has names, line 2 their values (delivery point, kind, dates, unit, step), line 3 is
`Horodate;Valeur`, then `2022-07-29T00:30:00+02:00;330`: the mean power in W of the step that ends then. A value can be
empty, and a line can be missing: such steps are unknown, which is logged. Anything else is rejected, with its line.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from re import ASCII, fullmatch
from typing import Final, NamedTuple

from tictally_edge.simulator import SimulatorError
from tictally_edge.simulator.times import to_ms

_TITLE: Final = "Horodate;Valeur"
_HEAD_LINES: Final = 3
# What the simulator can follow, as far as the heading states it.
_EXPECTED: Final = {"Unite": "W", "Grandeur metier": "Consommation"}
_STEP: Final = "Pas en minutes"
_NUMBER: Final = r"\d{1,9}"
_MINUTE_MS: Final = 60_000
_LONGEST_STEP_MIN: Final = 60
# A Linky serves up to 36 kVA, and overloads are real.
_MOST_W: Final = 50_000
# A larger distance is more likely a wrong date.
_LONGEST_GAP_MS: Final = 366 * 86_400_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)  # each is itself: days are remembered by household, and comparing years is slow
class LoadCurve:
    """What was consumed, step by step.

    Attributes:
        start_ms: when the first step begins, milliseconds since 1970; a whole minute.
        step_ms: how long each lasts; whole minutes.
        watts: the mean power of each step, None if it is unknown.
    """

    start_ms: int
    step_ms: int
    watts: tuple[int | None, ...]

    @property
    def end_ms(self) -> int:
        """When the last step ends."""
        return self.start_ms + self.step_ms * len(self.watts)

    def power(self, start_ms: int, end_ms: int, every_ms: int) -> list[int]:
        """The power in W at each moment of [start_ms, end_ms); nothing is consumed where nothing is known.

        Args:
            start_ms: the first moment.
            end_ms: excluded.
            every_ms: from one moment to the next; a part of a minute, so that steps are met exactly.
        """
        return [self._at(moment_ms) or 0 for moment_ms in range(start_ms, end_ms, every_ms)]

    def _at(self, moment_ms: int) -> int | None:
        return self.watts[(moment_ms - self.start_ms) // self.step_ms] if self._covers(moment_ms) else None

    def _covers(self, moment_ms: int) -> bool:
        return self.start_ms <= moment_ms < self.end_ms


class _CurvePoint(NamedTuple):
    """A line: its number in the file, when its step ends, and what was consumed, or None."""

    line: int
    end_ms: int
    watts: int | None


def read_load_curve(path: Path) -> LoadCurve:
    """Read the curve in a file.

    Raises:
        SimulatorError: it cannot be read, or is no load curve; the message names file and line.
    """
    lines = _lines(path)
    named_ms = _named_step_ms(path, lines)
    points = [_point(path, number, line) for number, line in enumerate(lines[_HEAD_LINES:], _HEAD_LINES + 1)]
    if all(point.watts is None for point in points):
        raise SimulatorError(f"{path}: it has no values")
    step_ms = named_ms or _commonest_step_ms(path, points)
    known = {point.end_ms: point.watts for point in _in_steps(path, points, step_ms)}
    first_ms, last_ms = points[0].end_ms, points[-1].end_ms
    curve = LoadCurve(
        start_ms=first_ms - step_ms,
        step_ms=step_ms,
        watts=tuple(known.get(end_ms) for end_ms in range(first_ms, last_ms + 1, step_ms)),
    )
    _log_unknown(path, curve, points)
    return curve


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SimulatorError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise SimulatorError(f"{path}: it is no text in UTF-8, as a load curve of Enedis's customer space is") from None
    lines = text.rstrip().splitlines()
    if len(lines) < _HEAD_LINES or lines[_HEAD_LINES - 1].strip() != _TITLE:
        raise SimulatorError(
            f"{path}, line {_HEAD_LINES}: it is not {_TITLE!r}, as in a load curve of Enedis's customer space"
        )
    return lines


def _named_step_ms(path: Path, lines: list[str]) -> int | None:
    """The step that the heading names, or None if it leaves that open."""
    names, values = (line.split(";") for line in lines[: _HEAD_LINES - 1])
    heading = {name.strip(): value.strip() for name, value in zip(names, values, strict=False)}
    for name, expected in _EXPECTED.items():
        if (found := heading.get(name)) and found != expected:
            raise SimulatorError(f"{path}, line 2: {name} is {found[:40]!r}, not {expected!r}")
    step = heading.get(_STEP, "")
    if not step:
        return None
    if not (fullmatch(_NUMBER, step, ASCII) and 1 <= int(step) <= _LONGEST_STEP_MIN):
        raise SimulatorError(f"{path}, line 2: {_STEP} is {step[:40]!r}, not 1 to {_LONGEST_STEP_MIN}")
    return int(step) * _MINUTE_MS


def _point(path: Path, number: int, line: str) -> _CurvePoint:
    try:
        stamp, value = line.split(";")
        end = datetime.fromisoformat(stamp.strip())
    except ValueError:
        raise SimulatorError(f"{path}, line {number}: {line[:60]!r} is not a date and time; a power in W") from None
    if end.tzinfo is None:
        raise SimulatorError(f"{path}, line {number}: {stamp} has no offset from UTC")
    if to_ms(end) % _MINUTE_MS or end.microsecond:
        raise SimulatorError(f"{path}, line {number}: {stamp} is not a whole minute")
    return _CurvePoint(number, to_ms(end), _watts(path, number, value.strip()))


def _watts(path: Path, number: int, value: str) -> int | None:
    if not value:
        return None
    if not fullmatch(_NUMBER, value, ASCII):
        raise SimulatorError(f"{path}, line {number}: {value[:40]!r} is not a whole number of W")
    if (watts := int(value)) > _MOST_W:
        raise SimulatorError(f"{path}, line {number}: {watts} W is more than a Linky serves, {_MOST_W} W at most")
    return watts


def _commonest_step_ms(path: Path, points: list[_CurvePoint]) -> int:
    """The step of a curve without one in its heading: a gap is rarer than a step."""
    steps = Counter(later.end_ms - before.end_ms for before, later in pairwise(points))
    (step_ms, _), *_ = steps.most_common(1) or [(0, 0)]
    if not 0 < step_ms <= _LONGEST_STEP_MIN * _MINUTE_MS:
        raise SimulatorError(f"{path}: neither its heading nor its lines show a step of 1 to {_LONGEST_STEP_MIN} min")
    return step_ms


def _in_steps(path: Path, points: list[_CurvePoint], step_ms: int) -> Iterator[_CurvePoint]:
    """The same points, each a whole number of steps after the one before."""
    yield points[0]
    before_ms = 0
    for before, point in pairwise(points):
        apart_ms = point.end_ms - before.end_ms
        if apart_ms <= 0:
            raise SimulatorError(f"{path}, line {point.line}: it does not come after the line before in time")
        if apart_ms > _LONGEST_GAP_MS:
            raise SimulatorError(f"{path}, line {point.line}: it comes more than a year after the line before")
        # One larger step is a gap. Two alike in a row are steps of another length, whose power would be misread.
        if apart_ms % step_ms or apart_ms == before_ms != step_ms:
            raise SimulatorError(
                f"{path}, line {point.line}: it comes {apart_ms // _MINUTE_MS} min after the line before, "
                f"in a curve by steps of {step_ms // _MINUTE_MS} min"
            )
        before_ms = apart_ms
        yield point


def _log_unknown(path: Path, curve: LoadCurve, points: list[_CurvePoint]) -> None:
    lines = [point.line for point in points if point.watts is None]
    lines += [later.line for before, later in pairwise(points) if later.end_ms - before.end_ms > curve.step_ms]
    if lines:
        log.warning(
            "%s: %d of %d steps have no value, the first at line %d; nothing is consumed in them.",
            path,
            curve.watts.count(None),
            len(curve.watts),
            min(lines),
        )
