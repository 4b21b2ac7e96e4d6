"""Tariffs, and what each version of one changed."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context
from tictally_recorder.api.params import FormatParams, LanguageListParams, LanguageParams
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.responses import Listing, Record, csv_responses, json_response, respond
from tictally_recorder.api.schemas import ListOf, TariffHistory, TariffItem, TariffProviderItem
from tictally_recorder.reports.tariffs import broken_file, list_records, name_of, version_record
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.model import Tariff, Version
from tictally_recorder.tariffs.providers.state import provider_states
from tictally_recorder.translations import phrase_record

router = APIRouter(prefix="/tariffs", tags=["tariffs"])

_COLUMNS: Final = (
    *("id", "supplier", "name", "currency", "direction", "periods", "is_series", "versions", "newest", "confidence"),
    "overdue_since",
)
_PERCENT: Final = Decimal("0.1")
_MAX_KVA: Final = 250
# Members of the history itself, not of its versions.
_HISTORY_MEMBERS: Final = ("tariff", "supplier", "name", "currency", "direction")


class HistoryParams(LanguageParams):
    """Selects amounts of a tariff."""

    power: int | None = Field(None, ge=1, le=_MAX_KVA, description="Only amounts of this power, in kVA.")


@router.get("", response_model=ListOf[TariffItem], responses=csv_responses(_COLUMNS))
async def tariffs(request: Request, params: Annotated[LanguageListParams, Query()]) -> Response:
    """Every tariff, as it stands today."""
    context: Context = request.app.state.context

    def work() -> Response:
        catalogue = load_catalogue(context.settings.tariffs_folder)
        records = list_records(
            catalogue.tariffs.values(), _today(context), params.language or context.settings.language
        )
        items = [{**each, **_about(catalogue.tariffs[str(each["id"])])} for each in records]
        errors = [phrase_record(broken_file(error)) for error in catalogue.errors]
        return respond(request, Listing(items, {"errors": errors}), context.version, _COLUMNS)

    return await context.pool.run(work)


@router.get("/providers", response_model=ListOf[TariffProviderItem])
async def providers(
    request: Request,
    params: Annotated[FormatParams, Query()],  # noqa: ARG001 - read from the request
) -> Response:
    """Every tariff provider with the tariffs that it publishes, and the last import from its files."""
    context: Context = request.app.state.context

    def work() -> Response:
        catalogue = load_catalogue(context.settings.tariffs_folder)
        items = [state.to_record() for state in provider_states(catalogue, _today(context))]
        return respond(request, Listing(items), context.version)

    return await context.pool.run(work)


@router.get("/{tariff_id}", response_model=TariffHistory)
async def tariff(
    request: Request, tariff_id: Annotated[str, Path(max_length=64)], params: Annotated[HistoryParams, Query()]
) -> Response:
    """The history of a tariff, the oldest version first, and what each version changed."""
    context: Context = request.app.state.context

    def work() -> Response:
        found = load_catalogue(context.settings.tariffs_folder).tariffs.get(tariff_id)
        if found is None:
            raise Problem(404, f"no tariff {tariff_id[:40]!r}; /api/v1/tariffs lists them")
        language = params.language or context.settings.language
        overdue = found.overdue_since(_today(context))
        record = {
            "id": found.id,
            "supplier": found.supplier,
            "name": name_of(found, language),
            **_about(found),
            "overdue_since": None if overdue is None else str(overdue),
            "versions": list(_versions(found, language, params.power)),
        }
        return json_response(record)

    return await context.pool.run(work)


def _today(context: Context) -> date:
    return context.now().astimezone(context.tz).date()


def _about(found: Tariff) -> Record:
    return {
        "currency": found.currency,
        "direction": str(found.direction),
        "periods": list(found.periods),
        "is_series": found.series,
    }


def _versions(found: Tariff, language: str, power: int | None) -> Iterator[Record]:
    before: Version | None = None
    for version in found.versions:
        record = {
            name: value
            for name, value in version_record(found, version, language).items()
            if name not in _HISTORY_MEMBERS
        }
        if power is not None:
            for name in ("energy", "subscription"):
                record[name] = _of_power(record[name], power)
        changes = [] if before is None else list(_changes(found, before, version, power))
        yield {"version": version.id, **record, "changes": changes}
        before = version


def _of_power(amounts: object, power: int) -> dict[str, object]:
    """The amounts that apply at a power: its own and those of every power."""
    by_power = amounts if isinstance(amounts, Mapping) else {}
    return {key: each for key, each in by_power.items() if key in {"*", str(power)}}


def _changes(found: Tariff, before: Version, version: Version, power: int | None) -> Iterator[Record]:
    """Amounts including taxes that differ; one that is the same at all powers appears once."""
    for each in sorted({*before.energy, *version.energy}, key=_order):
        for period in found.periods:
            if power is None or each in {None, power}:
                old, new = (_price_ttc(of, each, period) for of in (before, version))
                yield from _change(each, period, old, new)
    for each in sorted({*before.subscription, *version.subscription}, key=_order):
        if power is None or each in {None, power}:
            yield from _change(each, "subscription", before.subscription.get(each), version.subscription.get(each))


def _price_ttc(version: Version, power: int | None, period: str) -> Decimal | None:
    price = version.price(power, period)
    return None if price is None else price.ttc


def _change(power: int | None, item: str, old: Decimal | None, new: Decimal | None) -> Iterator[Record]:
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
