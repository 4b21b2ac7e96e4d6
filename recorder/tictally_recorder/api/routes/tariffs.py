"""Price lists, and what each version of one changed."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import params
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.responses import JSON, Rows, as_json, render, wants_csv
from tictally_recorder.api.routes.common import context_of
from tictally_recorder.api.schemas import ListOf, TariffHistory, TariffItem
from tictally_recorder.reports.tariffs import list_records, name_of, version_record
from tictally_recorder.tariffs.catalogue import load_shelf
from tictally_recorder.tariffs.model import Tariff, Version

router = APIRouter(prefix="/tariffs", tags=["tariffs"])

_COLUMNS: Final = (
    *("id", "supplier", "name", "currency", "direction", "periods", "is_series", "versions", "newest", "confidence"),
    "overdue_since",
)
_PERCENT: Final = Decimal("0.1")
_MOST_KVA: Final = 250
# What the whole history has already.
_OF_THE_LIST: Final = ("tariff", "supplier", "name", "currency", "direction")

Language = Annotated[str | None, Query(max_length=8, description="Of names: fr or en; without it the recorder's.")]


@router.get("", response_model=ListOf[TariffItem])
async def tariffs(
    request: Request,
    language: Language = None,
    form: params.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """Every price list, as it stands today."""
    context = context_of(request)
    wants_csv(request)

    def work() -> Response:
        shelf = load_shelf(context.settings.tariffs_folder)
        listed = list_records(shelf.tariffs.values(), context.today, language or context.settings.language)
        items = [{**each, **_about(shelf.tariffs[str(each["id"])])} for each in listed]
        errors = [str(error) for error in shelf.errors]
        return render(request, Rows(items, {"errors": errors}), context.version, _COLUMNS)

    return await context.pool.run(work)


@router.get("/{tariff_id}", response_model=TariffHistory)
async def tariff(
    request: Request,
    tariff_id: Annotated[str, Path(max_length=64)],
    language: Language = None,
    power: Annotated[int | None, Query(ge=1, le=_MOST_KVA, description="Only amounts of this power, in kVA.")] = None,
) -> Response:
    """A price list's history, the oldest version first, and what each changed."""
    context = context_of(request)

    def work() -> Response:
        shelf = load_shelf(context.settings.tariffs_folder)
        found = shelf.tariffs.get(tariff_id)
        if found is None:
            raise Problem(404, f"there is no tariff {tariff_id[:40]!r}; /api/v1/tariffs lists them")
        spoken = language or context.settings.language
        overdue = found.overdue_since(context.today)
        record = {
            "id": found.id,
            "supplier": found.supplier,
            "name": name_of(found, spoken),
            **_about(found),
            "overdue_since": None if overdue is None else str(overdue),
            "versions": list(_versions(found, spoken, power)),
        }
        return Response(as_json(record), headers={"cache-control": "no-store"}, media_type=JSON)

    return await context.pool.run(work)


def _about(found: Tariff) -> dict[str, object]:
    return {
        "currency": found.currency,
        "direction": str(found.direction),
        "periods": list(found.periods),
        "is_series": found.series,
    }


def _versions(found: Tariff, language: str, power: int | None) -> Iterator[dict[str, object]]:
    before: Version | None = None
    for version in found.versions:
        record = version_record(found, version, language)
        for name in _OF_THE_LIST:
            record.pop(name)
        if power is not None:
            for name in ("energy", "subscription"):
                amounts = record[name]
                assert isinstance(amounts, dict)  # noqa: S101 - as version_record has it
                record[name] = {key: each for key, each in amounts.items() if key in {"*", str(power)}}
        changes = [] if before is None else list(_changes(found, before, version, power))
        yield {"version": version.id, **record, "changes": changes}
        before = version


def _changes(found: Tariff, before: Version, version: Version, power: int | None) -> Iterator[dict[str, object]]:
    """Amounts with taxes that differ; one that is the same at all powers is told once."""
    powers = {*before.energy, *version.energy}
    for each in sorted(powers, key=_order):
        for period in found.periods:
            if power is None or each in {None, power}:
                old, new = (_ttc(of, each, period) for of in (before, version))
                yield from _change(each, period, old, new)
    for each in sorted({*before.subscription, *version.subscription}, key=_order):
        if power is None or each in {None, power}:
            yield from _change(each, "subscription", before.subscription.get(each), version.subscription.get(each))


def _ttc(version: Version, power: int | None, period: str) -> Decimal | None:
    price = version.price(power, period)
    return None if price is None else price.ttc


def _change(power: int | None, item: str, old: Decimal | None, new: Decimal | None) -> Iterator[dict[str, object]]:
    if old == new:
        return
    percent = None if not old or new is None else ((new - old) / old * 100).quantize(_PERCENT)
    yield {
        "power": power,
        "item": item,
        "old": None if old is None else f"{old:f}",
        "new": None if new is None else f"{new:f}",
        "percent": None if percent is None else f"{percent:f}",
    }


def _order(power: int | None) -> int:
    return -1 if power is None else power
