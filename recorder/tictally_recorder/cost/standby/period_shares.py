"""The share of time of each tariff period, from the strings in which a meter reports the current one. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Final

from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.energy.period_names import PERIOD_LABELS, PeriodNames
from tictally_recorder.energy.register_totals import period_of
from tictally_recorder.ledger import TextChange
from tictally_recorder.reason import Parameter, Reason, ReasonCode
from tictally_recorder.tariffs.hours import is_within
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.tariffs.period_rules import QUARTER_TIMES, DayTerms, PeriodRules
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.tariff_options import (
    OPTION_OF_REGISTER,
    TariffOption,
    option_of_ngtf,
    option_of_optarif,
    register_of_ptec,
)

OPTIONS: Final = ("NGTF", "OPTARIF")
"""Which option a meter is on: these may stand for years."""
COUNTING: Final = (*PERIOD_LABELS, "PTEC")
"""What counts now: these change with the periods."""

_HISTORIQUE: Final = frozenset({"OPTARIF", "PTEC"})
_DAY_MS: Final = 96 * QUARTER_MS
_WEEK_MS: Final = 7 * _DAY_MS
_MOST_OF_A_WEEK_MS: Final = 6 * _DAY_MS
_MOST_OF_A_YEAR_MS: Final = 330 * _DAY_MS


@dataclass(frozen=True, slots=True)
class CountedSpan:
    """Time, with frames, in which one register counted.

    Attributes:
        start_ms: milliseconds since 1970.
        end_ms: excluded.
        register: EASFnn, or that of the historique mode.
        name: what the meter calls what that counts, or None.
        option: that the meter is on, NGTF or OPTARIF, or None.
    """

    start_ms: int
    end_ms: int
    register: str
    name: str | None
    option: str | None

    @property
    def regime(self) -> object:
        """The same for all names of one option."""
        return self.option and (option_of_ngtf(self.option) or option_of_optarif(self.option) or self.option)


class UnknownSharesError(Exception):
    """A figure that cannot be computed.

    Args:
        reason: why.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def counted_spans(changes: Sequence[TextChange], quarters: Iterable[int], end_ms: int) -> Iterator[CountedSpan]:
    """The spans that one meter reported, in order of time.

    Args:
        changes: of `OPTIONS` and `COUNTING`, in order of time.
        quarters: the starts of those that have frames, ascending: a string is not carried over a gap.
        end_ms: until when the last changes held.
    """
    names = PeriodNames.of_all(changes, end_ms)
    heard, at = _runs(quarters), 0
    for since_ms, until_ms, register, option in _states(changes, end_ms):
        while at < len(heard) and heard[at][0] < until_ms:
            start_ms, stop_ms = max(heard[at][0], since_ms), min(heard[at][1], until_ms)
            if start_ms < stop_ms:
                yield CountedSpan(start_ms, stop_ms, register, names.name(register, stop_ms - 1), option)
            if heard[at][1] > until_ms:
                break  # the next state begins within it
            at += 1


def shares(tariff: Tariff, spans: Sequence[CountedSpan], aliases: Mapping[str, str]) -> dict[str, Decimal]:
    """How the time of a year is divided among a tariff's periods: each one's share of 1.

    Where a week has all of them, any week is enough; where days differ, as in Tempo, only most of a year does.

    Args:
        tariff: the list.
        spans: of a site, in order of time. Those on another option than the last one are left out.
        aliases: what the meter calls a period → the list's period.

    Raises:
        UnknownSharesError: too little was reported, or other periods.
    """
    weeks = list(_by_week([each for each in spans if each.regime == spans[-1].regime], aliases).values())
    times: dict[str, int] = {}
    for week in weeks:
        for period, time_ms in week.items():
            times[period] = times.get(period, 0) + time_ms
    total = sum(times.values())
    if reason := _why_not(tariff, times, total, weeks):
        raise UnknownSharesError(reason)
    return {period: Decimal(times.get(period, 0)) / total for period in tariff.periods}


def counts_periods(tariff: Tariff, spans: Iterable[CountedSpan], aliases: Mapping[str, str]) -> bool:
    """True if the meter counts a tariff's own periods; a regulated option's hours are those of no other tariff."""
    spans = list(spans)
    named = {period_of(each.register, each.name, each.option, aliases) for each in spans}
    is_regulated = any(each.register in OPTION_OF_REGISTER or isinstance(each.regime, TariffOption) for each in spans)
    return bool(spans) and (bool(aliases) or not is_regulated) and named <= set(tariff.periods)


def shares_by_rules(
    rules: PeriodRules, days: Iterable[date], contract: Contract, terms: DayTerms
) -> dict[str, Decimal]:
    """How the time of some days is divided among a tariff's periods by its own rules: each one's share of 1.

    Args:
        rules: of the tariff.
        days: local; one with a change of the clock counts like any other.
        contract: has the off-peak hours.
        terms: what the rules need to know beside them.

    Raises:
        UnknownSharesError: nobody knows what a rule asks for.
    """
    counted: Counter[str] = Counter()
    for day in days:
        hours = contract.off_peak_on(day)
        for slot, at in zip(rules.of_day(day, terms), QUARTER_TIMES, strict=True):
            found = slot.off_peak if hours and is_within(at, hours) else slot.peak
            if slot.off_peak != slot.peak and not hours:
                found = Reason(ReasonCode.OFF_PEAK_HOURS_UNKNOWN)
            if isinstance(found, Reason):
                raise UnknownSharesError(found)
            counted[found] += 1
    return {period: Decimal(counted[period]) / counted.total() for period in rules.periods}


def _by_week(spans: Sequence[CountedSpan], aliases: Mapping[str, str]) -> dict[int, dict[str, int]]:
    """Week → period → milliseconds; the newest seven days are week 0."""
    found: dict[int, dict[str, int]] = {}
    for each in spans:
        period = period_of(each.register, each.name, each.option, aliases)
        start_ms = each.start_ms
        while start_ms < each.end_ms:
            number = (spans[-1].end_ms - start_ms - 1) // _WEEK_MS
            stop_ms = min(each.end_ms, spans[-1].end_ms - number * _WEEK_MS)
            week = found.setdefault(number, {})
            week[period] = week.get(period, 0) + stop_ms - start_ms
            start_ms = stop_ms
    return found


def _why_not(tariff: Tariff, times: Mapping[str, int], total: int, weeks: Iterable[Mapping[str, int]]) -> Reason | None:
    if not total:
        return Reason(ReasonCode.NO_PERIOD_REPORTED)
    if others := sorted(times.keys() - set(tariff.periods)):
        share = 100 * sum(times[each] for each in others) / total
        about: dict[str, Parameter] = {"periods": tuple(others), "share": f"{share:.1f}", "tariff": tariff.id}
        return Reason(ReasonCode.REPORTED_PERIODS_NOT_IN_TARIFF, about)
    wholes = [week for week in weeks if sum(week.values()) >= _MOST_OF_A_WEEK_MS]
    days = total // _DAY_MS
    if not wholes:
        return Reason(ReasonCode.WEEK_OF_PERIODS_NEEDED, {"count": days})
    if total < _MOST_OF_A_YEAR_MS and not all(week.keys() >= set(tariff.periods) for week in wholes):
        return Reason(ReasonCode.YEAR_OF_PERIODS_NEEDED, {"count": days, "tariff": tariff.id})
    return None


def _runs(quarters: Iterable[int]) -> list[tuple[int, int]]:
    """From and to of quarters that follow one another."""
    found: list[tuple[int, int]] = []
    for start_ms in quarters:
        if found and found[-1][1] == start_ms:
            found[-1] = found[-1][0], start_ms + QUARTER_MS
        else:
            found.append((start_ms, start_ms + QUARTER_MS))
    return found


def _states(changes: Iterable[TextChange], end_ms: int) -> Iterator[tuple[int, int, str, str | None]]:
    """From when to when which register counted on which option; the mode is that which spoke last."""
    texts: dict[str, str] = {}
    moments = [(time_ms, list(of_moment)) for time_ms, of_moment in groupby(changes, key=lambda each: each.time_ms)]
    for (since_ms, of_moment), (until_ms, _) in pairwise([*moments, (end_ms, [])]):
        texts |= {change.label: change.value for change in of_moment}
        if of_moment[-1].label in _HISTORIQUE:
            register = register_of_ptec(texts.get("PTEC", ""))
            option = texts.get("OPTARIF")
        else:
            register = f"EASF{texts['NTARF']}" if texts.get("NTARF") else None
            option = texts.get("NGTF")
        if register is not None:
            yield since_ms, until_ms, register, option or None
