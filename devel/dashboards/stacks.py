"""Bars of days, months or years, divided by period: what was counted, and what it cost."""

from devel.dashboards.figures import LABEL
from devel.dashboards.flux import (
    COST_PERIOD,
    COUNTED,
    EUROS,
    KWH,
    NAME_PERIOD,
    USED,
    columns,
    group,
    pipe,
    query,
    rows,
    sort,
    wide,
)
from devel.dashboards.kinds import BarStyle, bars
from devel.dashboards.panel import EUR, Panel
from devel.dashboards.panel import KWH as KWH_UNIT
from devel.dashboards.shown import periods
from devel.dashboards.words import Translator


def energy_bars(tr: Translator, title: str, by: str, span: str, *where: str, bounds: str = "") -> Panel:
    """Energy by period.

    Args:
        tr: translates keys.
        title: the key of the panel's title.
        by: `day`, `month` or `year`.
        span: the arguments of `range`.
        where: conditions on rows by day.
        bounds: statements that the others need.
    """
    key, tag = _key(by)
    summed = pipe(
        rows("energy_day", "energy_wh", span, COUNTED, *where),
        group(tag, "register", "period"),
        "sum()",
        USED,
        group(),
        columns(key=key, name="period(r: r)", value=KWH),
    )
    flux = _query(by, bounds, NAME_PERIOD, pipe(summed, *_side_by_side()))
    return bars(tr(title), flux, "key", BarStyle(KWH_UNIT, 1, stacked=True), *periods(tr))


def cost_bars(tr: Translator, title: str, by: str, span: str, *where: str, bounds: str = "") -> Panel:
    """Cost by period, with subscription and what was earned; arguments as of `energy_bars`."""
    key, tag = _key(by)
    summed = pipe(
        rows("cost_day", "amount", span, EUROS, *where),
        group(tag, "direction", "period"),
        "sum()",
        group(),
        columns(key=key, name=COST_PERIOD, value="r._value"),
    )
    flux = _query(by, bounds, "", pipe(summed, *_side_by_side()))
    shown = bars(tr(title), flux, "key", BarStyle(EUR, 2, stacked=True), *periods(tr))
    return shown.explained(tr("cost_by_day.help"))


def _key(by: str) -> tuple[str, str]:
    """What stands below a bar, an expression, and the column that is one for each of them."""
    return ("label(t: r._time)", "_time") if by == "day" else (f"r.{by}", by)


def _side_by_side() -> list[str]:
    # Several registers or periods may have one name: they are one part of the bar.
    return [group("key", "name"), 'sum(column: "value")', group(), sort("name"), wide("key"), sort("key")]


def _query(by: str, bounds: str, names: str, table: str) -> str:
    statements = [each for each in (bounds, LABEL if by == "day" else "", names) if each]
    local = bool(bounds) or by == "day"
    return query(*statements, table, imports=["date", "strings"] if local else [], local=local)
