"""A year by month, against the year before."""

from devel.dashboards.dashboard import Clock, Dashboard
from devel.dashboards.figures import NEEDED, SPAN, YEAR, figures, tempo_counts
from devel.dashboards.flux import columns, pipe, query, rows
from devel.dashboards.kinds import stat
from devel.dashboards.panel import Field, Panel
from devel.dashboards.shown import chosen, quality_words, site
from devel.dashboards.stacks import cost_bars, energy_bars
from devel.dashboards.summary import summary, table_by
from devel.dashboards.words import Translator

_BOUNDS = YEAR.bounds


def year(tr: Translator) -> Dashboard:
    """The dashboard."""
    by_period = energy_bars(tr, "months_by_period", "month", SPAN, YEAR.this, bounds=_BOUNDS)
    by_cost = cost_bars(tr, "cost_by_month", "month", SPAN, YEAR.this, bounds=_BOUNDS)
    return Dashboard(
        "year",
        tr("yearly"),
        tr("yearly.help"),
        Clock("now-1y", "15m", shown=False),
        [*site(tr), chosen(tr, "year")],
        [
            *summary(tr, YEAR),
            [by_period.sized(12, 10), by_cost.sized(12, 10)],
            [_tempo(tr), _quality(tr)],
            [table_by(tr, "month", SPAN, YEAR.this, bounds=_BOUNDS)],
        ],
    )


def _tempo(tr: Translator) -> Panel:
    read = rows("tempo_day", "colour", SPAN, YEAR.this)
    return tempo_counts(tr, "tempo_used", read, _BOUNDS).sized(12, 4)


def _quality(tr: Translator) -> Panel:
    *sources, found = figures("year", SPAN, [YEAR.this], ["quality"])
    return stat(
        tr("worst_quality"),
        query(_BOUNDS, *sources, pipe(found, columns(quality="r.quality")), imports=NEEDED),
        Field("quality", mappings=quality_words(tr)),
        nothing=tr("no_cost"),
        help=tr("quality_days.help"),
        width=12,
        height=4,
    )
