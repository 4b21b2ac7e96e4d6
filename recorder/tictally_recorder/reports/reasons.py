"""Reasons as words for people and as records for programs, with their days and what is unknown. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from tictally_recorder.cost.aggregation import DatedReason
from tictally_recorder.cost.model import CostRow
from tictally_recorder.translations import ENGLISH, Catalogue
from tictally_shared.calendar import runs_of_days

_RANGES_SHOWN: Final = 5
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
        "ranges": [[str(first), str(last)] for first, last in runs_of_days(dated.days)],
    }


def dated_text(dated: DatedReason, words: Catalogue = ENGLISH) -> str:
    """`there is no contract (2 days: 2026-11-10 to 2026-11-11)`."""
    return words.text("reasons.dated", text=words.reason(dated.reason), days=days_text(dated.days, words))


def unknown_text(dated: DatedReason, words: Catalogue = ENGLISH) -> str:
    """`1.250 kWh (HC) and the subscription, because there is no contract (1 day: 2026-11-10)`."""
    text = words.text("reasons.because", unknown=_unknown(dated.rows, words), reason=words.reason(dated.reason))
    return words.text("reasons.dated", text=text, days=days_text(dated.days, words))


def days_text(days: Iterable[date], words: Catalogue = ENGLISH) -> str:
    """How many days, and which: the first ranges of them."""
    days = set(days)
    ranges = runs_of_days(days)
    shown = [
        words.text("reasons.day", day=first) if first == last else words.text("reasons.range", first=first, last=last)
        for first, last in ranges[:_RANGES_SHOWN]
    ]
    more = len(ranges) - len(shown)
    shown += [words.text("reasons.more", count=more)] if more else []
    return words.text("reasons.days", count=len(days), ranges=", ".join(shown))


def _unknown(rows: Sequence[CostRow], words: Catalogue) -> str:
    energy_wh, periods = sum(row.energy_wh for row in rows), _periods(rows)
    parts = []
    if periods and energy_wh:
        parts.append(words.text("reasons.quantity", kwh=f"{energy_wh / _PER_KILO:.3f}", periods=periods))
    elif periods:
        parts.append(words.text("reasons.energy", periods=periods))
    if any(row.period is None for row in rows):
        parts.append(words.text("reasons.subscription"))
    return words.listed(parts)


def _periods(rows: Iterable[CostRow]) -> list[str]:
    return list(dict.fromkeys(row.period for row in rows if row.period))
