"""What a command prints: results on stdout, messages beside a machine-readable result on stderr."""

import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from tictally_recorder.imports.errors import ImportFileError
from tictally_recorder.problem import ProblemError
from tictally_recorder.reports.table import fit
from tictally_recorder.tariffs.errors import InFileError
from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import Catalogue

_SHOWN_AFTER_S: Final = 1.0
# Of this run's messages: errors are shown where the settings are no longer at hand, or could not be read.
_language: ContextVar[str] = ContextVar("language", default="en")


def speak(language: str) -> None:
    """Show errors in a language from now on."""
    _language.set(language)


def spoken() -> Catalogue:
    """The words of this run's language."""
    return catalogue(_language.get())


def error_text(error: Exception) -> str:
    """The message of an error; of one in a file of the user's where it is and what is wrong there, in the language."""
    words = spoken()
    if isinstance(error, ImportFileError):
        about = {"file": error.file, "line": error.line, "problem": words.phrase(error.problem)}
        return words.text("import_text.in_line" if error.line else "import_text.in_file", **about)
    if not isinstance(error, InFileError):
        return words.phrase(error.problem) if isinstance(error, ProblemError) else str(error)
    about = {"file": error.file, "line": error.line, "problem": words.phrase(error.problem)}
    return words.text("issue.broken_file", **about)


def print_table(table: Table) -> None:
    """A table as wide as the terminal, elsewhere as COLUMNS or 80; in colour on a terminal without NO_COLOR."""
    console = Console()
    title, table.title = table.title, None  # rich would wrap it at the table's width
    fitted, legend = fit(table, console.width)
    if console.is_terminal:
        if title:
            console.print(Text(str(title), "bold"), soft_wrap=True)
        console.print(fitted)
    else:
        with console.capture() as capture:
            console.print(fitted)
        echo("\n".join([*([str(title)] if title else []), *map(str.rstrip, capture.get().splitlines())]))
    for line in legend:
        echo(line)


def echo(text: str, *, err: bool = False) -> None:
    """Text on stdout or stderr: as it is, but that a terminal has long lines wrapped between words."""
    stream = sys.stderr if err else sys.stdout
    if stream.isatty():
        width = Console(file=stream).width
        text = "\n".join(
            textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) if len(line) > width else line
            for line in text.split("\n")
        )
    print(text, file=stream)


def echo_marked(mark: str, text: str, style: str) -> None:
    """A line that begins with a mark, which has a colour on a terminal."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(Text.assemble((mark, style), " ", text), soft_wrap=True)
    else:
        echo(f"{mark} {text}")


def echo_error(message: str) -> None:
    """An error message on stderr, after the program's name."""
    _echo_as_program(message, "tictally:", "bold red")


def echo_warning(message: str) -> None:
    """A warning on stderr, after the program's name."""
    _echo_as_program(message, "tictally: warning:", "bold yellow")


def _echo_as_program(message: str, mark: str, style: str) -> None:
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        console.print(Text.assemble((mark, style), " ", message), soft_wrap=True)
    else:
        echo(f"{mark} {message}", err=True)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr while something lasts more than a second; none where stderr is no terminal.

    Args:
        label: what is done.
        total: how many steps there are; None: unknown, the bar only moves.

    Yields:
        A function that advances the bar by a number of steps.
    """
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(label, total=total, visible=False)
    started_s = time.monotonic()

    def advance(steps: int) -> None:
        bar.update(task, advance=steps, visible=total is None or time.monotonic() > started_s + _SHOWN_AFTER_S)

    with bar:
        if total is None:
            bar.update(task, visible=True)
        yield advance
