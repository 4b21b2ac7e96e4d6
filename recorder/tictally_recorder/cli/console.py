"""What a command prints: answers on stdout, sentences about them on stderr where a program reads the answer."""

import sys

from rich.console import Console
from rich.table import Table

_WIDTH_WITHOUT_TERMINAL = 160


def print_table(table: Table) -> None:
    """A table, as wide as it needs to be where no terminal bounds it."""
    console = Console()
    if console.is_terminal:
        console.print(table)
        return
    console = Console(width=_WIDTH_WITHOUT_TERMINAL)
    with console.capture() as capture:
        console.print(table)
    say("\n".join(line.rstrip() for line in capture.get().splitlines()))


def say(text: str, *, aside: bool = False) -> None:
    """Text as it is; aside: on stderr."""
    print(text, file=sys.stderr if aside else sys.stdout)
