"""Which tariff period a register counts: the option that the meter is on, and the period's short name. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from typing import Final, NamedTuple, Self

from tictally_recorder.ledger import TextChange
from tictally_shared.tariff_options import TARIFF_OPTIONS, option_of_ngtf

# Historique: the label defines it.
_HISTORIQUE: Final = {
    register: period
    for contract in TARIFF_OPTIONS.values()
    for register, period in zip(contract.registers, contract.periods, strict=True)
}
# Standard: NTARF is the index of the EASFnn that counts, LTARF its name. Source: Enedis-NOI-CPT_54E §6.2.
COUNTING: Final = "NTARF"
PERIOD_LABELS: Final = ("LTARF", COUNTING)
OPTION: Final = "NGTF"
NAMING_LABELS: Final = (*PERIOD_LABELS, OPTION)
_SUPPLIER: Final = "EASF"
CONSISTENT_AFTER_MS: Final = 5 * 60 * 1000
"""One of the two labels may change some frames after the other: only a pair that lasts is consistent."""

LONGEST_BETWEEN_MS: Final = 15 * 60 * 1000
"""Observations further apart do not show when between them a register began to count something else."""


class Meaning(NamedTuple):
    """What a register counts at a time.

    Attributes:
        period: the meter's short name of the tariff period, `HP BLEU`, or None.
        option: NGTF, or None where it is not known, and for registers of the historique mode.
    """

    period: str | None = None
    option: str | None = None


class _Pair(NamedTuple):
    """A time in which the meter announced one register under one name, and was on one option."""

    since_ms: int
    until_ms: int
    register: str
    name: str

    @property
    def lasts(self) -> bool:
        return self.until_ms - self.since_ms >= CONSISTENT_AFTER_MS


def named_by(counting: Iterable[str]) -> set[str]:
    """The registers that some strings of NTARF refer to."""
    return {_SUPPLIER + text for text in counting}


class PeriodNames:
    """The meanings of one meter's registers, as they were at any time.

    A change of option ends all names: a register may count another period from then on.

    Args:
        changes: of `PERIOD_LABELS`, in order of time.
        end_ms: until when the last of them held.
        options: changes of `OPTION`, in order of time, from the first one on.
    """

    def __init__(self, changes: Iterable[TextChange], end_ms: int, options: Sequence[TextChange] = ()) -> None:
        self._options = [(each.time_ms, each.value) for each in options]
        self._known: dict[str, list[tuple[int, str | None]]] = {}
        self._certain_ms: dict[str, int] = {}
        # The first option that is known ends nothing: the one before it may be the same.
        ends = [time_ms for time_ms, _ in self._options[1:]]
        self._announced_ms = 2**62
        at = 0
        for pair in _without_transitions(list(_pairs(changes, ends, end_ms))):
            while at < len(ends) and ends[at] <= pair.since_ms:
                self._forget(ends[at])
                at += 1
            self._learn(pair)
        for since_ms in ends[at:]:
            self._forget(since_ms)

    @classmethod
    def of_all(cls, changes: Iterable[TextChange], end_ms: int) -> Self:
        """The meanings by all changes of `NAMING_LABELS`, in order of time; others are left out."""
        found = list(changes)
        options = [change for change in found if change.label == OPTION]
        return cls((change for change in found if change.label in PERIOD_LABELS), end_ms, options)

    def _forget(self, since_ms: int) -> None:
        for known in self._known.values():
            known.append((since_ms, None))

    def _learn(self, pair: _Pair) -> None:
        known = self._known.setdefault(pair.register, [])
        self._announced_ms = min(self._announced_ms, pair.since_ms)
        if not known or known[-1][1] is None or (pair.lasts and known[-1][1] != pair.name):
            known.append((pair.since_ms, pair.name))
        if pair.lasts:
            self._certain_ms.setdefault(pair.register, pair.since_ms + CONSISTENT_AFTER_MS)

    @property
    def changes_ms(self) -> set[int]:
        """The moments at which any register may have another meaning than before."""
        return {time_ms for known in self._known.values() for time_ms, _ in known} | {at for at, _ in self._options}

    def is_certain(self, register: str, at_ms: int) -> bool:
        """True if earlier changes than those given cannot alter a register's name at a time or later."""
        return not register.startswith(_SUPPLIER) or self._certain_ms.get(register, at_ms + 1) <= at_ms

    def name(self, register: str, at_ms: int) -> str | None:
        """A register's name at a time, or None if it is unknown."""
        if register in _HISTORIQUE:
            return _HISTORIQUE[register]
        return _newest(self._known.get(register, []), at_ms) or None

    def option(self, at_ms: int) -> str | None:
        """The meter's option at a time, or None if it is unknown."""
        return _newest(self._options, at_ms) or None

    def meaning(self, register: str, at_ms: int) -> Meaning:
        """What a register counts at a time."""
        if not register.startswith(_SUPPLIER):
            return Meaning(_HISTORIQUE.get(register))
        return Meaning(self.name(register, at_ms), self.option(at_ms))

    def meaning_between(self, register: str, before_ms: int, after_ms: int) -> Meaning:
        """What a register counted from one observation to the next.

        A new name begins with the frame that has it, unless too long passed without frames: then there is no name.
        """
        first, last = self.meaning(register, before_ms), self.meaning(register, after_ms)
        if first == last:
            return first
        # A first option; or a first name: while another register was announced, this one did not count.
        is_first_name = first.period is None and self._announced_ms <= before_ms
        if first.option in {None, last.option} and (is_first_name or first.period == last.period):
            return last
        # A register that one of two options does not use counted on the other.
        if _is_unused(register, first.option):
            return last
        if _is_unused(register, last.option):
            return first
        return first if after_ms - before_ms <= LONGEST_BETWEEN_MS else Meaning()


def _is_unused(register: str, ngtf: str | None) -> bool:
    option = None if ngtf is None else option_of_ngtf(ngtf)
    return option is not None and option.period_of(register) is None


def _newest(values: Sequence[tuple[int, str | None]], at_ms: int) -> str | None:
    at = bisect_right(values, at_ms, key=lambda each: each[0])
    return values[at - 1][1] if at else None


def _pairs(changes: Iterable[TextChange], ends: Sequence[int], end_ms: int) -> Iterator[_Pair]:
    """What was announced, cut where the option changes."""
    texts: dict[str, str] = {}
    since = end_ms
    cuts = (TextChange(OPTION, time_ms, "") for time_ms in ends)
    for change in merge(changes, cuts, key=lambda each: each.time_ms):
        if change.time_ms != since:
            yield from _pair(texts, since, change.time_ms)
            since = change.time_ms
        texts[change.label] = change.value
    yield from _pair(texts, since, end_ms)


def _pair(texts: dict[str, str], since_ms: int, until_ms: int) -> Iterator[_Pair]:
    if since_ms < until_ms and texts.keys() >= set(PERIOD_LABELS):
        yield _Pair(since_ms, until_ms, _SUPPLIER + texts[COUNTING], texts["LTARF"])


def _without_transitions(pairs: Sequence[_Pair]) -> Iterator[_Pair]:
    """Without pairs of which one label had changed and the other had not yet."""
    for pair, after in zip(pairs, [*pairs[1:], None], strict=False):
        is_transition = (
            after is not None
            and not pair.lasts
            and after.lasts
            and pair.until_ms == after.since_ms
            and (pair.register == after.register) != (pair.name == after.name)
        )
        if not is_transition:
            yield pair
