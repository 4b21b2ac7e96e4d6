"""The look of every table for people, and how it fits a narrow terminal without cutting an id."""

import re
import textwrap
from collections.abc import Container, Sequence
from typing import Final

from rich import box
from rich.cells import cell_len
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
# Where `textwrap` may end a line within a word: behind the hyphen of a name, never in a date or in hours.
_PART_END: Final = re.compile(r"(?<=[^\W\d_]-)(?=[^\W\d_])")


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
    that its start has, columns without any cell are left out, and the others move together; if that is not enough,
    cells are continued on the next line. Nothing is cut.

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
    shown_at = [at for at, cells in enumerate(columns) if any(cells)]
    texts = [[headings[at], *columns[at]] for at in shown_at]
    rigid = [bool(table.columns[at].no_wrap) for at in shown_at]
    widths = column_widths(texts, rigid, width - (len(texts) - 1))
    narrow = plain_table()
    narrow.padding = (0, 0)
    for at, (heading, *_), size in zip(shown_at, texts, widths, strict=True):
        like = table.columns[at]
        narrow.add_column(_wrapped(heading, size), justify=like.justify, style=like.style, width=size)
    for row, cells in zip(table.rows, zip(*(columns[at] for at in shown_at), strict=True), strict=True):
        shown = (Text(_wrapped(cell, size)) for cell, size in zip(cells, widths, strict=True))
        narrow.add_row(*shown, style=row.style, end_section=row.end_section)
    return narrow, legend


def column_widths(columns: Sequence[Sequence[str]], rigid: Sequence[bool], available: int) -> list[int]:
    """The widths of columns that are too wide together.

    First headings are continued on the next line, then cells between words, then after hyphens of names; only where
    that is not enough, the longest words are broken.

    Args:
        columns: of each its heading, then its cells.
        rigid: of each, whether its cells are continued last.
        available: characters for all of them.
    """
    whole = [max(map(_longest, texts)) for texts in columns]
    words = [max(map(_longest_word, texts)) for texts in columns]
    parts = [max(map(_longest_part, texts)) for texts in columns]
    cells = [max([_longest_word(texts[0]), *map(_longest, texts[1:])]) for texts in columns]
    widths = [cell if is_rigid else word for cell, word, is_rigid in zip(cells, words, rigid, strict=True)]
    for smaller in (words, parts):
        for at in sorted(range(len(widths)), key=lambda each: smaller[each] - widths[each]):
            if sum(widths) > available:
                widths[at] = min(widths[at], smaller[at])
    while sum(widths) > available and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    while sum(widths) < available and (short := [at for at, size in enumerate(widths) if size < whole[at]]):
        widths[max(short, key=lambda at: (widths[at] < words[at], whole[at] / widths[at]))] += 1
    return widths


def _longest(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)


def _longest_part(text: str) -> int:
    return max((cell_len(part) for word in text.split() for part in _PART_END.split(word)), default=0)


def _wrapped(text: str, width: int) -> str:
    lines = (line if cell_len(line) <= width else "\n".join(textwrap.wrap(line, width)) for line in text.split("\n"))
    return "\n".join(lines)


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
