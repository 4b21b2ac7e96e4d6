"""Sites, their meters, and what they are on."""

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import params
from tictally_recorder.api.context import Context, sites_of
from tictally_recorder.api.responses import Rows, told
from tictally_recorder.api.routes.common import Answering, context_of
from tictally_recorder.api.schemas import ListOf, SiteItem
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.contracts.onboarding import how_to_begin
from tictally_recorder.cost.model import Terms
from tictally_recorder.ledger import INTEGRATED_EDGE, LedgerReader, Site
from tictally_recorder.tariffs.model import Direction

router = APIRouter(tags=["sites"])


@router.get("/sites", response_model=ListOf[SiteItem])
async def sites(request: Request, site: params.Site = None) -> Response:
    """Delivery points with their meters, and the contracts that they are on."""
    context = context_of(request)

    def work(reader: LedgerReader) -> Rows:
        every = reader.sites()
        terms, problem, _ = context.terms(every)
        integrated = reader.meters_of_edge(INTEGRATED_EDGE)
        items = [_record(context, reader, each, every, terms, integrated) for each in sites_of(reader, site)]
        return Rows(items, {"problem": problem})

    return await Answering(request).by(work)


def _record(  # noqa: PLR0913, PLR0917 - all that is told
    context: Context,
    reader: LedgerReader,
    site: Site,
    every: Sequence[Site],
    terms: Terms | None,
    integrated: set[int],
) -> dict[str, object]:
    tz = context.tz
    said = announced(reader, site)
    contracts = [each for each in terms.contracts.all if each.concerns(site.id)] if terms else []
    helpless = terms is not None and not any(each.direction is Direction.CONSUMPTION for each in contracts)
    return {
        "site": site.id,
        "name": None,
        "timezone": tz.key,
        "is_integrated": any(meter.id in integrated for meter in site.meters),
        "first": told(min(meter.first_ms for meter in site.meters), tz),
        "last": told(max(meter.last_ms for meter in site.meters), tz),
        "meters": [
            {
                "meter": meter.key,
                "serial": meter.serial,
                "first": told(meter.first_ms, tz),
                "last": told(meter.last_ms, tz),
            }
            for meter in site.meters
        ],
        "edges": list(site.edges),
        "announced": {"option": said.name, "power_kva": said.power_kva, "tariff": said.shipped_tariff},
        "contracts": [_contract(each) for each in contracts],
        "how_to_begin": (
            how_to_begin(context.settings.contracts_file, tz, site, said, is_only_site=len(every) == 1)
            if helpless
            else None
        ),
    }


def _contract(contract: Contract) -> dict[str, object]:
    return {
        "direction": str(contract.direction),
        "tariff": contract.tariff,
        "from": str(contract.start),
        "until": None if contract.until is None else str(contract.until),
        "power_kva": contract.power_kva,
        "windows": [f"{begin:%H:%M}-{end:%H:%M}" for begin, end in contract.windows],
    }
