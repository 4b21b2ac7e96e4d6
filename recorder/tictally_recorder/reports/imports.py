"""Import runs as a table for people and as JSON; what a run does, in words. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.table import Table

from tictally_recorder.cost.model import Quality
from tictally_recorder.ledger import ImportRun, RegisterReading
from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.translations import ENGLISH
from tictally_shared.catalogue import Catalogue

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


def runs_as_table(runs: Sequence[ImportRun], tz: ZoneInfo, words: Catalogue = ENGLISH) -> Table:
    """A line for each run, the newest first."""
    table = plain_table()
    add_columns(table, words, "run", is_right=True)
    add_columns(table, words, "site", "imported", "from", "to")
    add_columns(table, words, "values", is_right=True)
    add_columns(table, words, "files", wraps=True)
    for run in reversed(runs):
        values = sum(file.readings + file.intervals for file in run.files)
        times = (minute(each, tz) for each in (run.imported_ms, run.first_ms, run.last_ms))
        table.add_row(str(run.id), run.site, *times, str(values), files_of(run, words))
    return table


def files_of(run: ImportRun, words: Catalogue = ENGLISH) -> str:
    """Importers and files of a run: `enedis_csv: a.csv, b.csv`."""
    by_importer: dict[str, list[str]] = {}
    for file in run.files:
        by_importer.setdefault(file.importer, []).append(file.name)
    return "; ".join(f"{importer}: {_names(names, words)}" for importer, names in by_importer.items())


def _names(names: Sequence[str], words: Catalogue) -> str:
    more = len(names) - _MOST_NAMES
    shown = ", ".join(names[:_MOST_NAMES])
    return words.text("import_text.and_more", shown=shown, count=more) if more > 0 else shown


def months_as_table(months: Sequence[MonthChange], words: Catalogue = ENGLISH) -> Table:
    """A line for each month and direction: kWh before and after, and whether a part is estimated or unknown."""
    table = plain_table()
    add_columns(table, words, "month")
    add_columns(table, words, "", wraps=True)
    add_columns(table, words, "kwh_before", "kwh_after", is_right=True)
    add_columns(table, words, "quality", wraps=True)
    for each in months:
        quality = words.text(f"quality.{each.quality}") if each.quality else ""
        if each.quality is Quality.UNKNOWN and each.after_wh is not None:
            quality = words.text("report.part_unknown")
        kwh = (words.decimal(_kwh(each.before_wh)), words.decimal(_kwh(each.after_wh)))
        table.add_row(f"{each.start:%Y-%m}", words.text(f"report.direction.{each.direction}"), *kwh, quality)
    return table


def gap_sentences(gaps: Sequence[tuple[int, int]], tz: ZoneInfo, words: Catalogue = ENGLISH) -> Iterator[str]:
    """The times, start and end, that neither frames nor imports show."""
    for start_ms, end_ms in gaps[:_MOST_GAPS]:
        yield words.text("import_text.gap", start=minute(start_ms, tz), end=minute(end_ms, tz))
    if len(gaps) > _MOST_GAPS:
        yield words.text("import_text.more_gaps", count=len(gaps) - _MOST_GAPS)


def contradicted_sentences(
    readings: Sequence[RegisterReading], tz: ZoneInfo, words: Catalogue = ENGLISH
) -> Iterator[str]:
    """The register readings that do not count."""
    for each in readings[:_MOST_GAPS]:
        about = {"register": each.register, "value": each.wh, "at": minute(each.time_ms, tz)}
        yield words.text("import_text.contradicted", **about)
    if len(readings) > _MOST_GAPS:
        yield words.text("import_text.more_contradicted", count=len(readings) - _MOST_GAPS)


def minute(time_ms: int, tz: ZoneInfo) -> str:
    """A local time to the minute."""
    return f"{datetime.fromtimestamp(time_ms / 1000, tz):%Y-%m-%d %H:%M}"


def _kwh(energy_wh: int | None) -> str:
    return "" if energy_wh is None else f"{energy_wh / _WH_PER_KWH:.3f}"
