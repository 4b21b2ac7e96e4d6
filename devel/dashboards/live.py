"""What happens now, and how the day goes."""

from devel.dashboards.colours import ACCENT, BAD, GOOD, QUIET, WATCH
from devel.dashboards.dashboard import Clock, Dashboard, choice
from devel.dashboards.flux import (
    CONSUMPTION,
    COUNTED,
    EUROS,
    NAME_PERIOD,
    RAW,
    SELECTED,
    USED,
    WORTH,
    columns,
    group,
    keep,
    newest,
    pipe,
    query,
    rows,
    sort,
    union,
    wide,
)
from devel.dashboards.flux import KWH as ENERGY_KWH
from devel.dashboards.kinds import compared, gauge, lines, stat
from devel.dashboards.panel import EUR, KWH, VA, WATT, Field, Panel, steps
from devel.dashboards.shown import period_words, periods, quality_words, site, tempo_words
from devel.dashboards.words import Translator

_POWER = ("SINSTS", "PAPP")
_METER = 'r.meter == "${meter}"'
_JUST_NOW = "start: -2m"
_LAST_WEEK = "start: -8d"


def live(tr: Translator) -> Dashboard:
    """The dashboard."""
    energy, cost = _rows("total_day", "energy_wh", CONSUMPTION), _rows("cost_day", "amount", EUROS)
    return Dashboard(
        "live",
        tr("live"),
        tr("live.help"),
        Clock("now-30m", "10s"),
        [*site(tr), choice("meter", "", _meter_of_site(), hidden=True)],
        [
            [_now(tr), _last_minutes(tr)],
            [_period(tr), _tempo(tr), _quality(tr)],
            [
                _pace(tr, "energy_today", energy, "r.sum / 1000.0 / r.days", (KWH, 1, "nothing")),
                _pace(tr, "cost_today", cost, "r.sum / r.days", (EUR, 2, "no_cost")),
                _pace(tr, "power_today", energy, "r.sum / r.hours", (WATT, 0, "nothing")),
            ],
            [_day(tr)],
        ],
    )


def _meter_of_site() -> str:
    """The meter that the site has now: the one whose quarter is the newest."""
    read = rows("power_quarter", "frames", "start: -40d")
    return query(pipe(read, newest(), 'keep(columns: ["meter"])'))


def _now(tr: Translator) -> Panel:
    consumption = rows("tic", _POWER, _JUST_NOW, _METER, bucket=RAW)
    shown = gauge(
        tr("power_now"),
        query(pipe(consumption, newest(), columns(power="r._value"))),
        query(_SUBSCRIBED),
        Field("power", tr("power"), VA, 0),
        nothing=tr("no_value"),
        help=tr("power_now.help"),
        width=6,
        height=9,
    )
    return shown.coloured(steps((None, GOOD), (60, WATCH), (85, BAD), mode="percentage"))


# PREF is in kVA; ISOUSC is what is allowed on each phase, at the 200 V that contracts reckon with.
_SUBSCRIBED = pipe(
    rows("tic", ("PREF", "ISOUSC", "IINST3"), "start: -10m", _METER, bucket=RAW),
    "last()",
    group(),
    columns(
        _time="r._time",
        kva='if r._field == "PREF" then r._value * 1000 else 0',
        ampere='if r._field == "ISOUSC" then r._value * 200 else 0',
        phases='if r._field == "IINST3" then 3 else 1',
    ),
    "reduce(identity: {kva: 0, ampere: 0, phases: 1}, fn: (r, accumulator) => ({"
    "kva: if r.kva > accumulator.kva then r.kva else accumulator.kva, "
    "ampere: if r.ampere > accumulator.ampere then r.ampere else accumulator.ampere, "
    "phases: if r.phases > accumulator.phases then r.phases else accumulator.phases}))",
    columns(kva="r.kva", max="if r.kva > 0 then r.kva else r.ampere * r.phases"),
    keep("max"),
    "filter(fn: (r) => r.max > 0)",
)


def _last_minutes(tr: Translator) -> Panel:
    consumption = rows("tic", (*_POWER, "SINSTI"), SELECTED, _METER, bucket=RAW)
    name = 'if r._field == "SINSTI" then "injection" else "power"'
    curve = pipe(
        consumption,
        "aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: false)",
        group(),
        columns(_time="r._time", name=name, value="r._value"),
    )
    standby = pipe(rows("standby_day", "va", _LAST_WEEK), newest())
    at = [
        pipe("standby", columns(_time=f"v.timeRange{end}", name='"standby"', value="float(v: r._value)"))
        for end in ("Start", "Stop")
    ]
    answer = pipe(union("curve", "since", "until"), wide("_time"), sort("_time"))
    return lines(
        tr("last_minutes"),
        query(f"curve =\n    {curve}", f"standby =\n    {standby}", f"since = {at[0]}", f"until = {at[1]}", answer),
        Field("power", tr("power"), colour=ACCENT),
        Field("injection", tr("injection"), colour=GOOD),
        Field(
            "standby",
            tr("standby"),
            colour=QUIET,
            more={
                "custom.lineStyle": {"fill": "dash", "dash": [8, 8]},
                "custom.fillOpacity": 0,
                "custom.spanNulls": True,
            },
        ),
        unit=VA,
        # Frames come every two seconds: a minute without any is a gap, and is not drawn over.
        custom={"insertNulls": 60_000},
        help=tr("last_minutes.help"),
        width=18,
        height=9,
        more={"interval": "2s"},
    )


def _period(tr: Translator) -> Panel:
    read = rows("tic", ("LTARF", "PTEC"), "start: -10m", _METER, bucket=RAW)
    return stat(
        tr("period_now"),
        query(pipe(read, newest(), columns(period="r._value"))),
        Field("period", mappings=period_words(tr)),
        nothing=tr("nothing"),
        width=8,
        height=4,
    )


def _tempo(tr: Translator) -> Panel:
    """From the meter itself: the ledger learns a day's colour in the course of that day, never the next one's."""
    read = pipe(rows("tic", ("STGE", "PTEC", "DEMAIN"), "start: -10m", _METER, bucket=RAW), newest("_field"))
    colours = [
        pipe(
            "colours",
            f'filter(fn: (r) => r._field == "{field}")',
            columns(row='"row"', name=f'"{day}"', value=f"colour(n: {number})"),
        )
        for field, day, number in (
            ("STGE", "today", "digit(stge: r._value) % 4"),
            ("STGE", "tomorrow", "digit(stge: r._value) / 4"),
            ("PTEC", "today", 'strings.index(v: "-BWR", substr: strings.substring(v: r._value, start: 3, end: 4))'),
            ("DEMAIN", "tomorrow", '(strings.index(v: "-BLEU-BLAN-ROUG", substr: r._value) + 4) / 5'),
        )
    ]
    table = pipe(
        f"union(tables: [{', '.join(colours)}])",
        'filter(fn: (r) => r.value != "none")',
        group(),
        wide("row"),
        'drop(columns: ["row"])',
    )
    return stat(
        tr("tempo_days"),
        query(_COLOURS, f"colours =\n    {read}", table, imports=["strings"]),
        Field("today", tr("today"), mappings=tempo_words(tr)),
        Field("tomorrow", tr("tomorrow"), mappings=tempo_words(tr)),
        nothing=tr("nothing"),
        help=tr("tempo_days.help"),
        width=8,
        height=4,
    )


# STGE's second digit: two bits for tomorrow, two for today; 1 to 3 are blue to red. Source: Enedis-NOI-CPT_54E §6.2.
_COLOURS = """\
digit = (stge) => strings.index(v: "0123456789ABCDEF", substr: strings.substring(v: stge, start: 1, end: 2))
colour = (n) => if n == 1 then "blue" else if n == 2 then "white" else if n == 3 then "red" else "none"
"""


def _quality(tr: Translator) -> Panel:
    read = rows("cost_day", "quality", "start: date.truncate(t: now(), unit: 1d)")
    worst = pipe(read, group(), columns(quality="worth(quality: r._value)"), 'max(column: "quality")')
    return stat(
        tr("quality_today"),
        query(WORTH, worst, imports=["date"], local=True),
        Field("quality", mappings=quality_words(tr)),
        nothing=tr("nothing"),
        help=tr("quality_days.help"),
        width=8,
        height=4,
    )


_DAYS = """\
day = date.truncate(t: now(), unit: 1d)
yesterday = date.truncate(t: date.sub(d: 2h, from: day), unit: 1d)
month = date.truncate(t: now(), unit: 1mo)
since = if yesterday < month then yesterday else month
between = (from, to) => float(v: int(v: to) - int(v: from)) / 3600000000000.0
part = (name, days, hours, tables=<-) => tables
    |> sum()
    |> map(fn: (r) => ({name: name, sum: float(v: r._value), days: days, hours: hours}))"""
_PARTS = """\
union(
    tables: [
        rows
            |> filter(fn: (r) => r._time >= day)
            |> part(name: "today", days: 1.0, hours: between(from: day, to: now())),
        rows
            |> filter(fn: (r) => r._time >= yesterday and r._time < day)
            |> part(name: "yesterday", days: 1.0, hours: between(from: yesterday, to: day)),
        rows
            |> filter(fn: (r) => r._time >= month)
            |> part(name: "mean", days: between(from: month, to: now()) / 24.0, hours: between(from: month, to: now())),
    ],
)"""


def _rows(measurement: str, field: str, where: str) -> str:
    """A statement: the rows by day of which all three are sums."""
    return f"rows =\n    {pipe(rows(measurement, field, 'start: since', where), group(), keep('_time', '_value'))}"


def _pace(tr: Translator, key: str, source: str, value: str, look: tuple[str, int, str]) -> Panel:
    """Today, yesterday and the month's mean beside one another.

    Args:
        tr: translates keys.
        key: of the title.
        source: as `_rows` makes it.
        value: an expression of `r.sum`, `r.days` and `r.hours`.
        look: unit, decimals, and the key of what stands there when there is nothing.
    """
    unit, decimals, nothing = look
    answer = pipe(
        _PARTS, columns(row='"row"', name="r.name", value=value), group(), wide("row"), 'drop(columns: ["row"])'
    )
    return compared(
        tr(key),
        query(_DAYS, source, answer, imports=["date"], local=True),
        Field("today", tr("today"), unit, decimals, ACCENT),
        Field("yesterday", tr("yesterday"), unit, decimals, QUIET),
        Field("mean", tr("month_mean"), unit, decimals, WATCH),
        nothing=tr(nothing),
        help=tr(f"{key}.help"),
        width=8,
        height=6,
    )


def _day(tr: Translator) -> Panel:
    """By hours in UTC, which are hours here too: local ones are one of two hours where the clocks go back."""
    read = rows("energy_quarter", "energy_wh", "start: since, stop: v.timeRangeStop", COUNTED)
    table = pipe(
        read,
        'aggregateWindow(every: 1h, fn: sum, createEmpty: false, timeSrc: "_start")',
        USED,
        group(),
        columns(_time="r._time", name="period(r: r)", value=ENERGY_KWH),
        group("_time", "name"),
        'sum(column: "value")',
        group(),
        sort("name"),
        wide("_time"),
        sort("_time"),
    )
    return lines(
        tr("last_day_hours"),
        query("since = date.truncate(t: v.timeRangeStart, unit: 1h)", NAME_PERIOD, table, imports=["date"]),
        *periods(tr),
        unit=KWH,
        custom={
            "drawStyle": "bars",
            "fillOpacity": 90,
            "lineWidth": 0,
            "barAlignment": 1,
            "stacking": {"mode": "normal", "group": "A"},
        },
        width=24,
        height=8,
        more={"timeFrom": "24h"},
    )
