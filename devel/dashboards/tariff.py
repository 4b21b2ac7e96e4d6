"""Which prices made the cost, by which version of the price list, and what is not sure."""

from devel.dashboards.bill import bill, doubts
from devel.dashboards.dashboard import Clock, Dashboard
from devel.dashboards.figures import NEEDED, figures
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
from devel.dashboards.kinds import bars, lines, states, table
from devel.dashboards.panel import EUR, EUR_PER_KWH, Field, Panel
from devel.dashboards.shown import period_words, periods, quality_cell, quality_words, site, tempo_words
from devel.dashboards.stacks import cost_bars
from devel.dashboards.tempo import tempo_counts
from devel.dashboards.words import Say

_PRICED = 'r.period != "subscription"'
_MANY_DAYS = 5000
"""A row a day for ten years and more: Grafana refuses an answer with half as many again."""


def tariff(say: Say) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "tariff",
        say("tariff"),
        say("tariff.help"),
        Clock("now-1y", "15m"),
        site(say),
        [
            [_prices_now(say), _price_history(say)],
            [bill(say, "versions", SELECTED)],
            [cost_bars(say, "cost_by_month", "month", SELECTED).sized(12, 9), _price_by_month(say)],
            [doubts(say, "not_measured", SELECTED)],
            [_quality_history(say)],
            [_colour_history(say), _season(say)],
        ],
    )


def _prices_now(say: Say) -> Panel:
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
        say("prices_now"),
        query(newest),
        Field("period", say("period"), mappings=period_words(say)),
        Field("price", say("price"), EUR, 4, more={"noValue": say("no_cost")}),
        Field("version", say("version")),
        Field("power", say("power_kva"), "suffix:kVA", 0),
        quality_cell(say),
        help=say("prices_now.help"),
        width=12,
        height=10,
    )


def _price_history(say: Say) -> Panel:
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
        say("price_history"),
        query(curve),
        *periods(say),
        unit=EUR_PER_KWH,
        custom={"lineInterpolation": "stepAfter", "fillOpacity": 0, "lineWidth": 2},
        points=_MANY_DAYS,
        help=say("price_history.help"),
        width=12,
        height=10,
    )


def _price_by_month(say: Say) -> Panel:
    statements = figures("month", SELECTED, [], ["price"])
    return bars(
        say("price_by_month"),
        query(*statements, imports=NEEDED),
        "key",
        Field("price", say("price_of_kwh")),
        unit=EUR_PER_KWH,
        decimals=4,
        help=say("price_by_month.help"),
        width=12,
        height=9,
    )


def _quality_history(say: Say) -> Panel:
    """Measured figures are by far the most: of these one for each day is read, the subscription's."""
    worth = columns(_time="r._time", quality="worth(quality: r._value)")
    one = pipe(rows("cost_day", "quality", SELECTED, 'r.period == "subscription"'), group(), worth)
    doubted = pipe(rows("cost_day", "quality", SELECTED, 'r._value != "measured"'), group(), worth)
    worst = pipe(union("one", "doubted"), group("_time"), 'max(column: "quality")', group(), sort("_time"))
    return states(
        say("quality_history"),
        query(WORTH, f"one =\n    {one}", f"doubted =\n    {doubted}", worst),
        Field("quality", say("cost"), mappings=quality_words(say)),
        points=_MANY_DAYS,
        help=say("quality_days.help"),
        width=24,
        height=4,
    )


def _colour_history(say: Say) -> Panel:
    read = rows("tempo_day", "colour", SELECTED)
    return states(
        say("colour_history"),
        query(pipe(read, group(), columns(_time="r._time", colour="r._value"), sort("_time"))),
        Field("colour", say("colour"), mappings=tempo_words(say)),
        points=_MANY_DAYS,
        help=say("colour_history.help"),
        width=16,
        height=4,
    )


def _season(say: Say) -> Panel:
    """Since the first of September, when the supplier's count begins anew."""
    bounds = """\
year = date.truncate(t: now(), unit: 1y)
autumn = date.truncate(t: date.add(d: 245d, to: year), unit: 1mo)
season = if now() < autumn then date.truncate(t: date.sub(d: 120d, from: year), unit: 1mo) else autumn"""
    read = rows("tempo_day", "colour", "start: season, stop: date.add(d: 2d, to: now())")
    return tempo_counts(say, "tempo_season", read, bounds, local=True).sized(8, 4)
