"""Columns that more than one dashboard shows, and the variables at their heads."""

from devel.dashboards.colours import BAD, GOOD, LTARF, PERIODS, PTEC, QUIET, TEMPO, WATCH
from devel.dashboards.dashboard import choice, datasource
from devel.dashboards.flux import EVER, pipe, query
from devel.dashboards.panel import COLOURED_CELL, Field, Json, mapped
from devel.dashboards.words import Say


def site(say: Say) -> list[Json]:
    """The data source, and which site is looked at."""
    return [datasource(), choice("site", say("site"), _tags("site", "total_day"))]


def chosen(say: Say, tag: str) -> Json:
    """A variable for a month or a year of the site, the newest first."""
    return choice(tag, say(tag), _tags(tag, "total_day", 'r.site == "${site}"'), newest_first=True)


def _tags(tag: str, measurement: str, *where: str) -> str:
    conditions = " and ".join([f'r._measurement == "{measurement}"', *where])
    return query(
        pipe(
            f"from(bucket: v.defaultBucket)\n    |> range({EVER})",
            f"filter(fn: (r) => {conditions})",
            f'keep(columns: ["{tag}"])',
            "group()",
            f'distinct(column: "{tag}")',
            f'rename(columns: {{_value: "{tag}"}})',
        )
    )


def periods(say: Say) -> list[Field]:
    """A column for each period of the regulated options, and for what a cost has beside them."""
    own = [Field(period, colour=colour) for period, colour in PERIODS.items()]
    others = {"subscription": QUIET, "injection": GOOD}
    return own + [Field(name, say(name), colour=colour) for name, colour in others.items()]


def period_words(say: Say) -> list[Json]:
    """A period's name, as a meter of either mode says it → text and colour."""
    own = {period: (period, colour) for period, colour in PERIODS.items()}
    called = {word: own[period] for word, period in (PTEC | LTARF).items()}
    others = {"subscription": (say("subscription"), QUIET), "injection": (say("injection"), GOOD)}
    return mapped(own | called | others)


def tempo_words(say: Say) -> list[Json]:
    """A colour's name, or its number in a table → text and colour."""
    texts = {name: (say(name), colour) for name, colour in TEMPO.items()}
    return mapped(texts | {str(at): texts[name] for at, name in enumerate(TEMPO, start=1)})


QUALITIES = {"measured": GOOD, "estimated": WATCH, "provisional": WATCH, "unknown": BAD}


def quality_words(say: Say) -> list[Json]:
    """A quality's name, or its number (`flux.WORTH`) → text and colour."""
    texts = {name: (say(name), colour) for name, colour in QUALITIES.items()}
    return mapped(texts | {str(at): texts[name] for at, name in enumerate(QUALITIES)})


def quality_cell(say: Say, column: str = "quality") -> Field:
    """A table's column of qualities."""
    return Field(column, say("quality"), mappings=quality_words(say), more=COLOURED_CELL)


def tempo_cell(say: Say, column: str = "colour") -> Field:
    """A table's column of colours."""
    return Field(column, say("colour"), mappings=tempo_words(say), more=COLOURED_CELL)
