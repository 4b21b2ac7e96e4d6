"""The look of every table for people, and how it fits a narrow terminal without cutting an id."""

from typing import Final

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

_REFERENCES: Final = "Version"
_UNBOUNDED: Final = 10_000
_DATE: Final = len("2026-11-21")


def plain_table(title: str | None = None) -> Table:
    """An empty table in the look of every answer: a line under the headings and nothing else."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )


def fit(table: Table, width: int) -> tuple[Table, list[str]]:
    """A table that is at most so wide, and lines to print below it.

    Where it is too wide, versions of tariffs become references to the lines below, the end of a period loses the date
    that its start has, and columns move together; if that is not enough, cells are continued on the next line. Nothing
    is cut.

    Args:
        table: as an answer has it.
        width: in characters.
    """
    if _measure(table).maximum <= width:
        return table, []
    headings = [str(column.header) for column in table.columns]
    columns = [[str(cell) for cell in column.cells] for column in table.columns]
    legend: list[str] = []
    if _REFERENCES in headings:
        at = headings.index(_REFERENCES)
        columns[at], legend = _referenced(columns[at])
        headings[at] = ""
    if "From" in headings and "To" in headings:
        start, end = headings.index("From"), headings.index("To")
        columns[end] = [_without_date(*both) for both in zip(columns[start], columns[end], strict=True)]
    narrow = plain_table()
    narrow.padding = (0, 0)
    for heading, column in zip(headings, table.columns, strict=True):
        narrow.add_column(heading, justify=column.justify, no_wrap=column.no_wrap, style=column.style, overflow="fold")
    for row, cells in zip(table.rows, zip(*columns, strict=True), strict=True):
        narrow.add_row(*map(Text, cells), style=row.style, end_section=row.end_section)
    while _measure(narrow).minimum > width and (rigid := [each for each in narrow.columns if each.no_wrap]):
        max(rigid, key=lambda each: max((len(str(cell)) for cell in each.cells), default=0)).no_wrap = False
    return narrow, legend


def _measure(table: Table) -> Measurement:
    return Console(width=_UNBOUNDED).measure(table)


def _referenced(cells: list[str]) -> tuple[list[str], list[str]]:
    numbers = {text: number for number, text in enumerate(dict.fromkeys(filter(None, cells)), 1)}
    references = [f"[{numbers[text]}]" if text else "" for text in cells]
    return references, [f"[{number}] {text}" for text, number in numbers.items()]


def _without_date(start: str, end: str) -> str:
    return end[_DATE + 1 :] if len(end) > _DATE + 1 and start[:_DATE] == end[:_DATE] else end
