"""Reasons as words for people and as records for programs, with their days and what is unknown. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from tictally_recorder.cost.aggregation import DatedReason
from tictally_recorder.cost.model import CostRow
from tictally_recorder.remark import UnknownPart
from tictally_recorder.translations import ENGLISH
from tictally_shared.calendar import runs_of_days
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase

_PER_KILO: Final = 1000


def dated_record(dated: DatedReason, *, names_unknown: bool = False) -> dict[str, object]:
    """The same with the days, and what is unknown on them.

    Args:
        dated: the reason.
        names_unknown: True adds what is unknown: periods, energy in Wh, and whether the subscription is among it.
    """
    unknown = None
    if names_unknown:
        unknown = {
            "periods": _periods(dated.rows),
            "energy_wh": sum(row.energy_wh for row in dated.rows),
            "subscription": any(row.period is None for row in dated.rows),
        }
    text = ENGLISH.text("reasons.unknown", text=unknown_text(dated)) if names_unknown else dated_text(dated)
    return dated.reason.as_json() | {
        "text": text,
        "unknown": unknown,
        "days": len(dated.days),
        "ranges": [list(each) for each in ranges_of(dated.days)],
    }


def dated_text(dated: DatedReason, words: Catalogue = ENGLISH) -> str:
    """`there is no contract (2 days: 2026-11-10 to 2026-11-11)`."""
    return words.text("reasons.dated", text=words.phrase(dated.reason), days=words.days(ranges_of(dated.days)))


def unknown_text(dated: DatedReason, words: Catalogue = ENGLISH) -> str:
    """`1.250 kWh (HC) and the subscription, because there is no contract (1 day: 2026-11-10)`."""
    unknown = words.listed([words.phrase(each) for each in unknown_parts(dated.rows)])
    text = words.text("reasons.because", unknown=unknown, reason=words.phrase(dated.reason))
    return words.text("reasons.dated", text=text, days=words.days(ranges_of(dated.days)))


def ranges_of(days: Iterable[date]) -> tuple[tuple[str, str], ...]:
    """Runs of days, each from its first to its last day, ISO 8601."""
    return tuple((str(first), str(last)) for first, last in runs_of_days(set(days)))


def unknown_parts(rows: Sequence[CostRow]) -> tuple[Phrase, ...]:
    """What is unknown where the amounts of some rows are: energy of periods, the subscription."""
    energy_wh, periods = sum(row.energy_wh for row in rows), tuple(_periods(rows))
    parts = []
    if periods and energy_wh:
        parts.append(Phrase(UnknownPart.QUANTITY, {"kwh": f"{energy_wh / _PER_KILO:.3f}", "periods": periods}))
    elif periods:
        parts.append(Phrase(UnknownPart.ENERGY, {"periods": periods}))
    if any(row.period is None for row in rows):
        parts.append(Phrase(UnknownPart.SUBSCRIPTION))
    return tuple(parts)


def _periods(rows: Iterable[CostRow]) -> list[str]:
    return list(dict.fromkeys(row.period for row in rows if row.period))
