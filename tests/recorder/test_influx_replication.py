"""Whatever comes in whatever order, a real InfluxDB ends with the rows that the frames make."""

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from influx_harness import sink_harness
from real_influx import Influxd

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

METERS = {"021900000002": ("cellar", "attic"), "021900000009": ("barn",)}


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def frames_of(start: str, hours: float, seed: int) -> list[Frame]:
    """Two meters, one of which two edges read; a gap of some quarters, short frames, a register that falls."""
    rng = random.Random(seed)
    found = []
    for meter, edges in METERS.items():
        for edge in edges:
            at_ms, east, seq = ms(start) + rng.randrange(5000), 1_000_000, 0
            end_ms = ms(start) + int(hours * 3_600_000)
            gap_ms = ms(start) + int(hours * 1_800_000)
            while at_ms < end_ms:
                seq += 1
                at_ms += rng.randrange(15_000, 45_000)
                if gap_ms <= at_ms < gap_ms + 3_000_000:
                    continue
                east = (at_ms - ms(start)) // 1000 + 1_000_000
                values: dict[str, int | str] = {
                    "EAST": east,
                    "EASF01": east // 3,
                    "EASF02": east - east // 3,
                    "SINSTS": rng.randrange(9000),
                    "URMS1": rng.randrange(225, 240),
                    "PREF": 9,
                    "SMAXSN": 7000 + at_ms // 3_600_000 % 100,
                    "NTARF": "02",
                    "LTARF": "HEURE PLEINE",
                    "NGTF": 'H, PLEINE="CREUSE"\\',
                }
                if not rng.randrange(10):
                    del values["SINSTS"], values["EASF01"], values["PREF"]
                found.append(Frame(meter, edge, f"{seed:016x}", seq, at_ms, Mode.STANDARD, values))
                if not rng.randrange(20):  # two that were read at once
                    seq += 1
                    found.append(Frame(meter, edge, f"{seed:016x}", seq, at_ms, Mode.STANDARD, values | {"SINSTS": 3}))
    return sorted(found, key=lambda each: each.time_ms)


SPANS = {
    "spring": ("2026-03-29T00:40:00+01:00", 2.8),
    "autumn": ("2026-10-25T01:10:00+02:00", 2.8),
    "midnight": ("2026-06-30T22:10:00+02:00", 2.8),
}


def in_order(frames: list[Frame], _: random.Random) -> list[list[Frame]]:
    return [frames]


def shuffled(frames: list[Frame], rng: random.Random) -> list[list[Frame]]:
    return [rng.sample(frames, len(frames))]


def doubled(frames: list[Frame], rng: random.Random) -> list[list[Frame]]:
    return [frames, rng.sample(frames, len(frames) // 2)]


def late(frames: list[Frame], rng: random.Random) -> list[list[Frame]]:
    on_time = [rng.random() < 0.7 for _ in frames]
    return [
        [each for each, is_on_time in zip(frames, on_time, strict=True) if is_on_time is wanted]
        for wanted in (True, False)
    ]


def backlog_first(frames: list[Frame], _: random.Random) -> list[list[Frame]]:
    half = len(frames) // 2
    return [frames[half:], frames[:half]]


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("order", [in_order, shuffled, doubled, late, backlog_first])
def test_minutes_hours_quarters_and_days_are_those_of_the_frames(
    server: Influxd, tmp_path: Path, span: str, order: Callable[[list[Frame], random.Random], list[list[Frame]]]
) -> None:
    frames = frames_of(*SPANS[span], seed=len(span))
    prefix = f"{span}_{order.__name__}"
    with sink_harness(tmp_path, server, prefix) as harness:
        for part in order(frames, random.Random(7)):
            harness.store(part)
            harness.copy()
        assert harness.wrong_windows(frames) == []
        assert harness.wrong_ledger() == []
        (counts,) = harness.ledger.sinks()
        assert (counts.rejected, counts.is_done) == (0, True)
