"""Quarters computed a second time, from raw frames and in the plainest way, and compared with the ledger's. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

from chaos.ledger_content import StoredFrame
from tictally_recorder.ledger import Quarter
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.labels import LABELS, Kind

Plain = dict[str, Any]


def differences(frames: Iterable[StoredFrame], quarters: Iterable[Quarter]) -> Iterator[str]:
    """Sentences about quarters that are not what their frames make.

    Args:
        frames: of all meters, in the order of time.
        quarters: of all meters.
    """
    by_quarter: dict[tuple[int, int], list[StoredFrame]] = {}
    # Registers begin to count something else where the option changes.
    options: dict[int, object] = {}
    cuts: dict[int, set[int]] = {}
    for frame in frames:
        by_quarter.setdefault((frame.meter_id, frame.time_ms // QUARTER_MS), []).append(frame)
        option = frame.values.get("NGTF", options.get(frame.meter_id))
        if option != options.get(frame.meter_id):
            options[frame.meter_id] = option
            cuts.setdefault(frame.meter_id, set()).add(frame.time_ms)
    there = {(each.meter_id, each.start_ms // QUARTER_MS): each for each in quarters}
    for key in sorted(by_quarter.keys() | there.keys()):
        if key not in there or key not in by_quarter:
            yield f"quarter {key}: {'no row' if key not in there else 'a row without frames'}"
            continue
        expected, actual = _expected(by_quarter[key], cuts.get(key[0], set())), _actual(there[key])
        for name in sorted(expected.keys() | actual.keys()):
            if expected.get(name) != actual.get(name):
                yield f"quarter {key}: {name} is {actual.get(name)} and should be {expected.get(name)}"


def _expected(frames: list[StoredFrame], cuts: set[int]) -> Plain:
    plain: Plain = {"frames": (len(frames), frames[0].time_ms, frames[-1].time_ms)}
    seen: dict[str, list[tuple[int, int]]] = {}
    for frame in frames:
        for name, value in frame.values.items():
            if isinstance(value, int):
                seen.setdefault(name, []).append((frame.time_ms, value))
    for name, points in seen.items():
        values = [value for _, value in points]
        plain[name] = (*points[0], *points[-1])
        if LABELS[name].live:
            plain[name] += (len(values), sum(values), min(values), max(values))
        elif LABELS[name].kind is Kind.REGISTER:
            plain[name] = _runs(points, cuts)
    return plain


def _runs(points: list[tuple[int, int]], cuts: set[int]) -> tuple[tuple[int, int, int, int], ...]:
    """The runs of a register: a new one begins where it falls, and at the first reading after a cut."""
    runs: list[list[tuple[int, int]]] = []
    for time_ms, value in points:
        last = runs[-1][-1] if runs else None
        if last is None or value < last[1] or any(last[0] < cut <= time_ms for cut in cuts):
            runs.append([])
        runs[-1].append((time_ms, value))
    return tuple((*run[0], *run[-1]) for run in runs)


def _actual(quarter: Quarter) -> Plain:
    plain: Plain = {"frames": (quarter.n, quarter.first_ms, quarter.last_ms)}
    for name, runs in quarter.registers.items():
        plain[name] = tuple(map(tuple, runs))
    return plain | {name: tuple(each) for kind in (quarter.live, quarter.ends) for name, each in kind.items()}
