"""The look of every table for people, and how it fits a narrow terminal without cutting an id."""

from collections.abc import Container, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import LANGUAGES, Catalogue

# Headings are in the reader's language: what a column has is known by any of them.
_REFERENCES, _FROM, _TO = (
    frozenset(catalogue(language).text(f"column.{key}") for language in LANGUAGES) for key in ("version", "from", "to")
)
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


def site_title(site: str, words: Catalogue) -> str:
    """The title of a table about one site."""
    return words.text("report.site", site=site)


def add_columns(table: Table, words: Catalogue, *keys: str, is_right: bool = False, wraps: bool = False) -> None:
    """Add columns with headings from the catalogue.

    Args:
        table: to which they are added.
        words: of the reader's language.
        keys: of the headings, `column.<key>`; an empty one for a column without heading.
        is_right: they hold figures.
        wraps: their cells may be continued on the next line.
    """
    for key in keys:
        heading = words.text(f"column.{key}") if key else ""
        table.add_column(heading, justify="right" if is_right else "left", no_wrap=not wraps)


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
    if (at := _index(headings, _REFERENCES)) is not None:
        columns[at], legend = _referenced(columns[at])
        headings[at] = ""
    start, end = _index(headings, _FROM), _index(headings, _TO)
    if start is not None and end is not None:
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


def _index(headings: Sequence[str], names: Container[str]) -> int | None:
    return next((number for number, heading in enumerate(headings) if heading in names), None)


def _measure(table: Table) -> Measurement:
    return Console(width=_UNBOUNDED).measure(table)


def _referenced(cells: list[str]) -> tuple[list[str], list[str]]:
    numbers = {text: number for number, text in enumerate(dict.fromkeys(filter(None, cells)), 1)}
    references = [f"[{numbers[text]}]" if text else "" for text in cells]
    return references, [f"[{number}] {text}" for text, number in numbers.items()]


def _without_date(start: str, end: str) -> str:
    return end[_DATE + 1 :] if len(end) > _DATE + 1 and start[:_DATE] == end[:_DATE] else end
