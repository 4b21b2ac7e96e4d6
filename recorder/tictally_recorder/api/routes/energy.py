"""What registers counted: by register, and each kWh once."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import params
from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.context import Context, sites_of
from tictally_recorder.api.params import MOST_DAYS, Times, times
from tictally_recorder.api.responses import Keyed, Record, Rows, joined_states, local_day, page_of, told
from tictally_recorder.api.routes.common import Answering, context_of
from tictally_recorder.api.schemas import EnergyItem, ListOf, UseItem
from tictally_recorder.cost.contracts.model import Contracts
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import consumption_by_period, consumption_total, injection_total
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.reports.energy import COLUMNS, records
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By, period_start

router = APIRouter(tags=["energy"])

_USE_COLUMNS: Final = (
    "site",
    "from",
    "to",
    "consumption_wh",
    "injection_wh",
    "periods",
    "estimated",
    "covered",
    "quarters",
)
_OPTION: Final = "NGTF"

ByAny = Annotated[By, Query(alias="by", description="What a row stands for.")]


@router.get("/energy", response_model=ListOf[EnergyItem])
async def energy(  # noqa: PLR0913, PLR0917 - parameters of a question
    request: Request,
    site: params.Site = None,
    start: params.From = None,
    end: params.To = None,
    by: ByAny = By.DAY,
    every: Annotated[bool, Query(alias="all", description="Also registers that stood at zero throughout.")] = False,  # noqa: FBT002
    limit: params.Limit = 2000,
    form: params.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """The register at the end minus the register at the start, by period of time: as `tictally energy` has it."""
    context = context_of(request)
    window = times(start, end, context.tz, context.now, most_days=MOST_DAYS[by])

    def work(reader: LedgerReader) -> Rows:
        rows, states = _all(context, reader, site, window, by, every=every)
        keyed = list(_keyed(rows, records(rows, context.tz), by, context))
        return _page(keyed, limit, joined_states(states), context)

    return await Answering(request, COLUMNS).by(work)


@router.get("/use", response_model=ListOf[UseItem])
async def use(  # noqa: PLR0913, PLR0917 - parameters of a question
    request: Request,
    site: params.Site = None,
    start: params.From = None,
    end: params.To = None,
    by: ByAny = By.DAY,
    limit: params.Limit = 2000,
    form: params.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """What was consumed and injected, each kWh once, and by tariff period what was consumed."""
    context = context_of(request)
    window = times(start, end, context.tz, context.now, most_days=MOST_DAYS[by])

    def work(reader: LedgerReader) -> Rows:
        every = reader.sites()
        terms, _, generation = context.terms(every)
        contracts = terms.contracts if terms else Contracts()
        keyed: list[Keyed] = []
        states: list[str | None] = []
        for each in sites_of(reader, site):
            rows, state = cached_energy(
                reader, context.energies, each, window, by, context.tz, context.today, all_registers=True
            )
            states.append(state and f"{generation}:{state}")
            keyed += _uses(context, reader, each, rows, by, contracts)
        return _page(keyed, limit, joined_states(states), context)

    return await Answering(request, _USE_COLUMNS).by(work)


def _all(  # noqa: PLR0913 - as above
    context: Context, reader: LedgerReader, site: str | None, window: Times, by: By, *, every: bool
) -> tuple[list[EnergyRow], list[str | None]]:
    rows: list[EnergyRow] = []
    states: list[str | None] = []
    for each in sites_of(reader, site):
        found, state = cached_energy(
            reader, context.energies, each, window, by, context.tz, context.today, all_registers=every
        )
        rows += found
        states.append(state)
    return rows, states


def _keyed(rows: list[EnergyRow], told_of: list[dict[str, object]], by: By, context: Context) -> Iterator[Keyed]:
    starts: dict[int, str] = {}
    for row, record in zip(rows, told_of, strict=True):
        if row.start_ms not in starts:
            starts[row.start_ms] = _period_key(row.start_ms, by, context)
        yield starts[row.start_ms], record


def _period_key(time_ms: int, by: By, context: Context) -> str:
    """Sortable, and of one period of the calendar also where a window or a site begins within it."""
    start = period_start(datetime.fromtimestamp(time_ms / 1000, UTC), by, context.tz)
    return f"{int(start.timestamp()) * 1000:015}"


def _page(keyed: list[Keyed], limit: int, state: str | None, context: Context) -> Rows:
    items, onwards = page_of(keyed, limit)
    return Rows(items, next_from=None if onwards is None else told(int(onwards), context.tz), state=state)


def _uses(  # noqa: PLR0913, PLR0917 - as above
    context: Context, reader: LedgerReader, site: Site, rows: list[EnergyRow], by: By, contracts: Contracts
) -> Iterator[Keyed]:
    options = sorted(
        (change.time_ms, change.value)
        for meter in site.meters
        for change in reader.text_changes(meter.id, (_OPTION,), 0, 2**62)
    )
    aliases: dict[date, Mapping[str, str]] = {}
    for start_ms, group in groupby(rows, key=lambda row: row.start_ms):
        of_period = list(group)
        end_ms = of_period[0].end_ms
        option = next((value for time_ms, value in reversed(options) if time_ms < end_ms), None)
        last = local_day(end_ms - 1, context.tz)
        if last not in aliases:
            contract = contracts.on(site.id, Direction.CONSUMPTION, last)
            aliases[last] = contract.aliases if contract else {}
        record = _use(site, of_period, option or None, aliases[last], context)
        yield _period_key(start_ms, by, context), record


def _use(site: Site, rows: list[EnergyRow], option: str | None, aliases: Mapping[str, str], context: Context) -> Record:
    consumption, injection = consumption_total(rows), injection_total(rows)
    periods = {name: counted.energy_wh for name, counted in consumption_by_period(rows, option, aliases).items()}
    return {
        "site": site.id,
        "from": told(rows[0].start_ms, context.tz),
        "to": told(rows[0].end_ms, context.tz),
        "consumption_wh": consumption.energy_wh if consumption.parts else None,
        "injection_wh": injection.energy_wh if injection.parts else None,
        "periods": {name: energy_wh for name, energy_wh in periods.items() if energy_wh},
        "estimated": consumption.estimated or injection.estimated,
        "covered": rows[0].covered,
        "quarters": rows[0].quarters,
    }
