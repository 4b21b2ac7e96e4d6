"""The key figures of days, months or years: kWh, hours, euros, share of off-peak, standby, quality.

Each source is added up by the calendar's tag in the storage, and what is left, a row or a few for each month or year,
is put side by side. What a source does not know stays empty: it never becomes zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from devel.dashboards.colours import TEMPO
from devel.dashboards.flux import (
    CONSUMPTION,
    EUROS,
    HOURS,
    KWH,
    OFF_PEAK,
    WORTH,
    columns,
    group,
    pipe,
    query,
    rows,
    sort,
    union,
    wide,
)
from devel.dashboards.kinds import stat
from devel.dashboards.panel import Field, Panel
from devel.dashboards.words import Translator

LABEL: Final = """\
label = (t) => {
    day = date.monthDay(t: t)
    return if day < 10 then "0" + string(v: day) else string(v: day)
}"""
"""A local day of a month as text, in order."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A month or a year, which a variable of the dashboard chooses, with the one before.

    Attributes:
        tag: of rows by day, and the variable.
        bounds: statements: `before`, and `start` and `stop` of a range that holds both in any time zone. They reckon
            from the middle: what is a month before midnight in UTC may be two months before it elsewhere.
    """

    tag: str
    bounds: str

    @property
    def value(self) -> str:
        """The chosen one, as Grafana puts it in."""
        return f'"${{{self.tag}}}"'

    @property
    def this(self) -> str:
        """Rows of the chosen one."""
        return f"r.{self.tag} == {self.value}"

    @property
    def both(self) -> str:
        """Rows of the chosen one and of the one before."""
        return f"({self.this} or r.{self.tag} == before)"


SPAN: Final = "start: start, stop: stop"
NEEDED: Final = ("array", "date", "strings")
MONTH: Final = Chosen(
    "month",
    """\
middle = time(v: "${month}-15T12:00:00Z")
before = strings.substring(v: string(v: date.sub(d: 1mo, from: middle)), start: 0, end: 7)
start = date.sub(d: 47d, from: middle)
stop = date.add(d: 18d, to: middle)""",
)
YEAR: Final = Chosen(
    "year",
    """\
middle = time(v: "${year}-07-01T12:00:00Z")
before = string(v: int(v: "${year}") - 1)
start = date.sub(d: 548d, from: middle)
stop = date.add(d: 185d, to: middle)""",
)

_MADE_OF: Final = {
    "per_day": (("kwh", "hours"), "24.0 * r.kwh / r.hours"),
    "mean_w": (("kwh", "hours"), "1000.0 * r.kwh / r.hours"),
    "eur_per_day": (("eur", "hours"), "24.0 * r.eur / r.hours"),
    "off_peak": (("off", "kwh"), "100.0 * r.off / r.kwh"),
    "price": (("eur", "kwh"), "r.eur / r.kwh"),
}
"""Column → the sums that it is made of, and how."""


def figures(by: str, span: str, where: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Statements, the last of them a table of `key` and the wanted columns.

    Args:
        by: `day`, `month` or `year`.
        span: the arguments of `range`.
        where: conditions on rows by day.
        wanted: sums (kwh, hours, eur, off, quality, standby), and what is made of them.
    """
    sums = dict.fromkeys(each for column in wanted for each in _MADE_OF.get(column, ((column,), ""))[0])
    sources = [_source(name, by, span, where) for name in sums]
    # So that every column is there, also when no row has it.
    seed = ", ".join(f'{{key: "none", name: "{name}", value: 0.0}}' for name in sums)
    made = {name: _MADE_OF[name][1] if name in _MADE_OF else f"r.{name}" for name in wanted}
    return [
        *([LABEL] if by == "day" else []),
        *([HOURS] if "hours" in sums else []),
        *([WORTH] if "quality" in sums else []),
        *sources,
        f"seed = array.from(rows: [{seed}])",
        pipe(
            union("seed", *sums),
            wide("key"),
            'filter(fn: (r) => r.key != "none")',
            columns(key="r.key", **made),
            sort("key"),
        ),
    ]


def _worst(by: str, span: str, where: Sequence[str]) -> str:
    """The worst quality. Measured figures are by far the most: of these one for each key is read, of the others all."""
    key, tag = ("label(t: r._time)", "_time") if by == "day" else (f"r.{by}", by)
    one = pipe(rows("cost_day", "quality", span, *where), group(tag), "first()", group())
    doubted = pipe(rows("cost_day", "quality", span, 'r._value != "measured"', *where), group())
    worth = _named("quality", key, "worth(quality: r._value)")
    return f"""\
one =
    {pipe(one, worth)}
doubted =
    {pipe(doubted, worth)}
quality =
    {pipe(union("one", "doubted"), group("key", "name"), 'max(column: "value")', group())}"""


_FIRST_AND_LAST: Final = """\
reduce(
        identity: {first: 2100-01-01T00:00:00Z, last: 1970-01-01T00:00:00Z},
        fn: (r, accumulator) => ({
            first: if r._time < accumulator.first then r._time else accumulator.first,
            last: if r._time > accumulator.last then r._time else accumulator.last,
        }),
    )"""


def _source(name: str, by: str, span: str, where: Sequence[str]) -> str:
    """A statement that gives a table of key, name and value, ungrouped."""
    key, tag = ("label(t: r._time)", "_time") if by == "day" else (f"r.{by}", by)
    summed = (group(tag), "sum()", group())
    match name:
        case "kwh":
            stages = [rows("total_day", "energy_wh", span, CONSUMPTION, *where), *summed, _named(name, key, KWH)]
        case "hours":
            stages = [
                rows("total_day", "energy_wh", span, CONSUMPTION, *where),
                group(tag),
                _FIRST_AND_LAST,
                group(),
                _named(name, "label(t: r.first)" if by == "day" else key, "lasted(first: r.first, last: r.last)"),
            ]
        case "off":
            stages = [rows("energy_day", "energy_wh", span, OFF_PEAK, *where), *summed, _named(name, key, KWH)]
        case "eur":
            stages = [rows("cost_day", "amount", span, EUROS, *where), *summed, _named(name, key, "r._value")]
        case "standby":
            stages = [
                rows("standby_day", "va", span, *where),
                group(tag),
                "mean()",
                group(),
                _named(name, key, "r._value"),
            ]
        case "colour":
            code = 'if r._value == "red" then 3.0 else if r._value == "white" then 2.0 else 1.0'
            stages = [rows("tempo_day", "colour", span, *where), group(), _named(name, key, code)]
        case "quality":
            return f"{_worst(by, span, where)}"
        case _:
            raise ValueError(f"there is no figure {name!r}")
    return f"{name} =\n    {pipe(*stages)}"


def _named(name: str, key: str, value: str) -> str:
    return columns(key=key, name=f'"{name}"', value=value)


def against_before(chosen: Chosen, figure: str) -> str:
    """A query for one figure of the chosen month or year, and of the one before: a row of `this` and `before`."""
    *sources, table = figures(chosen.tag, SPAN, [chosen.both], [figure])
    side_by_side = pipe(
        table,
        sort("key", desc=True),
        columns(row='"row"', name=f'if r.key == {chosen.value} then "this" else "before"', value=f"r.{figure}"),
        wide("row"),
        'drop(columns: ["row"])',
    )
    return query(chosen.bounds, *sources, side_by_side, imports=NEEDED, local=True)


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
