"""Keeps the current state of every site, and wakes the streams that show it when it changes.

Frames come from the recorder's loop as they are stored; today's figures are read from the ledger now and then.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import Final

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.live.meter_power import Factors, MeterPower, learned_factors
from tictally_recorder.api.live.snapshot import LatestFrame, SiteFigures, Snapshot, make_snapshot
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.energy.register_totals import Counted, consumption_total, injection_total
from tictally_recorder.hubs.current_period import current_period
from tictally_recorder.hubs.site_state import CurrentSite, applied_tariff, period_aliases, reasons_today, site_figures
from tictally_recorder.ledger import LedgerError, LedgerReader, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By, local_midnight
from tictally_shared.frames import Frame, FrameError

_FIGURES_S: Final = 10.0
_SITES_S: Final = 5.0
_GATHER_S: Final = 0.25
# No edge publishes a frame of that size; the ledger checks the others.
_MAX_BYTES: Final = 16 * 1024


@dataclass(slots=True)
class Broadcaster:
    """The current state of all sites, kept by one task for all clients.

    Attributes:
        context: shared by all requests.
        snapshots: site → its current state.
        changes: incremented with each change.
        streams: the open streams with their clients; without any, nothing is read in the background.
    """

    context: Context
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    changes: int = 0
    streams: dict[object, str] = field(default_factory=dict)
    _latest: dict[str, LatestFrame] = field(default_factory=dict)
    _figures: dict[str, SiteFigures] = field(default_factory=dict)
    _powers: dict[str, MeterPower] = field(default_factory=dict)
    _restored: set[str] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _read_s: float = float("-inf")
    _reading: "asyncio.Task[None] | None" = None
    _is_closing: bool = False

    async def current(self) -> Mapping[str, Snapshot]:
        """Site → its current state.

        Raises:
            Problem: too many requests are waiting.
            LedgerError: the ledger cannot be read.
        """
        self._collect_frames()
        await self._refresh_figures()
        self._update()
        return self.snapshots

    async def run(self) -> None:
        """Keep the snapshots up to date until the HTTP server ends."""
        loop = asyncio.get_running_loop()
        self.context.broadcast.wake = lambda: _call(loop, self._wake.set)
        self.context.on_close(lambda: _call(loop, self._close))
        while not self._is_closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), 1.0)
            self._wake.clear()
            self._collect_frames()
            if self.streams:
                with suppress(LedgerError, Problem):  # reported by /readyz; the latest frame is shown all the same
                    await self._refresh_figures()
                if self._update():
                    async with self._changed:
                        self.changes += 1
                        self._changed.notify_all()
            await asyncio.sleep(_GATHER_S)
        async with self._changed:
            self._changed.notify_all()

    async def wait(self, seen: int, timeout_s: float) -> bool:
        """Wait for a change after number `seen`; False if there was none in time."""

        def has_changed() -> bool:
            return self.changes != seen or self._is_closing

        try:
            async with self._changed:
                await asyncio.wait_for(self._changed.wait_for(has_changed), timeout_s)
        except TimeoutError:
            return False
        return True

    @property
    def is_closing(self) -> bool:
        """True once the HTTP server ends; streams end then."""
        return self._is_closing

    def _close(self) -> None:
        self._is_closing = True
        self._wake.set()

    def _collect_frames(self) -> None:
        for message in self.context.broadcast.drain():
            if len(message.payload) > _MAX_BYTES:
                continue
            try:
                frame = Frame.from_json(message.payload, edge=message.topic_edge)
            except FrameError:
                continue
            self._add(LatestFrame(frame.meter, frame.edge, frame.time_ms, frame.values))

    def _add(self, frame: LatestFrame) -> None:
        before = self._latest.get(frame.meter)
        if before is None or frame.time_ms > before.time_ms:
            power_w, injection_w = self._powers.setdefault(frame.meter, MeterPower()).add(frame.time_ms, frame.values)
            self._latest[frame.meter] = replace(frame, power_w=power_w, injection_w=injection_w)

    async def _refresh_figures(self) -> None:
        """Read figures again when they are old, once for all clients that wait for them."""
        now_s = asyncio.get_running_loop().time()
        known = {meter.key for each in self._figures.values() for meter in each.site.meters}
        max_age_s = _SITES_S if self._latest.keys() - known else _FIGURES_S
        if self._reading is None or self._reading.done():
            if now_s - self._read_s < max_age_s and self._figures:
                return
            self._reading = asyncio.get_running_loop().create_task(self._read())
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        restored = frozenset(self._restored)

        def read(reader: LedgerReader) -> tuple[dict[str, SiteFigures], list[LatestFrame], dict[str, Factors]]:
            session = self.context.session(reader)
            figures = {site.id: _site_figures(session, site) for site in session.sites}
            return figures, _latest_frames(session), _factors(session, restored)

        self._figures, latest, factors = await self.context.pool.read(read, Lane.QUICK)
        for meter, learned in factors.items():
            self._powers.setdefault(meter, MeterPower()).restore(learned)
            self._restored.add(meter)
        for frame in latest:
            self._add(frame)
        self._read_s = asyncio.get_running_loop().time()

    def _update(self) -> bool:
        """Make the snapshots; True if one of them has changed."""
        now = self.context.now()
        snapshots = {}
        for site_id, known in self._figures.items():
            frames = [self._latest[meter.key] for meter in known.site.meters if meter.key in self._latest]
            latest = max(frames, key=lambda each: each.time_ms, default=None)
            snapshots[site_id] = make_snapshot(known, latest, self.context.broadcast, now, self.context.tz)
        before, self.snapshots = self.snapshots, snapshots
        return _contents(before) != _contents(snapshots)


def _contents(snapshots: Mapping[str, Snapshot]) -> dict[str, Mapping[str, object]]:
    return {site_id: each.content for site_id, each in snapshots.items()}


def _call(loop: asyncio.AbstractEventLoop, action: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop may have ended
        loop.call_soon_threadsafe(action)


def _latest_frames(session: ReadSession) -> list[LatestFrame]:
    frames = []
    for site in session.sites:
        meter = max(site.meters, key=lambda each: each.last_ms)
        if (frame := session.reader.newest_frame(meter.id)) is not None:
            frames.append(LatestFrame(meter.key, next(iter(site.edges), ""), *frame))
    return frames


def _factors(session: ReadSession, restored: Collection[str]) -> dict[str, Factors]:
    """Key of a meter → its power factors as the ledger shows them; of meters that are not restored yet."""
    newest = [max(site.meters, key=lambda each: each.last_ms) for site in session.sites]
    return {meter.key: learned_factors(session.reader, meter) for meter in newest if meter.key not in restored}


def _site_figures(session: ReadSession, site: Site) -> SiteFigures:
    reader, today, current = session.reader, session.today, session.current_terms()
    terms = current.terms
    rows = cost_of(reader, SiteDays(site, today, today + timedelta(days=1), session.tz), terms) if terms else []
    idle_ms = session.context.settings.idle_minutes * 60_000
    period = current_period(
        reader, site, session.now_ms - idle_ms, period_aliases(site.id, today, terms, session.now_ms)
    )
    problem = current.problem.reason if current.problem and terms is None else None
    present = CurrentSite(site.id, today, session.now_ms, period, problem)
    paid = applied_tariff(site.id, Direction.CONSUMPTION, today, terms, session.now_ms)
    power_kva = (paid.contract.power_kva if paid else None) or announced(reader, site).power_kva
    return SiteFigures(
        site,
        power_kva,
        site_figures(present, rows, {}, terms),
        reasons_today(present, rows),
        *_energy_today(session, site),
        session.now_ms,
    )


def _energy_today(session: ReadSession, site: Site) -> tuple[Counted, Counted]:
    start = local_midnight(session.today, session.tz)
    if start >= session.now.astimezone(UTC):
        return Counted(), Counted()
    rows = energy(session.reader, EnergyQuery(site.id, start, session.now, By.DAY, session.tz), all_registers=True)
    return consumption_total(rows), injection_total(rows)
