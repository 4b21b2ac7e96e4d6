"""`tictally versus`: a span of days against another one, or what followed a note against what was before it."""

import json as json_
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Final

import typer

from tictally_recorder.cli.catalogue import paid_by
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.cli.window import Window, day_of, present
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.cost.day_totals import DayTotal, day_totals
from tictally_recorder.cost.model import Terms
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.reports import versus as report
from tictally_recorder.settings import Settings
from tictally_recorder.translations import catalogue
from tictally_recorder.versus import (
    NoteSpan,
    Span,
    VersusQuery,
    like,
    spans_of_note,
    versus_of,
    whole_days,
    year_earlier,
)

_AGAINST: Final = "--against"
_AGAINST_TO: Final = "--against-to"
_NOTE: Final = "--note"


@dataclass(frozen=True, slots=True)
class OtherSpan:
    """The span that another one is compared with, and how.

    Attributes:
        against: `--against`, or None.
        against_to: `--against-to`, or None.
        base: of the degree-days.
    """

    against: Annotated[
        str | None,
        typer.Option(_AGAINST, metavar="WHEN", help="Start of the other span. Default: --from a year earlier."),
    ] = None
    against_to: Annotated[
        str | None,
        typer.Option(
            _AGAINST_TO, metavar="WHEN", help="Its end, excluded. Default: --to a year earlier, or as many days."
        ),
    ] = None
    base: Annotated[float, typer.Option("--base", min=0, max=30, help="Base of the degree-days, °C.")] = 18.0


@dataclass(frozen=True, slots=True)
class AroundNote:
    """The days around a note.

    Attributes:
        number: `--note`, or None.
        weeks: `--weeks`.
    """

    number: Annotated[
        int | None,
        typer.Option(_NOTE, metavar="NOTE", min=1, help="Compare the days after this note with those before it."),
    ] = None
    weeks: Annotated[
        NoteSpan,
        typer.Option("--weeks", help="How many on either side of a note; notes: up to the notes around it."),
    ] = NoteSpan.WEEKS_8


def versus(
    window: Window,
    other: OtherSpan,
    note: AroundNote,
    *,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """Compare a span of days with another one: energy, cost, each a day, and corrected by degree-days.

    Spans may differ in length, so figures a day are shown beside the sums; today is left out. Where the outdoor
    temperature of twenty days on either side is known, a line through the other span's days over their degree-days
    shows what this one would have consumed at its own temperatures, and what a year saves. Ranges hold the true figure
    nineteen times out of twenty.
    """
    settings = configuration.settings()
    words = catalogue(settings.language)
    records: list[dict[str, object]] = []
    with LedgerReader.open(settings.ledger) as reader, reader.snapshot():
        terms = paid_by(settings, reader.sites()).terms
        for site in window.sites(reader) if note.number is None else _site_of_note(reader, note.number):
            query = _query(settings, window, other)
            if note.number is not None:
                query = _around_note(reader, site, reader.note(note.number).day, note.weeks, query)
            found = versus_of(reader, site, query, partial(_totals, reader, site, terms, query))
            records.append(report.record(site.id, found))
            if not json:
                print_table(report.as_table(site.id, found, words))
                for each in report.remarks_of(found):
                    echo(words.phrase(each))
    if json:
        echo(json_.dumps(records, ensure_ascii=False, indent=2))
    if not records:
        echo(words.text("report.no_frames"), err=json)


def _query(settings: Settings, window: Window, other: OtherSpan) -> VersusQuery:
    tz, now = settings.zone, present()
    here = Span(*window.days(tz, now))
    first = None if other.against is None else day_of(_AGAINST, other.against, tz, now)
    against = year_earlier(here) if first is None else like(here, first)
    if other.against_to is not None:
        until = day_of(_AGAINST_TO, other.against_to, tz, now)
        if until <= against.first:
            raise WrongUse(
                "out_of_order",
                first=_AGAINST,
                start=other.against or str(against.first),
                last=_AGAINST_TO,
                end=other.against_to,
            )
        against = Span(against.first, until)
    return VersusQuery(here, against, now.astimezone(tz).date(), tz, Decimal(str(other.base)))


def _site_of_note(reader: LedgerReader, number: int) -> list[Site]:
    note = reader.note(number)
    return [each for each in reader.sites() if each.id == note.site]


def _around_note(reader: LedgerReader, site: Site, day: date, weeks: NoteSpan, query: VersusQuery) -> VersusQuery:
    known = whole_days(site, query.today, query.tz)
    spans = None if known is None else spans_of_note(day, weeks, (each.day for each in reader.notes(site.id)), known)
    if spans is None:
        raise WrongUse("no_days_around", _NOTE, day=str(day))
    return replace(query, here=spans[1], against=spans[0])


def _totals(reader: LedgerReader, site: Site, terms: Terms, query: VersusQuery, span: Span) -> dict[date, DayTotal]:
    return day_totals(cost_of(reader, SiteDays(site, span.first, span.until, query.tz), terms))
