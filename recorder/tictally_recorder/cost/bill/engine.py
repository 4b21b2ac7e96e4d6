"""A bill from what days cost. Pure: cost rows and tariffs in, a bill out.

The total is the sum of the rows' amounts; tariffs are asked only for what is in them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from tictally_recorder.cost import CostRow, VersionUsed
from tictally_recorder.cost.aggregation import PriceLine, day_shares, reasons_of
from tictally_recorder.cost.bill.model import Bill, BillLine, Split, month_parts
from tictally_recorder.cost.bill.split import Monthly, monthly_ht, split_energy, split_subscription
from tictally_recorder.cost.bill.totals import totals_of
from tictally_recorder.cost.model import LUMP_SUM
from tictally_recorder.tariffs.model import Direction, Tariff, Taxes, Version

_ZERO: Final = Decimal(0)


def make_bill(site: str, start: date, end: date, rows: Iterable[CostRow], tariffs: Mapping[str, Tariff]) -> Bill:
    """What a site's days cost, as a bill.

    Days at one price are one line, also where others lie between them.

    Args:
        site: its id; other sites' rows are left out.
        start: the first local day that is asked for.
        end: the day after the last one.
        rows: of those days, in order of day.
        tariffs: id → tariff, those that the rows were made by.
    """
    own = [row for row in rows if row.site == site]
    versions = {version.id: version for tariff in tariffs.values() for version in tariff.versions}
    groups: dict[tuple[object, ...], list[CostRow]] = {}
    for row in own:
        groups.setdefault(_key(row, versions), []).append(row)
    lines = [_line(group, versions) for group in groups.values()]
    # A stable order: of lines that begin on one day, that of the day's rows.
    lines.sort(
        key=lambda line: (line.direction is Direction.INJECTION, line.is_lump_sum, line.period is None, line.first)
    )
    days = [row.day for row in own]
    used = dict.fromkeys(_without_a_days_hash(row.version, versions) for row in own if row.version)
    return Bill(
        site,
        start,
        end,
        (min(days), max(days)) if days else None,
        tuple(lines),
        totals_of(lines),
        tuple(used),
    )


def _key(row: CostRow, versions: Mapping[str, Version]) -> tuple[object, ...]:
    """What rows of one line have in common; energy that costs the same at two powers is one."""
    version = versions.get(row.version.id) if row.version else None
    return (
        row.direction,
        row.period,
        row.version.id if row.version else None,
        None if row.period else row.power_kva,
        row.price,
        _price_ht(row, version),
        _taxes(row, version),
        row.currency,
        row.amount is None,
    )


def _line(rows: Sequence[CostRow], versions: Mapping[str, Version]) -> BillLine:
    head = rows[0]
    shares = day_shares(rows)
    days = list(shares)
    energy_wh = sum(row.energy_wh for row in rows)
    amounts = [row.amount for row in rows if row.amount is not None]
    amount = sum(amounts, _ZERO) if amounts else None
    version = versions.get(head.version.id) if head.version else None
    price_ht = _price_ht(head, version)
    split: Split | None = None
    if amount is not None and head.sign > 0 and head.period != LUMP_SUM:
        taxes = _taxes(head, version)
        if head.period is None:
            begun = version.taxes_on(version.start) if version else taxes
            split = split_subscription(amount, shares, Monthly(price_ht, head.price, begun), taxes)
        else:
            split = split_energy(amount, energy_wh, price_ht, taxes)
    return BillLine(
        direction=head.direction,
        period=head.period,
        first=days[0],
        last=days[-1],
        days=len(days),
        energy_wh=energy_wh,
        months=() if head.period else month_parts(shares),
        power_kva=None if head.period else head.power_kva,
        version=head.version,
        price=head.price,
        price_ht=price_ht,
        currency=head.currency,
        amount=amount,
        split=split,
        estimated=bool(PriceLine(tuple(rows)).estimated_days),
        reasons=tuple(dated.reason for dated in reasons_of(rows)),
        taxes_since=_taxes_since(head, version),
        by_hours=any(part.is_divided for row in rows for part in row.parts),
        registers=tuple(dict.fromkeys(part.register for row in rows for part in row.parts)),
        counted_ms=_counted_ms(rows),
    )


def _counted_ms(rows: Iterable[CostRow]) -> tuple[int, int] | None:
    parts = [part for row in rows for part in row.parts]
    return (min(part.start_ms for part in parts), max(part.end_ms for part in parts)) if parts else None


def _taxes(row: CostRow, version: Version | None) -> Taxes:
    """Those of the day of consumption, whenever the price began."""
    return version.taxes_on(row.day) if version else Taxes()


def _taxes_since(row: CostRow, version: Version | None) -> date | None:
    if version is None or version.tax_table is None or version.taxes_on(row.day) == version.taxes_on(version.start):
        return None
    return max(version.tax_table.changes(version.start, row.day))


def _price_ht(row: CostRow, version: Version | None) -> Decimal | None:
    if version is None:
        return None
    if row.period is None:
        return monthly_ht(version, row.power_kva)
    price = version.price(row.power_kva, row.period)
    return price.ht if price else None


def _without_a_days_hash(used: VersionUsed, versions: Mapping[str, Version]) -> VersionUsed:
    """A price series has another hash each day: the bill names that of the version."""
    version = versions.get(used.id)
    return replace(used, hash=version.hash) if version else used
