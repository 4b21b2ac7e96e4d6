"""The history of an entity's own statistics: the hours before its first one, whose sums lead up to that hour's.

Home Assistant goes on from its own newest sum, and no command moves that together with later rows. So its own hours
stay as they are, and sums before them are counted backwards from the first; they may be negative.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Self

from tictally_recorder.ledger import Site
from tictally_recorder.problem import ProblemCode
from tictally_recorder.sinks.home_assistant.client import Client, Metadata, StoredRow
from tictally_recorder.sinks.home_assistant.delivery import HOUR_MS, Delivery
from tictally_recorder.sinks.home_assistant.hour_source import HourSource
from tictally_recorder.sinks.home_assistant.own_statistics import CHUNK_MS
from tictally_recorder.sinks.home_assistant.progress import DAY_MS
from tictally_recorder.sinks.home_assistant.statistic import (
    StatisticForm,
    StatisticSeries,
    fits,
    from_unit,
    in_unit,
    object_id,
)
from tictally_recorder.sinks.protocol import SinkError
from tictally_shared.phrase import Phrase, Value

_MONTH_MS: Final = 33 * DAY_MS


@dataclass(slots=True)
class HistoryState:
    """What is remembered of one entity.

    Attributes:
        own_ms: the start of its own first hour, milliseconds since 1970; what is before is ours. None: not seen yet.
        is_done: True if its history is there.
    """

    own_ms: int | None = None
    is_done: bool = False

    @classmethod
    def from_json(cls, found: Mapping[str, Any] | None) -> Self:
        """As `as_json` gave it; a new one from None."""
        return cls(found["own"], found["done"]) if found else cls()

    def as_json(self) -> dict[str, Any]:
        """In values that JSON has."""
        return {"own": self.own_ms, "done": self.is_done}


class EntityHistory:
    """The history of one entity.

    Args:
        name: the statistic whose history it gets, without `tictally:`.
        entity: its id.
        state: what is remembered of it.
    """

    def __init__(self, name: str, entity: str, state: HistoryState) -> None:
        self._name, self._entity = name, entity
        self.state = state

    @property
    def entity(self) -> str:
        """Its id."""
        return self._entity

    def changed(self, site: str, at_ms: int) -> None:
        """An hour of a site has changed: all sums before the entity's own change with it."""
        is_before = self.state.own_ms is None or at_ms < self.state.own_ms + HOUR_MS
        if is_before and self._name.startswith(object_id(site, "")):
            self.state.is_done = False

    def deliver(
        self,
        sites: Sequence[Site],
        source: HourSource,
        client: Client,
        delivery: Delivery,
        known: Mapping[str, Metadata],
    ) -> None:
        """Bring its history there.

        Raises:
            SinkError: the ledger has no such statistic, the entity has none yet or in another unit, or Home Assistant
                does not accept them.
        """
        about = known.get(self._entity)
        unit = about.unit if about else None
        if unit is None:
            raise self._error(ProblemCode.HOME_ASSISTANT_ENTITY_WITHOUT_STATISTICS)
        if self.state.own_ms is None:
            self.state.own_ms = self._first_own_ms(client, unit)
        own_ms = self.state.own_ms
        if own_ms is None:
            raise self._error(ProblemCode.HOME_ASSISTANT_ENTITY_WITHOUT_STATISTICS)
        own = client.rows({self._entity: unit}, own_ms, own_ms + HOUR_MS).get(self._entity, {}).get(own_ms)
        if own is None or own.sum is None:  # its statistics were cleared: it begins anew
            self.state.own_ms = None
            raise self._error(ProblemCode.HOME_ASSISTANT_ENTITY_WITHOUT_STATISTICS)
        form = StatisticForm(self._entity, None, unit)
        counted = self._counted(sites, source, own_ms + HOUR_MS, unit)
        rows = self._rows(counted, own_ms, own, unit)
        hours = sorted(rows)
        for at in range(0, len(hours), CHUNK_MS // HOUR_MS):
            part = {hour_ms: rows[hour_ms] for hour_ms in hours[at : at + CHUNK_MS // HOUR_MS]}
            stored = delivery.stored({self._entity: unit}, min(part), max(part) + HOUR_MS)
            delivery.deliver({form: part}, stored)
        self.state.is_done = True

    def clear(self, client: Client, delivery: Delivery, known: Mapping[str, Metadata]) -> bool:
        """Let the hours before its own show nothing, as Home Assistant removes no single rows; False: they do.

        Raises:
            SinkError: Home Assistant does not accept it.
        """
        about, own_ms = known.get(self._entity), self.state.own_ms
        if about is None or about.unit is None or own_ms is None:
            return False
        units = {self._entity: about.unit}
        rows = client.rows(units, 0, own_ms + HOUR_MS).get(self._entity, {})
        own = rows.pop(own_ms, None)
        if own is None or not rows:
            return False
        form = StatisticForm(self._entity, None, about.unit)
        flat = {hour_ms: StoredRow(own.sum, None) for hour_ms in rows}
        return bool(delivery.deliver({form: flat}, {self._entity: rows}))

    def _first_own_ms(self, client: Client, unit: str) -> int | None:
        units, ever_ms = {self._entity: unit}, 2**42
        months = client.rows(units, 0, ever_ms, "month").get(self._entity, {})
        if not months:
            return None
        first_ms = min(months)
        hours = client.rows(units, first_ms - DAY_MS, first_ms + _MONTH_MS).get(self._entity, {})
        return min(hours, default=None)

    def _rows(self, counted: Mapping[int, Decimal], own_ms: int, own: StoredRow, unit: str) -> dict[int, StoredRow]:
        """The rows before the entity's own, backwards from its first sum and state."""
        sum_after = from_unit(own.sum or 0.0, unit)
        state_after = None if own.state is None else from_unit(own.state, unit)
        after = Decimal(0)
        rows: dict[int, StoredRow] = {}
        for hour_ms in sorted(counted, reverse=True):
            if hour_ms < own_ms:
                state = None if state_after is None or state_after < after else in_unit(state_after - after, unit)
                rows[hour_ms] = StoredRow(in_unit(sum_after - after, unit), state)
            after += counted[hour_ms]
        return rows

    def _counted(self, sites: Sequence[Site], source: HourSource, end_ms: int, unit: str) -> dict[int, Decimal]:
        found: dict[int, Decimal] = {}
        names: set[str] = set()
        # A name that begins otherwise is none of a site's; without one that fits, all are shown.
        fitting = [site for site in sites if self._name.startswith(object_id(site.id, ""))]
        for site in fitting or sites:
            first_ms = min(meter.first_ms for meter in site.meters) // HOUR_MS * HOUR_MS
            for at_ms in range(first_ms, end_ms, CHUNK_MS):
                for series, hours in source.increments(site, at_ms, min(at_ms + CHUNK_MS, end_ms)).items():
                    names.add(object_id(site.id, series.key))
                    if object_id(site.id, series.key) == self._name:
                        self._check_unit(series, unit)
                        found |= hours
        if self._name not in names:
            raise self._error(ProblemCode.HOME_ASSISTANT_NO_SUCH_STATISTIC, names=tuple(sorted(names)))
        return found

    def _check_unit(self, series: StatisticSeries, unit: str) -> None:
        if not fits(series.unit, unit):
            raise self._error(ProblemCode.HOME_ASSISTANT_ENTITY_IN_OTHER_UNIT, unit=unit, wanted=series.unit)

    def _error(self, code: ProblemCode, **about: Value) -> SinkError:
        return SinkError(Phrase(code, {"statistic": self._name, "entity": self._entity, **about}))
