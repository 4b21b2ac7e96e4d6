"""What registers counted: by register, and each kWh once."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from itertools import groupby
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import MAX_DAYS, PageParams, time_range
from tictally_recorder.api.responses import Listing, PagedRows, Record, answer_list, csv_responses, local_iso
from tictally_recorder.api.schemas import EnergyItem, ListOf, UseItem
from tictally_recorder.cost.contracts.model import Contracts
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import consumption_by_period, consumption_total, injection_total
from tictally_recorder.ledger import Site
from tictally_recorder.reports.energy import COLUMNS, records
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By, local_day, period_start

router = APIRouter(tags=["energy"])

_USE_COLUMNS: Final = (
    *("site", "from", "to", "consumption_wh", "injection_wh", "periods", "estimated", "covered", "quarters"),
)
_OPTION: Final = "NGTF"


class UseParams(PageParams):
    """Selects energy."""

    by: By = Field(By.DAY, description="The period of a row.")


class EnergyParams(UseParams):
    """Selects energy by register."""

    every: bool = Field(default=False, alias="all", description="Also registers that are zero throughout.")


@router.get("/energy", response_model=ListOf[EnergyItem], responses=csv_responses(COLUMNS))
async def energy(request: Request, params: Annotated[EnergyParams, Query()]) -> Response:
    """By register, its end minus its start, by period of time: the records of `tictally energy`."""
    context: Context = request.app.state.context
    window = time_range(params, context.now(), context.tz, max_days=MAX_DAYS[params.by])

    def work(session: ReadSession) -> Listing:
        rows: list[EnergyRow] = []
        states: list[str | None] = []
        for site in session.sites:
            found, state = cached_energy(session, site, window, params.by, all_registers=params.every)
            rows += found
            states.append(state)
        start_of = _PeriodStart(session, params.by)
        keyed = ((start_of(row), record) for row, record in zip(rows, records(rows, session.tz), strict=True))
        return Listing(_paged(keyed, params, session), states=states)

    return await answer_list(request, params.site, work, COLUMNS)


@router.get("/use", response_model=ListOf[UseItem], responses=csv_responses(_USE_COLUMNS))
async def use(request: Request, params: Annotated[UseParams, Query()]) -> Response:
    """Consumption and injection, each kWh once, and consumption by tariff period."""
    context: Context = request.app.state.context
    window = time_range(params, context.now(), context.tz, max_days=MAX_DAYS[params.by])

    def work(session: ReadSession) -> Listing:
        current = session.current_terms()
        contracts = current.terms.contracts if current.terms else Contracts()
        keyed: list[tuple[int, Record]] = []
        states: list[str | None] = []
        start_of = _PeriodStart(session, params.by)
        for site in session.sites:
            rows, state = cached_energy(session, site, window, params.by, all_registers=True)
            states.append(state and f"{current.version}:{state}")
            uses = _Uses(session, site, contracts)
            keyed += [(start_of(group[0]), uses.record(group)) for group in _by_start(rows)]
        return Listing(_paged(keyed, params, session), states=states)

    return await answer_list(request, params.site, work, _USE_COLUMNS)


class _PeriodStart:
    """When a row's calendar period starts, in milliseconds since 1970, also where a range or a site starts within.

    Args:
        session: of the request.
        by: the period of a row.
    """

    def __init__(self, session: ReadSession, by: By) -> None:
        self._tz = session.tz
        self._by = by
        self._starts: dict[int, int] = {}

    def __call__(self, row: EnergyRow) -> int:
        if row.start_ms not in self._starts:
            start = period_start(datetime.fromtimestamp(row.start_ms / 1000, UTC), self._by, self._tz)
            self._starts[row.start_ms] = int(start.timestamp()) * 1000
        return self._starts[row.start_ms]


class _Uses:
    """Records of a site's consumption and injection.

    Args:
        session: of the request.
        site: of the ledger.
        contracts: with the names of periods.
    """

    def __init__(self, session: ReadSession, site: Site, contracts: Contracts) -> None:
        self._session = session
        self._site = site
        self._contracts = contracts
        self._aliases: dict[date, Mapping[str, str]] = {}
        self._options = sorted(
            (change.time_ms, change.value)
            for meter in site.meters
            for change in session.reader.text_changes(meter.id, (_OPTION,), 0, 2**62)
        )

    def record(self, rows: Sequence[EnergyRow]) -> Record:
        """The record of a period, from the rows of its registers."""
        first, tz = rows[0], self._session.tz
        option = next((value for time_ms, value in reversed(self._options) if time_ms < first.end_ms), None)
        consumption, injection = consumption_total(rows), injection_total(rows)
        periods = consumption_by_period(rows, option or None, self._aliases_on(local_day(first.end_ms - 1, tz)))
        return {
            "site": self._site.id,
            "from": local_iso(first.start_ms, tz),
            "to": local_iso(first.end_ms, tz),
            "consumption_wh": consumption.energy_wh if consumption.parts else None,
            "injection_wh": injection.energy_wh if injection.parts else None,
            "periods": {name: counted.energy_wh for name, counted in periods.items() if counted.energy_wh},
            "estimated": consumption.estimated or injection.estimated,
            "covered": first.covered,
            "quarters": first.quarters,
        }

    def _aliases_on(self, day: date) -> Mapping[str, str]:
        if day not in self._aliases:
            contract = self._contracts.on(self._site.id, Direction.CONSUMPTION, day)
            self._aliases[day] = contract.aliases if contract else {}
        return self._aliases[day]


def _by_start(rows: Sequence[EnergyRow]) -> Iterator[list[EnergyRow]]:
    for _, group in groupby(rows, key=lambda row: row.start_ms):
        yield list(group)


def _paged(
    keyed: Iterator[tuple[int, Record]] | Sequence[tuple[int, Record]], params: UseParams, session: ReadSession
) -> PagedRows:
    return PagedRows(keyed, params.limit, partial(local_iso, tz=session.tz))
