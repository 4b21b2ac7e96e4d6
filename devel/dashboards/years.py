"""All years: one after another, side by side, and as a table."""

from devel.dashboards.dashboard import Clock, Dashboard
from devel.dashboards.flux import CONSUMPTION, EUROS, EVER, KWH, columns, group, pipe, query, rows, sort, wide
from devel.dashboards.kinds import bars
from devel.dashboards.panel import EUR, Panel
from devel.dashboards.panel import KWH as KWH_UNIT
from devel.dashboards.shown import site
from devel.dashboards.stacks import cost_bars, energy_bars
from devel.dashboards.summary import table_by
from devel.dashboards.words import Say


def years(say: Say) -> Dashboard:
    """The dashboard."""
    energy = rows("total_day", "energy_wh", EVER, CONSUMPTION)
    cost = rows("cost_day", "amount", EVER, EUROS)
    return Dashboard(
        "years",
        say("years"),
        say("years.help"),
        Clock("now-10y", "1h", shown=False),
        site(say),
        [
            [table_by(say, "year", EVER)],
            [
                energy_bars(say, "years_by_period", "year", EVER).sized(12, 9),
                cost_bars(say, "cost_by_year", "year", EVER).sized(12, 9),
            ],
            [_side_by_side(say, "years_side_by_side", energy, KWH, KWH_UNIT)],
            [_side_by_side(say, "years_cost_side_by_side", cost, "r._value", EUR)],
            [energy_bars(say, "all_months", "month", EVER).sized(24, 9)],
        ],
    )


def _side_by_side(say: Say, title: str, read: str, value: str, unit: str) -> Panel:
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
    return bars(say(title), query(found, imports=["strings"]), "key", unit=unit, decimals=0)
