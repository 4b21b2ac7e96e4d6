"""A night's base load, by the recorder's own rule, from the simulated household's curve."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tictally_edge.simulator.day import HouseholdDay
from tictally_edge.simulator.household import STEP_MS
from tictally_recorder.cost.standby.base_load import base_load, night_of_day
from tictally_recorder.ledger.standby_store import Night

_MINUTE = 6  # steps


def night_of(day: HouseholdDay, tz: ZoneInfo) -> Night | None:
    """The night with which a local day begins; None if the rule finds too little of it."""
    date = datetime.fromtimestamp(day.start_ms / 1000, UTC).astimezone(tz).date()
    begin_ms, end_ms = night_of_day(date, tz)
    power = day.consumption.values[: (end_ms - begin_ms) // STEP_MS]
    minutes = range(0, len(power), _MINUTE)
    means = [(begin_ms + n * STEP_MS, {"SINSTS": sum(power[n : n + _MINUTE]) // _MINUTE}) for n in minutes]
    load = base_load(means)
    return None if load is None else Night(1, date, load.va, load.minutes)
