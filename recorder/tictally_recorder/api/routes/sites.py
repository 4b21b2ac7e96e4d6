"""Sites, their meters, and their contracts."""

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import ReadSession
from tictally_recorder.api.params import SiteListParams
from tictally_recorder.api.responses import Listing, Record, answer_list, local_iso
from tictally_recorder.api.schemas import ListOf, SiteItem
from tictally_recorder.api.site_injection import injects, production_source
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.contracts.meter_reported import Announced, announced
from tictally_recorder.cost.contracts.model import Contract, iso_text
from tictally_recorder.cost.contracts.onboarding import FirstContract, how_to_join, needs_contract
from tictally_recorder.cost.model import Terms
from tictally_recorder.ledger import Site
from tictally_recorder.translations import phrase_record

router = APIRouter(tags=["sites"])
_NO_FIRST_CONTRACT: Final[Record] = {"first_contract": None, "how_to_begin": None}


@router.get("/sites", response_model=ListOf[SiteItem])
async def sites(request: Request, params: Annotated[SiteListParams, Query()]) -> Response:
    """Sites with their meters and their contracts."""

    def work(session: ReadSession) -> Listing:
        current = session.current_terms()
        items = [_record(session, site, current.terms) for site in session.sites]
        problem = current.problem
        record = phrase_record(problem.reason) | {"cause": phrase_record(problem.problem)} if problem else None
        ignored = [
            {"site": each.site.id, "since": local_iso(each.since_ms, session.tz)}
            for each in session.reader.ignored_sites()
        ]
        return Listing(items, {"problem": record, "ignored": ignored})

    return await answer_list(request, params.site, work, lane=Lane.QUICK)


def _record(session: ReadSession, site: Site, terms: Terms | None) -> Record:
    tz = session.tz
    reported = announced(session.reader, site)
    contracts = [each for each in terms.contracts.all if each.concerns(site.id)] if terms else []
    lacks_contract = terms is not None and needs_contract(session.reader, site, terms.contracts, reported)
    return {
        "site": site.id,
        "name": None,
        "timezone": tz.key,
        "is_integrated": site.is_integrated,
        "injects": injects(session, site),
        "has_production": production_source(session, site) is not None,
        "first": local_iso(min(meter.first_ms for meter in site.meters), tz),
        "last": local_iso(max(meter.last_ms for meter in site.meters), tz),
        "meters": [
            {
                "meter": meter.key,
                "serial": meter.serial,
                "first": local_iso(meter.first_ms, tz),
                "last": local_iso(meter.last_ms, tz),
            }
            for meter in site.meters
        ],
        "edges": list(site.edges),
        "meter_reported": {"option": reported.name, "power_kva": reported.power_kva, "tariff": reported.shipped_tariff},
        "contracts": [_contract(each, session.today) for each in contracts],
        "contracts_readable": terms is not None,
        **(_first_contract(session, site, reported) if lacks_contract else _NO_FIRST_CONTRACT),
    }


def _first_contract(session: ReadSession, site: Site, reported: Announced) -> Record:
    """What to write where, as data and as a text."""
    file, is_only_site = session.context.settings.contracts_file, len(session.all_sites) == 1
    first = FirstContract(file, session.tz, site, reported, is_only_site)
    text = "\n".join(filter(None, (first.how_to_begin(), how_to_join(site, session.all_sites))))
    return {"first_contract": {"file": str(file), "lines": first.lines}, "how_to_begin": text}


def _contract(contract: Contract, today: date) -> Record:
    end = contract.ends_at or contract.until
    return {
        "direction": str(contract.direction),
        "tariff": contract.tariff,
        "from": contract.begins,
        "until": None if end is None else iso_text(end),
        "power_kva": contract.power_kva,
        "powers_kw": {name: f"{kw:f}" for name, kw in contract.powers_kw.items()},
        "off_peak_hours": [f"{begin:%H:%M}-{end:%H:%M}" for begin, end in contract.off_peak_on(today)],
        "billing_day": contract.billing_day,
        "billed_in_advance": contract.billed_in_advance,
    }
