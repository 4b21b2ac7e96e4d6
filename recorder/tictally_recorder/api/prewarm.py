"""Reckons what a page will ask for first, after a start: years of months, a year at a time, with pauses.

A reckoning holds the interpreter, which the recorder's loop needs too; so it rests three times as long as it works.
"""

import asyncio
import time
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from typing import Final

from tictally_recorder.api.cached_cost import cached_cost
from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.context import Context
from tictally_recorder.api.params import Times
from tictally_recorder.api.period_cache import days_of
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.ledger import LedgerError, LedgerReader, Site
from tictally_shared.calendar import By, local_midnight

_FIRST_S: Final = 10.0
_REST: Final = 3


async def prewarm(context: Context) -> None:
    """Fill the caches, the newest years first."""
    with suppress(LedgerError, Problem):  # whoever asks reckons it then
        await asyncio.sleep(_FIRST_S)
        for site in await context.pool.read(LedgerReader.sites):
            first, last = days_of(site, context.tz)
            for year in range(last.year, first.year - 1, -1):
                took_s = await context.pool.read(partial(_year, context, site, year))
                await asyncio.sleep(_REST * took_s)


def _year(context: Context, site: Site, year: int, reader: LedgerReader) -> float:
    """How long it took."""
    begin = time.monotonic()
    tz, today = context.tz, context.today
    first, until = date(year, 1, 1), min(date(year + 1, 1, 1), today)
    if first < until:
        window = Times(local_midnight(first, tz), local_midnight(until, tz))
        cached_energy(reader, context.energies, site, window, By.MONTH, tz, today, all_registers=True)
        terms, _, generation = context.terms(reader.sites())
        if terms is not None:
            until = min(until + timedelta(days=31), date(year + 1, 1, 1))
            cached_cost(reader, context.costs, site, (first, until), By.MONTH, terms, generation, tz, today)
    return time.monotonic() - begin
