"""Use against temperature as a table and a remark for people, and as records for programs. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

from rich.table import Table

from tictally_recorder.climate import ClimatePeriod, Fit
from tictally_recorder.remark import RemarkCode
from tictally_recorder.reports.table import add_columns, plain_table, site_title
from tictally_recorder.translations import phrase_record
from tictally_shared.calendar import By
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase, Value

COLUMNS: Final = (
    "site",
    "by",
    "name",
    "days",
    "mean_c",
    "degree_days",
    "energy_wh",
    "used_days",
    "wh_a_day",
    "wh_a_degree_day",
)
_KWH: Final = 1000


class ClimateBy(StrEnum):
    """What a row has."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    TEMPERATURE = "temperature"

    @property
    def period(self) -> By | None:
        """The period of a row; None for classes of temperature."""
        return None if self is ClimateBy.TEMPERATURE else By(self.value)


def records(site: str, by: str, periods: Iterable[ClimatePeriod]) -> Iterator[dict[str, object]]:
    """The periods by column; temperatures and degree-days with one decimal, as text."""
    for each in periods:
        yield {
            "site": site,
            "by": by,
            "name": each.name,
            "days": each.days,
            "mean_c": _one(each.mean_c),
            "degree_days": _one(each.degree_days),
            "energy_wh": each.energy_wh if each.used_days else None,
            "used_days": each.used_days,
            "wh_a_day": _whole(each.wh_a_day),
            "wh_a_degree_day": _whole(each.wh_a_degree_day),
        }


def as_table(site: str, periods: Sequence[ClimatePeriod], words: Catalogue, *, is_by_class: bool) -> Table:
    """A line for each period or class of temperature."""
    table = plain_table(site_title(site, words))
    add_columns(table, words, "from_c" if is_by_class else "from")
    add_columns(table, words, "days", "mean_c", "degree_days", "kwh", "kwh_a_day", "kwh_a_degree_day", is_right=True)
    for period in periods:
        figures = (
            _one(period.mean_c) or "",
            _one(period.degree_days) or "",
            _kwh(Decimal(period.energy_wh) if period.used_days else None),
            _kwh(period.wh_a_day),
            _kwh(period.wh_a_degree_day),
        )
        table.add_row(period.name, str(period.days), *(words.decimal(each) for each in figures))
    return table


def fit_remark(fit: Fit) -> Phrase:
    """What a degree-day takes, and what a day takes without one, as far as the line can show it.

    A home whose consumption does not rise with the cold has no figure for a degree-day. A line that falls below zero
    on warm days, as of a home that is empty then or whose base is too high, shows nothing of a day without heating.
    """
    slope, rest = round(fit.wh_a_degree_day / _KWH, 2), round(fit.wh_a_day / _KWH, 1) + 0  # no negative zero
    about: dict[str, Value] = {"days": fit.days}
    if slope <= 0:
        return Phrase(RemarkCode.CLIMATE_NO_RISE, about)
    about |= {"slope": f"{slope}", "share": f"{fit.r2 * 100:.0f}"}
    if rest < 0:
        return Phrase(RemarkCode.CLIMATE_FIT_WITHOUT_REST, about)
    return Phrase(RemarkCode.CLIMATE_FIT, {**about, "rest": f"{rest}"})


def fit_record(site: str, fit: Fit) -> dict[str, object]:
    """The line through the days; `remark` has what can be shown of it, as code, parameters and English words."""
    return {
        "site": site,
        "days": fit.days,
        "wh_a_degree_day": round(fit.wh_a_degree_day),
        "wh_a_day": round(fit.wh_a_day),
        "r2": f"{fit.r2:.3f}",
        "remark": phrase_record(fit_remark(fit)),
    }


def _one(value: Decimal | None) -> str | None:
    return None if value is None else f"{round(value, 1) + 0}"  # no negative zero


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else round(value)


def _kwh(wh: Decimal | None) -> str:
    return "" if wh is None else f"{wh / _KWH:.2f}"
