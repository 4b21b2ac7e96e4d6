"""What registers counted: by register, and each kWh once."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import groupby, pairwise
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import MAX_DAYS, PageParams, TimeRange, time_range
from tictally_recorder.api.responses import Listing, PagedRows, Record, answer_list, csv_responses, local_iso
from tictally_recorder.api.schemas import EnergyItem, ListOf, UseItem
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.contracts.billing import BillingMonths
from tictally_recorder.cost.contracts.model import Contracts
from tictally_recorder.cost.model import Quality
from tictally_recorder.energy import EnergyQuery, EnergyRow
from tictally_recorder.energy import energy as energy_rows
from tictally_recorder.energy.register_totals import Counted, consumption_by_period, consumption_total, injection_total
from tictally_recorder.ledger import Site
from tictally_recorder.reports.energy import COLUMNS, records
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By, local_day, local_midnight, period_start

router = APIRouter(tags=["energy"])

_USE_COLUMNS: Final = (
    *("site", "from", "to", "consumption_wh", "injection_wh", "periods", "estimated", "quality", "covered", "quarters"),
    "imported",
)


class UseBy(StrEnum):
    """The periods of consumption and injection."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    BILL = "bill"

    @property
    def longest(self) -> By:
        """The period whose limit holds."""
        return By.DAY if self is UseBy.BILL else By(self.value)


class UseParams(PageParams):
    """Selects energy."""

    by: UseBy = Field(UseBy.DAY, description="The period of a row; bill: the months of the contract's bills.")


class EnergyParams(PageParams):
    """Selects energy by register."""

    by: By = Field(By.DAY, description="The period of a row.")
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
    by = params.by.longest
    window = time_range(params, context.now(), context.tz, max_days=MAX_DAYS[by])

    def work(session: ReadSession) -> Listing:
        current = session.current_terms()
        contracts = current.terms.contracts if current.terms else Contracts()
        keyed: list[tuple[int, Record]] = []
        states: list[str | None] = []
        for site in session.sites:
            uses = _Uses(session, site, contracts)
            months = BillingMonths(site.id, contracts) if params.by is UseBy.BILL else None
            start_of = _PeriodStart(session, by) if months is None else _BillStart(session, months)
            groups: dict[int, list[list[EnergyRow]]] = {}
            for part in uses.parts(window):
                if months is None:
                    rows, state = cached_energy(session, site, part, by, all_registers=True)
                    states.append(state and f"{current.version}:{state}")
                else:
                    rows = _by_bill(session, site, months, part)
                for group in _by_start(rows):
                    groups.setdefault(start_of(group[0]), []).append(group)
            keyed += [(start, uses.record(found)) for start, found in groups.items()]
        return Listing(_paged(keyed, params, session), states=states)

    lane = Lane.SLOW if params.by is UseBy.BILL else Lane.NORMAL  # read from the ledger each time
    return await answer_list(request, params.site, work, _USE_COLUMNS, lane)


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


class _BillStart(_PeriodStart):
    """When the billing month of a row starts.

    Args:
        session: of the request.
        months: of the row's site.
    """

    def __init__(self, session: ReadSession, months: BillingMonths) -> None:
        super().__init__(session, By.DAY)
        self._months = months

    def __call__(self, row: EnergyRow) -> int:
        day = self._months.first_day(local_day(row.start_ms, self._tz))
        return int(local_midnight(day, self._tz).timestamp()) * 1000


def _by_bill(session: ReadSession, site: Site, months: BillingMonths, window: TimeRange) -> list[EnergyRow]:
    """Rows of billing months, from the ledger."""
    tz = session.tz
    days = window.start.astimezone(tz).date(), window.end.astimezone(tz).date() + timedelta(days=1)
    query = EnergyQuery(site.id, window.start, window.end, By.MONTH, tz, months.first_days(*days))
    return energy_rows(session.reader, query, all_registers=True)


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

    def parts(self, window: TimeRange) -> Iterator[TimeRange]:
        """A range by contracts that name periods differently: each kWh has the name of its own day's contract."""
        tz = self._session.tz
        first, last = (moment.astimezone(tz).date() for moment in (window.start, window.end))
        days = {
            day
            for each in self._contracts.all
            if each.concerns(self._site.id) and each.direction is Direction.CONSUMPTION
            for day in (each.start, each.until + timedelta(days=1) if each.until else each.start)
            if first < day <= last and self._aliases_on(day) != self._aliases_on(day - timedelta(days=1))
        }
        cuts = [cut for day in sorted(days) if window.start < (cut := local_midnight(day, tz)) < window.end]
        return (TimeRange(*bounds) for bounds in pairwise([window.start, *cuts, window.end]))

    def record(self, parts: Sequence[Sequence[EnergyRow]]) -> Record:
        """The record of a period of time, from the rows of its registers in each part."""
        first, last, tz = parts[0][0], parts[-1][0], self._session.tz
        joined: dict[tuple[str, str | None, str | None], EnergyRow] = {}
        periods: Counter[str] = Counter()
        for rows in parts:
            for row in rows:
                key = row.register, row.period, row.option
                joined[key] = joined[key].joined(row) if key in joined else row
            aliases = self._aliases_on(local_day(rows[0].end_ms - 1, tz))
            for name, counted in consumption_by_period(rows, aliases).items():
                periods[name] += counted.energy_wh
        consumption, injection = consumption_total(joined.values()), injection_total(joined.values())
        return {
            "site": self._site.id,
            "from": local_iso(first.start_ms, tz),
            "to": local_iso(last.end_ms, tz),
            "consumption_wh": consumption.energy_wh if consumption.parts else None,
            "injection_wh": injection.energy_wh if injection.parts else None,
            "periods": {name: energy_wh for name, energy_wh in periods.items() if energy_wh},
            "estimated": consumption.estimated or injection.estimated,
            "quality": str(_quality(consumption, injection)),
            "covered": sum(rows[0].covered for rows in parts),
            "quarters": sum(rows[0].quarters for rows in parts),
            "imported": sum(rows[0].imported for rows in parts),
        }

    def _aliases_on(self, day: date) -> Mapping[str, str]:
        if day not in self._aliases:
            contract = self._contracts.on(self._site.id, Direction.CONSUMPTION, day)
            self._aliases[day] = contract.aliases if contract else {}
        return self._aliases[day]


def _quality(*counted: Counted) -> Quality:
    if any(each.incomplete for each in counted):
        return Quality.UNKNOWN
    return Quality.ESTIMATED if any(each.estimated for each in counted) else Quality.MEASURED


def _by_start(rows: Sequence[EnergyRow]) -> Iterator[list[EnergyRow]]:
    for _, group in groupby(rows, key=lambda row: row.start_ms):
        yield list(group)


def _paged(
    keyed: Iterator[tuple[int, Record]] | Sequence[tuple[int, Record]], params: PageParams, session: ReadSession
) -> PagedRows:
    return PagedRows(keyed, params.limit, partial(local_iso, tz=session.tz))
