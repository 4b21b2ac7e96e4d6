"""How a figure came about, for a person who doubts a bill and for a program. Pure: sums in, text or records out."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost import RegisterPart
from tictally_recorder.cost.aggregation import PriceLine, reasons_of, registers_of
from tictally_recorder.cost.model import LUMP_SUM
from tictally_recorder.cost.proration import days_of_month
from tictally_recorder.energy.interpolation import ROLLOVER
from tictally_recorder.reports.cost import SiteCosts, cents, kwh
from tictally_recorder.reports.reasons import dated_text

_SHOWN: Final = Decimal("1E-6")
_INTERPOLATED: Final = ", interpolated"


def as_text(answer: SiteCosts, tz: ZoneInfo) -> list[str]:
    """Each figure of a site: registers from and to, quantity and price, version and source, quality and reason."""
    lines = []
    for summed in answer.sums:
        for line in summed.lines:
            if line.energy_wh or line.period is None or line.amount is None:
                lines.append(f"{summed.start} to {summed.end}, {line.period or 'subscription'}:")
                lines += [f"    {each}" for each in _of_line(line, tz)]
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


def _of_line(line: PriceLine, tz: ZoneInfo) -> Iterator[str]:
    parts = _parts(line, is_each=len(line.rows) == 1)
    for part in parts:
        at = f" at {part.price:f} {line.currency}" if part.price is not None else ""
        notes = ", estimated" if part.estimated else ""
        difference = part.last_value - part.first_value
        if difference + ROLLOVER == part.energy_wh:
            notes += ", the register went past its largest value and continued at 0"
        elif difference != part.energy_wh:
            notes += ", the register fell or was another's meanwhile: what was counted before and after is added"
        first = f"{_local(part.start_ms, tz)}{_INTERPOLATED if part.first_estimated else ''}"
        last = f"{_local(part.end_ms, tz)}{_INTERPOLATED if part.last_estimated else ''}"
        yield (
            f"{part.register} from {part.first_value} Wh ({first}) to {part.last_value} Wh "
            f"({last}): {kwh(part.energy_wh)} kWh{at}{notes}"
        )
    if line.amount is not None:
        yield f"{_computation(line)} = {_exact(line.amount)} {line.currency}, shown as {cents(line.amount)}"
    if line.version:
        version = line.version
        power = f", {line.power_kva} kVA" if line.power_kva else ""
        yield f"by {version.id}{power}, hash {version.hash}; {version.confidence}: {version.source}"
    reasons = "; ".join(dated_text(each) for each in reasons_of(line.rows))
    yield f"{line.quality}: {reasons}" if reasons else str(line.quality)


def _computation(line: PriceLine) -> str:
    if line.period == LUMP_SUM:
        return "paid once"
    sign = "-" if line.rows[0].sign < 0 else ""
    if line.period is not None:
        price = "each quarter's price" if line.price is None else f"{line.price:f} {line.currency}"
        return f"{sign}{kwh(line.energy_wh)} kWh at {price}"
    months = ", ".join(f"{days} of the {of_month} days of {month}" for month, days, of_month in _months(line))
    return f"{line.price:f} {line.currency} a month for {months}"


def _months(line: PriceLine) -> list[tuple[str, int, int]]:
    """Month, days of the subscription in it, days that it has; none for energy."""
    if line.period is not None:
        return []
    counted = Counter(day.replace(day=1) for day in line.days)
    return [(f"{month:%Y-%m}", days, days_of_month(month)) for month, days in sorted(counted.items())]


def _parts(line: PriceLine, *, is_each: bool) -> list[RegisterPart]:
    parts = [part for row in line.rows for part in row.parts]
    return parts if is_each and any(part.price is not None for part in parts) else registers_of(parts)


def _exact(amount: Decimal) -> str:
    return f"{amount.quantize(_SHOWN).normalize():f}"


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).isoformat()


def _local(time_ms: int, tz: ZoneInfo) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz).isoformat(sep=" ", timespec="minutes")
