"""All years: one after another, side by side, and as a table."""

from devel.dashboards.dashboard import Clock, Dashboard
from devel.dashboards.flux import CONSUMPTION, EUROS, EVER, KWH, columns, group, pipe, query, rows, sort, wide
from devel.dashboards.kinds import BarStyle, bars
from devel.dashboards.panel import EUR, Panel
from devel.dashboards.panel import KWH as KWH_UNIT
from devel.dashboards.shown import site
from devel.dashboards.stacks import cost_bars, energy_bars
from devel.dashboards.summary import table_by
from devel.dashboards.words import Translator


def years(tr: Translator) -> Dashboard:
    """The dashboard."""
    energy = rows("total_day", "energy_wh", EVER, CONSUMPTION)
    cost = rows("cost_day", "amount", EVER, EUROS)
    return Dashboard(
        "years",
        tr("years"),
        tr("years.help"),
        Clock("now-10y", "1h", shown=False),
        site(tr),
        [
            [table_by(tr, "year", EVER)],
            [
                energy_bars(tr, "years_by_period", "year", EVER).sized(12, 9),
                cost_bars(tr, "cost_by_year", "year", EVER).sized(12, 9),
            ],
            [_side_by_side(tr, "years_side_by_side", energy, KWH, KWH_UNIT)],
            [_side_by_side(tr, "years_cost_side_by_side", cost, "r._value", EUR)],
            [energy_bars(tr, "all_months", "month", EVER).sized(24, 9)],
        ],
    )


def _side_by_side(tr: Translator, title: str, read: str, value: str, unit: str) -> Panel:
    """For each month of the year a bar for every year."""
    found = pipe(
        read,
        group("month", "year"),
        "sum()",
        group(),
        columns(key="strings.substring(v: r.month, start: 5, end: 7)", name="r.year", value=value),
        sort("name"),
        wide("key"),
        sort("key"),
    )
    return bars(tr(title), query(found, imports=["strings"]), "key", BarStyle(unit, 0))
