"""Which prices made the cost, by which version of the tariff, and what is not sure."""

from devel.dashboards.bill import bill, doubts
from devel.dashboards.dashboard import Clock, Dashboard
from devel.dashboards.figures import NEEDED, figures, tempo_counts
from devel.dashboards.flux import (
    SELECTED,
    WORTH,
    columns,
    group,
    keep,
    pipe,
    query,
    rows,
    sort,
    union,
    wide,
)
from devel.dashboards.kinds import BarStyle, bars, lines, states, table
from devel.dashboards.panel import EUR, EUR_PER_KWH, Field, Panel
from devel.dashboards.shown import period_words, periods, quality_cell, quality_words, site, tempo_words
from devel.dashboards.stacks import cost_bars
from devel.dashboards.words import Translator

_PRICED = 'r.period != "subscription"'
_MANY_DAYS = 5000
"""A row a day for ten years and more: Grafana refuses an answer with half as many again."""


def tariff(tr: Translator) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "tariff",
        tr("tariff"),
        tr("tariff.help"),
        Clock("now-1y", "15m"),
        site(tr),
        [
            [_prices_now(tr), _price_history(tr)],
            [bill(tr, "versions", SELECTED)],
            [cost_bars(tr, "cost_by_month", "month", SELECTED).sized(12, 9), _price_by_month(tr)],
            [doubts(tr, "not_measured", SELECTED)],
            [_quality_history(tr)],
            [_colour_history(tr), _season(tr)],
        ],
    )


def _prices_now(tr: Translator) -> Panel:
    read = rows("cost_day", ("price", "version", "quality", "power_kva"), "start: -40d")
    # A series ends with its month, its contract or its currency: of each period the newest row counts.
    newest = pipe(
        read,
        'pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")',
        group("direction", "period"),
        sort("_time"),
        'last(column: "quality")',
        group(),
        columns(
            period="r.period",
            price="r.price",
            version="r.version",
            power="r.power_kva",
            quality="r.quality",
        ),
        sort("period"),
    )
    return table(
        tr("prices_now"),
        query(newest),
        Field("period", tr("period"), mappings=period_words(tr)),
        Field("price", tr("price"), EUR, 4, more={"noValue": tr("no_cost")}),
        Field("version", tr("version")),
        Field("power", tr("power_kva"), "suffix:kVA", 0),
        quality_cell(tr),
        help=tr("prices_now.help"),
        width=12,
        height=10,
    )


def _price_history(tr: Translator) -> Panel:
    read = rows("cost_day", "price", SELECTED, _PRICED, 'r.direction == "consumption"')
    curve = pipe(
        read,
        group(),
        keep("_time", "period", "_value"),
        sort("period"),
        wide("_time", "period", "_value"),
        sort("_time"),
    )
    return lines(
        tr("price_history"),
        query(curve),
        *periods(tr),
        unit=EUR_PER_KWH,
        custom={"lineInterpolation": "stepAfter", "fillOpacity": 0, "lineWidth": 2},
        points=_MANY_DAYS,
        help=tr("price_history.help"),
        width=12,
        height=10,
    )


def _price_by_month(tr: Translator) -> Panel:
    statements = figures("month", SELECTED, [], ["price"])
    return bars(
        tr("price_by_month"),
        query(*statements, imports=NEEDED),
        "key",
        BarStyle(EUR_PER_KWH, 4),
        Field("price", tr("price_of_kwh")),
        help=tr("price_by_month.help"),
        width=12,
        height=9,
    )


def _quality_history(tr: Translator) -> Panel:
    """Measured figures are by far the most: of these one for each day is read, the subscription's."""
    worth = columns(_time="r._time", quality="worth(quality: r._value)")
    one = pipe(rows("cost_day", "quality", SELECTED, 'r.period == "subscription"'), group(), worth)
    doubted = pipe(rows("cost_day", "quality", SELECTED, 'r._value != "measured"'), group(), worth)
    worst = pipe(union("one", "doubted"), group("_time"), 'max(column: "quality")', group(), sort("_time"))
    return states(
        tr("quality_history"),
        query(WORTH, f"one =\n    {one}", f"doubted =\n    {doubted}", worst),
        Field("quality", tr("cost"), mappings=quality_words(tr)),
        points=_MANY_DAYS,
        help=tr("quality_days.help"),
        width=24,
        height=4,
    )


def _colour_history(tr: Translator) -> Panel:
    read = rows("tempo_day", "colour", SELECTED)
    return states(
        tr("colour_history"),
        query(pipe(read, group(), columns(_time="r._time", colour="r._value"), sort("_time"))),
        Field("colour", tr("colour"), mappings=tempo_words(tr)),
        points=_MANY_DAYS,
        help=tr("colour_history.help"),
        width=16,
        height=4,
    )


def _season(tr: Translator) -> Panel:
    """Since the first of September, when the supplier's count begins anew."""
    bounds = """\
year = date.truncate(t: now(), unit: 1y)
autumn = date.truncate(t: date.add(d: 245d, to: year), unit: 1mo)
season = if now() < autumn then date.truncate(t: date.sub(d: 120d, from: year), unit: 1mo) else autumn"""
    read = rows("tempo_day", "colour", "start: season, stop: date.add(d: 2d, to: now())")
    return tempo_counts(tr, "tempo_season", read, bounds, local=True).sized(8, 4)
