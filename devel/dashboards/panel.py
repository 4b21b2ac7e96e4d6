"""A panel and its columns, as Grafana reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

Json = dict[str, Any]

DATASOURCE: Final = {"type": "influxdb", "uid": "${datasource}"}

# Grafana's own units for these shorten: 1 234 kWh to 1.2 MWh, 1 234 € to €1.23K. A bill does not.
KWH, EUR, EUR_PER_KWH, VA, WATT = "suffix:kWh", "suffix:€", "suffix:€/kWh", "suffix:VA", "suffix:W"
PERCENT, VOLT, SECONDS, COUNT = "percent", "volt", "s", "none"

COLUMNS: Final = 24
"""Of Grafana's grid. On a telephone every panel takes them all."""


@dataclass(frozen=True, slots=True)
class Field:
    """How a column of an answer is shown.

    Attributes:
        column: its name in the query.
        name: what people read; None keeps the column's.
        unit: Grafana's id.
        decimals: how many.
        colour: fixed; None takes the panel's.
        mappings: values shown as texts.
        more: any other property of Grafana's, by its id.
    """

    column: str
    name: str | None = None
    unit: str | None = None
    decimals: int | None = None
    colour: str | None = None
    mappings: Sequence[Json] = ()
    more: Mapping[str, object] = field(default_factory=dict)

    def json(self) -> Json:
        """An override."""
        colour = None if self.colour is None else {"mode": "fixed", "fixedColor": self.colour}
        properties: dict[str, object] = {
            "displayName": self.name,
            "unit": self.unit,
            "decimals": self.decimals,
            "color": colour,
            "mappings": list(self.mappings) or None,
            **self.more,
        }
        return {
            "matcher": {"id": "byName", "options": self.column},
            "properties": [{"id": key, "value": value} for key, value in properties.items() if value is not None],
        }


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        kind: Grafana's id of the visualisation.
        title: what people read.
        queries: in Flux; Grafana calls them A, B and so on.
        help: what stands behind the little i.
        width: of `COLUMNS`.
        height: in units of Grafana's grid, of about a line and a half.
        fields: how columns are shown.
        defaults: how all of them are shown, `fieldConfig.defaults`.
        options: of the visualisation.
        transformations: what Grafana makes of the answers before it shows them.
        points: how many rows an answer may have, and half as many again; else Grafana reckons with the panel's width.
        more: other properties of the panel.
    """

    kind: str
    title: str
    queries: Sequence[str]
    help: str = ""
    width: int = COLUMNS
    height: int = 8
    fields: Sequence[Field] = ()
    defaults: Json = field(default_factory=dict)
    options: Json = field(default_factory=dict)
    transformations: Sequence[Json] = ()
    points: int | None = None
    more: Json = field(default_factory=dict)

    def json(self, panel_id: int, x: int, y: int) -> Json:
        """What Grafana reads."""
        return {
            "id": panel_id,
            "type": self.kind,
            "title": self.title,
            **({"description": self.help} if self.help else {}),
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
            "datasource": DATASOURCE,
            "targets": [
                {"refId": chr(ord("A") + at), "datasource": DATASOURCE, "query": flux}
                for at, flux in enumerate(self.queries)
            ],
            "fieldConfig": {"defaults": self.defaults, "overrides": [each.json() for each in self.fields]},
            "options": self.options,
            **({"transformations": list(self.transformations)} if self.transformations else {}),
            **({"maxDataPoints": self.points} if self.points else {}),
            **self.more,
        }

    def sized(self, width: int, height: int) -> "Panel":
        """The same in another size."""
        return replace(self, width=width, height=height)

    def coloured(self, marks: Json) -> "Panel":
        """The same with colours from a value on."""
        return replace(self, defaults={**self.defaults, "thresholds": marks, "color": {"mode": "thresholds"}})

    def marked(self, marks: Json) -> "Panel":
        """The same with lines where thresholds are; curves keep their colours."""
        return replace(self, defaults={**self.defaults, "thresholds": marks})

    def explained(self, why: str) -> "Panel":
        """The same with other words behind the little i."""
        return replace(self, help=why)


def steps(*marks: tuple[float | None, str], mode: str = "absolute") -> Json:
    """Colours from a value on; the first has none."""
    return {"mode": mode, "steps": [{"value": value, "color": colour} for value, colour in marks]}


def mapped(texts: Mapping[str, tuple[str, str]]) -> list[Json]:
    """Value → text and colour."""
    options = {
        value: {"text": text, "color": colour, "index": at} for at, (value, (text, colour)) in enumerate(texts.items())
    }
    return [{"type": "value", "options": options}]


COLOURED_CELL: Final = {"custom.cellOptions": {"type": "color-background", "mode": "basic"}}
"""A cell in its value's colour."""
