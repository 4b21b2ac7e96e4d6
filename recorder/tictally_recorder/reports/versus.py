"""Two spans beside each other as a record for programs, and as a table with sentences for people. Pure."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final

from rich.table import Table

from tictally_recorder.climate import Estimate
from tictally_recorder.cost.proration import to_cents
from tictally_recorder.remark import RemarkCode
from tictally_recorder.reports.table import add_columns, plain_table, site_title
from tictally_recorder.translations import phrase_record
from tictally_recorder.versus import Span, SpanFigures, Versus
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase, Value

_KWH: Final = 1000
_DAY: Final = timedelta(days=1)


def record(site: str, found: Versus) -> dict[str, object]:
    """All figures; amounts and shares as text, energies in whole Wh."""
    return {
        "site": site,
        "currency": _currency(found),
        "here": _span_record(found.here, found.base_c),
        "against": _span_record(found.against, found.base_c),
        "share": None if (share := share_of(found)) is None else f"{share:.4f}",
        "base_c": f"{found.base_c.normalize():f}",
        "is_corrected": found.expected_wh is not None,
        "expected_wh_a_day": None if found.expected_wh is None else round(found.expected_wh),
        "saved_wh_a_day": _estimate_record(found.saved),
        "saved_wh_a_year": _estimate_record(found.year_saved),
        "saved_cost_a_year": None if found.year_paid is None else _amounts(found.year_paid),
        "year_from": None if found.year is None else str(found.year.span.first),
        "year_to": None if found.year is None else str(found.year.span.until),
        "remarks": [phrase_record(each) for each in remarks_of(found)],
    }


def share_of(found: Versus) -> Decimal | None:
    """The change of a day's mean consumption, as a share of the other span's."""
    here, against = found.here.wh_a_day, found.against.wh_a_day
    return here / against - 1 if here is not None and against else None


def as_table(site: str, found: Versus, words: Catalogue) -> Table:
    """A line for each figure, the spans as columns."""
    table = plain_table(site_title(site, words))
    table.add_column("")
    for each in (found.here.span, found.against.span):
        table.add_column(_dates(each), justify="right")
    add_columns(table, words, "change", is_right=True)
    for key, here, against, decimals in _lines(found):
        table.add_row(words.text(f"column.{key}"), *_cells(here, against, decimals, words))
    for period in dict.fromkeys((*found.here.periods, *found.against.periods)):
        sides = (found.here, found.against)
        shares = [Decimal(each.periods.get(period, 0)) / each.days / _KWH if each.days else None for each in sides]
        name = words.text("report.kwh_a_day_of", period=period)
        table.add_row(name, *_cells(shares[0], shares[1], 2, words))
    return table


def _lines(found: Versus) -> Iterator[tuple[str, Decimal | None, Decimal | None, int]]:
    """Key of the heading, both figures, and their decimals."""
    here, against = found.here, found.against
    yield "days", Decimal(here.days), Decimal(against.days), 0
    yield "kwh", _known(here, here.energy_wh), _known(against, against.energy_wh), 1
    yield "kwh_a_day", _per_kwh(here.wh_a_day), _per_kwh(against.wh_a_day), 2
    if here.injection_wh or against.injection_wh:
        yield "injected_kwh", _known(here, here.injection_wh), _known(against, against.injection_wh), 1
    if here.cost is not None or against.cost is not None:
        yield "cost", here.cost, against.cost, 2
        yield "cost_a_day", here.cost_a_day, against.cost_a_day, 2
    if here.mean_c() is not None or against.mean_c() is not None:
        yield "mean_c", here.mean_c(), against.mean_c(), 1
        yield "degree_days_a_day", _degree_days_a_day(here, found.base_c), _degree_days_a_day(against, found.base_c), 1


def _degree_days_a_day(figures: SpanFigures, base_c: Decimal) -> Decimal | None:
    days, total = figures.degree_days(base_c)
    return total / days if days else None


def _cells(here: Decimal | None, against: Decimal | None, decimals: int, words: Catalogue) -> Iterator[str]:
    for each in (here, against):
        yield "" if each is None else words.decimal(f"{each:.{decimals}f}")
    share = here / against - 1 if here is not None and against else None
    yield "" if share is None else words.decimal(f"{share * 100:+.0f} %")


def remarks_of(found: Versus) -> Iterator[Phrase]:
    """What must be known of the figures: days that are missing, the correction, what a year saves."""
    for each in (found.here, found.against):
        if each.days < each.span.days:
            about: dict[str, Value] = {"first": str(each.span.first), "last": str(each.span.until - _DAY)}
            yield Phrase(RemarkCode.VERSUS_PART, {**about, "days": each.days, "of": each.span.days})
    if found.problem is not None:
        yield found.problem
    if found.saved is not None:
        yield _saved_remark(found, found.saved)
    if found.year_problem is not None:
        yield found.year_problem
    if found.year_saved is not None:
        yield _year_remark(found, found.year_saved)


def _saved_remark(found: Versus, saved: Estimate) -> Phrase:
    about: dict[str, Value] = {"value": _kwh(-saved.value), "low": _kwh(-saved.high), "high": _kwh(-saved.low)}
    if found.expected_wh is None:
        return Phrase(RemarkCode.VERSUS_UNCORRECTED, about)
    about |= {"expected": _kwh(found.expected_wh), "base": f"{found.base_c.normalize():f}"}
    return Phrase(RemarkCode.VERSUS_CORRECTED, about)


def _year_remark(found: Versus, saved: Estimate) -> Phrase:
    if saved.low <= 0 <= saved.high:
        about: dict[str, Value] = {"low": f"{saved.low / _KWH:.0f}", "high": f"{saved.high / _KWH:.0f}"}
        return Phrase(RemarkCode.VERSUS_NO_EFFECT, about)
    is_more = saved.value < 0
    about = _rounded(saved.times(1 / _KWH))
    if found.year_paid is None:
        return Phrase(RemarkCode.VERSUS_YEAR_MORE if is_more else RemarkCode.VERSUS_YEAR, about)
    about |= {f"paid_{name}": text for name, text in _rounded(found.year_paid).items()}
    about["currency"] = _currency(found) or ""
    return Phrase(RemarkCode.VERSUS_YEAR_MORE_PAID if is_more else RemarkCode.VERSUS_YEAR_PAID, about)


def _rounded(found: Estimate) -> dict[str, Value]:
    """Without sign, from the smaller to the larger."""
    low, high = sorted((abs(found.low), abs(found.high)))
    return {"value": f"{abs(found.value):.0f}", "low": f"{low:.0f}", "high": f"{high:.0f}"}


def _span_record(figures: SpanFigures, base_c: Decimal) -> dict[str, object]:
    known, (climate_days, degree_days) = figures.known, figures.degree_days(base_c)
    mean_c, energy = figures.mean_c(), figures.days > 0
    return {
        "from": str(figures.span.first),
        "to": str(figures.span.until),
        "span_days": figures.span.days,
        "known_from": None if known is None else str(known.first),
        "known_to": None if known is None else str(known.until),
        "days": figures.days,
        "energy_wh": figures.energy_wh if energy else None,
        "injection_wh": figures.injection_wh if energy else None,
        "wh_a_day": _whole(figures.wh_a_day),
        "cost_days": figures.cost_days,
        "cost": _cents(figures.cost),
        "cost_energy": _cents(figures.energy_amount) if figures.cost_days else None,
        "cost_subscription": _cents(figures.subscription) if figures.cost_days else None,
        "cost_a_day": _cents(figures.cost_a_day),
        "income": _cents(figures.income),
        "periods": dict(figures.periods),
        "quality": str(figures.quality),
        "temperature_days": climate_days,
        "mean_c": None if mean_c is None else f"{round(mean_c, 1) + 0}",
        "degree_days": f"{round(degree_days, 1) + 0}" if climate_days else None,
    }


def _estimate_record(found: Estimate | None) -> dict[str, int] | None:
    return None if found is None else {name: round(getattr(found, name)) for name in ("value", "low", "high")}


def _amounts(found: Estimate) -> dict[str, str]:
    return {name: f"{getattr(found, name):.2f}" for name in ("value", "low", "high")}


def _currency(found: Versus) -> str | None:
    return found.here.currency or found.against.currency


def _cents(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{to_cents(amount) + 0:f}"


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else round(value)


def _known(figures: SpanFigures, energy_wh: int) -> Decimal | None:
    return Decimal(energy_wh) / _KWH if figures.days else None


def _per_kwh(wh: Decimal | None) -> Decimal | None:
    return None if wh is None else wh / _KWH


def _kwh(wh: float) -> str:
    return f"{wh / _KWH + 0:.2f}"


def _dates(span: Span) -> str:
    return f"{span.first} – {span.until - _DAY}"  # noqa: RUF001 - a range of days
