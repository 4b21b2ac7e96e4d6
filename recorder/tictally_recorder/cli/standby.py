"""`tictally standby`: what a home draws at night when nobody uses anything, and what that costs a year."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.cli.catalogue import paid_by, tell_broken
from tictally_recorder.cli.console import print_table, say
from tictally_recorder.cli.cost import Periods, local_day, window
from tictally_recorder.cli.energy import sites_of
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.cost import Terms
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.contracts.onboarding import how_to_begin
from tictally_recorder.cost.standby import by_period, trend, year_cost_of
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.reports import standby as report
from tictally_recorder.reports.cost import as_csv, as_json
from tictally_shared.calendar import By

_MONTHS_BEFORE: Final = 11


def standby(  # noqa: PLR0913 - options of a command
    *,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DATE",
            help="The first local day (2026-11-21) of the answer. Without it: twelve months, the last one included.",
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="DATE", help="The local day on which it ends, excluded. Without it: tomorrow."),
    ] = None,
    by: Annotated[Periods, typer.Option(help="What a row stands for.")] = Periods.MONTH,
    site: Annotated[
        str | None,
        typer.Option(metavar="SITE", help="One site, or a meter of it. Without it: every site, each by itself."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As a JSON array; amounts are texts.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Tell the base load of nights, whether it rises or falls, and what it costs a year.

    A night is from midnight to 06:00, its base load the power that nine of ten of its minutes reach; a row has the
    median of its nights. Contract and prices are those of the answer's last day. Exit code 1 where a site has no
    contract, with a sentence that says what to write.
    """
    if csv and json:
        raise typer.BadParameter("it excludes --csv", param_hint="--json")
    settings = settings_of(config, ledger)
    tz = settings.zone
    today = datetime.now(UTC).astimezone(tz).date()
    first, until = _window(start, end, tz, today)
    answers, help_wanted = [], []
    with LedgerReader.open(settings.ledger) as reader:
        sites = reader.sites()
        paid = paid_by(settings, sites)
        for asked in sites_of(reader, site):
            prices_of = min(today, until - timedelta(days=1))
            answers.append(_answer(reader, asked, (first, until), By(by), prices_of, paid.terms, tz))
            if not paid.has_contract(asked.id):
                help_wanted.append(
                    how_to_begin(
                        settings.contracts_file, tz, asked, announced(reader, asked), is_only_site=len(sites) == 1
                    )
                )
    answers = [answer for answer in answers if answer.sums]
    if json or csv:
        found = [record for answer in answers for record in report.records(answer)]
        say(as_json(found) if json else as_csv(found, report.COLUMNS))
    else:
        _show(answers, By(by))
    if not answers:
        say(f"No night is known from {first} to {until}.", aside=json or csv)
    for each in help_wanted:
        say(f"tictally: {each}", aside=True)
    tell_broken(paid.shelf)
    if help_wanted or paid.shelf.errors:
        raise typer.Exit(1)


def _window(start: str | None, end: str | None, tz: ZoneInfo, today: date) -> tuple[date, date]:
    """The days of the answer, as `tictally cost` has them; without `--from` the last day's month and eleven before."""
    if start is not None:
        return window(start, end, tz, today)
    until = today + timedelta(days=1) if end is None else local_day("--to", end, tz)
    last = until - timedelta(days=1)
    months = last.year * 12 + last.month - 1 - _MONTHS_BEFORE
    return date(months // 12, months % 12 + 1, 1), until


def _answer(  # noqa: PLR0913, PLR0917 - all that an answer depends on
    reader: LedgerReader, site: Site, days: tuple[date, date], by: By, prices_of: date, terms: Terms, tz: ZoneInfo
) -> report.Answer:
    first, until = days
    nights = reader.standby(site, date.min, until)
    asked = by_period([night for night in nights if night.day >= first], by)
    found = trend(nights)
    recent = found.recent.va if found else None
    cost = None if recent is None else year_cost_of(reader, site, recent, prices_of, terms, tz)
    return report.Answer(site.id, asked, found, cost)


def _show(answers: list[report.Answer], by: By) -> None:
    for number, answer in enumerate(answers):
        if number:
            say("")
        print_table(report.as_table(answer, by))
        for remark in report.remarks(answer):
            say(remark)
