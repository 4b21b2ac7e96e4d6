"""`tictally cost`: what energy cost, by which price list."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.cli.catalogue import paid_by, tell_broken
from tictally_recorder.cli.console import print_table, say
from tictally_recorder.cli.energy import sites_of
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.cost.aggregation import Line, Summed, sum_up
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.contracts.onboarding import how_to_begin
from tictally_recorder.cost.query import cost_of, days_with_frames
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.reports import cost as report
from tictally_recorder.reports import cost_explain as explaining
from tictally_recorder.reports.cost_before import Before, as_records, as_text, read_before
from tictally_shared.calendar import By, CalendarError, local_midnight, parse_moment


class Periods(StrEnum):
    """The periods by which cost is told: of whole days."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


def cost(  # noqa: PLR0913 - options of a command
    *,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="The first local day (2026-11-21) of the answer. Without it: today."
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="DATE", help="The local day on which it ends, excluded. Without it: tomorrow."),
    ] = None,
    by: Annotated[Periods, typer.Option(help="What a sum stands for.")] = Periods.DAY,
    site: Annotated[
        str | None,
        typer.Option(metavar="SITE", help="One site, or a meter of it. Without it: every site, each by itself."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also registers from and to, source and reckoning of each figure.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As a JSON array; amounts are texts.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Tell what energy and subscription cost, by period of time and tariff period, and by which version of a price
    list.

    Cost is of whole local days. What is unknown is in no sum and has its reason below; what rests on a price list that
    is overdue is provisional. Exit code 1 where a site has no contract, with a sentence that says what to write.
    """  # noqa: D205 - typer shows the first paragraph as one
    if csv and (json or explain):
        raise typer.BadParameter("it excludes --csv", param_hint="--json" if json else "--explain")
    settings = settings_of(config, ledger)
    tz = settings.zone
    first, until = window(start, end, tz, datetime.now(UTC).astimezone(tz).date())
    answers, help_wanted, said = [], [], []
    before: dict[str, list[Before]] = {}
    with LedgerReader.open(settings.ledger) as reader:
        sites = reader.sites()
        paid = paid_by(settings, sites)
        for asked in sites_of(reader, site):
            sums = sum_up(cost_of(reader, asked, first, until, paid.terms, tz), By(by))
            answers.append(report.Answer(asked.id, sums))
            said.append(_beyond(asked, first, until, tz))
            if explain:
                before[asked.id] = read_before(asked.id, reader.cost_days(asked.id, first, until, replaced=True))
            if not paid.has_contract(asked.id):
                help_wanted.append(
                    how_to_begin(
                        settings.contracts_file, tz, asked, announced(reader, asked), is_only_site=len(sites) == 1
                    )
                )
    if json or csv:
        found = [
            record | _explained(of, before[answer.site]) if explain else record
            for answer in answers
            for record, of in report.records(answer)
        ]
        say((report.as_json if json else report.as_csv)(found))
    else:
        _show(answers, said, tz, By(by), before if explain else None)
    if not any(answer.sums for answer in answers):
        say(f"Nothing was counted from {first} to {until}.", aside=json or csv)
    for each in help_wanted:
        say(f"tictally: {each}", aside=True)
    tell_broken(paid.shelf)
    if help_wanted or paid.shelf.errors:
        raise typer.Exit(1)


def window(start: str | None, end: str | None, tz: ZoneInfo, today: date) -> tuple[date, date]:
    """The first local day, and the one on which the answer ends, excluded.

    Args:
        start: as the user wrote it, or None: today.
        end: as the user wrote it, or None: tomorrow.
        tz: whose days are meant.
        today: the local date.

    Raises:
        typer.BadParameter: one is no day, or they are in the wrong order.
    """
    first = today if start is None else local_day("--from", start, tz)
    until = today + timedelta(days=1) if end is None else local_day("--to", end, tz)
    if first >= until:
        raise typer.BadParameter(f"{first} is not before {until}", param_hint="--from")
    return first, until


def local_day(option: str, text: str, tz: ZoneInfo) -> date:
    """The local day that a user's text means.

    Raises:
        typer.BadParameter: it means none, or a time inside one.
    """
    try:
        moment = parse_moment(text, tz)
    except CalendarError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
    day = moment.astimezone(tz).date()
    if moment != local_midnight(day, tz):
        raise typer.BadParameter(f"{text[:40]!r} is inside a day, and the answer is of whole days", param_hint=option)
    return day


def _beyond(site: Site, first: date, until: date, tz: ZoneInfo) -> list[str]:
    """What a person must know of days that have no rows because the ledger does not reach so far."""
    days = days_with_frames(site, date.min, date.max, tz)
    said = []
    if first < days[0]:
        said.append(f"The first frame is of {days[0]}; what was used before it is not known.")
    if days[-1] < until - timedelta(days=1):
        said.append(f"The last frame is of {days[-1]}; what was used after it is not known yet.")
    return said


def _explained(of: Line | Summed, before: list[Before]) -> report.Record:
    if isinstance(of, Line):
        return {"explain": explaining.as_record(of), "before": None}
    return {"explain": None, "before": as_records(before, of)}


def _show(
    answers: list[report.Answer],
    said: list[list[str]],
    tz: ZoneInfo,
    by: By,
    before: dict[str, list[Before]] | None,
) -> None:
    told = [(answer, beyond) for answer, beyond in zip(answers, said, strict=True) if answer.sums]
    for number, (answer, beyond) in enumerate(told):
        if number:
            say("")
        print_table(report.as_table(answer))
        for remark in [*report.remarks(answer), *beyond]:
            say(remark)
        if before is not None:
            for line in ["", *explaining.as_text(answer, tz), *as_text(before[answer.site], by, tz)]:
                say(line)
