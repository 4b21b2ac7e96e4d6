"""A month by day, against the month before."""

from devel.dashboards.bill import bill
from devel.dashboards.colours import BAD, GOOD, WATCH
from devel.dashboards.dashboard import Clock, Dashboard
from devel.dashboards.figures import MONTH, NEEDED, SPAN, figures
from devel.dashboards.flux import WORTH, columns, group, pipe, query, rows, sort, wide
from devel.dashboards.kinds import BarStyle, bars, stat, table
from devel.dashboards.panel import EUR, KWH, PERCENT, VA, WATT, Field, Panel
from devel.dashboards.shown import QUALITIES, chosen, quality_cell, site, tempo_cell
from devel.dashboards.stacks import cost_bars, energy_bars
from devel.dashboards.summary import summary
from devel.dashboards.words import Translator

_BOUNDS = MONTH.bounds


def month(tr: Translator) -> Dashboard:
    """The dashboard."""
    by_period = energy_bars(tr, "days_by_period", "day", SPAN, MONTH.this, bounds=_BOUNDS)
    by_cost = cost_bars(tr, "cost_by_day", "day", SPAN, MONTH.this, bounds=_BOUNDS)
    return Dashboard(
        "month",
        tr("monthly"),
        tr("monthly.help"),
        Clock("now-30d", "15m", shown=False),
        [*site(tr), chosen(tr, "month")],
        [
            *summary(tr, MONTH),
            [_by_use(tr)],
            [by_period.sized(12, 9), by_cost.sized(12, 9)],
            [_qualities(tr), _highest(tr)],
            [bill(tr, "bill", SPAN, MONTH.this, bounds=_BOUNDS)],
            [_days(tr)],
        ],
    )


def _by_use(tr: Translator) -> Panel:
    *sources, found = figures("day", SPAN, [MONTH.this], ["kwh"])
    return bars(
        tr("days_by_use"),
        query(_BOUNDS, *sources, found, imports=NEEDED, local=True),
        "key",
        BarStyle(KWH, 1, coloured_by="kwh"),
        Field("kwh", tr("energy")),
        help=tr("days_by_use.help"),
    )


def _qualities(tr: Translator) -> Panel:
    """How many days are of which quality, each by its worst part."""
    read = rows("cost_day", "quality", SPAN, MONTH.this)
    counted = pipe(
        read,
        group(),
        columns(_time="r._time", worth="worth(quality: r._value)", day="1"),
        group("_time"),
        'max(column: "worth")',
        group("worth"),
        'sum(column: "day")',
        group(),
        columns(row='"row"', name="word(worth: r.worth)", value="r.day"),
        sort("name"),
        wide("row"),
        'drop(columns: ["row"])',
    )
    return stat(
        tr("quality_days"),
        query(_BOUNDS, WORTH, _WORD, counted, imports=NEEDED, local=True),
        Field("measured", tr("measured"), colour=GOOD),
        Field("estimated", tr("estimated"), colour=WATCH),
        Field("provisional", tr("provisional"), colour=WATCH),
        Field("unknown", tr("unknown_days"), colour=BAD),
        nothing=tr("nothing"),
        help=tr("quality_days.help"),
        width=12,
        height=5,
    )


_WORD = "word = (worth) => " + " else ".join(
    [f'if worth < {at}.5 then "{name}"' for at, name in enumerate(list(QUALITIES)[:-1])] + [f'"{list(QUALITIES)[-1]}"']
)


def _highest(tr: Translator) -> Panel:
    """The month's highest power, of all frames, and when."""
    return stat(
        tr("peak_power"),
        query(
            _LOCAL_MONTH,
            pipe(
                rows("power_quarter", ("SINSTS_max", "PAPP_max"), "start: since, stop: until"),
                "max()",
                group(),
                sort("_value"),
                "last()",
                columns(power="r._value", when="int(v: r._time) / 1000000"),
            ),
            imports=["date"],
            local=True,
        ),
        Field("power", tr("power"), VA, 0),
        Field("when", tr("when"), "dateTimeAsLocal"),
        nothing=tr("nothing"),
        width=12,
        height=5,
    )


_LOCAL_MONTH = """\
since = date.truncate(t: time(v: "${month}-15T12:00:00Z"), unit: 1mo)
until = date.truncate(t: date.add(d: 35d, to: since), unit: 1mo)"""


def _days(tr: Translator) -> Panel:
    wanted = ["colour", "kwh", "off_peak", "mean_w", "standby", "eur", "quality"]
    *sources, found = figures("day", SPAN, [MONTH.this], wanted)
    return table(
        tr("table_of_days"),
        query(_BOUNDS, *sources, found, imports=NEEDED, local=True),
        Field("key", tr("day")),
        tempo_cell(tr),
        Field("kwh", tr("energy"), KWH, 1),
        Field("off_peak", tr("off_peak"), PERCENT, 0),
        Field("mean_w", tr("mean_power"), WATT, 0),
        Field("standby", tr("standby"), VA, 0),
        Field("eur", tr("cost"), EUR, 2, more={"noValue": tr("no_cost")}),
        quality_cell(tr),
        height=14,
    )
