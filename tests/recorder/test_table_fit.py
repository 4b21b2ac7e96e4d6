"""Tables on a terminal of 80 columns: no word, id, date or hour is broken where there is room."""

import re
from collections.abc import Sequence

import pytest
from rich.console import Console

from tictally_recorder.reports.table import column_widths, fit, plain_table

CONTRACTS = [
    ["Site", "", ""],
    ["Sens", "consommation", "injection"],
    ["Tarif", "edf-bleu-hphc", "edf-zen-weekend-plus-hc"],
    ["kVA", "6", "12"],
    ["Du", "2024-11-01", "2026-06-01"],
    ["Jusque", "2026-05-31", "2026-06-30"],
    ["Heures creuses", "22:00-06:00", "02:00-07:00, 14:00-17:00"],
    ["Jour choisi", "", "mercredi"],
    ["Factures du", "24", "24"],
]
TARIFFS = [
    ["Identifiant", "edf-bleu-base", "alterna-super-creuses"],
    ["Fournisseur", "EDF", "La Belle Energie"],
    ["Nom", "Tarif Bleu, option Base", "Heures Super Creuses"],
    ["Versions", "20", "1"],
    ["Dernière", "2026-08-01", "2026-05-07"],
    ["Fiabilité", "non officielle", "non officielle"],
    ["En retard depuis", "", "2026-08-01"],
]
WRAPPING = {"Heures creuses", "Jour choisi", "Factures du", "Nom"}
# What a reader copies or reads as one: parts of a name end at hyphens.
ATOM = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d-\d\d:\d\d|\w+", re.UNICODE)


def lines_of(columns: Sequence[Sequence[str]], width: int) -> list[str]:
    table = plain_table()
    for heading, *_ in columns:
        table.add_column(heading, no_wrap=heading not in WRAPPING)
    for row in zip(*(cells[1:] for cells in columns), strict=True):
        table.add_row(*row)
    fitted, legend = fit(table, width)
    console = Console(width=width)
    with console.capture() as capture:
        console.print(fitted)
    return [*map(str.rstrip, capture.get().splitlines()), *legend]


@pytest.mark.parametrize("columns", [CONTRACTS, TARIFFS], ids=["contracts", "tariffs"])
def test_no_word_is_broken_at_80_columns(columns: Sequence[Sequence[str]]) -> None:
    lines = lines_of(columns, 80)
    assert max(map(len, lines)) <= 80
    shown = ATOM.findall("\n".join(lines))
    atoms = [atom for cells in columns if any(cells[1:]) for cell in cells for atom in ATOM.findall(cell)]
    assert sorted(shown) == sorted(atoms)


def test_a_column_without_cells_is_left_out_only_where_there_is_no_room() -> None:
    assert "Site" in lines_of(CONTRACTS, 200)[0]
    assert "Site" not in " ".join(lines_of(CONTRACTS, 80))


@pytest.mark.parametrize(
    ("available", "widths"),
    [
        (40, [9, 31]),  # all of it
        (25, [9, 16]),  # the second one wraps
        (13, [8, 5]),  # between words, and the name at its hyphen
        (6, [3, 3]),  # nothing but broken words
    ],
)
def test_the_longest_words_are_broken_last(available: int, widths: list[int]) -> None:
    columns = [["Id", "weekend-p"], ["Name", "one two three four five six ten"]]
    found = column_widths(columns, [True, False], available)
    assert sum(found) <= max(available, 2)
    assert found == widths
