"""`tictally tempo`: the colours of Tempo days, and how many of each are left in the season."""

from datetime import date, timedelta
from typing import Annotated

import typer

from tictally_recorder.calendars.tempo import NAMES_OF_COLOURS, TempoCalendar, TempoSource, season
from tictally_recorder.calendars.tempo import days as every_day
from tictally_recorder.cli.catalogue import end_with_problems, today
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.options import Configuration, Output
from tictally_recorder.cli.window import FROM, TO, day_of, present
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.cost.compare.reported_colours import reported_colours
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports.cost import as_csv, as_json
from tictally_recorder.reports.table import plain_table
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.translations import ENGLISH, catalogue
from tictally_shared.calendar import local_midnight
from tictally_shared.catalogue import Catalogue
from tictally_shared.status_register import Colour

_METER = TempoSource("meter", "official")
_COLUMNS = ("day", "color", "source", "confidence")


def tempo(
    start: Annotated[
        str | None, typer.Option(FROM, metavar="WHEN", help="First day. Default: the first day of the season.")
    ] = None,
    end: Annotated[
        str | None, typer.Option(TO, metavar="WHEN", help="Day after the last. Default: the day after tomorrow.")
    ] = None,
    *,
    output: Output,
    configuration: Configuration,
) -> None:
    """Show the red and white Tempo days, and how many days of each colour are left in the season.

    Colours that a meter reported take precedence over fetched ones (TICTALLY_TEMPO_SOURCE), and these over the
    bundled history, which begins in September 2019. A day runs from 06:00 to 06:00. Blue days are shown with --json
    and --csv only.
    """
    settings = configuration.settings()
    now, day = present(), today(settings)
    until = day + timedelta(days=2) if end is None else day_of(TO, end, settings.zone, now)
    first = season(until - timedelta(days=1))[0] if start is None else day_of(FROM, start, settings.zone, now)
    if first >= until:
        raise WrongUse("out_of_order", first=FROM, start=first, last=TO, end=until)
    tariffs = load_catalogue(settings.tariffs_folder)
    calendar = _reported(settings, min(first, season(day)[0]), until).over(tariffs.tempo)
    shown = [each for each in every_day(first, until - timedelta(days=1)) if each in calendar.colours]
    if output.is_for_programs:
        records = [_record(calendar, each) for each in shown]
        echo(as_json(records) if output.json else as_csv(records, _COLUMNS))
    else:
        _show(settings, calendar, shown, day)
    end_with_problems((), tariffs, ())


def _reported(settings: Settings, first: date, until: date) -> TempoCalendar:
    """The colours that the ledger's meters reported; none where there is no ledger yet."""
    if not settings.ledger.exists():
        return TempoCalendar()
    colours: dict[date, Colour] = {}
    window = local_midnight(first, settings.zone), local_midnight(until, settings.zone)
    with LedgerReader.open(settings.ledger) as reader:
        for site in reader.sites():
            colours |= reported_colours(reader, site, *window, settings.zone)
    return TempoCalendar(colours, dict.fromkeys(colours, _METER))


def source_text(words: Catalogue, source: TempoSource) -> str:
    """Where a colour is from, in the reader's language."""
    return words.text(f"tempo_source.{source.name}")


def _record(calendar: TempoCalendar, day: date) -> dict[str, object]:
    source = calendar.sources[day]
    return {
        "day": str(day),
        "color": NAMES_OF_COLOURS[calendar.colours[day]],
        "source": source_text(ENGLISH, source),
        "confidence": source.confidence,
    }


def _show(settings: Settings, calendar: TempoCalendar, shown: list[date], day: date) -> None:
    words = catalogue(settings.language)
    table = plain_table()
    for heading in ("tempo.day", "tempo.color", "tempo.source"):
        table.add_column(words.text(heading), no_wrap=True)
    for each in shown:
        if calendar.colours[each] is not Colour.BLEU:
            name = words.text(f"tempo.{calendar.colours[each].name}")
            table.add_row(str(each), name, source_text(words, calendar.sources[each]))
    if table.row_count:
        print_table(table)
    for key, each in (("tempo.today", day), ("tempo.tomorrow", day + timedelta(days=1))):
        colour = calendar.colours.get(each)
        name = words.text("unknown") if colour is None else words.text(f"tempo.{colour.name}")
        echo(words.text(key, day=str(each), color=name))
    left = calendar.days_left(day)
    if left is None:
        echo(words.text("tempo.left_unknown", day=str(season(day)[0])))
    else:
        echo(words.text("tempo.left", **{colour.name: left[colour] for colour in NAMES_OF_COLOURS}))
