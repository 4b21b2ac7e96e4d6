"""`tictally energy`: what the registers counted."""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.cli.catalogue import paid_by
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.options import Configuration, Output
from tictally_recorder.cli.window import Window, present
from tictally_recorder.cost.contracts.billing import BillingMonths
from tictally_recorder.cost.unmetered import unmetered_of
from tictally_recorder.energy import EnergyQuery, EnergyRow, gaps
from tictally_recorder.energy import energy as energy_rows
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.reports.energy import Missing, as_csv, as_json, as_table, remarks
from tictally_recorder.translations import catalogue
from tictally_shared.calendar import By
from tictally_shared.catalogue import Catalogue


class EnergyPeriods(StrEnum):
    """The periods that energy is summed by."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    BILL = "bill"


def energy(
    window: Window,
    by: Annotated[EnergyPeriods, typer.Option(help="Period of a row; `bill`: the months of the contract's bills.")] = (
        EnergyPeriods.DAY
    ),
    *,
    all_registers: Annotated[bool, typer.Option("--all", help="Show registers that stayed at zero, too.")] = False,
    output: Output,
    configuration: Configuration,
) -> None:
    """Show the energy of each register, by period of time and tariff period.

    Energy is the register at the end minus the register at the start: a gap loses resolution, never a kWh. Rows that
    rest on a value between two distant frames are marked estimated. --from and --to may be times
    (2026-11-21T20:00, with or without offset); in the hour that autumn has twice, the first is meant.
    """
    settings = configuration.settings()
    tz = settings.zone
    start, end = window.moments(tz, present())
    results = []
    with LedgerReader.open(settings.ledger) as reader:
        contracts = paid_by(settings, reader.sites()).terms.contracts if by is EnergyPeriods.BILL else None
        shown_by = By.MONTH if contracts else By(by)
        for site in window.sites(reader):
            query = EnergyQuery(site.id, start, end, shown_by, tz)
            if contracts:
                days = start.astimezone(tz).date(), end.astimezone(tz).date() + timedelta(days=1)
                query = replace(query, firsts=BillingMonths(site.id, contracts).first_days(*days))
            rows = energy_rows(reader, query, all_registers=all_registers)
            results.append((site, rows, _missing(reader, site, rows)))
    rows = [row for _, of_site, _ in results for row in of_site]
    if output.is_for_programs:
        echo((as_json if output.json else as_csv)(rows, tz))
    else:
        _show(results, shown_by, tz, catalogue(settings.language))
    if not rows:
        words = catalogue(settings.language)
        period = {name: f"{moment.astimezone(tz):%Y-%m-%dT%H:%M}" for name, moment in (("start", start), ("end", end))}
        sentence = words.text("report.nothing_between", **period) if results else words.text("report.no_frames")
        echo(sentence, err=output.is_for_programs)


def _missing(reader: LedgerReader, site: Site, rows: list[EnergyRow]) -> Missing:
    began_ms = min(meter.first_ms for meter in site.meters)
    if not rows:
        return Missing(began_ms)
    start_ms, end_ms = min(row.start_ms for row in rows), max(row.end_ms for row in rows)
    lost = reader.lost_between(site.edges, start_ms, end_ms)
    return Missing(began_ms, gaps(reader, site, start_ms, end_ms), lost, unmetered_of(reader, site))


def _show(results: list[tuple[Site, list[EnergyRow], Missing]], by: By, tz: ZoneInfo, words: Catalogue) -> None:
    shown = [each for each in results if each[1]]
    for number, (site, rows, missing) in enumerate(shown):
        if number:
            echo("")
        print_table(as_table(site.id, rows, by, tz, words))
        for remark in remarks(rows, missing, tz):
            echo(words.phrase(remark))
