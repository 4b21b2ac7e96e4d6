"""What a command prints: results on stdout, messages beside a machine-readable result on stderr.

rich is imported where something needs it: that takes longer than most answers that do not.
"""

import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from tictally_recorder.imports.errors import ImportFileError
from tictally_recorder.problem import ProblemError
from tictally_recorder.tariffs.errors import InFileError
from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import Catalogue

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

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


def print_table(table: "Table") -> None:
    """A table as wide as the terminal, elsewhere as COLUMNS or 80; in colour on a terminal without NO_COLOR."""
    from rich.text import Text  # noqa: PLC0415 - see above

    from tictally_recorder.reports.table import fit  # noqa: PLC0415 - see above

    console = _console()
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
        width = _console(file=stream).width
        text = "\n".join(
            textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) if len(line) > width else line
            for line in text.split("\n")
        )
    print(text, file=stream)


def echo_marked(mark: str, text: str, style: str, *, err: bool = False) -> None:
    """A line that begins with a mark, which has a colour on a terminal."""
    from rich.text import Text  # noqa: PLC0415 - see above

    console = _console(stderr=err)
    if console.is_terminal:
        console.print(Text.assemble((mark, style), " ", text), soft_wrap=True)
    else:
        echo(f"{mark} {text}", err=err)


def echo_error(message: str) -> None:
    """An error message on stderr, after the program's name."""
    echo_marked("tictally:", message, "bold red", err=True)


def echo_warning(message: str) -> None:
    """A warning on stderr, after the program's name."""
    echo_marked("tictally: warning:", message, "bold yellow", err=True)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr while something lasts more than a second; none where stderr is no terminal.

    Args:
        label: what is done.
        total: how many steps there are; None: unknown, the bar only moves.

    Yields:
        A function that advances the bar by a number of steps.
    """
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import (  # noqa: PLC0415 - see above
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task(label, total=total, visible=False)
    started_s = time.monotonic()

    def advance(steps: int) -> None:
        bar.update(task, advance=steps, visible=total is None or time.monotonic() > started_s + _SHOWN_AFTER_S)

    with bar:
        if total is None:
            bar.update(task, visible=True)
        yield advance


def _console(**options: Any) -> "Console":  # noqa: ANN401 - rich's own
    from rich.console import Console  # noqa: PLC0415 - see above

    return Console(highlight=False, **options)
