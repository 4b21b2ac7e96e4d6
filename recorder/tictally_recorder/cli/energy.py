"""`tictally energy`: what the registers counted."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.cli.console import print_table, say
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.cost.unmetered import unmetered_of
from tictally_recorder.energy import EnergyQuery, EnergyRow, gaps
from tictally_recorder.energy import energy as energy_rows
from tictally_recorder.ledger import LedgerError, LedgerReader, Site
from tictally_recorder.reports.energy import Missing, as_csv, as_json, as_table, remarks
from tictally_shared.calendar import By, CalendarError, parse_moment, period_start


def energy(  # noqa: PLR0913 - options of a command
    *,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MOMENT",
            help="Where the answer begins: a local date (2026-11-21), a local time (2026-11-21T20:00; the first of "
            "the two in the hour that autumn has twice) or a time with offset. Without it: the start of today.",
        ),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="MOMENT", help="Where it ends, excluded. Without it: now.")
    ] = None,
    by: Annotated[By, typer.Option(help="What a row stands for.")] = By.DAY,
    site: Annotated[
        str | None,
        typer.Option(metavar="SITE", help="One site, or a meter of it. Without it: every site, each by itself."),
    ] = None,
    all_registers: Annotated[
        bool, typer.Option("--all", help="Also registers that stood at zero all the time.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As a JSON array, in Wh.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, in Wh.")] = False,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Tell how much energy went through each register, by period of time and tariff period.

    Energy is the register at the end minus the register at the start: a gap loses resolution and never a kWh. Rows that
    rest on a value between two distant frames are marked estimated.
    """
    if json and csv:
        raise typer.BadParameter("it excludes --csv", param_hint="--json")
    settings = settings_of(config, ledger)
    tz = settings.zone
    start_at, end_at = _window(start, end, tz, datetime.now(UTC))
    with LedgerReader.open(settings.ledger) as reader:
        answers = []
        for asked in sites_of(reader, site):
            of_site = energy_rows(reader, EnergyQuery(asked.id, start_at, end_at, by, tz), all_registers=all_registers)
            answers.append((asked, of_site, _missing(reader, asked, of_site)))
    rows = [row for _, of_site, _ in answers for row in of_site]
    if json or csv:
        say((as_json if json else as_csv)(rows, tz))
    else:
        _show(answers, by, tz)
    if not rows:
        window = f"{start_at.astimezone(tz):%Y-%m-%d %H:%M} and {end_at.astimezone(tz):%Y-%m-%d %H:%M}"
        say(f"Nothing was counted between {window}.", aside=json or csv)


def _window(start: str | None, end: str | None, tz: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    start_at = moment_of("--from", start, tz) if start is not None else period_start(now, By.DAY, tz)
    end_at = moment_of("--to", end, tz) if end is not None else now
    if start_at >= end_at:
        raise typer.BadParameter(
            f"{start_at.astimezone(tz)} is not before {end_at.astimezone(tz)}", param_hint="--from"
        )
    return start_at, end_at


def moment_of(option: str, text: str, tz: ZoneInfo) -> datetime:
    """What a user wrote as a moment, in UTC.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        return parse_moment(text, tz)
    except CalendarError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def sites_of(reader: LedgerReader, asked: str | None) -> list[Site]:
    """The sites that are meant: one that is named by its id or a meter of it, or all.

    Raises:
        LedgerError: there is no such site.
    """
    sites = reader.sites()
    if asked is None:
        return sites
    found = [site for site in sites if asked == site.id or asked in {meter.key for meter in site.meters}]
    if not found:
        known = ", ".join(site.id for site in sites) or "none yet"
        raise LedgerError(f"there is no site {asked[:40]!r} in the ledger; it knows {known}")
    return found


def _missing(reader: LedgerReader, site: Site, rows: list[EnergyRow]) -> Missing:
    began_ms = min(meter.first_ms for meter in site.meters)
    if not rows:
        return Missing(began_ms)
    start_ms, end_ms = min(row.start_ms for row in rows), max(row.end_ms for row in rows)
    lost = reader.lost_between(site.edges, start_ms, end_ms)
    return Missing(began_ms, gaps(reader, site, start_ms, end_ms), lost, unmetered_of(reader, site))


def _show(answers: list[tuple[Site, list[EnergyRow], Missing]], by: By, tz: ZoneInfo) -> None:
    told = [answer for answer in answers if answer[1]]
    for number, (site, rows, missing) in enumerate(told):
        if number:
            say("")
        print_table(as_table(site.id, rows, by, tz))
        for remark in remarks(rows, missing, by, tz):
            say(remark)
