"""Energy rows as a table for people, as JSON and as CSV. Pure: rows in, text or a table out."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from rich.table import Table

from tictally_recorder.cost.model import Quality, Unmetered
from tictally_recorder.csv_writer import csv_text
from tictally_recorder.energy import EnergyRow, Gap
from tictally_recorder.remark import RemarkCode
from tictally_recorder.reports.table import add_columns, plain_table, site_title
from tictally_recorder.translations import ENGLISH
from tictally_shared.calendar import QUARTER_MS, By
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase

COLUMNS: Final = (
    "site",
    "from",
    "to",
    "register",
    "period",
    "energy",
    "unit",
    "estimated",
    "quality",
    "fell",
    "first",
    "last",
    "covered",
    "quarters",
    "imported",
)
_WITH_OFFSET: Final = frozenset({By.QUARTER, By.HOUR})  # the hour that October has twice
_PER_KILO: Final = 1000
_GAPS_SHOWN: Final = 5


def records(rows: Iterable[EnergyRow], tz: ZoneInfo) -> list[dict[str, object]]:
    """The rows by column: local ISO times with offset, energy and register values in `unit` as integers."""
    rows = list(rows)
    moments = {time_ms for row in rows for time_ms in (row.start_ms, row.end_ms)}
    times = {time_ms: _local(time_ms, tz).isoformat() for time_ms in moments}  # a dozen registers have the same
    return [
        {
            "site": row.site,
            "from": times[row.start_ms],
            "to": times[row.end_ms],
            "register": row.register,
            "period": row.period,
            "energy": row.energy,
            "unit": row.unit,
            "estimated": row.estimated,
            "quality": quality_of(row),
            "fell": row.fell,
            "first": row.first_value,
            "last": row.last_value,
            "covered": row.covered,
            "quarters": row.quarters,
            "imported": row.imported,
        }
        for row in rows
    ]


def as_json(rows: Iterable[EnergyRow], tz: ZoneInfo) -> str:
    """A JSON array, a line a row."""
    lines = [json.dumps(record, ensure_ascii=False) for record in records(rows, tz)]
    return "[" + ",".join(f"\n  {line}" for line in lines) + ("\n]" if lines else "]")


def as_csv(rows: Iterable[EnergyRow], tz: ZoneInfo) -> str:
    """CSV with a header; true and false in lower case, nothing where there is no period."""
    return csv_text(COLUMNS, (record.values() for record in records(rows, tz))).rstrip("\n")


def as_table(site: str, rows: Sequence[EnergyRow], by: By, tz: ZoneInfo, words: Catalogue = ENGLISH) -> Table:
    """A site's rows for a person, in kWh and kVArh."""
    table = plain_table(site_title(site, words))
    add_columns(table, words, "from", "to", "register", "period")
    add_columns(table, words, "energy", is_right=True)
    add_columns(table, words, "")
    add_columns(table, words, "", wraps=True)
    before = None
    for row in rows:
        times = (_shown(row.start_ms, by, tz), _shown(row.end_ms, by, tz))
        table.add_row(
            *(times if times != before else ("", "")),
            row.register,
            row.period or "",
            words.decimal(f"{row.energy / _PER_KILO:.3f}"),
            f"k{row.unit}",
            ", ".join(words.text(f"report.{note}") for note in _notes(row)),
        )
        before = times
    return table


def quality_of(row: EnergyRow) -> Quality:
    """`unknown` where the energy is only a part of what was counted, or nothing of it is known."""
    if row.unknown:
        return Quality.UNKNOWN
    return Quality.ESTIMATED if row.estimated else Quality.MEASURED


def _notes(row: EnergyRow) -> Iterator[str]:
    if row.imported:
        yield "imported" if row.imported >= row.quarters else "imported_in_part"
    if row.estimated:
        yield "estimated"
    if row.unknown:
        yield "part_unknown" if row.is_known else "unknown"
    if row.fell:
        yield "fell"


@dataclass(frozen=True, slots=True)
class Missing:
    """What a site's window lacks.

    Attributes:
        began_ms: time of the site's first frame ever.
        gaps: where there are no frames.
        lost: frames that no edge has any more, as far as is known when they were.
        unmetered: unmetered times, whenever they were.
    """

    began_ms: int
    gaps: Sequence[Gap] = ()
    lost: int = 0
    unmetered: Sequence[Unmetered] = ()


def remarks(rows: Sequence[EnergyRow], missing: Missing, tz: ZoneInfo) -> list[Phrase]:
    """What a person must know of a site's rows: where they begin, gaps, lost frames, and what is unknown.

    Args:
        rows: of one site.
        missing: in their window.
        tz: as in the table.
    """
    found = []
    if any(row.start_ms // QUARTER_MS < missing.began_ms // QUARTER_MS for row in rows):
        found.append(Phrase(RemarkCode.ENERGY_BEFORE_LEDGER, {"time": _minute(missing.began_ms, tz)}))
    unshown = {(time.start_ms, time.end_ms) for row in rows for time in row.unknown if not time.fell}
    unshown.update((each.start_ms, each.end_ms) for each in missing.unmetered if _concerns(each, rows))
    times = dict.fromkeys((_minute(start, tz), _minute(end, tz)) for start, end in sorted(unshown))
    not_shown = (Phrase(RemarkCode.ENERGY_NOT_SHOWN, {"spans": tuple(times)}),) if unshown else ()
    if missing.gaps:
        is_divided = any(
            not any(start < gap.end_ms and gap.start_ms < end for start, end in unshown) for gap in missing.gaps
        )
        found.append(_gaps(missing, (*((Phrase(RemarkCode.GAPS_DIVIDED),) if is_divided else ()), *not_shown), tz))
    else:
        found += not_shown
    if missing.lost:
        found.append(Phrase(RemarkCode.ENERGY_FRAMES_LOST, {"count": missing.lost}))
    fell = {(row.register, time) for row in rows for time in row.unknown if time.fell}
    for register, time in sorted(fell, key=lambda each: (each[1], each[0])):
        about = {"register": register, "start": _minute(time.start_ms, tz), "end": _minute(time.end_ms, tz)}
        found.append(Phrase(RemarkCode.ENERGY_REGISTER_FELL, about))
    return found


def _concerns(unmetered: Unmetered, rows: Iterable[EnergyRow]) -> bool:
    return any(unmetered.concerns(row.start_ms, row.end_ms) for row in rows)


def _gaps(missing: Missing, meanwhile: tuple[Phrase, ...], tz: ZoneInfo) -> Phrase:
    gaps = [
        Phrase(RemarkCode.GAP, {"start": _minute(gap.start_ms, tz), "end": _minute(gap.end_ms, tz)})
        for gap in missing.gaps[:_GAPS_SHOWN]
    ]
    if more := len(missing.gaps) - len(gaps):
        gaps.append(Phrase(RemarkCode.MORE_GAPS, {"count": more}))
    quarters = sum(gap.quarters for gap in missing.gaps)
    return Phrase(RemarkCode.ENERGY_GAPS, {"count": quarters, "gaps": tuple(gaps), "meanwhile": meanwhile})


def _local(time_ms: int, tz: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC).replace(microsecond=time_ms % 1000 * 1000).astimezone(tz)


def _minute(time_ms: int, tz: ZoneInfo) -> str:
    return f"{_local(time_ms, tz):%Y-%m-%dT%H:%M}"


def _iso(time_ms: int, by: By, tz: ZoneInfo) -> str:
    local = _local(time_ms, tz)
    if by in _WITH_OFFSET:
        return local.isoformat(timespec="minutes")
    return f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%dT%H:%M}"


def _shown(time_ms: int, by: By, tz: ZoneInfo) -> str:
    return _iso(time_ms, by, tz).replace("T", " ")
