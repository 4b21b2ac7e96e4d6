"""Quality of the TIC line: frames, rejected groups, voltage, and the state of the recorder."""

from collections.abc import Sequence

from devel.dashboards.colours import ACCENT, BAD, GOOD, WATCH
from devel.dashboards.dashboard import Clock, Dashboard, choice
from devel.dashboards.flux import MINUTE, SELECTED, columns, group, keep, newest, pipe, query, rows, sort, wide
from devel.dashboards.kinds import BarStyle, bars, lines, stat, states, table
from devel.dashboards.panel import COUNT, PERCENT, SECONDS, VOLT, Field, Panel, mapped, steps
from devel.dashboards.shown import site
from devel.dashboards.words import Translator

_EDGE = 'r.edge == "${edge}"'
_WINDOW = "every: v.windowPeriod"


def line(tr: Translator) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "line",
        tr("line"),
        tr("line.help"),
        Clock("now-24h", "1m"),
        [*site(tr), choice("edge", tr("edge"), _edges())],
        [
            [_signal(tr), _rejected_per_hour(tr), _gaps(tr), _heard(tr)],
            [_reasons(tr), _rejected(tr)],
            [_frames(tr), _voltage(tr)],
            [_delays(tr), _recorder(tr)],
            [_dead_letters(tr)],
        ],
    )


def _edges() -> str:
    read = rows("edge", "frames", "start: -30d", bucket=MINUTE)
    return query(pipe(read, keep("edge"), group(), 'distinct(column: "edge")', 'rename(columns: {_value: "edge"})'))


def _of_edge(field: str) -> str:
    return rows("edge", field, SELECTED, _EDGE, bucket=MINUTE)


def _signal(tr: Translator) -> Panel:
    shown = stat(
        tr("signal"),
        query(pipe(_of_edge("signal_quality_percent"), newest(), columns(signal="r._value"))),
        Field("signal", unit=PERCENT, decimals=1),
        nothing=tr("no_value"),
        help=tr("signal.help"),
        width=5,
        height=4,
    )
    return shown.coloured(steps((None, BAD), (95, WATCH), (99, GOOD)))


def _rejected_per_hour(tr: Translator) -> Panel:
    shown = stat(
        tr("rejected_per_hour"),
        query(pipe(_of_edge("rejected_per_hour"), newest(), columns(rejected="r._value"))),
        Field("rejected", unit=COUNT, decimals=0),
        nothing=tr("no_value"),
        help=tr("rejected.help"),
        width=5,
        height=4,
    )
    return shown.coloured(steps((None, GOOD), (60, WATCH), (600, BAD)))


def _gaps(tr: Translator) -> Panel:
    read = rows("total_quarter", "estimated", SELECTED, 'r.direction == "consumption"')
    found = pipe(read, group(), columns(_time="r._time", gaps="if r._value then 1 else 0"), 'sum(column: "gaps")')
    return stat(
        tr("gaps"),
        query(found),
        Field("gaps", unit=COUNT, decimals=0),
        nothing=tr("nothing"),
        help=tr("gaps.help"),
        width=5,
        height=4,
    )


def _heard(tr: Translator) -> Panel:
    # A minute of silence must not vanish in a window of many: one silent minute makes a silent window.
    number = columns(_time="r._time", _value="if r._value then 1 else 0")
    heard = pipe(
        _of_edge("meter_online"),
        group(),
        number,
        f"aggregateWindow({_WINDOW}, fn: min, createEmpty: false)",
        columns(_time="r._time", heard="r._value"),
    )
    words = mapped({"1": (tr("online"), GOOD), "0": (tr("offline"), BAD)})
    return states(tr("meter_heard"), query(heard), Field("heard", tr("meter_heard"), mappings=words), width=9, height=4)


def _reasons(tr: Translator) -> Panel:
    """Counters restart with the edge: their increases are added up, not their values."""
    read = rows("edge_rejected", "n", SELECTED, _EDGE, bucket=MINUTE)
    found = pipe(read, "increase()", "last()", group(), columns(reason="r.reason", n="r._value"), sort("n", desc=True))
    shown = bars(tr("rejected"), query(found), "reason", BarStyle(COUNT, 0), Field("n", tr("count")))
    return shown.explained(tr("rejected.help")).sized(8, 8)


def _rejected(tr: Translator) -> Panel:
    read = rows("edge_rejected", "n", SELECTED, _EDGE, bucket=MINUTE)
    found = pipe(
        read,
        "increase()",
        f"aggregateWindow({_WINDOW}, fn: last, createEmpty: false)",
        "difference(nonNegative: true)",
        group(),
        columns(_time="r._time", name="r.reason", value="r._value"),
        wide("_time"),
        sort("_time"),
    )
    return lines(
        tr("rejected_over_time"),
        query(found),
        unit=COUNT,
        custom={"drawStyle": "bars", "fillOpacity": 90, "stacking": {"mode": "normal", "group": "A"}},
        width=16,
        height=8,
        more={"interval": "15m"},
    )


def _frames(tr: Translator) -> Panel:
    read = rows("tic", "frames", SELECTED, bucket=MINUTE)
    found = pipe(
        read,
        f"aggregateWindow({_WINDOW}, fn: mean, createEmpty: false)",
        group(),
        columns(_time="r._time", name="r.meter", value="r._value"),
        wide("_time"),
        sort("_time"),
    )
    return lines(
        tr("frames"),
        query(found),
        unit=COUNT,
        custom={"insertNulls": 600_000},
        width=12,
        height=8,
        more={"interval": "1m"},
    )


def _voltage(tr: Translator) -> Panel:
    parts = [_extreme(name, fn) for name, fn in (("lowest", "min"), ("mean", "mean"), ("highest", "max"))]
    answer = pipe("union(tables: [lowest, mean, highest])", group(), wide("_time"), sort("_time"))
    shown = lines(
        tr("voltage"),
        query(*parts, answer),
        Field("lowest", tr("lowest"), colour=ACCENT),
        Field("mean", tr("mean"), colour=GOOD),
        Field("highest", tr("highest"), colour=WATCH),
        unit=VOLT,
        custom={
            "fillOpacity": 0,
            "thresholdsStyle": {"mode": "dashed"},
            "insertNulls": 600_000,
            "axisSoftMin": 205,
            "axisSoftMax": 255,
        },
        help=tr("voltage.help"),
        width=12,
        height=8,
        more={"interval": "1m"},
    )
    return shown.marked(steps((None, BAD), (207, GOOD), (253, BAD)))


def _extreme(name: str, fn: str) -> str:
    """A statement: of each window the lowest, mean or highest over all phases."""
    fields = [f"URMS{phase}_{fn}" for phase in (1, 2, 3)]
    found = pipe(
        rows("tic", fields, SELECTED, bucket=MINUTE),
        f"aggregateWindow({_WINDOW}, fn: {fn}, createEmpty: false)",
        group(),
        columns(_time="r._time", name=f'"{name}"', value="float(v: r._value)"),
        group("_time", "name"),
        f'{fn}(column: "value")',
    )
    return f"{name} =\n    {found}"


def _delays(tr: Translator) -> Panel:
    parts = [_lag("recorder", '"lag_s"'), _lag("recorder_sink", '"sink_" + r.sink')]
    found = pipe(f"union(tables: [{', '.join(parts)}])", group(), wide("_time"), sort("_time"))
    return lines(
        tr("delays"),
        query(found),
        Field("lag_s", tr("lag"), colour=ACCENT),
        Field("sink_influxdb", tr("sink_influxdb"), colour=WATCH),
        unit=SECONDS,
        help=tr("delays.help"),
        width=12,
        height=8,
        more={"interval": "1m"},
    )


def _lag(measurement: str, name: str) -> str:
    """A table of lags, each recorder or sink under a name."""
    return pipe(
        rows(measurement, "lag_s", SELECTED, bucket=MINUTE),
        f"aggregateWindow({_WINDOW}, fn: max, createEmpty: false)",
        group(),
        columns(_time="r._time", name=name, value="r._value"),
    )


def _recorder(tr: Translator) -> Panel:
    own, sinks = ("missing", "lost", "dead_letters"), ("rejected", "windows")
    fields = (*own, *(f"sink_{field}" for field in sinks))
    parts = [_totals("recorder", own, "r._field"), _totals("recorder_sink", sinks, '"sink_" + r._field')]
    found = pipe(f"union(tables: [{', '.join(parts)}])", group(), wide("row"), 'drop(columns: ["row"])')
    return stat(
        tr("recorder"),
        query(found),
        *(Field(name, tr(name), COUNT, 0) for name in fields),
        nothing=tr("no_value"),
        help=tr("recorder.help"),
        width=12,
        height=8,
    )


def _totals(measurement: str, fields: Sequence[str], name: str) -> str:
    """Newest figures, added up over recorders and sinks."""
    return pipe(
        rows(measurement, fields, SELECTED, bucket=MINUTE),
        "last()",
        group("_field"),
        "sum()",
        group(),
        columns(row='"row"', name=name, value="r._value"),
    )


def _dead_letters(tr: Translator) -> Panel:
    read = rows("recorder_rejected", "n", SELECTED, bucket=MINUTE)
    found = pipe(
        read,
        "last()",
        group("reason"),
        "sum()",
        group(),
        columns(reason="r.reason", n="r._value"),
        sort("n", desc=True),
    )
    return table(
        tr("rejected_messages"),
        query(found),
        Field("reason", tr("reason")),
        Field("n", tr("count"), COUNT, 0),
        height=6,
    )
