"""A tariff's own rule of which period a moment belongs to. Pure.

Rules are tried in their order and the first that applies decides; one without a condition always applies. A rule looks
at the local time and at the tariff's day: its weekday, its season, its Tempo colour, whether a list of days has it.
Where a tariff's day begins at 06:00, the hours before that belong to the day before. What a rule needs and nobody knows
(a colour, the chosen weekday, a list for that day) makes the period unknown with a reason; no rule below is tried then,
since it could decide wrongly. Whether the customer's off-peak hours are running is for others to find out: each
quarter-hour has a period for both cases.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import repeat
from typing import Final, NamedTuple, TypeAlias

from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.hours import Hours, Season, is_in_season, is_within
from tictally_shared.status_register import Colour
from tictally_shared.tariff_options import HPHC, TEMPO

_MIDNIGHT: Final = time(0)
_QUARTER_MINUTES: Final = 15
_DIGITS: Final = 16
_HOURS_OF_A_DAY: Final = 24
QUARTER_TIMES: Final = tuple(
    time(hour, minute) for hour in range(_HOURS_OF_A_DAY) for minute in range(0, 60, _QUARTER_MINUTES)
)
"""When each quarter-hour of a day begins by the clock."""


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """One rule; every condition that it has must apply.

    Attributes:
        period: of the tariff, that it leads to.
        hours: local hours, any of them; empty: no condition.
        is_off_peak: True to ask for the customer's off-peak hours, which meter or contract show.
        weekdays: 0 is Monday; empty: no condition.
        has_chosen_weekday: True if the weekday that the customer chose counts among `weekdays`.
        season: of the tariff's days; None: no condition.
        colours: of the Tempo day; empty: no condition.
        days: name of a list of days; empty: no condition.
    """

    period: str
    hours: tuple[Hours, ...] = ()
    is_off_peak: bool = False
    weekdays: frozenset[int] = frozenset()
    has_chosen_weekday: bool = False
    season: Season | None = None
    colours: frozenset[Colour] = frozenset()
    days: str = ""


@dataclass(frozen=True, slots=True)
class DayList:
    """Days that a supplier announced, or holidays.

    Attributes:
        start: the first day for which the list is complete.
        until: the last one; other days are unknown. Before `start` where none is known yet.
        days: the days themselves.
    """

    start: date
    until: date
    days: frozenset[date]


@dataclass(frozen=True, slots=True)
class DayTerms:
    """What rules need to know of a customer's days.

    Attributes:
        chosen_weekday: 0 is Monday; None if none is known.
        colours: day on which a Tempo day begins → its colour, as far as known.
    """

    chosen_weekday: int | None = None
    colours: Mapping[date, Colour] = field(default_factory=dict)


class Slot(NamedTuple):
    """The period of a quarter-hour, or why it is unknown.

    Attributes:
        off_peak: within the customer's off-peak hours.
        peak: outside of them.
    """

    off_peak: str | Reason
    peak: str | Reason


Slots: TypeAlias = tuple[Slot, ...]
_Applies: TypeAlias = bool | Reason
_Kind: TypeAlias = tuple[_Applies, ...]


class PeriodRules:
    """The rules of one tariff.

    Args:
        rules: in their order.
        day_begins: local time at which the tariff's day begins.
        lists: name of a list → its days.

    Attributes:
        has_colours: True if a rule asks for the colour of a day.

    Raises:
        ValueError: there is no rule, or the last one has a condition: a moment could then belong to no period.
    """

    def __init__(
        self, rules: Iterable[PeriodRule], day_begins: time = _MIDNIGHT, lists: Mapping[str, DayList] | None = None
    ) -> None:
        self.rules = tuple(rules)
        self.day_begins = day_begins
        self.lists = dict(lists or {})
        self._slots_of: dict[tuple[_Kind, _Kind], Slots] = {}
        self._of_all_days: Slots | None = None
        self._digests: dict[Slots, str] = {}
        self._kinds: dict[object, _Kind] = {}
        self._seasons = tuple(dict.fromkeys(rule.season for rule in self.rules if rule.season is not None))
        self._seasons_of: dict[tuple[int, int], tuple[bool, ...]] = {}
        self._listed = tuple(dict.fromkeys(rule.days for rule in self.rules if rule.days))
        self._has_weekdays = any(rule.weekdays or rule.has_chosen_weekday for rule in self.rules)
        self.has_colours = any(rule.colours for rule in self.rules)
        if not self.rules or self.rules[-1] != PeriodRule(self.rules[-1].period):
            raise ValueError("the last rule must have no condition")

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods that rules lead to, each once, in their order."""
        return tuple(dict.fromkeys(rule.period for rule in self.rules))

    @property
    def key(self) -> object:
        """The same for rules that divide every day alike."""
        listed = sorted((name, each.start, each.until, sorted(each.days)) for name, each in self.lists.items())
        return self.rules, self.day_begins, tuple(map(str, listed))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PeriodRules) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def of_day(self, day: date, terms: DayTerms) -> Slots:
        """The periods of a local day's quarter-hours by the clock, from 00:00 to 23:45."""
        if self._of_all_days is not None:
            return self._of_all_days
        today = self._kind(day, terms)
        kinds = today if self.day_begins == _MIDNIGHT else self._kind(day - timedelta(days=1), terms), today
        if (found := self._slots_of.get(kinds)) is None:
            before, after = kinds
            found = tuple(self._slot(at, before if at < self.day_begins else after) for at in QUARTER_TIMES)
            self._slots_of[kinds] = found
            if not (self._has_weekdays or self._seasons or self.has_colours or self._listed):
                self._of_all_days = found
        return found

    def at(self, local: datetime, terms: DayTerms) -> Slot:
        """The period of the quarter-hour that a local time is in."""
        return self.of_day(local.date(), terms)[number_of(local)]

    def digest(self, day: date, terms: DayTerms) -> str:
        """The same for days whose quarter-hours belong to the same periods, whatever rules and lists have it so."""
        slots = self.of_day(day, terms)
        if (found := self._digests.get(slots)) is None:
            found = hashlib.sha256(repr(slots).encode()).hexdigest()[:_DIGITS]
            self._digests[slots] = found
        return found

    def _slot(self, at: time, kind: _Kind) -> Slot:
        return Slot(*(self._period(at, kind, is_off_peak=is_off_peak) for is_off_peak in (True, False)))

    def _period(self, at: time, kind: _Kind, *, is_off_peak: bool) -> str | Reason:
        for rule, applies in zip(self.rules, kind, strict=True):
            if (rule.hours and not is_within(at, rule.hours)) or (rule.is_off_peak and not is_off_peak):
                continue
            if isinstance(applies, Reason):
                return applies
            if applies:
                return rule.period
        raise AssertionError("the last rule has no condition")

    def _kind(self, day: date, terms: DayTerms) -> _Kind:
        """Which rules a day of the tariff lets apply, by all but the time."""
        alike = (
            (day.weekday(), terms.chosen_weekday) if self._has_weekdays else None,
            self._seasons_on(day) if self._seasons else None,
            terms.colours.get(day) if self.has_colours else None,
            tuple(map(self._is_in, self._listed, repeat(day))) if self._listed else None,
        )
        if (found := self._kinds.get(alike)) is None:
            found = self._kinds[alike] = tuple(self._applies(rule, day, terms) for rule in self.rules)
        return found

    def _seasons_on(self, day: date) -> tuple[bool, ...]:
        """Which of the seasons a day is in."""
        key = day.month, day.day
        if (found := self._seasons_of.get(key)) is None:
            found = self._seasons_of[key] = tuple(is_in_season(day, each) for each in self._seasons)
        return found

    def _is_in(self, name: str, day: date) -> bool | None:
        """Whether a list has a day; None if that is unknown."""
        found = self.lists.get(name)
        return day in found.days if found is not None and found.start <= day <= found.until else None

    def _applies(self, rule: PeriodRule, day: date, terms: DayTerms) -> _Applies:
        """What is surely known decides before what may not be."""
        if rule.season is not None and not is_in_season(day, rule.season):
            return False
        unknown: Reason | None = None
        for found in (
            _is_on_weekday(rule, day, terms.chosen_weekday),
            self._is_listed(rule, day),
            _has_colour(rule, day, terms.colours),
        ):
            if found is False:
                return False
            unknown = unknown or (found if isinstance(found, Reason) else None)
        return unknown or True

    def _is_listed(self, rule: PeriodRule, day: date) -> _Applies:
        if not rule.days:
            return True
        found = self._is_in(rule.days, day)
        return Reason(ReasonCode.NO_LIST_OF_DAYS, {"list_name": rule.days}) if found is None else found


def number_of(local: datetime) -> int:
    """The number of a local time's quarter-hour by the clock, from 0 at 00:00."""
    return local.hour * 4 + local.minute // _QUARTER_MINUTES


def _is_on_weekday(rule: PeriodRule, day: date, chosen: int | None) -> _Applies:
    if not (rule.weekdays or rule.has_chosen_weekday) or day.weekday() in rule.weekdays:
        return True
    if rule.has_chosen_weekday and chosen is None:
        return Reason(ReasonCode.CHOSEN_WEEKDAY_UNKNOWN)
    return rule.has_chosen_weekday and day.weekday() == chosen


def _has_colour(rule: PeriodRule, day: date, colours: Mapping[date, Colour]) -> _Applies:
    if not rule.colours:
        return True
    colour = colours.get(day)
    return Reason(ReasonCode.TEMPO_COLOUR_UNKNOWN) if colour is None else colour in rule.colours


def _of_tempo() -> PeriodRules:
    night = ((time(22), time(6)),)
    colours = (Colour.BLEU, Colour.BLANC, Colour.ROUGE)
    rules = [
        rule
        for colour in colours
        for rule in (
            PeriodRule(f"HC {colour.name}", night, colours=frozenset({colour})),
            PeriodRule(f"HP {colour.name}", colours=frozenset({colour})),
        )
    ]
    return PeriodRules([*rules[:-1], PeriodRule(rules[-1].period)], time(6))


_HC, _HP = HPHC.periods
_OF_OPTIONS: Final = {
    frozenset(HPHC.periods): PeriodRules([PeriodRule(_HC, is_off_peak=True), PeriodRule(_HP)]),
    frozenset(TEMPO.periods): _of_tempo(),
}


def rules_of_option(periods: Iterable[str]) -> PeriodRules | None:
    """The rules of the regulated option that has some periods (HP/HC, Tempo), or None if none has."""
    return _OF_OPTIONS.get(frozenset(periods))
