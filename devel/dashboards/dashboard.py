"""A dashboard: panels in rows, variables, a clock, links to the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from devel.dashboards.flux import ZONE
from devel.dashboards.panel import COLUMNS, DATASOURCE, Json, Panel
from devel.dashboards.words import Translator

SCHEMA_VERSION: Final = 41
"""Of Grafana 11.6: an older Grafana reads it as it is, a newer one brings it to its own."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What a dashboard's time selection is at first.

    Attributes:
        since: the beginning, in Grafana's words.
        refresh: how often it is asked anew.
        shown: False if a variable selects the time, and the clock nothing.
    """

    since: str
    refresh: str
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard in one language.

    Attributes:
        key: its file's name, and the end of its uid: never changed, bookmarks have it.
        title: what people read.
        help: what it answers.
        clock: its time selection.
        variables: what is chosen at its head.
        rows: panels from left to right, row by row.
    """

    key: str
    title: str
    help: str
    clock: Clock
    variables: Sequence[Json]
    rows: Sequence[Sequence[Panel]]

    def json(self, tr: Translator) -> Json:
        """What Grafana reads."""
        tag = f"tictally-{tr.language}"
        return {
            "uid": uid(self.key, tr),
            "title": self.title,
            "description": self.help,
            "tags": ["tictally", tag],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "timezone": ZONE,
            "weekStart": "monday",
            "time": {"from": self.clock.since, "to": "now"},
            "refresh": self.clock.refresh,
            "timepicker": {"hidden": not self.clock.shown},
            "fiscalYearStartMonth": 0,
            "liveNow": False,
            "links": [_links(tag)],
            "annotations": {"list": []},
            "templating": {"list": list(self.variables)},
            "panels": list(_placed(self.rows)),
        }


def uid(key: str, tr: Translator) -> str:
    """A dashboard's name in links, by language: both may be in one Grafana."""
    return f"tictally-{tr.language}-{key}"


def _placed(rows: Sequence[Sequence[Panel]]) -> Iterator[Json]:
    panel_id, y = 0, 0
    for row in rows:
        x = 0
        for panel in row:
            panel_id += 1
            yield panel.json(panel_id, x, y)
            x += panel.width
        if x != COLUMNS:
            raise ValueError(f"the row of {row[0].title!r} is {x} wide, not {COLUMNS}")
        y += max(panel.height for panel in row)


def _links(tag: str) -> Json:
    """The other dashboards of this language, at the head; the chosen site goes along."""
    return {
        "type": "dashboards",
        "tags": [tag],
        "title": "",
        "icon": "external link",
        "tooltip": "",
        "url": "",
        "asDropdown": False,
        "includeVars": True,
        "keepTime": False,
        "targetBlank": False,
    }


def datasource() -> Json:
    """Which data source is asked: the one whose name has "tictally" in it, whatever its uid."""
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "",
        "query": "influxdb",
        "regex": "/tictally/i",
        "options": [],
        "hide": 2,
        "refresh": 1,
        "multi": False,
        "includeAll": False,
        "skipUrlSync": False,
    }


def choice(name: str, label: str, flux: str, *, newest_first: bool = False, hidden: bool = False) -> Json:
    """A variable with the values that a query gives; the first is taken.

    Args:
        name: as it stands in queries.
        label: what people read.
        flux: a query of one column.
        newest_first: sorted downwards.
        hidden: it follows from others.
    """
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "query": {"query": flux, "refId": f"variable-{name}"},
        "regex": "",
        "options": [],
        "hide": 2 if hidden else 0,
        "refresh": 2,
        "sort": 2 if newest_first else 1,
        "multi": False,
        "includeAll": False,
        "skipUrlSync": hidden,
    }
