"""Our days beside Enedis' figures, as tables for people and as records for programs. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.table import Table

from tictally_recorder.reconciliation import DayComparison, Verdict, YearSum
from tictally_recorder.reports.table import plain_table, site_title
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
            "difference_wh": each.energy_wh - each.enedis_wh,
            **{verdict.value: each.verdicts.get(verdict, 0) for verdict in Verdict},
        }


def days_as_table(site: str, days: Sequence[DayComparison], words: Catalogue) -> Table:
    """A line for each day of a site."""
    table = plain_table(site_title(site, words))
    table.add_column("Day", no_wrap=True)
    table.add_column("")
    for heading in ("kWh", "Enedis kWh", "Difference Wh"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Verdict")
    for each in days:
        cause = f": {words.phrase(each.cause)}" if each.cause else ""
        table.add_row(
            str(each.day),
            each.direction.value,
            _kwh(each.energy_wh),
            _kwh(each.enedis_wh),
            _signed(each.difference_wh),
            f"{each.verdict.value}{cause}",
        )
    return table


def years_as_table(years: Sequence[YearSum]) -> Table:
    """A line for each year: both sums, and how many days agree."""
    table = plain_table()
    table.add_column("Year", no_wrap=True)
    table.add_column("")
    for heading in ("Days", "kWh", "Enedis kWh", "Difference Wh", "Equal", "Rounded", "Different", "Unknown"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in years:
        table.add_row(
            str(each.year),
            each.direction.value,
            str(each.days),
            _kwh(each.energy_wh),
            _kwh(each.enedis_wh),
            _signed(each.energy_wh - each.enedis_wh),
            *(str(each.verdicts.get(verdict, 0)) for verdict in Verdict),
        )
    return table


def _kwh(energy_wh: int | None) -> str:
    return "" if energy_wh is None else f"{energy_wh / _WH_PER_KWH:.3f}"


def _signed(energy_wh: int | None) -> str:
    return "" if energy_wh is None else f"{energy_wh:+d}" if energy_wh else "0"
