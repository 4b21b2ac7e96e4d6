"""What a person must know of a bill beside its figures. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tictally_recorder.cost import to_cents
from tictally_recorder.cost.bill.model import Bill, BillLine
from tictally_recorder.cost.bill.totals import cents
from tictally_recorder.reason import Reason
from tictally_recorder.remark import RemarkCode
from tictally_shared.phrase import Part, Phrase, Value

_DAY: Final = timedelta(days=1)
_REASONS_SHOWN: Final = 3
_PARTS: Final = {
    "ht": RemarkCode.PART_HT,
    "accise": RemarkCode.PART_ACCISE,
    "cta": RemarkCode.PART_CTA,
    "vat": RemarkCode.PART_VAT,
}


def remarks(bill: Bill) -> list[Phrase]:
    """Days that are not in it, and what is unknown, provisional, estimated, was rounded, or lacks its taxes."""
    return _made(bill, (_days, _unknown, _provisional, _estimated, _rounding, _cta, _not_split, _misfits))


def bill_remarks(bill: Bill) -> list[Phrase]:
    """The same for a bill whose lines are rounded one by one."""
    return _made(bill, (_days, _unknown, _provisional, _estimated, _cta, _not_split, _misfits))


def _made(bill: Bill, kinds: Iterable[Callable[[Bill], Iterator[Phrase]]]) -> list[Phrase]:
    return [remark for of_kind in kinds for remark in of_kind(bill)]


def what(line: BillLine) -> Phrase:
    """A line in two words: `HC`, `subscription at 6 kVA`, `injection SURPLUS`."""
    if line.is_lump_sum and line.version:
        return Phrase(RemarkCode.LINE_LUMP_SUM, {"text": line.version.source})
    if line.period is not None:
        code = RemarkCode.LINE_INJECTION if line.is_income else RemarkCode.LINE_ENERGY
        return Phrase(code, {"period": line.period})
    if line.power_kva is None:
        return Phrase(RemarkCode.LINE_SUBSCRIPTION)
    return Phrase(RemarkCode.LINE_SUBSCRIPTION_AT_POWER, {"power_kva": line.power_kva})


def _days(bill: Bill) -> Iterator[Phrase]:
    if bill.days is None:
        yield Phrase(RemarkCode.BILL_EMPTY, {"start": str(bill.start), "end": str(bill.end)})
        return
    first, last = bill.days
    if first > bill.start:
        yield Phrase(RemarkCode.BILL_BEFORE_LEDGER, {"first": str(first), "start": str(bill.start)})
    if last + _DAY < bill.end:
        yield Phrase(RemarkCode.BILL_AFTER_LEDGER, {"last": str(last)})
    yield from bill.covered.remarks_within_days()


def _unknown(bill: Bill) -> Iterator[Phrase]:
    for line in bill.lines:
        if line.amount is None:
            about: dict[str, Value] = {
                "line": what(line),
                "extent": tuple(_extent(line)),
                "reasons": _first_of(line.reasons),
            }
            yield Phrase(RemarkCode.BILL_LINE_UNKNOWN, about)


def _extent(line: BillLine) -> Iterator[Phrase]:
    if line.energy_wh:
        yield Phrase(RemarkCode.LINE_QUANTITY, {"kwh": f"{line.energy_wh / 1000:.3f}"})
    if line.days == 1:
        yield Phrase(RemarkCode.LINE_DAY, {"day": str(line.first)})
    else:
        yield Phrase(RemarkCode.LINE_DAYS, {"count": line.days, "start": str(line.first), "end": str(line.end)})


def _provisional(bill: Bill) -> Iterator[Phrase]:
    found = dict.fromkeys(reason for line in bill.lines if line.amount is not None for reason in line.reasons)
    for reason in found:
        yield Phrase(RemarkCode.PROVISIONAL, {"reason": reason})


def _estimated(bill: Bill) -> Iterator[Phrase]:
    if found := [line for line in bill.lines if line.estimated and not line.by_hours]:
        code = RemarkCode.BILL_INTEGRATED if bill.is_integrated else RemarkCode.BILL_ESTIMATED
        yield Phrase(code, {"lines": _names(found)})
    if divided := [line for line in bill.lines if line.by_hours]:
        yield Phrase(RemarkCode.BILL_BY_HOURS, {"lines": _names(divided)})


def _not_split(bill: Bill) -> Iterator[Phrase]:
    found: dict[tuple[str, tuple[str, ...]], list[BillLine]] = {}
    for line in bill.lines:
        if line.split and line.split.unknown and line.version:
            found.setdefault((line.version.id, line.split.unknown), []).append(line)
    for (version, unknown), lines in found.items():
        parts = tuple(Phrase(_PARTS[name]) for name in unknown)
        yield Phrase(RemarkCode.BILL_PARTS_UNKNOWN, {"version": version, "parts": parts, "lines": _names(lines)})


def _misfits(bill: Bill) -> Iterator[Phrase]:
    found: dict[tuple[str, date | None], list[BillLine]] = {}
    for line in bill.lines:
        if line.split and not line.split.fits and line.version:
            found.setdefault((line.version.id, line.taxes_since), []).append(line)
    for (version, since), lines in found.items():
        about: dict[str, Value] = {"version": version, "lines": _names(lines)}
        if since is None:
            yield Phrase(RemarkCode.BILL_AMOUNTS_DIFFER, about)
        else:
            yield Phrase(RemarkCode.BILL_TAXES_CHANGED, about | {"day": str(since)})


def _rounding(bill: Bill) -> Iterator[Phrase]:
    for total in bill.totals:
        of_lines = [line.amount for line in bill.lines if line.currency == total.currency and line.amount is not None]
        added = sum(map(to_cents, of_lines), Decimal(0))
        if added != to_cents(total.amount):
            yield Phrase(RemarkCode.BILL_SUM_DIFFERS, {"sum": cents(added), "currency": total.currency})


def _cta(bill: Bill) -> Iterator[Phrase]:
    if any(line.split and line.split.cta for line in bill.lines):
        yield Phrase(RemarkCode.BILL_CTA)


def _first_of(reasons: Sequence[Reason]) -> tuple[Part, ...]:
    shown, more = tuple(reasons[:_REASONS_SHOWN]), len(reasons) - _REASONS_SHOWN
    return (*shown, Phrase(RemarkCode.MORE_REASONS, {"count": more})) if more > 0 else shown


def _names(lines: Iterable[BillLine]) -> tuple[Phrase, ...]:
    names: list[Phrase] = []
    for line in lines:
        if (name := what(line)) not in names:
            names.append(name)
    return tuple(names)
