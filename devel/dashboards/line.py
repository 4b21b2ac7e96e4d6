"""What the TIC line delivers and refuses, the voltage, and how recording is."""

from devel.dashboards.colours import ACCENT, BAD, GOOD, WATCH
from devel.dashboards.dashboard import Clock, Dashboard, choice
from devel.dashboards.flux import MINUTE, SELECTED, columns, group, keep, newest, pipe, query, rows, sort, wide
from devel.dashboards.kinds import bars, lines, stat, states, table
from devel.dashboards.panel import COUNT, PERCENT, SECONDS, VOLT, Field, Panel, mapped, steps
from devel.dashboards.shown import site
from devel.dashboards.words import Say

_EDGE = 'r.edge == "${edge}"'
_WINDOW = "every: v.windowPeriod"


def line(say: Say) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "line",
        say("line"),
        say("line.help"),
        Clock("now-24h", "1m"),
        [*site(say), choice("edge", say("edge"), _edges())],
        [
            [_signal(say), _refused_per_hour(say), _gaps(say), _heard(say)],
            [_reasons(say), _refused(say)],
            [_frames(say), _voltage(say)],
            [_delays(say), _recorder(say)],
            [_set_aside(say)],
        ],
    )


def _edges() -> str:
    read = rows("edge", "frames", "start: -30d", bucket=MINUTE)
    return query(pipe(read, keep("edge"), group(), 'distinct(column: "edge")', 'rename(columns: {_value: "edge"})'))


def _of_edge(field: str) -> str:
    return rows("edge", field, SELECTED, _EDGE, bucket=MINUTE)


def _signal(say: Say) -> Panel:
    shown = stat(
        say("signal"),
        query(pipe(_of_edge("signal_quality_percent"), newest(), columns(signal="r._value"))),
        Field("signal", unit=PERCENT, decimals=1),
        nothing=say("no_value"),
        help=say("signal.help"),
        width=5,
        height=4,
    )
    return shown.coloured(steps((None, BAD), (95, WATCH), (99, GOOD)))


def _refused_per_hour(say: Say) -> Panel:
    shown = stat(
        say("rejected_per_hour"),
        query(pipe(_of_edge("rejected_per_hour"), newest(), columns(refused="r._value"))),
        Field("refused", unit=COUNT, decimals=0),
        nothing=say("no_value"),
        help=say("refused.help"),
        width=5,
        height=4,
    )
    return shown.coloured(steps((None, GOOD), (60, WATCH), (600, BAD)))


def _gaps(say: Say) -> Panel:
    read = rows("total_quarter", "estimated", SELECTED, 'r.direction == "consumption"')
    found = pipe(read, group(), columns(_time="r._time", gaps="if r._value then 1 else 0"), 'sum(column: "gaps")')
    return stat(
        say("gaps"),
        query(found),
        Field("gaps", unit=COUNT, decimals=0),
        nothing=say("nothing"),
        help=say("gaps.help"),
        width=5,
        height=4,
    )


def _heard(say: Say) -> Panel:
    # A minute of silence must not vanish in a window of many: one silent minute makes a silent window.
    number = columns(_time="r._time", _value="if r._value then 1 else 0")
    heard = pipe(
        _of_edge("meter_online"),
        group(),
        number,
        f"aggregateWindow({_WINDOW}, fn: min, createEmpty: false)",
        columns(_time="r._time", heard="r._value"),
    )
    words = mapped({"1": (say("online"), GOOD), "0": (say("offline"), BAD)})
    return states(
        say("meter_heard"), query(heard), Field("heard", say("meter_heard"), mappings=words), width=9, height=4
    )


def _reasons(say: Say) -> Panel:
    """Counters begin anew with the edge: what was added is counted, not where they stand."""
    read = rows("edge_refused", "n", SELECTED, _EDGE, bucket=MINUTE)
    found = pipe(read, "increase()", "last()", group(), columns(reason="r.reason", n="r._value"), sort("n", desc=True))
    shown = bars(say("refused"), query(found), "reason", Field("n", say("count")), unit=COUNT, decimals=0)
    return shown.explained(say("refused.help")).sized(8, 8)


def _refused(say: Say) -> Panel:
    read = rows("edge_refused", "n", SELECTED, _EDGE, bucket=MINUTE)
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
        say("refused_over_time"),
        query(found),
        unit=COUNT,
        custom={"drawStyle": "bars", "fillOpacity": 90, "stacking": {"mode": "normal", "group": "A"}},
        width=16,
        height=8,
        more={"interval": "15m"},
    )


def _frames(say: Say) -> Panel:
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
        say("frames"),
        query(found),
        unit=COUNT,
        custom={"insertNulls": 600_000},
        width=12,
        height=8,
        more={"interval": "1m"},
    )


def _voltage(say: Say) -> Panel:
    parts = [_extreme(name, fn) for name, fn in (("lowest", "min"), ("mean", "mean"), ("highest", "max"))]
    answer = pipe("union(tables: [lowest, mean, highest])", group(), wide("_time"), sort("_time"))
    shown = lines(
        say("voltage"),
        query(*parts, answer),
        Field("lowest", say("lowest"), colour=ACCENT),
        Field("mean", say("mean"), colour=GOOD),
        Field("highest", say("highest"), colour=WATCH),
        unit=VOLT,
        custom={
            "fillOpacity": 0,
            "thresholdsStyle": {"mode": "dashed"},
            "insertNulls": 600_000,
            "axisSoftMin": 205,
            "axisSoftMax": 255,
        },
        help=say("voltage.help"),
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


_RECORDER = ("lag_s", "sink_lag_s")


def _delays(say: Say) -> Panel:
    read = rows("recorder", _RECORDER, SELECTED, bucket=MINUTE)
    found = pipe(
        read,
        f"aggregateWindow({_WINDOW}, fn: max, createEmpty: false)",
        group(),
        columns(_time="r._time", name="r._field", value="r._value"),
        wide("_time"),
        sort("_time"),
    )
    return lines(
        say("delays"),
        query(found),
        Field("lag_s", say("lag"), colour=ACCENT),
        Field("sink_lag_s", say("sink_lag"), colour=WATCH),
        unit=SECONDS,
        help=say("delays.help"),
        width=12,
        height=8,
        more={"interval": "1m"},
    )


def _recorder(say: Say) -> Panel:
    fields = ("holes", "lost", "set_aside", "sink_refused", "sink_windows")
    read = rows("recorder", fields, SELECTED, bucket=MINUTE)
    # Several recorders, each with its own edges: their numbers are added.
    found = pipe(
        read,
        "last()",
        group("_field"),
        "sum()",
        group(),
        columns(row='"row"', name="r._field", value="r._value"),
        wide("row"),
        'drop(columns: ["row"])',
    )
    return stat(
        say("recorder"),
        query(found),
        *(Field(name, say(name), COUNT, 0) for name in fields),
        nothing=say("no_value"),
        help=say("recorder.help"),
        width=12,
        height=8,
    )


def _set_aside(say: Say) -> Panel:
    read = rows("recorder_refused", "n", SELECTED, bucket=MINUTE)
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
        say("set_aside_reasons"),
        query(found),
        Field("reason", say("reason")),
        Field("n", say("count"), COUNT, 0),
        height=6,
    )
