"""The look of every table for people."""

from rich import box
from rich.table import Table


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
