"""Columns that more than one dashboard shows, and the variables at their heads."""

from devel.dashboards.colours import BAD, GOOD, LTARF, PERIODS, PTEC, QUIET, TEMPO, WATCH
from devel.dashboards.dashboard import choice, datasource
from devel.dashboards.flux import EVER, pipe, query
from devel.dashboards.panel import COLOURED_CELL, Field, Json, mapped
from devel.dashboards.words import Translator
from tictally_recorder.reason import ReasonCode
from tictally_recorder.translations import catalogue


def site(tr: Translator) -> list[Json]:
    """The data source, and which site is looked at."""
    return [datasource(), choice("site", tr("site"), _tags("site", "total_day"))]


def chosen(tr: Translator, tag: str) -> Json:
    """A variable for a month or a year of the site, the newest first."""
    return choice(tag, tr(tag), _tags(tag, "total_day", 'r.site == "${site}"'), newest_first=True)


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


def periods(tr: Translator) -> list[Field]:
    """A column for each period of the regulated options, and for what a cost has beside them."""
    own = [Field(period, colour=colour) for period, colour in PERIODS.items()]
    others = {"subscription": QUIET, "injection": GOOD}
    return own + [Field(name, tr(name), colour=colour) for name, colour in others.items()]


def period_words(tr: Translator) -> list[Json]:
    """A period's name, as a meter of either mode says it → text and colour."""
    own = {period: (period, colour) for period, colour in PERIODS.items()}
    called = {word: own[period] for word, period in (PTEC | LTARF).items()}
    others = {"subscription": (tr("subscription"), QUIET), "injection": (tr("injection"), GOOD)}
    return mapped(own | called | others)


def tempo_words(tr: Translator) -> list[Json]:
    """A colour's name, or its number in a table → text and colour."""
    texts = {name: (tr(name), colour) for name, colour in TEMPO.items()}
    return mapped(texts | {str(at): texts[name] for at, name in enumerate(TEMPO, start=1)})


QUALITIES = {"measured": GOOD, "estimated": WATCH, "provisional": WATCH, "unknown": BAD}


def quality_words(tr: Translator) -> list[Json]:
    """A quality's name, or its number (`flux.WORTH`) → text and colour."""
    texts = {name: (tr(name), colour) for name, colour in QUALITIES.items()}
    return mapped(texts | {str(at): texts[name] for at, name in enumerate(QUALITIES)})


def reason_words(tr: Translator) -> list[Json]:
    """A reason's code → its words, without parameters."""
    words = catalogue(tr.language)
    return mapped({code.value: (words.outline(code), QUIET) for code in ReasonCode})


def quality_cell(tr: Translator, column: str = "quality") -> Field:
    """A table's column of qualities."""
    return Field(column, tr("quality"), mappings=quality_words(tr), more=COLOURED_CELL)


def tempo_cell(tr: Translator, column: str = "colour") -> Field:
    """A table's column of colours."""
    return Field(column, tr("colour"), mappings=tempo_words(tr), more=COLOURED_CELL)
