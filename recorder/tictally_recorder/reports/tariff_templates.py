"""Templates of market offers as a table for people, and as records for programs. Pure."""

import json
from collections.abc import Iterable, Iterator

from rich.table import Table

from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.reports.tariffs import name_of
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.translations import catalogue


def needs(tariff: Tariff) -> Iterator[str]:
    """What a tariff's rules ask for beside the time: `off_peak`, `chosen_day`, `colours`, `days`."""
    rules = tariff.rules.rules if tariff.rules else ()
    if any(rule.is_off_peak for rule in rules):
        yield "off_peak"
    if any(rule.has_chosen_weekday for rule in rules):
        yield "chosen_day"
    if any(rule.colours for rule in rules):
        yield "colours"
    if any(rule.days for rule in rules):
        yield "days"


def as_table(tariffs: Iterable[Tariff], language: str) -> Table:
    """Human-readable table, in the order of the tariffs."""
    table = plain_table("")
    words = catalogue(language)
    add_columns(table, words, "name")
    add_columns(table, words, "supplier", "offer", wraps=True)
    add_columns(table, words, "as_of")
    add_columns(table, words, "periods", wraps=True)
    for each in tariffs:
        as_of = str(each.versions[-1].start)
        table.add_row(each.id, each.supplier, name_of(each, language), as_of, ", ".join(each.periods))
    return table


def as_json(tariffs: Iterable[Tariff], language: str) -> str:
    """An array of objects: id, supplier, name, as_of, confidence, periods, powers_kva, needs."""
    records = [
        {
            "id": each.id,
            "supplier": each.supplier,
            "name": name_of(each, language),
            "as_of": str(each.versions[-1].start),
            "confidence": str(each.versions[-1].confidence),
            "periods": list(each.periods),
            "powers_kva": list(each.versions[-1].powers),
            "needs": list(needs(each)),
        }
        for each in tariffs
    ]
    return json.dumps(records, ensure_ascii=False, indent=2)
