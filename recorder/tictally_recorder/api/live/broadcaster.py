"""What is the case now at each site: the newest frame as the loop stored it, and figures that are read now and then."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from tictally_recorder.api.context import Context
from tictally_recorder.api.live.snapshot import Item, item_of
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.query import cost_of
from tictally_recorder.energy import energy
from tictally_recorder.energy.register_totals import Counted, consumption_total, injection_total
from tictally_recorder.hubs.current_period import present_period
from tictally_recorder.hubs.site_state import Present as SitePresent
from tictally_recorder.hubs.site_state import aliases_on, figures, paid_on
from tictally_recorder.ledger import LedgerError, LedgerReader, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By, local_midnight
from tictally_shared.frames import Frame, FrameError

_FIGURES_S: Final = 10.0
_SITES_S: Final = 5.0
_GATHER_S: Final = 0.25
# More bytes than any frame has that an edge publishes; the rest is looked at by who reads the ledger.
_LARGE: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Newest:
    """A meter's newest frame."""

    meter: str
    edge: str
    time_ms: int
    values: Mapping[str, int | str]


@dataclass(slots=True)
class Known:
    """What is known of a site beside its newest frame.

    Attributes:
        site: as the ledger has it.
        subscribed_kva: by contract, else as the meter announces it, or None.
        figures: of today, as `tictally_recorder.hubs` has them.
        consumption: what was consumed today.
        injection: what was injected today.
        until_ms: when that was read.
    """

    site: Site
    subscribed_kva: int | None
    figures: Mapping[str, str]
    consumption: Counted
    injection: Counted
    until_ms: int


@dataclass(slots=True)
class Broadcaster:
    """Kept up to date by one task for all who look.

    Attributes:
        context: what it is made from.
        items: site → what is told of it, the newest.
        changes: goes up with each change.
        streams: who is told of changes; without any nothing is read and put together.
    """

    context: Context
    items: dict[str, Item] = field(default_factory=dict)
    changes: int = 0
    streams: set[object] = field(default_factory=set)
    _newest: dict[str, Newest] = field(default_factory=dict)
    _known: dict[str, Known] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _read_s: float = float("-inf")
    _reading: "asyncio.Task[None] | None" = None
    _is_closing: bool = False

    async def now(self) -> dict[str, Item]:
        """Site → what is the case.

        Raises:
            LedgerError: it cannot be read.
        """
        self._take_in()
        await self._read_if_old()
        self._compose()
        return self.items

    async def follow(self) -> None:
        """Keep it up to date, for as long as the recorder lives."""
        loop = asyncio.get_running_loop()
        self.context.broadcast.wake = lambda: _call(loop, self._wake.set)
        self.context.when_closing(lambda: _call(loop, self._close))
        while not self._is_closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), 1.0)
            self._wake.clear()
            self._take_in()
            if self.streams:
                with suppress(LedgerError, Problem):  # told by /readyz; the newest frame is told all the same
                    await self._read_if_old()
                if self._compose():
                    async with self._changed:
                        self.changes += 1
                        self._changed.notify_all()
            await asyncio.sleep(_GATHER_S)
        async with self._changed:
            self._changed.notify_all()

    async def wait(self, seen: int, timeout_s: float) -> bool:
        """Wait for a change after the one that was seen; False where none came in time."""

        def is_other() -> bool:
            return self.changes != seen or self._is_closing

        try:
            async with self._changed:
                await asyncio.wait_for(self._changed.wait_for(is_other), timeout_s)
        except TimeoutError:
            return False
        return True

    @property
    def is_closing(self) -> bool:
        """True once HTTP ends: streams end."""
        return self._is_closing

    def _close(self) -> None:
        self._is_closing = True
        self._wake.set()

    def _take_in(self) -> None:
        for message in self.context.broadcast.drain():
            if len(message.payload) > _LARGE:
                continue
            try:
                frame = Frame.from_json(message.payload, edge=message.topic_edge)
            except FrameError:
                continue
            self._newer(Newest(frame.meter, frame.edge, frame.time_ms, frame.values))

    def _newer(self, newest: Newest) -> None:
        before = self._newest.get(newest.meter)
        if before is None or newest.time_ms > before.time_ms:
            self._newest[newest.meter] = newest

    async def _read_if_old(self) -> None:
        """Read figures again, once for all who ask meanwhile."""
        now_s = asyncio.get_running_loop().time()
        unknown = self._newest.keys() - {meter.key for each in self._known.values() for meter in each.site.meters}
        wait_s = _SITES_S if unknown else _FIGURES_S
        if self._reading is None or self._reading.done():
            if now_s - self._read_s < wait_s and self._known:
                return
            self._reading = asyncio.get_running_loop().create_task(self._read())
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        found, newest = await self.context.pool.read(lambda reader: _read(self.context, reader))
        self._known = found
        for each in newest:
            self._newer(each)
        self._read_s = asyncio.get_running_loop().time()

    def _compose(self) -> bool:
        """Put together what is told; True where it is other than before."""
        now = self.context.now
        found = {}
        for site_id, known in self._known.items():
            frames = [self._newest[meter.key] for meter in known.site.meters if meter.key in self._newest]
            newest = max(frames, key=lambda each: each.time_ms, default=None)
            found[site_id] = item_of(known, newest, self.context.broadcast, now, self.context.tz)
        is_other = {site: item.told for site, item in found.items()} != {
            site: item.told for site, item in self.items.items()
        }
        self.items = found
        return is_other


def _call(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(work)


def _read(context: Context, reader: LedgerReader) -> tuple[dict[str, Known], list[Newest]]:
    sites = reader.sites()
    newest = []
    for site in sites:
        meter = max(site.meters, key=lambda each: each.last_ms)
        if (frame := reader.newest_frame(meter.id)) is not None:
            newest.append(Newest(meter.key, next(iter(site.edges), ""), *frame))
    return {site.id: _known(context, reader, site, sites) for site in sites}, newest


def _known(context: Context, reader: LedgerReader, site: Site, sites: Sequence[Site]) -> Known:
    terms, problem, _ = context.terms(sites)
    now, today, tz = context.now, context.today, context.tz
    now_ms = int(now.timestamp() * 1000)
    rows = cost_of(reader, site, today, today + timedelta(days=1), terms, tz) if terms else []
    aliases = aliases_on(site.id, today, terms)
    period = present_period(reader, site, now_ms - context.settings.idle_minutes * 60_000, aliases)
    present = SitePresent(site.id, today, now_ms, period, problem)
    energies = _today(reader, site, today, now, context)
    paid = paid_on(site.id, Direction.CONSUMPTION, today, terms)
    power = (paid.contract.power_kva if paid else None) or announced(reader, site).power_kva
    told = figures(present, rows, {}, terms)
    return Known(site, power, told, *energies, now_ms)


def _today(reader: LedgerReader, site: Site, today: date, now: datetime, context: Context) -> tuple[Counted, Counted]:
    start = local_midnight(today, context.tz)
    if start >= now.astimezone(UTC):
        return Counted(), Counted()
    rows = energy(reader, site.id, start, now, By.DAY, context.tz, all_registers=True)
    return consumption_total(rows), injection_total(rows)
