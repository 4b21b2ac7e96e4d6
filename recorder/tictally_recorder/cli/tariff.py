"""`tictally tariff`: list tariffs, show one on a day, check them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from tictally_recorder.cli.catalogue import catalogue_of, end_with_problems, paid_by, tariff_of, today
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.contract_check import (
    contract_findings,
    findings_of_aliases,
    findings_of_powers,
    findings_of_sites,
    findings_of_used,
    ledger_of,
)
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.cli.options import Configuration, JsonOption, group
from tictally_recorder.cli.tariff_days import days
from tictally_recorder.cli.tariff_import import fetch, import_, undo
from tictally_recorder.cli.tariff_template import template
from tictally_recorder.cli.window import FROM, day_of, present
from tictally_recorder.reports import tariff_providers as provider_report
from tictally_recorder.reports import tariffs as report
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.catalogue import TariffCatalogue
from tictally_recorder.tariffs.check import TariffIssue
from tictally_recorder.tariffs.check import check as check_tariffs
from tictally_recorder.tariffs.providers.state import provider_states
from tictally_recorder.translations import catalogue as words_of

app = group()
app.command("import", short_help="Compare a tariff with a provider's file; take what is new.")(flattened(import_))
app.command("template", short_help="List market offers; write one as a file to begin with.")(flattened(template))
app.command(short_help="Fetch the regulator's files; take what is new.")(flattened(fetch))
app.command(short_help="Undo the last import of a tariff.")(flattened(undo))
app.command(short_help="Show the days that a supplier announces, or add some.")(flattened(days))


@app.command("list", short_help="List all tariffs.")
@flattened
def list_(*, json: JsonOption = False, configuration: Configuration) -> None:
    """List all tariffs, bundled or your own: versions, first day and confidence of the newest, since when overdue.

    Your own tariffs are the TOML files in the folder TICTALLY_TARIFFS, by default `tariffs` beside the ledger.
    """
    settings = configuration.settings()
    catalogue = catalogue_of(settings)
    if json:
        echo(report.list_as_json(catalogue.tariffs.values(), today(settings), settings.language))
    else:
        print_table(report.list_as_table(catalogue.tariffs.values(), today(settings), settings.language))
    end_with_problems((), catalogue)


@app.command(short_help="List who publishes tariffs, and the last imports.")
@flattened
def providers(*, json: JsonOption = False, configuration: Configuration) -> None:
    """List the tariff providers: what files `tictally tariff import` reads, of which tariffs, and when it last did.

    A tariff is overdue from the day on which a revision was due that is not known.
    """
    settings = configuration.settings()
    catalogue = catalogue_of(settings)
    states = provider_states(catalogue, today(settings))
    if json:
        echo(provider_report.as_json(states))
    else:
        words = words_of(settings.language)
        print_table(provider_report.as_table(states, words))
        echo("")
        for sentence in provider_report.sentences(states, words):
            echo(sentence)
    end_with_problems((), catalogue)


@app.command(short_help="Show a tariff on a day.")
@flattened
def show(
    tariff_id: Annotated[str, typer.Argument(metavar="ID", help="A tariff, as `tictally tariff list` names it.")],
    *,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DAY", help="A day, in the forms of `tictally cost`. Default: today.")
    ] = None,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """Show the version of a tariff that holds on a day: every amount, its source, and its hash.

    The hash changes with anything that a cost depends on, and with nothing else.
    """
    settings = configuration.settings()
    catalogue = catalogue_of(settings)
    tariff = tariff_of(catalogue, tariff_id)
    day = today(settings) if on is None else day_of("--on", on, settings.zone, present())
    version = tariff.on(day)
    if version is None:
        end_with_problems(
            [words_of(settings.language).text("tariff_text.no_version", tariff=tariff.id, day=str(day))], catalogue
        )
    elif json:
        echo(report.version_as_json(tariff, version, settings.language, day))
    else:
        for line in report.version_as_text(tariff, version, settings.language, day):
            echo(line)
        for table in report.version_as_tables(tariff, version, words_of(settings.language)):
            echo("")
            print_table(table)
    end_with_problems((), catalogue)


@app.command(short_help="Check tariffs and contracts for gaps and overdue revisions.")
@flattened
def check(
    tariff_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Tariffs. Default: those of your contracts, else all of them."),
    ] = None,
    *,
    start: Annotated[
        str | None, typer.Option(FROM, metavar="DAY", help="Leave out what ended before this day.")
    ] = None,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """Check tariffs: days without a version, powers and subscriptions that a version lacks, overdue revisions, taxes.

    Files that cannot be used are shown as well.

    With contracts, only their tariffs are checked, from the first day that each was used. Shown as well: a meter that
    announces another option, calendar or power than its contract, prices that are missing at the contract's power,
    aliases that were never used, and contracts of unknown sites. Exit code 1: something was found.
    """
    settings = configuration.settings()
    since = date.min if start is None else day_of(FROM, start, settings.zone, present())
    catalogue, found = _findings(settings, tariff_ids or [])
    found = [each for each in found if each.until is None or each.until >= since]
    if json:
        echo(report.findings_as_json(found, catalogue.errors))
    else:
        words = words_of(settings.language)
        for finding in found:
            echo(words.phrase(finding.phrase))
        for error in catalogue.errors:
            echo(words.phrase(report.broken_file(error)))
        if not found and not catalogue.errors:
            echo(words.text("tariff_text.nothing"))
    if found or catalogue.errors:
        raise typer.Exit(1)


def _findings(settings: Settings, tariff_ids: Sequence[str]) -> tuple[TariffCatalogue, list[TariffIssue]]:
    day = today(settings)
    with ledger_of(settings) as reader:
        sites = reader.sites() if reader else []
        paid = paid_by(settings, sites)
        catalogue, contracts = paid.catalogue, paid.terms.contracts
        if tariff_ids:
            # What is in a file that cannot be used is reported with that file.
            known = [each for each in tariff_ids if each in catalogue.tariffs or each not in catalogue.broken.by_id]
            asked = [tariff_of(catalogue, each) for each in known]
            return catalogue, check_tariffs(asked, day, tables=catalogue.tax_tables.values())
        found = (
            findings_of_used(paid.terms.tariffs, catalogue.tax_tables.values(), contracts, day)
            if contracts.all
            else check_tariffs(catalogue.tariffs.values(), day, tables=catalogue.tax_tables.values())
        )
        found += findings_of_powers(paid.terms)
        if reader:
            found += contract_findings(reader, sites, paid.terms, day, settings.zone)
            found += findings_of_aliases(reader, sites, paid.terms, settings.zone)
            found += findings_of_sites(sites, [each.site.id for each in reader.ignored_sites()], contracts)
        return catalogue, found
