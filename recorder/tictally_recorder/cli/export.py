"""`tictally export`: the ledger's content as tables that any program reads."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.cli.catalogue import paid_by
from tictally_recorder.cli.console import echo, progress
from tictally_recorder.cli.options import Configuration
from tictally_recorder.cli.window import FROM, TO, Window, moment_of, present
from tictally_recorder.export import ExportQuery, Format
from tictally_recorder.export import export as write
from tictally_recorder.ledger import LedgerReader

_ALWAYS: Final = datetime(1971, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)


class What(StrEnum):
    """The tables, as a command line names them."""

    QUARTERS = "quarters"
    HOURS = "hours"
    DAYS = "days"
    COST = "cost"
    POWERS = "powers"
    OBSERVATIONS = "observations"
    TEXTS = "texts"
    NOTES = "notes"


@dataclass(frozen=True, slots=True)
class ExportWindow(Window):
    """The whole ledger, unless the options select a part."""

    start: Annotated[
        str | None,
        typer.Option(FROM, metavar="WHEN", help="Start, in the forms of `tictally energy`. Default: the first frame."),
    ] = None
    end: Annotated[
        str | None, typer.Option(TO, metavar="WHEN", help="End, excluded. Default: after the last frame.")
    ] = None

    def moments(self, tz: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
        """Start and end in UTC, as of `Window`."""
        start = _ALWAYS[0] if self.start is None else moment_of(FROM, self.start, tz, now)
        end = _ALWAYS[1] if self.end is None else moment_of(TO, self.end, tz, now)
        if start >= end:
            raise self.out_of_order(f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}")
        return start, end


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for a file per table.", show_default=False)],
    window: ExportWindow,
    what: Annotated[
        list[What] | None,
        typer.Option(
            "--what",
            metavar="TABLE",
            help=f"Table: {', '.join(What)}; may be repeated. Default: all of them.",
        ),
    ] = None,
    to: Annotated[Format, typer.Option("--format", help="Format of the files.")] = Format.CSV,
    *,
    configuration: Configuration,
) -> None:
    """Write the ledger's content as tables: energy by quarter-hour, hour and day, cost by day, powers, strings, notes.

    docs/export.md describes every column. Parquet needs pyarrow installed with this program.
    """
    settings = configuration.settings()
    tz = settings.zone
    start, end = window.moments(tz, present())
    tables = list(what or What)
    with LedgerReader.open(settings.ledger) as reader, progress("Exporting", len(tables)) as advance:
        terms = paid_by(settings, reader.sites()).terms
        query = ExportQuery(reader, tuple(window.sites(reader)), start, end, terms, tz)
        for path, rows in write(query, tables, to, folder):
            echo(f"{path}: {rows} rows, {path.stat().st_size / 1000:.0f} kB")
            advance(1)
