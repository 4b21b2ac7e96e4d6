"""`tictally contract`: list the contracts, add one, end one, check them against the meter."""

import json as json_
from datetime import date
from typing import Annotated

import typer

from tictally_recorder.cli.catalogue import paid_by, today
from tictally_recorder.cli.console import echo, echo_warning, print_table
from tictally_recorder.cli.contract_check import (
    contract_findings,
    findings_of_aliases,
    findings_of_powers,
    findings_of_sites,
    ledger_of,
)
from tictally_recorder.cli.contract_questions import AskedContract, ContractOptions, SiteOption, asked_text
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.cli.options import Configuration, JsonOption, group
from tictally_recorder.cli.window import read_day_or_moment
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.cost.contract_problems import contract_problems, counted_off_peak
from tictally_recorder.cost.contracts.edit import ContractEditError, NewContract, with_contract, with_end
from tictally_recorder.cost.contracts.file import ContractsFile
from tictally_recorder.cost.contracts.load import ContractError, TariffsNamed
from tictally_recorder.cost.contracts.meter_reported import Announced, announced
from tictally_recorder.cost.contracts.model import Contract, Contracts, iso_text
from tictally_recorder.cost.terms import LoadedTerms
from tictally_recorder.ledger import LedgerReader, Site, probable_exchanges
from tictally_recorder.reports import tariffs as report
from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.hours import WEEKDAYS
from tictally_recorder.tariffs.model import Direction, Tariff
from tictally_recorder.translations import catalogue as words_of

app = group()


@app.command("list", short_help="List the contracts.")
@flattened
def list_(*, json: JsonOption = False, configuration: Configuration) -> None:
    """List the contracts of all sites: tariff, power, first and last day, today's off-peak hours.

    A contract ends where the next one of its site and direction begins.
    """
    settings = configuration.settings()
    paid = _paid(settings)
    contracts = paid.terms.contracts
    records = [_record(contracts, each, today(settings)) for each in contracts.all]
    if json:
        echo(json_.dumps(records, ensure_ascii=False, indent=2))
        return
    words = words_of(settings.language)
    if not records:
        echo(words.text("contract_text.none", file=str(settings.contracts_file)))
        return
    table = plain_table()
    add_columns(table, words, "site", "direction", "tariff", "kva", "from", "until")
    add_columns(table, words, "off_peak", "chosen_day", "billing_day", "billed_in_advance", wraps=True)
    for contract, record in zip(contracts.all, records, strict=True):
        hours, day = record["off_peak_hours"], record["chosen_day"]
        shown = {
            **{name: each for name, each in record.items() if name != "powers_kw"},
            "power_kva": contract.power_kva or ", ".join(f"{name} {kw} kW" for name, kw in contract.powers_kw.items()),
            "direction": words.text(f"report.direction.{record['direction']}"),
            "off_peak_hours": ", ".join(hours) if isinstance(hours, list) else "",
            "chosen_day": None if day is None else words.text(f"weekday.{day}"),
        }
        table.add_row(*("" if each is None else str(each) for each in shown.values()))
    print_table(table)


@app.command(short_help="Add a contract; asks for what is not given.")
@flattened
def add(wanted: ContractOptions, configuration: Configuration) -> None:
    """Add a contract at the end of contracts.toml, and check it against the meter.

    On a terminal, what is not given is asked for; the meter's option and power are proposed. Everything else in the
    file stays as it is. A contract that cannot be used is not written.
    """
    settings = configuration.settings()
    words = words_of(settings.language)
    with ledger_of(settings) as reader:
        sites = reader.sites() if reader else []
        paid = paid_by(settings, sites)
        one = _site_of(sites, wanted.site)
        reported = announced(reader, one) if reader and one else Announced()
        proposed = reported.shipped_tariff or ""
        found = paid.catalogue.tariff(wanted.tariff or asked_text("--tariff", words, "tariff", proposed))
        asked = AskedContract(wanted, found, words)
        added = NewContract(
            found.id,
            site=one.id if one and len(sites) > 1 else None if one else wanted.site,
            power_kva=asked.power(reported),
            powers_kw=asked.powers_kw(),
            start=asked.start(settings),
            off_peak=(hours := asked.off_peak(counted_off_peak(reader, one, settings.zone) if reader and one else ())),
            summer_off_peak=asked.summer_off_peak(hours),
            chosen_weekday=asked.chosen_weekday(),
            billing_day=asked.billing_day(),
            billed_in_advance=asked.billed_in_advance(),
        )
        file = _file(settings, paid, sites)
        contracts = file.write(with_contract(file.text(), added))
        about = {"file": str(settings.contracts_file), "tariff": found.id, "start": added.start.text}
        echo(words.text("contract_text.added", **about))
        if reader and one:
            _warn(settings, reader, one, contracts, found)


@app.command(short_help="End a contract.")
@flattened
def end(
    last: Annotated[
        str,
        typer.Argument(
            metavar="WHEN", help="The last local day, in the forms of `tictally cost`, or a time at which it ends."
        ),
    ],
    *,
    site: SiteOption = None,
    injection: Annotated[bool, typer.Option("--injection", help="The contract for injection.")] = False,
    configuration: Configuration,
) -> None:
    """End the contract that holds at that time. What follows has no cost until another one begins.

    A change of tariff needs no end: `tictally contract add`, and the new contract follows the old one.
    """
    settings = configuration.settings()
    when = read_day_or_moment("WHEN", last, settings.zone)
    with ledger_of(settings) as reader:
        sites = reader.sites() if reader else []
        paid = paid_by(settings, sites)
        one = _site_of(sites, site)
        direction = Direction.INJECTION if injection else Direction.CONSUMPTION
        contracts, site_id = paid.terms.contracts, one.id if one else site or ""
        before_ms = int(when.at.timestamp()) * 1000 - 1 if when.at else None
        contract = (
            contracts.on(site_id, direction, when.day)
            if before_ms is None
            else contracts.at(site_id, direction, when.day, before_ms)
        )
        if contract is None:
            raise WrongUse("no_contract", "WHEN", day=when.text)
        if contract.until is not None:
            known = iso_text(contract.ends_at or contract.until)
            raise WrongUse("contract_ends", "WHEN", day=known, file=settings.contracts_file)
        try:
            file = _file(settings, paid, sites)
            file.write(with_end(file.text(), contract, when, settings.zone))
        except ContractEditError as error:
            raise ContractError(str(settings.contracts_file), 1, error.problem) from None
    about = {"tariff": contract.tariff, "start": contract.begins, "until": when.text}
    echo(words_of(settings.language).text("contract_text.ended", **about))


@app.command(short_help="Check the contracts against the meter.")
@flattened
def check(*, json: JsonOption = False, configuration: Configuration) -> None:
    """Check the contracts: option, power and off-peak hours that the meter counts differently, missing prices.

    Shown as well: off-peak hours or a weekday that a tariff's rules ask for and the contract lacks, aliases that were
    never used, and contracts of unknown sites. Exit code 1: something was found.
    """
    settings = configuration.settings()
    with ledger_of(settings) as reader:
        sites = reader.sites() if reader else []
        paid = paid_by(settings, sites)
        found = findings_of_powers(paid.terms)
        if reader:
            found += contract_findings(reader, sites, paid.terms, today(settings), settings.zone)
            found += findings_of_aliases(reader, sites, paid.terms, settings.zone)
            ignored = [each.site.id for each in reader.ignored_sites()]
            found += findings_of_sites(sites, ignored, paid.terms.contracts)
    if json:
        echo(report.findings_as_json(found, ()))
    else:
        words = words_of(settings.language)
        for finding in found:
            echo(words.phrase(finding.phrase))
        if not found:
            key = "fine" if paid.terms.contracts.all else "none_to_check"
            echo(words.text(f"contract_text.{key}", file=str(settings.contracts_file)))
    if found:
        raise typer.Exit(1)


def _paid(settings: Settings) -> LoadedTerms:
    with ledger_of(settings) as reader:
        return paid_by(settings, reader.sites() if reader else [])


def _record(contracts: Contracts, contract: Contract, day: date) -> dict[str, object]:
    last = contracts.end_of(contract)
    return {
        "site": contract.site,
        "direction": str(contract.direction),
        "tariff": contract.tariff,
        "power_kva": contract.power_kva,
        "powers_kw": {name: f"{kw:f}" for name, kw in contract.powers_kw.items()},
        "from": contract.begins,
        "until": None if last is None else iso_text(last),
        "off_peak_hours": [f"{begin:%H:%M}-{end:%H:%M}" for begin, end in contract.off_peak_on(day)],
        "chosen_day": None if contract.chosen_weekday is None else WEEKDAYS[contract.chosen_weekday],
        "billing_day": contract.billing_day,
        "billed_in_advance": contract.billed_in_advance,
    }


def _site_of(sites: list[Site], wanted: str | None) -> Site | None:
    """The site that is meant; None where the ledger has none yet."""
    if wanted is None:
        if len(sites) > 1:
            raise WrongUse("name_a_site", "--site", sites=", ".join(each.id for each in sites))
        return sites[0] if sites else None
    found = next((each for each in sites if wanted == each.id), None)
    if found is None and sites:
        raise WrongUse("no_such_site", "--site", sites=", ".join(each.id for each in sites))
    return found


def _file(settings: Settings, paid: LoadedTerms, sites: list[Site]) -> ContractsFile:
    named = TariffsNamed(paid.catalogue.tariffs, settings.zone, paid.catalogue.broken)
    return ContractsFile(settings.contracts_file, named, {each.id for each in sites}, probable_exchanges(sites))


def _warn(settings: Settings, reader: LedgerReader, site: Site, contracts: Contracts, tariff: Tariff) -> None:
    """What the meter reports otherwise, where the contract holds today."""
    contract = contracts.on(site.id, tariff.direction, today(settings))
    if contract is not None and contract.tariff == tariff.id:
        for problem in contract_problems(reader, site, contract, tariff, settings.zone):
            echo_warning(words_of(settings.language).phrase(problem))
