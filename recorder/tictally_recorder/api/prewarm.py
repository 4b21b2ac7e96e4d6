"""Fills the caches after a start with what the page requests first: the overview, then the years, the newest first.

Computing holds the interpreter, which the recorder's loop needs as well: after each year prewarming pauses three times
as long as the year took.
"""

import asyncio
import time
from contextlib import suppress
from datetime import date, timedelta
from typing import Final

from tictally_recorder.api.cached_cost import CostQuery, cached_cost
from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.context import Context
from tictally_recorder.api.params import DayRange, TimeRange
from tictally_recorder.api.period_cache import days_of
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.site_overview import SiteOverview
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.ledger import LedgerError, LedgerReader, Site
from tictally_shared.calendar import By, local_midnight

_DELAY_S: Final = 10.0
_PAUSE: Final = 3


async def prewarm(context: Context) -> None:
    """Fill the caches."""
    with suppress(LedgerError, Problem):  # the first request computes it then
        await asyncio.sleep(_DELAY_S)
        for site in await context.pool.read(LedgerReader.sites, Lane.QUICK):

            def fill_overview(reader: LedgerReader, site: Site = site) -> float:
                return _fill_overview(context, reader, site)

            await asyncio.sleep(_PAUSE * await context.pool.read(fill_overview, Lane.SLOW))
            first, last = days_of(site, context.tz)
            for year in range(last.year, first.year - 1, -1):

                def fill(reader: LedgerReader, site: Site = site, year: int = year) -> float:
                    return _fill_year(context, reader, site, year)

                took_s = await context.pool.read(fill, Lane.SLOW)
                await asyncio.sleep(_PAUSE * took_s)


def _fill_overview(context: Context, reader: LedgerReader, site: Site) -> float:
    """Compute the overview of a site, and return how long it took, in seconds."""
    begin = time.monotonic()
    session = context.session(reader)
    SiteOverview(session, site, session.current_terms()).record()
    return time.monotonic() - begin


def _fill_year(context: Context, reader: LedgerReader, site: Site, year: int) -> float:
    """Compute a year of a site, and return how long it took, in seconds."""
    begin = time.monotonic()
    session = context.session(reader)
    first, until = date(year, 1, 1), min(date(year + 1, 1, 1), session.today)
    if first < until:
        window = TimeRange(local_midnight(first, context.tz), local_midnight(until, context.tz))
        cached_energy(session, site, window, By.MONTH, all_registers=True)
        current = session.current_terms()
        if current.terms is not None:
            until = min(until + timedelta(days=31), date(year + 1, 1, 1))
            cached_cost(session, site, CostQuery(DayRange(first, until), By.MONTH), current.terms, current.version)
    return time.monotonic() - begin
