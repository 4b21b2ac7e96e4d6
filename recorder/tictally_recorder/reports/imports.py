"""Import runs as a table for people and as JSON; what a run does, in words. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.table import Table

from tictally_recorder.cost.model import Quality
from tictally_recorder.ledger import ImportRun
from tictally_recorder.reports.table import plain_table
from tictally_recorder.tariffs.model import Direction

_WH_PER_KWH = 1000
_MOST_GAPS = 5
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class MonthChange:
    """A month's energy before and after, in Wh, as far as it is known; None where nothing is.

    Attributes:
        start: its first moment, local.
        direction: consumption or injection.
        before_wh: without the run.
        after_wh: with it.
        quality: of the latter; unknown where a part of the month is.
    """

    start: datetime
    direction: Direction
    before_wh: int | None
    after_wh: int | None
    quality: Quality | None

    def to_record(self) -> dict[str, object]:
        """The month as JSON has it."""
        return {
            "month": f"{self.start:%Y-%m}",
            "direction": self.direction.value,
            "before_wh": self.before_wh,
            "after_wh": self.after_wh,
            "quality": None if self.quality is None else self.quality.value,
        }


def runs_as_table(runs: Sequence[ImportRun], tz: ZoneInfo) -> Table:
    """A line for each run, the newest first."""
    table = plain_table()
    for heading, justify in (
        ("Run", "right"),
        ("Site", "left"),
        ("Imported", "left"),
        ("From", "left"),
        ("To", "left"),
    ):
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("Values", justify="right", no_wrap=True)
    table.add_column("Files")
    for run in reversed(runs):
        values = sum(file.readings + file.intervals for file in run.files)
        times = (minute(each, tz) for each in (run.imported_ms, run.first_ms, run.last_ms))
        table.add_row(str(run.id), run.site, *times, str(values), files_of(run))
    return table


def files_of(run: ImportRun) -> str:
    """Importers and files of a run: `enedis_csv: a.csv, b.csv`."""
    by_importer: dict[str, list[str]] = {}
    for file in run.files:
        by_importer.setdefault(file.importer, []).append(file.name)
    return "; ".join(f"{importer}: {_names(names)}" for importer, names in by_importer.items())


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def months_as_table(months: Sequence[MonthChange]) -> Table:
    """A line for each month and direction: kWh before and after, and whether a part is estimated or unknown."""
    table = plain_table()
    table.add_column("Month", no_wrap=True)
    table.add_column("")
    for heading in ("kWh before", "kWh after"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Quality")
    for each in months:
        quality = each.quality.value if each.quality else ""
        if each.quality is Quality.UNKNOWN and each.after_wh is not None:
            quality = "a part is unknown"
        kwh = (_kwh(each.before_wh), _kwh(each.after_wh))
        table.add_row(f"{each.start:%Y-%m}", each.direction.value, *kwh, quality)
    return table


def gap_sentences(gaps: Sequence[tuple[int, int]], tz: ZoneInfo) -> Iterator[str]:
    """The times, start and end, that neither frames nor imports show."""
    for start_ms, end_ms in gaps[:_MOST_GAPS]:
        yield f"Nothing shows {minute(start_ms, tz)} to {minute(end_ms, tz)}."
    if len(gaps) > _MOST_GAPS:
        yield f"Nothing shows {len(gaps) - _MOST_GAPS} more times."


def minute(time_ms: int, tz: ZoneInfo) -> str:
    """A local time to the minute."""
    return f"{datetime.fromtimestamp(time_ms / 1000, tz):%Y-%m-%d %H:%M}"


def _kwh(energy_wh: int | None) -> str:
    return "" if energy_wh is None else f"{energy_wh / _WH_PER_KWH:.3f}"
