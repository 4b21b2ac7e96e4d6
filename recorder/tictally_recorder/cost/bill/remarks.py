"""What a person must know of a bill beside its figures, as sentences. Pure."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from tictally_recorder.cost import to_cents
from tictally_recorder.cost.bill.model import Bill, BillLine
from tictally_recorder.cost.bill.totals import cents
from tictally_recorder.reason import Reason
from tictally_recorder.translations import ENGLISH

_DAY: Final = timedelta(days=1)
_REASONS_SHOWN: Final = 3
_WORDS: Final = {"ht": "the price without taxes", "accise": "the accise", "cta": "the CTA", "vat": "the VAT"}


def remarks(bill: Bill) -> list[str]:
    """Days that are not in it, and what is unknown, provisional, estimated, fell, was rounded, or lacks its taxes."""
    found = (_days, _unknown, _provisional, _estimated, _fell, _rounding, _cta, _not_split, _misfits)
    return [sentence for of_kind in found for sentence in of_kind(bill)]


def what(line: BillLine) -> str:
    """A line in two words: `HC`, `subscription at 6 kVA`, `injected SURPLUS`."""
    injection = "injected " if line.is_income else ""
    power = "" if line.power_kva is None else f" at {line.power_kva} kVA"
    return f"subscription{power}" if line.period is None else f"{injection}{line.period}"


def _days(bill: Bill) -> Iterator[str]:
    if bill.days is None:
        yield f"The ledger has nothing from {bill.start} to {bill.end}."
        return
    first, last = bill.days
    if first > bill.start:
        yield f"The ledger begins on {first}: the days from {bill.start} on are not in this bill."
    if last + _DAY < bill.end:
        yield f"The ledger ends on {last}: the days after it are not in this bill."


def _unknown(bill: Bill) -> Iterator[str]:
    for line in bill.lines:
        if line.amount is None:
            energy = f"{line.energy_wh / 1000:.3f} kWh, " if line.energy_wh else ""
            days = f"on {line.first}" if line.days == 1 else f"{line.days} days from {line.first} to {line.end}"
            yield f"Unknown: {what(line)} ({energy}{days}): {_first_of(line.reasons)}."


def _provisional(bill: Bill) -> Iterator[str]:
    found = dict.fromkeys(reason for line in bill.lines if line.amount is not None for reason in line.reasons)
    for reason in found:
        yield f"Provisional: {ENGLISH.reason(reason)}."


def _estimated(bill: Bill) -> Iterator[str]:
    names = dict.fromkeys(what(line) for line in bill.lines if line.estimated)
    if names:
        yield f"Estimated in part, because a gap was divided by time: {', '.join(names)}."


def _fell(bill: Bill) -> Iterator[str]:
    names = dict.fromkeys(register for line in bill.lines if line.amount is not None for register in line.fell)
    for register in names:
        yield f"{register} fell: what it counted before and after is added."


def _not_split(bill: Bill) -> Iterator[str]:
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for line in bill.lines:
        if line.split and line.split.unknown and line.version:
            found.setdefault((line.version.id, line.split.unknown), []).append(what(line))
    for (version, unknown), names in found.items():
        parts = _listed([_WORDS[name] for name in unknown])
        yield f"{version} does not state {parts} of {', '.join(dict.fromkeys(names))}."


def _misfits(bill: Bill) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for line in bill.lines:
        if line.split and not line.split.fits and line.version:
            found.setdefault(line.version.id, []).append(what(line))
    for version, names in found.items():
        yield (
            f"{version}: amounts with and without taxes differ by more than the taxes and rounding, "
            f"of {', '.join(dict.fromkeys(names))}."
        )


def _rounding(bill: Bill) -> Iterator[str]:
    for total in bill.totals:
        of_lines = [line.amount for line in bill.lines if line.currency == total.currency and line.amount is not None]
        added = sum(map(to_cents, of_lines), Decimal(0))
        if added != to_cents(total.amount):
            yield (
                f"The lines, each rounded to cents, add up to {cents(added)} {total.currency}; "
                "the total is rounded once, at the end."
            )


def _cta(bill: Bill) -> Iterator[str]:
    if any(line.split and line.split.cta for line in bill.lines):
        yield (
            "The CTA is what the subscription with and without taxes leaves for it: "
            "the grid's fixed part, which it is a share of, is in no price list."
        )


def _first_of(reasons: Sequence[Reason]) -> str:
    shown = "; ".join(map(ENGLISH.reason, reasons[:_REASONS_SHOWN]))
    more = len(reasons) - _REASONS_SHOWN
    return f"{shown}; and {more} more like these" if more > 0 else shown


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
