"""How a figure came about, for a person who doubts a bill and for a program. Pure: sums in, text or records out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost import RegisterPart
from tictally_recorder.cost.aggregation import PriceLine, day_shares, reasons_of, registers_of
from tictally_recorder.cost.bill.model import month_parts
from tictally_recorder.cost.model import LUMP_SUM
from tictally_recorder.energy.interpolation import ROLLOVER
from tictally_recorder.reports.cost import SiteCosts, cents, kwh, period_word, quality_word
from tictally_recorder.reports.reasons import dated_text
from tictally_recorder.translations import ENGLISH
from tictally_shared.catalogue import Catalogue

_SHOWN: Final = Decimal("1E-6")


def as_text(answer: SiteCosts, tz: ZoneInfo, words: Catalogue = ENGLISH) -> list[str]:
    """Each figure of a site: registers from and to, quantity and price, version and source, quality and reason."""
    lines = []
    for summed in answer.sums:
        for line in summed.lines:
            if line.energy_wh or line.period is None or line.amount is None:
                about = {"start": str(summed.start), "end": str(summed.end), "period": period_word(line.period, words)}
                lines.append(words.text("explain_text.head", **about))
                lines += [f"    {each}" for each in _of_line(line, tz, words)]
    return lines


def as_record(line: PriceLine) -> dict[str, object]:
    """What a program needs to come to the same figure.

    Registers from and to, in Wh, where they go on from day to day as one; for a price series by quarter with prices.
    Months with the days that the subscription is for. Source and confidence of the version.
    """
    return {
        "registers": [
            {
                "register": part.register,
                "from": _moment(part.start_ms),
                "to": _moment(part.end_ms),
                "first": part.first_value,
                "last": part.last_value,
                "energy_wh": part.energy_wh,
                "estimated": part.estimated,
                "first_estimated": part.first_estimated,
                "last_estimated": part.last_estimated,
                "price": None if part.price is None else f"{part.price:f}",
            }
            for part in _parts(line, is_each=True)
        ],
        "months": [
            {"month": month, "days": days, "days_of_month": of_month} for month, days, of_month in _months(line)
        ],
        "source": line.version.source if line.version else None,
        "confidence": str(line.version.confidence) if line.version else None,
    }


def _of_line(line: PriceLine, tz: ZoneInfo, words: Catalogue) -> Iterator[str]:
    parts = _parts(line, is_each=len(line.rows) == 1)
    for part in parts:
        yield ", ".join([_of_part(part, line.currency, tz, words), *_notes(part, words)])
    if line.amount is not None:
        yield words.text(
            "explain_text.result",
            computation=_computation(line, words),
            exact=words.decimal(_exact(line.amount)),
            currency=line.currency,
            rounded=words.decimal(cents(line.amount)),
        )
    if line.version:
        version = line.version
        power = f", {line.power_kva} kVA" if line.power_kva else ""
        about = {"version": version.id, "power": power, "hash": version.hash, "source": version.source}
        confidence = words.text(f"report.confidence.{version.confidence}")
        yield words.text("explain_text.version", confidence=confidence, **about)
    reasons = words.text("list.separator").join(dated_text(each, words) for each in reasons_of(line.rows))
    quality = quality_word(line.quality, words)
    yield words.text("report.line", about=quality, text=reasons) if reasons else quality


def _of_part(part: RegisterPart, currency: str | None, tz: ZoneInfo, words: Catalogue) -> str:
    price = "" if part.price is None else words.text("explain_text.at", price=_amount(part.price, currency, words))
    return words.text(
        "explain_text.part",
        register=part.register,
        first=part.first_value,
        first_time=_time(part.start_ms, tz, words, is_interpolated=part.first_estimated),
        last=part.last_value,
        last_time=_time(part.end_ms, tz, words, is_interpolated=part.last_estimated),
        kwh=words.decimal(kwh(part.energy_wh)),
        price=price,
    )


def _time(time_ms: int, tz: ZoneInfo, words: Catalogue, *, is_interpolated: bool) -> str:
    return _local(time_ms, tz) + (f", {words.text('explain_text.interpolated')}" if is_interpolated else "")


def _notes(part: RegisterPart, words: Catalogue) -> Iterator[str]:
    if part.estimated:
        yield words.text("report.estimated")
    difference = part.last_value - part.first_value
    if difference + ROLLOVER == part.energy_wh:
        yield words.text("explain_text.rolled_over")
    elif difference != part.energy_wh:
        yield words.text("explain_text.fell")


def _amount(amount: Decimal, currency: str | None, words: Catalogue) -> str:
    return f"{words.decimal(f'{amount:f}')} {currency}"


def _computation(line: PriceLine, words: Catalogue) -> str:
    if line.period == LUMP_SUM:
        return words.text("report.paid_once")
    sign = "-" if line.rows[0].sign < 0 else ""
    if line.period is not None:
        by_quarter = words.text("explain_text.by_quarter")
        price = by_quarter if line.price is None else _amount(line.price, line.currency, words)
        return f"{sign}{words.decimal(kwh(line.energy_wh))} kWh{words.text('explain_text.at', price=price)}"
    months = [
        words.text("explain_text.month", days=words.decimal(str(days)), of_month=of_month, month=month)
        for month, days, of_month in _months(line)
    ]
    price = "" if line.price is None else _amount(line.price, line.currency, words)
    return words.text("explain_text.months", price=price, months=", ".join(months))


def _months(line: PriceLine) -> list[tuple[str, int | float, int]]:
    """Month, days of the subscription in it, days that it has; none for energy."""
    if line.period is not None:
        return []
    return [(f"{part.month:%Y-%m}", part.days_number, part.of) for part in month_parts(day_shares(line.rows))]


def _parts(line: PriceLine, *, is_each: bool) -> list[RegisterPart]:
    parts = [part for row in line.rows for part in row.parts]
    return parts if is_each and any(part.price is not None for part in parts) else registers_of(parts)


def _exact(amount: Decimal) -> str:
    return f"{amount.quantize(_SHOWN).normalize():f}"


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).isoformat()


def _local(time_ms: int, tz: ZoneInfo) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz).isoformat(sep=" ", timespec="minutes")
