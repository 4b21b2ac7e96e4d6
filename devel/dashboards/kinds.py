"""The kinds of panels, and how each looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypedDict, Unpack

from devel.dashboards.colours import ACCENT
from devel.dashboards.panel import Field, Json, Panel


class More(TypedDict, total=False):
    """What every kind of panel may be given, see `Panel`."""

    help: str
    width: int
    height: int
    more: Json


def in_order(fields: Sequence[Field]) -> Json:
    """A transformation: columns in this order, whatever order Flux gives them."""
    order = {each.column: at for at, each in enumerate(fields)}
    return {"id": "organize", "options": {"indexByName": order, "excludeByName": {}, "renameByName": {}}}


_REDUCED: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def stat(title: str, query: str, *fields: Field, nothing: str, **more: Unpack[More]) -> Panel:
    """Figures in large type.

    Args:
        title: of the panel.
        query: of one row; each column is a figure.
        fields: the columns.
        nothing: text where there is no figure, never a zero.
        more: other attributes of the panel.
    """
    return Panel(
        "stat",
        title,
        [query],
        fields=fields,
        defaults={"noValue": nothing, "color": {"mode": "fixed", "fixedColor": "text"}},
        options={
            "reduceOptions": {**_REDUCED, "fields": "/.*/"},
            "orientation": "auto",
            "textMode": "value_and_name" if len(fields) > 1 else "value",
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "wideLayout": True,
            "showPercentChange": False,
            "percentChangeColorMode": "standard",
        },
        transformations=[in_order(fields)],
        **more,
    )


def gauge(title: str, query: str, maximum: str, value: Field, *, nothing: str, **more: Unpack[More]) -> Panel:
    """A needle between zero and the result of another query; `Panel.coloured` gives it colours by per cent of that.

    Args:
        title: of the panel.
        query: the value.
        maximum: a query for a column `max`.
        value: the value's column.
        nothing: text where there is no value.
        more: other attributes of the panel.
    """
    return Panel(
        "gauge",
        title,
        [query, maximum],
        fields=[value],
        defaults={"min": 0, "noValue": nothing},
        options={
            "reduceOptions": _REDUCED,
            "orientation": "auto",
            "showThresholdLabels": False,
            "showThresholdMarkers": True,
            "sizing": "auto",
            "minVizWidth": 75,
            "minVizHeight": 75,
        },
        transformations=[
            {
                "id": "configFromData",
                "options": {
                    "configRefId": "B",
                    "mappings": [{"fieldName": "max", "handlerKey": "max", "reducerId": "lastNotNull"}],
                },
            }
        ],
        **more,
    )


def compared(title: str, query: str, *fields: Field, nothing: str, **more: Unpack[More]) -> Panel:
    """Bars beside one another, on one scale from zero; arguments as of `stat`."""
    return Panel(
        "bargauge",
        title,
        [query],
        fields=fields,
        defaults={"min": 0, "noValue": nothing, "color": {"mode": "fixed", "fixedColor": ACCENT}},
        options={
            "reduceOptions": {**_REDUCED, "fields": "/.*/"},
            "orientation": "horizontal",
            "displayMode": "basic",
            "valueMode": "text",
            "namePlacement": "left",
            "showUnfilled": True,
            "sizing": "auto",
            "minVizWidth": 8,
            "minVizHeight": 16,
            "maxVizHeight": 60,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
        },
        transformations=[in_order(fields)],
        **more,
    )


@dataclass(frozen=True, slots=True)
class BarStyle:
    """How bars look.

    Attributes:
        unit: of their values.
        decimals: number of decimals.
        stacked: True: columns are parts of one bar; False: they stand side by side.
        coloured_by: a column whose value colours a bar from green to red, or None.
    """

    unit: str
    decimals: int
    stacked: bool = False
    coloured_by: str | None = None


def bars(title: str, query: str, along: str, style: BarStyle, *fields: Field, **more: Unpack[More]) -> Panel:
    """Vertical bars over days, months or years.

    Args:
        title: of the panel.
        query: a row for each bar.
        along: the column of texts below the bars.
        style: unit and look of the bars.
        fields: columns with a name or a colour of their own.
        more: other attributes of the panel.
    """
    colour = {"mode": "continuous-GrYlRd"} if style.coloured_by else {"mode": "palette-classic"}
    return Panel(
        "barchart",
        title,
        [query],
        # "2026" and "01" are no numbers of that unit.
        fields=[Field(along, unit="string"), *fields],
        defaults={
            "unit": style.unit,
            "decimals": style.decimals,
            "color": colour,
            "custom": {"fillOpacity": 90, "lineWidth": 0, "gradientMode": "none", "axisSoftMin": 0},
        },
        options={
            "xField": along,
            **({"colorByField": style.coloured_by} if style.coloured_by else {}),
            "orientation": "vertical",
            "stacking": "normal" if style.stacked else "none",
            "showValue": "never",
            "groupWidth": 0.8,
            "barWidth": 0.9,
            "barRadius": 0,
            "fullHighlight": False,
            "xTickLabelRotation": 0,
            "xTickLabelMaxLength": 0,
            "xTickLabelSpacing": 50,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": not style.coloured_by, "calcs": []},
            "tooltip": {"mode": "multi" if style.stacked else "single", "sort": "none"},
        },
        transformations=[in_order([Field(along), *fields])],
        points=1000,
        **more,
    )


def lines(
    title: str,
    query: str,
    *fields: Field,
    unit: str,
    custom: Json | None = None,
    points: int | None = None,
    **more: Unpack[More],
) -> Panel:
    """Curves over time.

    Args:
        title: of the panel.
        query: a column `_time`, and one for each curve.
        fields: the columns.
        unit: of all curves.
        custom: how they are drawn, where it is another way than by plain lines.
        points: see `Panel`.
        more: other attributes of the panel.
    """
    drawn = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 10,
        "showPoints": "never",
        "axisSoftMin": 0,
        **(custom or {}),
    }
    return Panel(
        "timeseries",
        title,
        [query],
        fields=fields,
        defaults={"unit": unit, "color": {"mode": "palette-classic"}, "custom": drawn},
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
        transformations=[in_order([Field("_time"), *fields])] if fields else [],
        points=points,
        **more,
    )


def states(title: str, query: str, *fields: Field, points: int | None = None, **more: Unpack[More]) -> Panel:
    """A band of colours over time; arguments as of `lines`."""
    return Panel(
        "state-timeline",
        title,
        [query],
        fields=fields,
        defaults={"color": {"mode": "thresholds"}, "custom": {"fillOpacity": 90, "lineWidth": 0}},
        options={
            "mergeValues": True,
            "showValue": "never",
            "alignValue": "left",
            "rowHeight": 0.9,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "single", "sort": "none"},
        },
        points=points,
        **more,
    )


def table(title: str, query: str, *fields: Field, **more: Unpack[More]) -> Panel:
    """Rows; the columns stand in the query's order.

    Args:
        title: of the panel.
        query: the rows.
        fields: the columns.
        more: other attributes of the panel.
    """
    return Panel(
        "table",
        title,
        [query],
        fields=fields,
        defaults={"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}},
        options={
            "frameIndex": 0,
            "showHeader": True,
            "cellHeight": "sm",
        },
        points=3000,
        transformations=[in_order(fields)],
        **more,
    )
