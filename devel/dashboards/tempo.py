"""Tempo days: how many of each colour."""

from devel.dashboards.colours import TEMPO
from devel.dashboards.flux import columns, group, pipe, query, sort, wide
from devel.dashboards.kinds import stat
from devel.dashboards.panel import Field, Panel
from devel.dashboards.words import Translator


def tempo_counts(tr: Translator, title: str, read: str, bounds: str, *, local: bool = False) -> Panel:
    """How many days of each colour.

    Args:
        tr: translates keys.
        title: the key of the panel's title.
        read: rows of `tempo_day`.
        bounds: statements that they need.
        local: a bound is of the local calendar.
    """
    counted = pipe(
        read,
        group(),
        columns(row='"row"', name="r._value", value="1"),
        group("row", "name"),
        'sum(column: "value")',
        group(),
        sort("name"),
        wide("row"),
        'drop(columns: ["row"])',
    )
    return stat(
        tr(title),
        query(bounds, counted, imports=["date", "strings"], local=local),
        *(Field(name, tr(name), colour=colour) for name, colour in TEMPO.items()),
        nothing=tr("nothing"),
        help=tr("tempo_days.help"),
    )
