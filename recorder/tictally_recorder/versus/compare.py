"""Two spans of days beside each other, corrected by degree-days as far as that can be done. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from tictally_recorder.climate import Estimate, line_of, line_saving, mean_saving
from tictally_recorder.climate.effect import ENOUGH
from tictally_recorder.remark import RemarkCode
from tictally_recorder.versus.span import SpanFigures
from tictally_recorder.versus.year import DAYS, Year
from tictally_shared.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Versus:
    """A span against another one.

    Attributes:
        here: the span.
        against: the other.
        base_c: of the degree-days.
        expected_wh: what a day of the span would have consumed by the other's line, at its own temperatures; None
            where it is not corrected.
        saved: what a day consumed less than that, Wh, with its range; not corrected: than a day of the other. None for
            too few days.
        problem: why it is not corrected, or None.
        year_saved: what a year with the temperatures of the last one consumes less, Wh; not corrected: 365 such days.
        year: whose temperatures; None where it is not corrected.
        year_problem: why there is nothing of a year, or None.
        year_paid: the same at the mean price of the span's kWh; None where that is unknown.
    """

    here: SpanFigures
    against: SpanFigures
    base_c: Decimal
    expected_wh: float | None
    saved: Estimate | None
    problem: Phrase | None
    year_saved: Estimate | None
    year: Year | None
    year_problem: Phrase | None
    year_paid: Estimate | None


def compare(here: SpanFigures, against: SpanFigures, base_c: Decimal, year: Year | None) -> Versus:
    """Compare a span with another one.

    Args:
        here: the span.
        against: the other.
        base_c: of the degree-days, °C.
        year: the temperatures of a year, or None where too few of them are known.
    """
    line, other = line_of(here.climate, base_c), line_of(against.climate, base_c)
    if line is None or other is None:
        plain, plain_other = line_of(here.climate, None), line_of(against.climate, None)
        saved = None if plain is None or plain_other is None else mean_saving(plain_other, plain)
        of_year = None if saved is None else saved.times(DAYS)
        return Versus(
            here,
            against,
            base_c,
            None,
            saved,
            _problem(here, against, base_c),
            of_year,
            None,
            None,
            _paid(of_year, here),
        )
    saved = line_saving(other, line, line.mean_x)
    of_year = None if year is None else line_saving(other, line, year.degree_days).times(DAYS)
    year_problem = Phrase(RemarkCode.VERSUS_NO_YEAR) if year is None else None
    expected = other.at(line.mean_x)
    return Versus(here, against, base_c, expected, saved, None, of_year, year, year_problem, _paid(of_year, here))


def _paid(saved: Estimate | None, here: SpanFigures) -> Estimate | None:
    return None if saved is None or here.price is None else saved.times(float(here.price) / 1000)


def _problem(here: SpanFigures, against: SpanFigures, base_c: Decimal) -> Phrase:
    """Why the spans cannot be corrected."""
    if not any(each.mean_c is not None for side in (here, against) for each in side.climate):
        return Phrase(RemarkCode.VERSUS_NO_TEMPERATURE)
    counts = [
        sum(each.degree_days(base_c) is not None and each.energy_wh is not None for each in side.climate)
        for side in (against, here)
    ]
    if min(counts) < ENOUGH:
        return Phrase(RemarkCode.VERSUS_TOO_FEW_DAYS, {"before": counts[0], "after": counts[1], "needed": ENOUGH})
    return Phrase(RemarkCode.VERSUS_EQUALLY_WARM)
