"""Bars of days, months or years, divided by period: what was counted, and what it cost."""

from devel.dashboards.figures import LABEL
from devel.dashboards.flux import COUNTED, EUROS, KWH, PERIOD, columns, group, pipe, query, rows, sort, wide
from devel.dashboards.panel import EUR, Panel
from devel.dashboards.panel import KWH as KWH_UNIT
from devel.dashboards.panels import bars
from devel.dashboards.shown import periods
from devel.dashboards.words import Say


def energy_bars(say: Say, title: str, by: str, span: str, *where: str, bounds: str = "") -> Panel:
    """Energy by period.

    Args:
        say: gives texts.
        title: the key of the panel's title.
        by: `day`, `month` or `year`.
        span: the arguments of `range`.
        where: conditions on rows by day.
        bounds: statements that the others need.
    """
    table = _parts(rows("energy_day", "energy_wh", span, COUNTED, *where), by, "r.period", KWH)
    return bars(say(title), _query(by, bounds, table), "key", *periods(say), unit=KWH_UNIT, decimals=1, stacked=True)


def cost_bars(say: Say, title: str, by: str, span: str, *where: str, bounds: str = "") -> Panel:
    """Cost by period, with subscription and what was earned; arguments as of `energy_bars`."""
    table = _parts(rows("cost_day", "amount", span, EUROS, *where), by, PERIOD, "r._value")
    shown = bars(say(title), _query(by, bounds, table), "key", *periods(say), unit=EUR, decimals=2, stacked=True)
    return shown.explained(say("cost_by_day.help"))


def _parts(read: str, by: str, period: str, value: str) -> str:
    key, tag = ("label(t: r._time)", "_time") if by == "day" else (f"r.{by}", by)
    return pipe(
        read,
        group(tag, "direction", "period") if "direction" in period else group(tag, "period"),
        "sum()",
        group(),
        # Whatever has one name is one bar: all that is earned is.
        columns(key=key, name=period, value=value),
        group("key", "name"),
        'sum(column: "value")',
        group(),
        sort("name"),
        wide("key"),
        sort("key"),
    )


def _query(by: str, bounds: str, table: str) -> str:
    statements = [each for each in (bounds, LABEL if by == "day" else "") if each]
    return query(*statements, table, imports=["date", "strings"] if statements else [], local=bool(statements))
