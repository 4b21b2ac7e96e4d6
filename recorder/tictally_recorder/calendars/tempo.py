"""The colours of Tempo days: bundled history, and days that were fetched. Pure except `load_tempo`.

A Tempo day begins at 06:00 and has the date of that morning. A season runs from 1 September to 31 August and has 22 red
days (November to March, Monday to Friday) and 43 white ones (never on Sunday). Source: EDF, terms of the option Tempo.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from tictally_recorder.file_problem import FileProblem, unreadable
from tictally_recorder.translations import ENGLISH
from tictally_shared.phrase import Phrase
from tictally_shared.status_register import Colour

FETCHED_NAME: Final = "tempo-days.csv"
"""Of the file of fetched days, in the folder of tariffs."""
HEADING: Final = "date,color"
QUOTAS: Final = {Colour.ROUGE: 22, Colour.BLANC: 43}
COLOURS: Final = {"blue": Colour.BLEU, "white": Colour.BLANC, "red": Colour.ROUGE}
"""As files name them."""
NAMES_OF_COLOURS: Final = {colour: name for name, colour in COLOURS.items()}
_SEASON_BEGINS: Final = 9
_WINTER: Final = frozenset({11, 12, 1, 2, 3})
_SATURDAY, _SUNDAY = 5, 6


class CalendarFileError(ValueError):
    """A file of colours that cannot be used.

    Args:
        line: of the file, from 1.
        problem: what is wrong there.
    """

    def __init__(self, line: int, problem: Phrase) -> None:
        super().__init__(f"line {line}: {ENGLISH.phrase(problem)}")
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class TempoSource:
    """Where a colour is from.

    Attributes:
        name: `meter`, `fetched` or one of the bundled file; the catalogues have its words under `tempo_source`.
        confidence: `official` or `secondary`.
    """

    name: str
    confidence: str


@dataclass(frozen=True)
class TempoCalendar:
    """Colours by day.

    Attributes:
        colours: day → colour.
        sources: day → where its colour is from; the same days.
    """

    colours: Mapping[date, Colour] = field(default_factory=dict)
    sources: Mapping[date, TempoSource] = field(default_factory=dict)

    def over(self, other: "TempoCalendar") -> "TempoCalendar":
        """This calendar, with the days of another where it has none."""
        return TempoCalendar({**other.colours, **self.colours}, {**other.sources, **self.sources})

    def days_left(self, today: date) -> dict[Colour, int] | None:
        """How many days of each colour are left in the season after a day.

        Returns:
            None if a day of the season up to and including today has no known colour.
        """
        start, end = season(today)
        if any(day not in self.colours for day in days(start, today)):
            return None
        used = [self.colours[day] for day in days(start, today)]
        left = {colour: max(quota - used.count(colour), 0) for colour, quota in QUOTAS.items()}
        return {Colour.BLEU: (end - today).days - sum(left.values()), **left}


def season(day: date) -> tuple[date, date]:
    """The first and the last day of a day's season."""
    year = day.year if day.month >= _SEASON_BEGINS else day.year - 1
    return date(year, _SEASON_BEGINS, 1), date(year + 1, _SEASON_BEGINS, 1) - timedelta(days=1)


def days(first: date, last: date) -> Iterator[date]:
    """Every day from a first to a last one, both included."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def implausible(colours: Mapping[date, Colour]) -> tuple[date, Colour] | None:
    """A day whose colour contradicts the rules of seasons, or None. The season of 2019 had rules of its own."""
    counts: dict[tuple[date, Colour], int] = {}
    for day, colour in sorted(colours.items()):
        begin = season(day)[0]
        if colour not in QUOTAS or begin.year <= 2019:  # noqa: PLR2004 - see above
            continue
        counts[begin, colour] = counts.get((begin, colour), 0) + 1
        is_red_in_vain = colour is Colour.ROUGE and (day.month not in _WINTER or day.weekday() >= _SATURDAY)
        if counts[begin, colour] > QUOTAS[colour] or is_red_in_vain or day.weekday() == _SUNDAY:
            return day, colour
    return None


def read_days(text: str) -> dict[date, Colour]:
    """Lines of `2026-11-21,blue`, after the heading `date,color` or without it.

    Raises:
        CalendarFileError: a line is something else, or a day has two colours.
    """
    found: dict[date, Colour] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or (number == 1 and line.strip() == HEADING):
            continue
        written, _, name = line.partition(",")
        colour = COLOURS.get(name.strip())
        try:
            day = date.fromisoformat(written.strip())
        except ValueError:
            colour = None
        if colour is None:
            problem = Phrase(FileProblem.COLOUR_LINE_WRONG, {"found": repr(line[:40])})
            raise CalendarFileError(number, problem)
        if found.setdefault(day, colour) is not colour:
            raise CalendarFileError(number, Phrase(FileProblem.COLOUR_TWICE, {"day": str(day)}))
    return found


def write_days(colours: Mapping[date, Colour]) -> str:
    """What `read_days` reads, by day."""
    return "\n".join([HEADING, *(f"{day},{NAMES_OF_COLOURS[colour]}" for day, colour in sorted(colours.items())), ""])


@cache
def bundled_tempo() -> TempoCalendar:
    """The colours that come with the program, since September 2019."""
    text = resources.files(__package__).joinpath("shipped", "tempo.toml").read_text(encoding="utf-8")
    colours: dict[date, Colour] = {}
    sources: dict[date, TempoSource] = {}
    for table in tomllib.loads(text)["season"]:
        source = TempoSource(table["source"], table["confidence"])
        red, white = frozenset(table["red"]), frozenset(table["white"])
        for day in days(table["from"], table["until"]):
            colours[day] = Colour.ROUGE if day in red else Colour.BLANC if day in white else Colour.BLEU
            sources[day] = source
    return TempoCalendar(colours, sources)


def load_tempo(folder: Path) -> TempoCalendar:
    """The bundled colours, and over them those that were fetched.

    Args:
        folder: of the user's tariffs.

    Raises:
        CalendarFileError: the file of fetched days cannot be used.
    """
    path = folder / FETCHED_NAME
    try:
        fetched = read_days(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return bundled_tempo()
    except OSError as error:
        raise CalendarFileError(1, unreadable(error)) from None
    except UnicodeError:
        raise CalendarFileError(1, Phrase(FileProblem.NOT_UTF8)) from None
    source = TempoSource("fetched", "secondary")
    return TempoCalendar(fetched, dict.fromkeys(fetched, source)).over(bundled_tempo())
