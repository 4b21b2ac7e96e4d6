"""A home on three phases whose powers and voltages can be counted by hand: for its powers, in API and page."""

from datetime import date, datetime, timedelta
from random import Random

from api_serving import METER
from cost_building import PARIS

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

FIRST = datetime(2026, 3, 27, tzinfo=PARIS)  # a Friday; on Sunday the clocks go forward
NOW = datetime(2026, 3, 31, 12, tzinfo=PARIS)
STEP = timedelta(minutes=3)
TEN_MIN = 600
QUARTER = 900


def stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, PARIS).isoformat()


def seconds_of(moment: datetime) -> int:
    return int(moment.timestamp())


def volts_at(end: int, phase: int) -> int:
    """A ten-minute mean: high on the evening of the 28th on phase 2."""
    local = datetime.fromtimestamp(end - TEN_MIN, PARIS)
    if phase == 2 and local.day == 28 and local.hour >= 18:
        return 255
    return 228 + phase + end // TEN_MIN % 5


def standard() -> list[Frame]:
    """Four and a half days of three phases: a frame each three minutes, whose last one of an hour is missing."""
    rng, register = Random(18), 1_000_000
    found: list[Frame] = []
    highest: dict[date, tuple[int, int]] = {}
    for at in range(seconds_of(FIRST), seconds_of(NOW), int(STEP.total_seconds())):
        local = datetime.fromtimestamp(at, PARIS)
        if local.day == 30 and local.hour in {4, 5}:
            continue
        phases = [rng.randrange(0, 4000 if n == 1 else 1500) for n in range(3)]
        va, day = sum(phases), local.date()
        # Between frames the meter saw more than any frame has.
        seen = (va + 37, at + 61)
        highest[day] = max(highest.get(day, (0, 0)), seen, key=lambda each: each[0])
        yesterday = highest.get(day - timedelta(days=1))
        end = at // TEN_MIN * TEN_MIN
        values: dict[str, int | str] = {"NGTF": "BASE", "LTARF": "BASE", "EAST": register, "PREF": 9, "SINSTS": va}
        values["STGE"] = "003A4481" if (local.day, local.hour) in {(28, 19), (31, 8)} else "003A4401"
        dated = {"SMAXSN": stamp(highest[day][1])}
        values["SMAXSN"] = highest[day][0]
        if yesterday:
            values["SMAXSN-1"], dated["SMAXSN-1"] = yesterday[0], stamp(yesterday[1])
        for phase in (1, 2, 3):
            values[f"SINSTS{phase}"], values[f"IRMS{phase}"] = phases[phase - 1], phases[phase - 1] // 230
            values[f"URMS{phase}"], values[f"UMOY{phase}"] = 225 + phase, volts_at(end, phase)
            dated[f"UMOY{phase}"] = stamp(end)
        found.append(Frame(METER, "cellar", "a1" * 8, len(found) + 1, at * 1000, Mode.STANDARD, values, dated))
        register += 5
    return found
