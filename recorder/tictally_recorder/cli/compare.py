"""`tictally compare`: what the same consumption would have cost on other tariffs."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.calendars.tempo import CalendarFileError, read_days
from tictally_recorder.cli.catalogue import end_with_problems, nothing_counted, paid_by
from tictally_recorder.cli.console import echo, print_table, progress
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.cli.window import Window, day_of, present, read_hours, read_weekday
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.cost.compare import Assumed
from tictally_recorder.cost.compare.query import comparison_of
from tictally_recorder.cost.query import SiteDays, days_with_frames
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports import compare as report
from tictally_recorder.tariffs.template_files import with_templates
from tictally_recorder.translations import catalogue
from tictally_shared.status_register import Colour


class _Powers(StrEnum):
    """Which powers are compared."""

    BESIDE = "beside"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is assumed where the ledger does not know it.

    Attributes:
        hours: `--off-peak`, or None.
        colours: `--colours`, or None.
        powers: `--powers`.
        chosen_day: `--chosen-day`, or None.
        prices_on: `--prices-on`, or None.
        with_offers: `--offers`.
    """

    hours: Annotated[
        str | None,
        typer.Option(
            "--off-peak",
            "--windows",
            metavar="HOURS",
            help="Off-peak hours of HP/HC and of tariffs that ask for yours: 22:00-06:00, several separated by commas. "
            "Default: as the meter's registers count, else those of each day's contract.",
        ),
    ] = None
    colours: Annotated[
        Path | None,
        typer.Option("--colours", metavar="FILE", help="Tempo day colours, lines of date,color: 2026-11-21,blue."),
    ] = None
    powers: Annotated[
        _Powers, typer.Option("--powers", help="Powers of each tariff: the subscribed one and those beside it, or all.")
    ] = _Powers.BESIDE
    chosen_day: Annotated[
        str | None,
        typer.Option(
            "--chosen-day",
            metavar="DAY",
            help="The weekday of tariffs that let you choose one: mon, tue, … Default: that of each day's contract.",
        ),
    ] = None
    prices_on: Annotated[
        str | None,
        typer.Option(
            "--prices-on",
            metavar="DAY",
            help="Take the prices of one day for all of the time: `--prices-on today` for last year's consumption.",
        ),
    ] = None
    with_offers: Annotated[
        bool,
        typer.Option("--offers", help="Compare the market offers of `tictally tariff template` as well."),
    ] = False

    def assumed(self, tz: ZoneInfo) -> Assumed:
        """The same, read.

        Args:
            tz: of local days.

        Raises:
            WrongUse: hours, colours, weekday or day cannot be read.
        """
        hours = read_hours("--off-peak", self.hours) if self.hours else ()
        colours = _colours(self.colours) if self.colours else {}
        weekday = read_weekday("--chosen-day", self.chosen_day) if self.chosen_day else None
        day = day_of("--prices-on", self.prices_on, tz, present()) if self.prices_on else None
        every_power = self.powers is _Powers.ALL
        return Assumed(hours, colours, every_power=every_power, chosen_weekday=weekday, prices_on=day)


def compare(
    window: Window, assumptions: Assumptions, *, json: JsonOption = False, configuration: Configuration
) -> None:
    """Show what the same consumption would have cost on each tariff and power, each day by its own contract.

    Off-peak hours that are assumed are shown. Days whose off-peak hours, Tempo colour, chosen weekday or registers are
    unknown have no cost on the tariffs that need them; what is known of the other days is shown with its days.
    """
    settings = configuration.settings()
    tz = settings.zone
    first, until = window.days(tz, present())
    assumed = assumptions.assumed(tz)
    answers = []
    with LedgerReader.open(settings.ledger) as reader:
        paid = paid_by(settings, reader.sites())
        if assumptions.with_offers:
            paid = replace(paid, catalogue=with_templates(paid.catalogue))
        days_of = {site: days_with_frames(site, first, until, tz) for site in window.sites(reader)}
        with progress("Comparing tariffs") as advance:
            for site, days in days_of.items():
                if days:
                    query = SiteDays(site, days[0], days[-1] + timedelta(days=1), tz)
                    answers.append(comparison_of(reader, query, paid, assumed))
                advance(1)
    if json:
        echo(report.as_json(answers))
    else:
        words = catalogue(settings.language)
        for answer in answers:
            print_table(report.as_table(answer, words))
            for remark in report.remarks(answer):
                echo(words.phrase(remark))
    if not answers:
        echo(nothing_counted(first, until, settings, has_sites=bool(days_of)), err=json)
    end_with_problems((), paid.catalogue, paid.broken_of([site.id for site in days_of]))


def _colours(file: Path) -> dict[date, Colour]:
    try:
        return read_days(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongUse("file_unreadable", "--colours", file=file, detail=error.strerror or error) from None
    except UnicodeDecodeError:
        raise WrongUse("not_utf8", "--colours", file=file) from None
    except CalendarFileError as error:
        raise WrongUse("file_problem", "--colours", file=file, line=error.line, problem=error.problem) from None
