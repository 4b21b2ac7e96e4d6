"""Building blocks of the panels' Flux queries.

Every query ends in one ungrouped table whose columns have the names that its panel shows: Grafana then makes one frame
of it. Rows are filtered and summed in the storage first, and pivoted when few are left.

Three quirks of Flux (InfluxDB 2.8, shown by the tests): `sort` mixes up a string column with an empty string, so no
query makes one; `map` loses rows whose columns are all constants (see `columns`); and with a `location` an hourly
window is two hours long where the clocks go back.
"""

from collections.abc import Sequence
from typing import Final

from devel.dashboards.colours import LTARF

ZONE: Final = "Europe/Paris"
"""Time zone of local days in queries for which the tags `month` and `year` are not enough."""

LEDGER: Final = "v.defaultBucket"
"""Grafana replaces it with the data source's bucket; the other buckets have its name and a suffix."""
RAW: Final = 'v.defaultBucket + "_raw"'
MINUTE: Final = 'v.defaultBucket + "_minute"'

SELECTED: Final = "start: v.timeRangeStart, stop: v.timeRangeStop"
"""The time range of the dashboard."""
EVER: Final = "start: 2015-01-01T00:00:00Z, stop: 2100-01-01T00:00:00Z"
"""There was no Linky before 2015."""

CONSUMPTION: Final = 'r.direction == "consumption"'
COUNTED: Final = '(r.period != "none" or r.register =~ /^EASF/)'
"""Registers that count each kWh once: totals and the distributor's registers, which have no period, count it again."""
OFF_PEAK: Final = "r.period =~ /^HC|^HN|CREUSE|NORMALE/"
"""Off-peak hours of HP/HC, Tempo and EJP, and of a supplier's calendar with such names."""
EUROS: Final = 'r.currency == "EUR"'


def query(*statements: str, imports: Sequence[str] = (), local: bool = False) -> str:
    """A whole query.

    Args:
        statements: the last of them is the result.
        imports: packages of Flux.
        local: days, hours and months are those of `ZONE`.
    """
    packages = sorted({*imports, *(["timezone"] if local else [])})
    head = [f'import "{package}"' for package in packages]
    zone = [f'option location = timezone.location(name: "{ZONE}")'] if local else []
    return "\n\n".join(["\n".join(part) for part in (head, zone) if part] + list(statements)) + "\n"


def rows(measurement: str, fields: str | Sequence[str], span: str, *where: str, bucket: str = LEDGER) -> str:
    """Rows of a bucket; in the ledger's, those of the selected site.

    Args:
        measurement: its name.
        fields: one field, or several.
        span: the arguments of `range`.
        where: more conditions on a row `r`.
        bucket: an expression for its name.
    """
    names = [fields] if isinstance(fields, str) else fields
    chosen = " or ".join(f'r._field == "{name}"' for name in names)
    conditions = [
        f'r._measurement == "{measurement}"',
        f"({chosen})" if len(names) > 1 else chosen,
        *(['r.site == "${site}"'] if bucket == LEDGER else []),
        *where,
    ]
    return f"from(bucket: {bucket})\n    |> range({span})\n    |> filter(fn: (r) => {' and '.join(conditions)})"


def pipe(*stages: str) -> str:
    """Stages one after another."""
    return "\n    |> ".join(stages)


def group(*columns: str) -> str:
    """One table for each combination of values; without columns, one of all rows."""
    return f"group(columns: [{_names(columns)}])" if columns else "group()"


def sort(*columns: str, desc: bool = False) -> str:
    """In order."""
    return f"sort(columns: [{_names(columns)}]{', desc: true' if desc else ''})"


def keep(*columns: str) -> str:
    """These columns only."""
    return f"keep(columns: [{_names(columns)}])"


def union(*tables: str) -> str:
    """The rows of several tables in one."""
    return pipe(f"union(tables: [{', '.join(tables)}])", "group()")


def wide(row: str, column: str = "name", value: str = "value") -> str:
    """Rows with a name and a value, put side by side: a line for each `row`."""
    return f'pivot(rowKey: ["{row}"], columnKey: ["{column}"], valueColumn: "{value}")'


def columns(**expressions: str) -> str:
    """Replace each row by one with these columns.

    At least one must be more than a constant or a choice between constants: of columns that are nothing else, Flux (of
    InfluxDB 2.8) makes no rows.
    """
    if all(each.startswith(_CONSTANT) for each in expressions.values()):
        raise ValueError(f"Flux loses the rows of {expressions}")
    return f"map(fn: (r) => ({{{', '.join(f'{name}: {each}' for name, each in expressions.items())}}}))"


_CONSTANT: Final = ("if ", '"', *"0123456789")


def newest(*by: str) -> str:
    """The newest row of all, or of each combination: the storage gives each series', and every month is a series."""
    return (
        pipe("last()", group(*by), sort("_time"), "last()", "group()")
        if by
        else pipe("last()", group(), sort("_time"), "last()")
    )


KWH: Final = "float(v: r._value) / 1000.0"

NAME_PERIOD: Final = "period = (r) => " + " else ".join(
    [f'if r.period == "{word}" then "{name}"' for word, name in LTARF.items()]
    + ['if r.period == "none" then r.register else r.period']
)
"""A register's period, by one name in both of the meter's modes; where it is not known, the register itself."""

USED: Final = "filter(fn: (r) => r._value != 0)"
"""A meter counts in one register at a time; those that it does not use would all stand in the legend."""

COST_PERIOD: Final = 'if r.direction == "injection" then "injection" else r.period'
"""A cost's period; what is earned has one name, whatever its tariff calls it."""

WORTH: Final = """\
worth = (quality) => if quality == "unknown" then 3.0
    else if quality == "provisional" then 2.0
    else if quality == "estimated" then 1.0
    else 0.0"""
"""A quality as a number: the worst is the highest."""

HOURS: Final = """\
lasted = (first, last) => {
    next = date.truncate(t: date.add(d: 26h, to: last), unit: 1d)
    end = if next < now() then next else now()
    return float(v: int(v: end) - int(v: first)) / 3600000000000.0
}"""
"""How many hours have passed from one local day to another, both included; today's end is now.

A local day has 23, 24 or 25 hours, a day in Flux always 24.
"""


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{each}"' for each in columns)
