"""Contracts: all that stand in the file, and adding, correcting and deleting one, first as a preview."""

import difflib
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.auth import require_token, writes_of
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.contract_form import ContractForm, contract_record, problem_of
from tictally_recorder.api.params import SiteParams
from tictally_recorder.api.problem_details import Problem, unavailable
from tictally_recorder.api.responses import Listing, Record, answer_list, json_response
from tictally_recorder.api.schemas import AskedRecord, ContractChange, ContractItem, ListOf
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.contract_effect import recomputed_days
from tictally_recorder.cost.contract_problems import contract_problems, counted_off_peak
from tictally_recorder.cost.contracts import Contract, Contracts, TariffsNamed
from tictally_recorder.cost.contracts.asked import AskedByTariff
from tictally_recorder.cost.contracts.edit import ContractEditError, corrected, removed, with_contract
from tictally_recorder.cost.contracts.file import ContractsChanged, ContractsFile, state_of
from tictally_recorder.cost.contracts.load import ContractError
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.ledger import LedgerReader, probable_exchanges
from tictally_recorder.tariffs.catalogue import TariffCatalogue
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.translations import phrase_record
from tictally_shared.phrase import Phrase

router = APIRouter(prefix="/contracts", tags=["contracts"])

_WRITES: Final = [Depends(require_token)]
_LONGEST_ID: Final = 64
Number = Annotated[int, Path(ge=0, le=9999, description="Its number in the file, `contract` of the list.")]


class ChangeParams(BaseModel):
    """How the file is changed."""

    model_config = ConfigDict(frozen=True)

    state: str = Field(max_length=32, description="`state` of the list: it is refused if the file has changed since.")
    preview: bool = Field(default=False, description="Only show what would change; nothing is written.")


class AskedParams(SiteParams):
    """Selects a tariff."""

    tariff: str = Field(max_length=_LONGEST_ID, description="Id of a tariff.")


@router.get("", response_model=ListOf[ContractItem])
async def contracts(request: Request, params: Annotated[SiteParams, Query()]) -> Response:
    """Every contract in the order of the file, its `state`, and whether this client may change it."""
    writes = writes_of(request)

    def work(session: ReadSession) -> Listing:
        file = _file(session)
        extra: dict[str, object] = {"file": str(file.path), "writes": writes, "state": None, "problem": None}
        try:
            text = file.text()
            found = file.parsed(text)
        except ContractError as error:
            return Listing([], {**extra, "problem": phrase_record(error.reason)})
        shown = [
            each for each in found.all if params.site is None or any(each.concerns(site.id) for site in session.sites)
        ]
        shown.sort(key=lambda each: each.number or 0)
        return Listing([contract_record(each, found) for each in shown], {**extra, "state": state_of(text)})

    return await answer_list(request, params.site, work, lane=Lane.QUICK)


@router.get("/asked", response_model=AskedRecord)
async def asked_of_contract(request: Request, params: Annotated[AskedParams, Query()]) -> Response:
    """What a contract on a tariff has to have, and what the site's meter reports of it."""

    def work(session: ReadSession) -> Response:
        tariff = _catalogue(session).tariffs.get(params.tariff)
        if tariff is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"no tariff {params.tariff[:40]!r}", parameter="tariff")
        asked = AskedByTariff.of(tariff)
        site = session.sites[0] if len(session.sites) == 1 else None
        reported = announced(session.reader, site) if site else None
        counted = counted_off_peak(session.reader, site, session.tz) if site and asked.off_peak else ()
        return json_response(
            {
                "tariff": tariff.id,
                "direction": str(tariff.direction),
                "powers": list(asked.powers),
                "power_names": list(asked.power_names),
                "off_peak": asked.off_peak,
                "chosen_day": asked.chosen_day,
                "reported_power_kva": reported.power_kva if reported else None,
                "counted_off_peak": list(counted),
            }
        )

    return await _read(request, params.site, work)


@router.post("", response_model=ContractChange, dependencies=_WRITES)
async def add_contract(request: Request, form: ContractForm, params: Annotated[ChangeParams, Query()]) -> Response:
    """Add a contract at the end of the file, which stays as it is otherwise."""
    tz = request.app.state.context.tz

    def change(text: str, before: Contracts) -> tuple[str, int | None]:
        return with_contract(text, form.contract(tz)), len(before.all)

    return await _change(request, params, change)


@router.put("/{number}", response_model=ContractChange, dependencies=_WRITES)
async def correct_contract(
    request: Request, number: Number, form: ContractForm, params: Annotated[ChangeParams, Query()]
) -> Response:
    """Correct or end a contract; comments, aliases and everything else in the file stay as they are."""
    tz = request.app.state.context.tz

    def change(text: str, before: Contracts) -> tuple[str, int | None]:
        _require(before, number)
        return corrected(text, number, form.contract(tz), keeps_off_peak=form.off_peak is None), number

    return await _change(request, params, change)


@router.delete("/{number}", response_model=ContractChange, dependencies=_WRITES)
async def delete_contract(request: Request, number: Number, params: Annotated[ChangeParams, Query()]) -> Response:
    """Delete a contract, as if there had never been one: its days have no cost any more."""

    def change(text: str, before: Contracts) -> tuple[str, int | None]:
        _require(before, number)
        return removed(text, number), None

    return await _change(request, params, change)


Change = Callable[[str, Contracts], tuple[str, int | None]]
"""(text, contracts in it) → the new text, and the number of the contract that is added or corrected in it."""


async def _change(request: Request, params: ChangeParams, change: Change) -> Response:
    context: Context = request.app.state.context

    def work(session: ReadSession) -> Response:
        file = _file(session)
        number = None
        try:
            before = file.text_of(params.state)
            text, number = change(before, file.parsed(before))
            after = file.parsed(text) if params.preview else file.write(text, params.state)
        except ContractEditError as error:
            raise problem_of(ContractError(str(file.path), 1, error.problem), None) from None
        except ContractError as error:
            raise problem_of(error, number) from None
        except ContractsChanged:
            detail = "the contracts have changed since they were read; read them again: GET /api/v1/contracts"
            raise Problem(HTTPStatus.PRECONDITION_FAILED, detail, parameter="state") from None
        record = _effect(session, file.parsed(before), after, number)
        lines = _lines(before, text)
        if not params.preview:
            context.reload_terms()
        return json_response({"is_written": not params.preview, "state": state_of(text), "lines": lines, **record})

    return await _read(request, None, work)


async def _read(request: Request, site: str | None, work: Callable[[ReadSession], Response]) -> Response:
    context: Context = request.app.state.context

    def run(reader: LedgerReader) -> Response:
        return work(context.session(reader, site))

    return await context.pool.read(run)


def _catalogue(session: ReadSession) -> TariffCatalogue:
    catalogue = session.current_terms().catalogue
    if catalogue is None:
        raise unavailable("a bundled tariff is broken; the recorder's log has the details", retry_after_s=60)
    return catalogue


def _file(session: ReadSession) -> ContractsFile:
    catalogue, sites = _catalogue(session), session.all_sites
    return ContractsFile(
        session.context.settings.contracts_file,
        TariffsNamed(catalogue.tariffs, session.tz, catalogue.broken),
        {site.id for site in sites},
        probable_exchanges(sites),
    )


def _require(found: Contracts, number: int) -> Contract:
    contract = next((each for each in found.all if each.number == number), None)
    if contract is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no contract {number}; /api/v1/contracts lists them")
    return contract


def _lines(before: str, after: str) -> list[Record]:
    """The lines of the file that go and those that come."""
    found = difflib.ndiff(before.splitlines(), after.splitlines())
    return [{"sign": each[0], "text": each[2:]} for each in found if each[0] in {"+", "-"} and each[2:].strip()]


def _effect(session: ReadSession, before: Contracts, after: Contracts, number: int | None) -> Record:
    """The days that are recomputed, and what the meter reports otherwise."""
    terms = session.current_terms().terms
    days = []
    if terms is not None:
        # The terms of the session may be five seconds old, or already have the change.
        found = recomputed_days(session.reader, session.all_sites, terms, (before, after), session.tz)
        days = [
            {"site": each.site, "first": str(each.first), "last": str(each.last), "days": each.count} for each in found
        ]
    return {"recomputed": days, "findings": list(map(phrase_record, _findings(session, after, number)))}


def _findings(session: ReadSession, after: Contracts, number: int | None) -> list[Phrase]:
    """Of the contract that was added or corrected, where it holds today and is for consumption."""
    found: list[Phrase] = []
    tariffs = _catalogue(session).tariffs
    for site in session.all_sites:
        contract = after.on(site.id, Direction.CONSUMPTION, session.today)
        if contract is not None and contract.number == number and contract.tariff in tariffs:
            found += contract_problems(session.reader, site, contract, tariffs[contract.tariff], session.tz)
    return found
