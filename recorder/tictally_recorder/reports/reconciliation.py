"""Our days beside Enedis' figures, as tables for people and as records for programs. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.table import Table

from tictally_recorder.reconciliation import DayComparison, Verdict, YearSum
from tictally_recorder.reports.table import add_columns, plain_table, site_title
from tictally_recorder.translations import phrase_record
from tictally_shared.catalogue import Catalogue

COLUMNS: Final = ("site", "day", "direction", "energy_wh", "enedis_wh", "difference_wh", "verdict", "cause")
_WH_PER_KWH: Final = 1000


def records(days: Iterable[DayComparison]) -> Iterator[dict[str, object]]:
    """The days by column; `cause` is a code with its parameters and English words, or None."""
    for each in days:
        yield {
            "site": each.site,
            "day": str(each.day),
            "direction": each.direction.value,
            "energy_wh": each.energy_wh,
            "enedis_wh": each.enedis_wh,
            "difference_wh": each.difference_wh,
            "verdict": each.verdict.value,
            "cause": phrase_record(each.cause) if each.cause else None,
        }


def year_records(years: Iterable[YearSum]) -> Iterator[dict[str, object]]:
    """The sums of years; `equal`, `rounded`, `different` and `unknown` are numbers of days."""
    for each in years:
        yield {
            "site": each.site,
            "year": each.year,
            "direction": each.direction.value,
            "days": each.days,
            "energy_wh": each.energy_wh,
            "enedis_wh": each.enedis_wh,
            "difference_wh": each.difference_wh,
            **{verdict.value: each.verdicts.get(verdict, 0) for verdict in Verdict},
        }


def days_as_table(site: str, days: Sequence[DayComparison], words: Catalogue) -> Table:
    """A line for each day of a site."""
    table = plain_table(site_title(site, words))
    add_columns(table, words, "day", "")
    add_columns(table, words, "kwh", "enedis_kwh", "difference_wh", is_right=True)
    add_columns(table, words, "verdict", wraps=True)
    for each in days:
        verdict = words.text(f"report.verdict.{each.verdict}")
        if each.cause is not None:
            verdict = words.text("report.verdict_because", verdict=verdict, cause=words.phrase(each.cause))
        table.add_row(str(each.day), words.text(f"report.direction.{each.direction}"), *_figures(each, words), verdict)
    return table


def years_as_table(years: Sequence[YearSum], words: Catalogue) -> Table:
    """A line for each year: both sums, and how many days agree."""
    table = plain_table()
    shown = [each for each in Verdict if each is not Verdict.UNKNOWN or any(each in year.verdicts for year in years)]
    add_columns(table, words, "year", "")
    add_columns(table, words, "kwh", "enedis_kwh", "difference_wh", *shown, is_right=True)
    for each in years:
        counts = (str(each.verdicts.get(verdict, 0)) for verdict in shown)
        direction = words.text(f"report.direction.{each.direction}")
        table.add_row(str(each.year), direction, *_figures(each, words), *counts)
    return table


def _figures(each: DayComparison | YearSum, words: Catalogue) -> tuple[str, str, str]:
    """Ours, Enedis' and the difference."""
    return _kwh(each.energy_wh, words), _kwh(each.enedis_wh, words), _signed(each.difference_wh)


def _kwh(energy_wh: int | None, words: Catalogue) -> str:
    return "" if energy_wh is None else words.decimal(f"{energy_wh / _WH_PER_KWH:.3f}")


def _signed(energy_wh: int | None) -> str:
    return "" if energy_wh is None else f"{energy_wh:+d}" if energy_wh else "0"
