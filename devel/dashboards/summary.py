"""What months and years came to: large figures against the one before, and a table of all."""

from devel.dashboards.colours import ACCENT, QUIET
from devel.dashboards.dashboard import uid
from devel.dashboards.figures import NEEDED, Chosen, against_before, figures
from devel.dashboards.flux import query
from devel.dashboards.kinds import stat, table
from devel.dashboards.panel import EUR, EUR_PER_KWH, KWH, PERCENT, VA, WATT, Field, Json, Panel
from devel.dashboards.shown import quality_cell
from devel.dashboards.words import Say

# Figure → title, unit, decimals, what stands there when there is none, what the little i says.
_SHOWN = {
    "kwh": ("energy", KWH, 0, "nothing", "total.help"),
    "eur": ("cost", EUR, 2, "no_cost", "cost.help"),
    "mean_w": ("mean_power", WATT, 0, "nothing", "per_day.help"),
    "per_day": ("energy_per_day", KWH, 1, "nothing", "per_day.help"),
    "eur_per_day": ("cost_per_day", EUR, 2, "no_cost", "per_day.help"),
    "off_peak": ("off_peak", PERCENT, 0, "nothing", "off_peak.help"),
    "standby": ("standby", VA, 0, "nothing", "standby.help"),
}


def summary(say: Say, chosen: Chosen) -> list[list[Panel]]:
    """Two rows of panels: totals, then what can be compared although a month or year is not over."""
    widths = {"kwh": 8, "eur": 8, "mean_w": 8, "per_day": 6, "eur_per_day": 6, "off_peak": 6, "standby": 6}
    shown = [_figure(say, chosen, figure).sized(width, 4) for figure, width in widths.items()]
    return [shown[:3], shown[3:]]


def _figure(say: Say, chosen: Chosen, figure: str) -> Panel:
    title, unit, decimals, nothing, why = _SHOWN[figure]
    return stat(
        say(title),
        against_before(chosen, figure),
        Field("this", say(f"this_{chosen.tag}"), unit, decimals, ACCENT),
        Field("before", say(f"{chosen.tag}_before"), unit, decimals, QUIET),
        nothing=say(nothing),
        help=say(why),
    )


def table_by(say: Say, by: str, span: str, *where: str, bounds: str = "") -> Panel:
    """The figures of each month, or of each year; its name leads to its own dashboard.

    Args:
        say: gives texts.
        by: `month` or `year`.
        span: the arguments of `range`.
        where: conditions on rows by day.
        bounds: statements that the others need.
    """
    wanted = ["kwh", "per_day", "mean_w", "off_peak", "standby", "eur", "eur_per_day", "price", "quality"]
    statements = figures(by, span, where, wanted)
    return table(
        say(f"table_of_{by}s"),
        query(*([bounds] if bounds else []), *statements, imports=NEEDED, local=True),
        Field("key", say(by), more={"links": [_link(say, by)]}),
        Field("kwh", say("energy"), KWH, 0),
        Field("per_day", say("energy_per_day"), KWH, 1),
        Field("mean_w", say("mean_power"), WATT, 0),
        Field("off_peak", say("off_peak"), PERCENT, 0),
        Field("standby", say("standby"), VA, 0),
        Field("eur", say("cost"), EUR, 2, more={"noValue": say("no_cost")}),
        Field("eur_per_day", say("cost_per_day"), EUR, 2, more={"noValue": say("no_cost")}),
        Field("price", say("price_of_kwh"), EUR_PER_KWH, 4, more={"noValue": say("no_cost")}),
        quality_cell(say),
        help=say(f"table_of_{by}s.help"),
        height=11,
    )


def _link(say: Say, by: str) -> Json:
    url = f"/d/{uid(by, say)}?var-site=${{site}}&var-{by}=${{__value.raw}}"
    return {"title": say(f"table_of_{by}s.help"), "url": url, "targetBlank": False}
