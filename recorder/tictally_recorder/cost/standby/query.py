"""The base load of nights from raw frames, and its cost a year by the periods that meters reported."""

from collections.abc import Iterable
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost import Terms
from tictally_recorder.cost.standby.base_load import LABELS, base_load, night_of_day
from tictally_recorder.cost.standby.period_shares import COUNTING, OPTIONS, CountedSpan, counted_spans
from tictally_recorder.cost.standby.year_cost import LoadQuery, YearCost, year_before, year_cost
from tictally_recorder.ledger import LedgerReader, Meter, Night, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import midnight_ms

# A text that changes with the periods has changed in so much time: also EJP's, whose summers have one only.
_LOOK_BACK_MS: Final = 366 * 24 * 3600 * 1000


def compute_nights(reader: LedgerReader, site: Site, days: Iterable[date], tz: ZoneInfo) -> list[Night]:
    """The nights with which some local days begin, in order, as far as there are raw frames: see `night_of`."""
    found = (night_of(reader, site, day, tz) for day in sorted(set(days)))
    return [night for night in found if night is not None]


def night_of(reader: LedgerReader, site: Site, day: date, tz: ZoneInfo) -> Night | None:
    """The night with which a local day begins, of the site's meter that was heard longest in it.

    None if no frame is newer than the night, where some of its raw frames have gone already (what was computed while
    they were there stays), or where too little of it was heard. So nothing that is kept is ever replaced by less.

    Args:
        reader: the ledger.
        site: as the ledger has it now.
        day: local.
        tz: whose days are meant.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    start_ms, end_ms = night_of_day(day, tz)
    if max(meter.last_ms for meter in site.meters) < end_ms:
        return None
    found = [
        Night(meter.id, day, load.va, load.minutes)
        for meter in site.meters
        if meter.first_ms < end_ms
        and meter.last_ms >= start_ms
        and (load := base_load(reader.complete_raw_numbers(meter.id, LABELS, start_ms, end_ms)))
    ]
    return max(found, key=lambda night: (night.minutes, night.meter_id), default=None)


def year_cost_of(reader: LedgerReader, site: Site, query: LoadQuery, terms: Terms) -> YearCost:
    """What a base load costs a site a year, by the contract and the prices of a local day.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    contract = terms.contracts.on(site.id, Direction.CONSUMPTION, query.day)
    tariff = terms.tariffs.get(contract.tariff) if contract else None
    spans: list[CountedSpan] = []
    if contract and tariff and len(tariff.periods) > 1:
        first, end = year_before(query.day)
        start_ms, end_ms = (midnight_ms(each, query.tz) for each in (max(first, contract.start), end))
        with reader.snapshot():
            for meter in site.meters:
                spans += _spans(reader, meter, start_ms, end_ms)
    return year_cost(query, site.id, terms, sorted(spans, key=lambda each: each.end_ms))


def _spans(reader: LedgerReader, meter: Meter, start_ms: int, end_ms: int) -> Iterable[CountedSpan]:
    changes = [
        *reader.text_changes(meter.id, OPTIONS, 0, end_ms),
        *reader.text_changes(meter.id, COUNTING, start_ms - _LOOK_BACK_MS, end_ms),
    ]
    changes.sort(key=lambda change: change.time_ms)
    return counted_spans(changes, reader.quarters_with_frames(meter.id, start_ms, end_ms), end_ms)
