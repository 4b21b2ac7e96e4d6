"""What months and years came to: large figures against the one before, and a table of all."""

from devel.dashboards.colours import ACCENT, QUIET
from devel.dashboards.dashboard import uid
from devel.dashboards.figures import NEEDED, Chosen, against_before, figures
from devel.dashboards.flux import query
from devel.dashboards.kinds import stat, table
from devel.dashboards.panel import EUR, EUR_PER_KWH, KWH, PERCENT, VA, WATT, Field, Json, Panel
from devel.dashboards.shown import quality_cell
from devel.dashboards.words import Translator

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


def summary(tr: Translator, chosen: Chosen) -> list[list[Panel]]:
    """Two rows of panels: totals, then what can be compared although a month or year is not over."""
    widths = {"kwh": 8, "eur": 8, "mean_w": 8, "per_day": 6, "eur_per_day": 6, "off_peak": 6, "standby": 6}
    shown = [_figure(tr, chosen, figure).sized(width, 4) for figure, width in widths.items()]
    return [shown[:3], shown[3:]]


def _figure(tr: Translator, chosen: Chosen, figure: str) -> Panel:
    title, unit, decimals, nothing, why = _SHOWN[figure]
    return stat(
        tr(title),
        against_before(chosen, figure),
        Field("this", tr(f"this_{chosen.tag}"), unit, decimals, ACCENT),
        Field("before", tr(f"{chosen.tag}_before"), unit, decimals, QUIET),
        nothing=tr(nothing),
        help=tr(why),
    )


def table_by(tr: Translator, by: str, span: str, *where: str, bounds: str = "") -> Panel:
    """The figures of each month, or of each year; its name leads to its own dashboard.

    Args:
        tr: translates keys.
        by: `month` or `year`.
        span: the arguments of `range`.
        where: conditions on rows by day.
        bounds: statements that the others need.
    """
    wanted = ["kwh", "per_day", "mean_w", "off_peak", "standby", "eur", "eur_per_day", "price", "quality"]
    statements = figures(by, span, where, wanted)
    return table(
        tr(f"table_of_{by}s"),
        query(*([bounds] if bounds else []), *statements, imports=NEEDED, local=True),
        Field("key", tr(by), more={"links": [_link(tr, by)]}),
        Field("kwh", tr("energy"), KWH, 0),
        Field("per_day", tr("energy_per_day"), KWH, 1),
        Field("mean_w", tr("mean_power"), WATT, 0),
        Field("off_peak", tr("off_peak"), PERCENT, 0),
        Field("standby", tr("standby"), VA, 0),
        Field("eur", tr("cost"), EUR, 2, more={"noValue": tr("no_cost")}),
        Field("eur_per_day", tr("cost_per_day"), EUR, 2, more={"noValue": tr("no_cost")}),
        Field("price", tr("price_of_kwh"), EUR_PER_KWH, 4, more={"noValue": tr("no_cost")}),
        quality_cell(tr),
        help=tr(f"table_of_{by}s.help"),
        height=11,
    )


def _link(tr: Translator, by: str) -> Json:
    url = f"/d/{uid(by, tr)}?var-site=${{site}}&var-{by}=${{__value.raw}}"
    return {"title": tr(f"table_of_{by}s.help"), "url": url, "targetBlank": False}
