"""Quarter-hours of a simulated meter in which every frame came, and the texts that changed between them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from demo.past.meter import values_of
from tictally_edge.simulator.household import STEP_MS
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.simulator.reading import Reading
from tictally_recorder.ledger import Live, Quarter, Run
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.labels import Mode

_QUARTER = timedelta(minutes=15)
_STEPS = QUARTER_MS // STEP_MS
_FRAMES = 600  # that a line of standard mode carries in a quarter
_LAST_MS = QUARTER_MS - 1500
_SLOW_TEXTS = ("NTARF", "LTARF", "PTEC", "STGE", "DEMAIN")


def quarters(meter: SimulatedMeter, until: datetime) -> Iterator[tuple[Quarter, dict[str, str]]]:
    """Yield quarters from the meter's present on, each with the strings that show period and colour.

    Args:
        meter: at the start of a quarter; it is advanced.
        until: the start of a quarter, excluded.
    """
    tariff, texts = None, dict[str, str]()
    while meter.moment < until:
        reading, before = meter.reading(), meter.registers()
        # Between two changes of the tariff no string that matters changes: a frame is encoded only then.
        if reading.tariff != tariff:
            values = values_of(meter)
            tariff, texts = reading.tariff, {name: str(values[name]) for name in _SLOW_TEXTS if name in values}
        meter.advance(meter.moment + _QUARTER)
        yield _quarter(meter.mode, reading, before, meter.registers()), texts


def _quarter(mode: Mode, reading: Reading, before: dict[str, int], after: dict[str, int]) -> Quarter:
    start_ms = reading.moment_ms
    last_ms = start_ms + _LAST_MS
    return Quarter(
        meter_id=1,
        start_ms=start_ms,
        n=_FRAMES,
        first_ms=start_ms,
        last_ms=last_ms,
        registers={name: (Run(start_ms, first, last_ms, after[name]),) for name, first in before.items()},
        live={name: _live(start_ms, found) for name, found in _live_values(mode, reading)},
        ends={},
    )


def _live_values(mode: Mode, reading: Reading) -> Iterator[tuple[str, Sequence[int]]]:
    steps = slice(reading.step, reading.step + _STEPS)
    today = reading.today
    if mode is Mode.HISTORIQUE:
        yield "PAPP", today.consumption.values[steps]
        return
    yield "SINSTS", today.consumption.values[steps]
    for phase, volts in enumerate(today.volts, 1):
        yield f"URMS{phase}", volts.values[steps]
    if reading.phases > 1:
        for phase, consumption in enumerate(today.consumption_by_phase, 1):
            yield f"SINSTS{phase}", consumption.values[steps]


def _live(start_ms: int, found: Sequence[int]) -> Live:
    total = sum(found) * _FRAMES // len(found)
    return Live(start_ms, found[0], start_ms + _LAST_MS, found[-1], _FRAMES, total, min(found), max(found))
