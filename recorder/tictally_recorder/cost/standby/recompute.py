"""Keeps nights' base load while there are raw frames: a night is recomputed when its frames have changed."""

from datetime import date
from zoneinfo import ZoneInfo

from tictally_recorder.cost.standby.base_load import night_of_day
from tictally_recorder.cost.standby.query import compute_nights
from tictally_recorder.ledger import Ledger, LedgerReader, Site
from tictally_shared.calendar import day_bounds_ms, local_day

_Frames = tuple[tuple[int, int], ...]
"""Of each meter of a site: how many raw frames a night has, and the newest of them."""


class NightRecomputer:
    """Works in steps of one night. It asks neither contracts nor prices: those may be wrong for days.

    Args:
        ledger: where nights are kept.
        reader: of the same ledger.
        tz: whose nights are meant.
    """

    def __init__(self, ledger: Ledger, reader: LedgerReader, tz: ZoneInfo) -> None:
        self._ledger = ledger
        self._reader = reader
        self._tz = tz
        self._seen: dict[tuple[str, date], _Frames] = {}
        self._todo: list[tuple[Site, date, _Frames]] = []

    def begin(self) -> None:
        """Look which nights have other frames than when they were computed. Raises as the ledger's methods do."""
        self._todo = []
        here: dict[tuple[str, date], _Frames] = {}
        for site in self._reader.sites():
            newest_ms = max(meter.last_ms for meter in site.meters)
            for day in self._days(site):
                bounds = night_of_day(day, self._tz)
                if newest_ms < bounds[1]:
                    continue  # it goes on
                frames = tuple(self._reader.raw_between(meter.id, *bounds) for meter in site.meters)
                before = self._seen.get((site.id, day))
                if frames != before:
                    self._todo.append((site, day, frames))
                elif before is not None:
                    here[site.id, day] = before
        self._seen = here

    def step(self) -> bool:
        """Compute one of them, the newest first; False if none is left. Raises as the ledger's methods do."""
        if not self._todo:
            return False
        site, day, frames = self._todo[-1]
        self._ledger.store_standby(compute_nights(self._reader, site, [day], self._tz))
        self._todo.pop()
        self._seen[site.id, day] = frames
        return True

    def _days(self, site: Site) -> list[date]:
        """The local days with raw frames, in order: few, though a frame of a clock that was wrong may be years away."""
        found: set[date] = set()
        for meter in site.meters:
            time_ms = self._reader.oldest_raw_ms(meter.id)
            while time_ms is not None:
                day = self._day(time_ms)
                found.add(day)
                time_ms = self._reader.oldest_raw_ms(meter.id, day_bounds_ms(day, self._tz)[1])
        return sorted(found)

    def _day(self, time_ms: int) -> date:
        return local_day(time_ms, self._tz)
