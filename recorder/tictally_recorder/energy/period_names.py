"""Which tariff period a register counts, by the period's short name."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Final

from tictally_recorder.ledger import TextChange
from tictally_shared.tariff_options import TARIFF_OPTIONS

# Historique: the label defines it.
_HISTORIQUE: Final = {
    register: period
    for contract in TARIFF_OPTIONS.values()
    for register, period in zip(contract.registers, contract.periods, strict=True)
}
# Standard: NTARF is the index of the EASFnn that counts, LTARF its name. Source: Enedis-NOI-CPT_54E §6.2.
COUNTING: Final = "NTARF"
PERIOD_LABELS: Final = ("LTARF", COUNTING)
_SUPPLIER: Final = "EASF"
# One of the two may change some frames after the other: only a pair that lasts is consistent.
_CONSISTENT_AFTER_MS: Final = 5 * 60 * 1000


def named_by(counting: Iterable[str]) -> set[str]:
    """The registers that some strings of NTARF refer to."""
    return {_SUPPLIER + text for text in counting}


class PeriodNames:
    """The names of one meter's registers, as they were at any time.

    Args:
        changes: of `PERIOD_LABELS`, in order of time.
        end_ms: until when the last of them held.
    """

    def __init__(self, changes: Iterable[TextChange], end_ms: int) -> None:
        self._known: dict[str, list[tuple[int, str]]] = {}
        self._certain_ms: dict[str, int] = {}
        texts: dict[str, str] = {}
        since = end_ms
        for change in changes:
            if change.time_ms != since:
                self._learn(texts, since, change.time_ms)
                since = change.time_ms
            texts[change.label] = change.value
        self._learn(texts, since, end_ms)

    def _learn(self, texts: Mapping[str, str], since: int, until: int) -> None:
        if len(texts) < len(PERIOD_LABELS):
            return
        register, name = _SUPPLIER + texts[COUNTING], texts["LTARF"]
        known = self._known.setdefault(register, [])
        if not known:
            known.append((since, name))
        if until - since >= _CONSISTENT_AFTER_MS:
            self._certain_ms.setdefault(register, since + _CONSISTENT_AFTER_MS)
            if known[-1][1] != name:
                known.append((since + _CONSISTENT_AFTER_MS, name))

    def is_certain(self, register: str, at_ms: int) -> bool:
        """True if earlier changes than those given cannot alter a register's name at a time or later."""
        return not register.startswith(_SUPPLIER) or self._certain_ms.get(register, at_ms + 1) <= at_ms

    def name(self, register: str, at_ms: int) -> str | None:
        """A register's name at a time, or None if it is unknown."""
        if register in _HISTORIQUE:
            return _HISTORIQUE[register]
        known = self._known.get(register, [])
        at = bisect_right(known, at_ms, key=lambda each: each[0])
        return (known[at - 1][1] or None) if at else None
