"""What energy cost by period, price and version of the tariff, and what of it is not sure."""

from devel.dashboards.flux import COST_PERIOD, KWH, columns, group, pipe, query, rows, sort
from devel.dashboards.kinds import table
from devel.dashboards.panel import EUR, Field, Panel
from devel.dashboards.panel import KWH as KWH_UNIT
from devel.dashboards.shown import period_words, quality_words, reason_words
from devel.dashboards.words import Translator

_SIDE_BY_SIDE = 'pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")'
_DAYS = """\
first: if r.day < accumulator.first then r.day else accumulator.first, \
last: if r.day > accumulator.last then r.day else accumulator.last, \
days: accumulator.days + 1"""
_NO_DAYS = 'first: "9999", last: "0000", days: 0'


def bill(tr: Translator, title: str, span: str, *where: str, bounds: str = "") -> Panel:
    """What is known: a line for each period, price and version.

    Args:
        tr: translates keys.
        title: the key of the panel's title.
        span: the arguments of `range`.
        where: conditions on rows of `cost_day`.
        bounds: statements that the others need.
    """
    read = rows("cost_day", ("amount", "energy_wh", "price", "version", "day"), span, *where)
    lines = pipe(
        read,
        _SIDE_BY_SIDE,
        group(),
        "filter(fn: (r) => exists r.amount)",
        columns(
            period=COST_PERIOD, version="r.version", price="r.price", wh="r.energy_wh", eur="r.amount", day="r.day"
        ),
        group("version", "period", "price"),
        f"reduce(identity: {{wh: 0, eur: 0.0, {_NO_DAYS}}}, fn: (r, accumulator) => "
        f"({{wh: accumulator.wh + r.wh, eur: accumulator.eur + r.eur, {_DAYS}}}))",
        group(),
        columns(
            period="r.period",
            kwh=KWH.replace("r._value", "r.wh"),
            price="r.price",
            eur="r.eur",
            version="r.version",
            first="r.first",
            last="r.last",
            days="r.days",
        ),
        sort("first", "version", "period"),
    )
    return table(
        tr(title),
        query(*([bounds] if bounds else []), lines, imports=["date", "strings"] if bounds else []),
        Field("period", tr("period"), mappings=period_words(tr)),
        Field("kwh", tr("energy"), KWH_UNIT, 1),
        Field("price", tr("price"), EUR, 4),
        Field("eur", tr("cost"), EUR, 2),
        Field("version", tr("version")),
        Field("first", tr("first_day")),
        Field("last", tr("last_day")),
        Field("days", tr("days")),
        help=tr("bill.help"),
        height=10,
    )


_REASON = 'reason = (r) => if exists r.reason then r.reason else "-"'
"""The code of a reason: all days with one code are one line."""


def doubts(tr: Translator, title: str, span: str) -> Panel:
    """What is not measured: a line for each reason, with its days; arguments as of `bill`."""
    read = rows("cost_day", ("quality", "reason", "energy_wh", "day"), span)
    lines = pipe(
        read,
        _SIDE_BY_SIDE,
        group(),
        'filter(fn: (r) => r.quality != "measured")',
        columns(
            day="r.day",
            quality="r.quality",
            reason="reason(r: r)",
            wh="r.energy_wh",
        ),
        # A day has a row for each period: it counts once.
        group("quality", "reason", "day"),
        'sum(column: "wh")',
        group("quality", "reason"),
        f"reduce(identity: {{wh: 0, {_NO_DAYS}}}, fn: (r, accumulator) => ({{wh: accumulator.wh + r.wh, {_DAYS}}}))",
        group(),
        columns(
            quality="r.quality",
            reason="r.reason",
            first="r.first",
            last="r.last",
            days="r.days",
            kwh=KWH.replace("r._value", "r.wh"),
        ),
        sort("first"),
    )
    return table(
        tr(title),
        query(_REASON, lines),
        Field("quality", tr("quality"), mappings=quality_words(tr)),
        Field("reason", tr("reason"), mappings=reason_words(tr)),
        Field("first", tr("first_day")),
        Field("last", tr("last_day")),
        Field("days", tr("days")),
        Field("kwh", tr("energy"), KWH_UNIT, 1),
        help=tr("quality_days.help"),
        height=10,
    )
