"""Where a contract differs from what the site's meter reports, or lacks what its tariff's rules ask for."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.meter_reported import announced, contradictions
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.standby.period_shares import COUNTING, OPTIONS, CountedSpan, counted_spans
from tictally_recorder.energy.register_totals import period_of
from tictally_recorder.ledger import LedgerReader, Meter, Site
from tictally_recorder.problem import ProblemCode
from tictally_recorder.tariffs.hours import is_within
from tictally_recorder.tariffs.model import Tariff
from tictally_shared.calendar import QUARTER_MS, midnight_ms
from tictally_shared.phrase import Phrase
from tictally_shared.tariff_options import HPHC

_DAY_QUARTERS: Final = 96
_LOOK_BACK_MS: Final = 14 * _DAY_QUARTERS * QUARTER_MS
# Off-peak hours change several times a day: what counted before them was reported in the week before.
_CHANGES_BACK_MS: Final = 7 * _DAY_QUARTERS * QUARTER_MS
_ENOUGH_QUARTERS: Final = 7 * _DAY_QUARTERS
# A meter's hours begin at any minute: of each begin and end a quarter-hour may differ.
_MOST_DIFFERENT_PERCENT: Final = 6
_OFF_PEAK, _PEAK = HPHC.periods


def contract_problems(
    reader: LedgerReader, site: Site, contract: Contract, tariff: Tariff, tz: ZoneInfo
) -> Iterator[Phrase]:
    """Everything about a contract for consumption that a person should correct.

    Args:
        reader: the ledger.
        site: of the contract.
        contract: for consumption.
        tariff: that it is on.
        tz: of its days.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    yield from contradictions(reader, site, contract, tariff)
    rules = tariff.rules.rules if tariff.rules else ()
    if any(rule.has_chosen_weekday for rule in rules) and contract.chosen_weekday is None:
        yield Phrase(ProblemCode.CHOSEN_DAY_MISSING, {"tariff": tariff.id})
    is_asked = any(rule.is_off_peak for rule in rules)
    if is_asked and not contract.off_peak and announced(reader, site).option is not HPHC:
        yield Phrase(ProblemCode.OFF_PEAK_MISSING, {"tariff": tariff.id})
    if contract.off_peak and (observed := _other_hours(reader, site, contract, tz)):
        yield Phrase(ProblemCode.OFF_PEAK_DIFFERS, {"hours": observed})


def counted_off_peak(reader: LedgerReader, site: Site, tz: ZoneInfo) -> tuple[str, ...]:
    """The off-peak hours that a meter on HP/HC counted lately, `22:30-06:30`; none where too little is known.

    Args:
        reader: the ledger.
        site: of it.
        tz: of the hours.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    return _hours(Counter((at.time(), period) for at, period in _lately(reader, site, 0, tz)))


def _other_hours(reader: LedgerReader, site: Site, contract: Contract, tz: ZoneInfo) -> tuple[str, ...]:
    """The off-peak hours that a meter on HP/HC counted lately, where they are not the contract's; else none."""
    counted: Counter[tuple[time, str]] = Counter()
    different = 0
    for at, period in _lately(reader, site, midnight_ms(contract.start, tz), tz):
        counted[at.time(), period] += 1
        different += (period == _OFF_PEAK) is not is_within(at.time(), contract.off_peak_on(at.date()))
    return () if 100 * different <= _MOST_DIFFERENT_PERCENT * counted.total() else _hours(counted)


def _hours(counted: Counter[tuple[time, str]]) -> tuple[str, ...]:
    """The times at which off-peak counted more often than peak, of enough quarter-hours."""
    if counted.total() < _ENOUGH_QUARTERS:
        return ()
    times = sorted({at for at, _ in counted})
    return tuple(_ranges(at for at in times if counted[at, _OFF_PEAK] > counted[at, _PEAK]))


def _lately(reader: LedgerReader, site: Site, since_ms: int, tz: ZoneInfo) -> Iterator[tuple[datetime, str]]:
    meter = max(site.meters, key=lambda each: each.last_ms)
    end_ms = meter.last_ms + 1
    start_ms = max(end_ms - _LOOK_BACK_MS, meter.first_ms, since_ms)
    return _periods(_spans(reader, meter, start_ms, end_ms), tz)


def _spans(reader: LedgerReader, meter: Meter, start_ms: int, end_ms: int) -> Iterator[CountedSpan]:
    changes = [
        *reader.text_changes(meter.id, OPTIONS, 0, end_ms),
        *reader.text_changes(meter.id, COUNTING, start_ms - _CHANGES_BACK_MS, end_ms),
    ]
    changes.sort(key=lambda change: change.time_ms)
    return counted_spans(changes, reader.quarters_with_frames(meter.id, start_ms, end_ms), end_ms)


def _periods(spans: Iterable[CountedSpan], tz: ZoneInfo) -> Iterator[tuple[datetime, str]]:
    """The local start of each quarter-hour in the middle of which a period of HP/HC counted, and which."""
    for span in spans:
        period = period_of(span.register, span.name, span.option, {})
        first_ms = -(-(span.start_ms - QUARTER_MS // 2) // QUARTER_MS) * QUARTER_MS
        if period in HPHC.periods:
            for start_ms in range(first_ms, span.end_ms - QUARTER_MS // 2, QUARTER_MS):
                yield datetime.fromtimestamp(start_ms // 1000, UTC).astimezone(tz), period


def _ranges(times: Iterable[time]) -> Iterator[str]:
    """Quarter-hours that follow one another as hours, `22:30-06:30`; those over midnight as one."""
    numbers = [each.hour * 4 + each.minute // 15 for each in times]
    begins = [each for each in numbers if (each - 1) % _DAY_QUARTERS not in numbers]
    for begin in begins:
        end = begin
        while end % _DAY_QUARTERS in numbers:
            end += 1
        yield f"{_text(begin)}-{_text(end % _DAY_QUARTERS)}"


def _text(number: int) -> str:
    return f"{number // 4:02d}:{number % 4 * 15:02d}"
