"""Which tariff period a register counts, by its short name."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import groupby, pairwise
from typing import Final

from tictally_recorder.ledger import TextChange

# Historique: the label says it. Source: Enedis-NOI-CPT_54E §5.3.
_HISTORIQUE: Final = {
    "BASE": "BASE",
    "HCHC": "HC",
    "HCHP": "HP",
    "EJPHN": "HN",
    "EJPHPM": "PM",
    "BBRHCJB": "HC BLEU",
    "BBRHPJB": "HP BLEU",
    "BBRHCJW": "HC BLANC",
    "BBRHPJW": "HP BLANC",
    "BBRHCJR": "HC ROUGE",
    "BBRHPJR": "HP ROUGE",
}
# Standard: NTARF says which EASFnn counts while LTARF says what that is called. Source: Enedis-NOI-CPT_54E §6.2.
PERIOD_LABELS: Final = ("LTARF", "NTARF")
_SUPPLIER: Final = "EASF"
# One of the two may reach the ledger some frames after the other: a pair that lasts is no such accident.
_ATTESTED_MS: Final = 5 * 60 * 1000


class PeriodNames:
    """The names of one meter's registers, as they were at any time.

    Args:
        changes: of `PERIOD_LABELS`, in order of time.
        end_ms: until when the last of them held.
    """

    def __init__(self, changes: Iterable[TextChange], end_ms: int) -> None:
        self._known: dict[str, list[tuple[int, str]]] = {}
        states: list[tuple[int, dict[str, str]]] = []
        texts: dict[str, str] = {}
        for time_ms, group in groupby(changes, key=lambda change: change.time_ms):
            texts = texts | {change.label: change.value for change in group}
            states.append((time_ms, texts))
        for (since, pair), (until, _) in pairwise([*states, (end_ms, {})]):
            if pair.keys() >= set(PERIOD_LABELS):
                self._learn(_SUPPLIER + pair["NTARF"], pair["LTARF"], since, until)

    def _learn(self, register: str, name: str, since: int, until: int) -> None:
        known = self._known.setdefault(register, [])
        if not known:
            known.append((since, name))
        if until - since >= _ATTESTED_MS and known[-1][1] != name:
            known.append((since + _ATTESTED_MS, name))

    def name(self, register: str, at_ms: int) -> str | None:
        """What a register was called at a time, or None where that is not known."""
        if register in _HISTORIQUE:
            return _HISTORIQUE[register]
        known = self._known.get(register, [])
        at = bisect_right(known, at_ms, key=lambda each: each[0])
        return (known[at - 1][1] or None) if at else None
