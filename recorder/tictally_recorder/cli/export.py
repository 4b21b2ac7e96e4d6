"""`tictally export`: the ledger's content as tables that any program reads."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from tictally_recorder.cli.catalogue import paid_by
from tictally_recorder.cli.console import say
from tictally_recorder.cli.energy import moment_of, sites_of
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.export import Asked, Format
from tictally_recorder.export import export as write
from tictally_recorder.ledger import LedgerReader

_EVER: Final = datetime(1971, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)


class What(StrEnum):
    """The tables, as a command line names them."""

    QUARTERS = "quarters"
    HOURS = "hours"
    DAYS = "days"
    COST = "cost"
    POWERS = "powers"
    TEXTS = "texts"


def export(  # noqa: PLR0913 - options of a command
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where a file for each table is put.", show_default=False)
    ],
    *,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="MOMENT", help="Where it begins, as for `energy`. Without it: at the first frame."
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="MOMENT", help="Where it ends, excluded. Without it: after the last frame."),
    ] = None,
    what: Annotated[
        list[What] | None, typer.Option(help="Which table; may be given more than once. Without it: all of them.")
    ] = None,
    to: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.CSV,
    site: Annotated[
        str | None, typer.Option(metavar="SITE", help="One site, or a meter of it. Without it: every site.")
    ] = None,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Write the ledger's content as tables that any program reads: energy by quarter of an hour, hour and day, cost by
    day, powers, and what the meters said in texts.

    docs/export.md says what each column is. Parquet needs pyarrow beside this program.
    """  # noqa: D205 - typer shows the first paragraph as one
    settings = settings_of(config, ledger)
    tz = settings.zone
    start_at = moment_of("--from", start, tz) if start is not None else _EVER[0]
    end_at = moment_of("--to", end, tz) if end is not None else _EVER[1]
    if start_at >= end_at:
        raise typer.BadParameter(f"{start_at} is not before {end_at}", param_hint="--from")
    with LedgerReader.open(settings.ledger) as reader:
        terms = paid_by(settings, reader.sites()).terms
        asked = Asked(reader, tuple(sites_of(reader, site)), start_at, end_at, terms, tz)
        for path, n in write(asked, list(what or What), to, folder):
            say(f"{path}: {n} rows, {path.stat().st_size / 1000:.0f} kB")
