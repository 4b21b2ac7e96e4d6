"""`tictally compare`: what the same use would have cost on other price lists."""

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tictally_recorder.cli.catalogue import paid_by, tell_broken
from tictally_recorder.cli.console import print_table, say
from tictally_recorder.cli.cost import window
from tictally_recorder.cli.energy import sites_of
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.cost.compare import Assumed
from tictally_recorder.cost.compare.query import answer_of
from tictally_recorder.cost.compare.tempo_colours import ColourError, read_colours
from tictally_recorder.cost.contracts.load import parse_hours
from tictally_recorder.cost.contracts.model import Hours
from tictally_recorder.cost.query import days_with_frames
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports import compare as report
from tictally_shared.status_register import Colour


class _Powers(StrEnum):
    """Which powers are compared."""

    BESIDE = "beside"
    ALL = "all"


def compare(  # noqa: PLR0913 - options of a command
    *,
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="The first local day of the answer.")],
    end: Annotated[str, typer.Option("--to", metavar="DATE", help="The local day on which it ends, excluded.")],
    site: Annotated[str | None, typer.Option(metavar="SITE", help="One site, or a meter of it. Without: all.")] = None,
    windows: Annotated[
        str | None,
        typer.Option(
            metavar="HOURS",
            help="Off-peak hours of HP/HC, 22:00-06:00, several with commas. Without it: the contract's.",
        ),
    ] = None,
    colours: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Tempo's colours, lines of date,color: 2026-11-21,blue.")
    ] = None,
    powers: Annotated[
        _Powers, typer.Option(help="Which powers of each list: the subscribed one and those beside it, or all.")
    ] = _Powers.BESIDE,
    json: Annotated[bool, typer.Option("--json", help="As a JSON array; amounts are texts.")] = False,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Tell what the same use would have cost on each price list and power.

    Off-peak hours are assumed and said; a Tempo day whose colour is not known makes that price list's cost unknown.
    """
    settings = settings_of(config, ledger)
    tz = settings.zone
    first, until = window(start, end, tz, datetime.now(UTC).astimezone(tz).date())
    told = _windows(windows) if windows else ()
    given = _given(colours) if colours else {}
    with LedgerReader.open(settings.ledger) as reader:
        paid = paid_by(settings, reader.sites())
        asked = {each: days_with_frames(each, first, until, tz) for each in sites_of(reader, site)}
        wish = Assumed(told, given, {}, every_power=powers is _Powers.ALL)
        answers = [answer_of(reader, each, days, paid, wish, tz) for each, days in asked.items() if days]
    if json:
        say(report.as_json(answers))
    else:
        for answer in answers:
            print_table(report.as_table(answer))
            for remark in report.remarks(answer):
                say(remark)
    if not answers:
        say(f"Nothing was counted from {first} to {until}.", aside=json)
    tell_broken(paid.shelf)
    if paid.shelf.errors:
        raise typer.Exit(1)


def _windows(text: str) -> tuple[Hours, ...]:
    try:
        return tuple(parse_hours(each.strip()) for each in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{error}, such as 22:00-06:00", param_hint="--windows") from None


def _given(file: Path) -> dict[date, Colour]:
    try:
        return read_colours(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ColourError) as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="--colours") from None
