"""What some days of a site would have cost on other price lists, from a ledger."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.compare.engine import offers
from tictally_recorder.cost.compare.model import Answer, Assumed
from tictally_recorder.cost.compare.tempo_colours import NIGHT, agreed, heard_colours
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.model import Use
from tictally_recorder.cost.query import cost_of, options_of
from tictally_recorder.cost.terms import Paid
from tictally_recorder.cost.unmetered import unmetered_of
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.energy.register_totals import direction_of
from tictally_recorder.ledger import LedgerReader, Site, TextChange
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS, By, local_midnight
from tictally_shared.labels import LABELS
from tictally_shared.status_register import Colour

_LABELS: Final = ("STGE", "PTEC")
_MONTH_MS: Final = 31 * 24 * 3600 * 1000


def told_colours(reader: LedgerReader, site: Site, start: datetime, end: datetime, tz: ZoneInfo) -> dict[date, Colour]:
    """The colours of the days of which a site's meters told one in [start, end).

    Args:
        reader: the ledger.
        site: of it.
        start: aware.
        end: aware, excluded.
        tz: of the local days.
    """
    start_ms, end_ms = int(start.timestamp()) * 1000, int(end.timestamp()) * 1000
    told: list[dict[date, Colour]] = []
    for meter in site.meters:
        seen = reader.labels_seen(meter.id)
        # The last moment of each quarter with frames: a text that changed within it is the new one.
        heard = [each + QUARTER_MS - 1 for each in reader.quarters_with_frames(meter.id, start_ms, end_ms)]
        for label in _LABELS:
            if label in seen:
                first_ms, last_ms = seen[label]
                times = [min(each, last_ms) for each in heard if first_ms <= each < last_ms + QUARTER_MS]
                changes = _changes(reader, meter.id, label, (start_ms, end_ms), times)
                told.append(heard_colours(changes, times, tz))
    return agreed(told)


def _changes(
    reader: LedgerReader, meter_id: int, label: str, window_ms: tuple[int, int], times: list[int]
) -> list[TextChange]:
    """A label's changes as far back as tells what it said at the first of some times: most often a month is enough."""
    start_ms, end_ms = window_ms
    changes = list(reader.text_changes(meter_id, (label,), start_ms - _MONTH_MS, end_ms))
    if times and (not changes or changes[0].time_ms > times[0]):
        changes = list(reader.text_changes(meter_id, (label,), 0, end_ms))
    return changes


_CONSUMPTION: Final = {register for register in LABELS if direction_of(register) is Direction.CONSUMPTION}


def answer_of(  # noqa: PLR0913, PLR0917 - all that an answer depends on
    reader: LedgerReader, site: Site, days: list[date], paid: Paid, wish: Assumed, tz: ZoneInfo
) -> Answer:
    """What some days of a site would have cost.

    Args:
        reader: the ledger.
        site: of it.
        days: local, in order, with frames.
        paid: contracts and price lists.
        wish: what to assume; without hours the contract's, and colours beside those that the meter told.
        tz: whose days are meant.
    """
    contract = paid.terms.contracts.on(site.id, Direction.CONSUMPTION, days[-1])
    power = (contract.power_kva if contract else None) or announced(reader, site).power_kva
    until = date.fromordinal(days[-1].toordinal() + 1)
    query = EnergyQuery.of_days(site.id, (days[0], until), By.QUARTER, tz)
    quarters = energy(reader, query, all_registers=True, only=_CONSUMPTION)
    hours = wish.off_peak_hours or (contract.off_peak_hours if contract else ()) or (NIGHT,)
    # The night before the first day's 06:00 is of a Tempo day that began the day before.
    yesterday = date.fromordinal(days[0].toordinal() - 1)
    learned = told_colours(reader, site, local_midnight(yesterday, tz), query.end, tz)
    colours = {**learned, **wish.colours}
    assumed = replace(wish, off_peak_hours=hours, colours=colours, aliases=contract.aliases if contract else {})
    use = Use(site.id, (), quarters, options_of(reader, site, days, tz), unmetered_of(reader, site))
    found = offers(use, days, paid.shelf.tariffs.values(), power, assumed, tz)
    rows = [
        row for row in cost_of(reader, site, days[0], until, paid.terms, tz) if row.direction is Direction.CONSUMPTION
    ]
    amounts = [row.amount for row in rows]
    actual = None if None in amounts else sum((each for each in amounts if each is not None), Decimal(0))
    return Answer(site.id, days[0], until, contract.tariff if contract else None, actual, hours, found)
