"""Statistics of our own in Home Assistant, `tictally:…`: each site's series summed up from its first hour on."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from tictally_recorder.ledger import Site
from tictally_recorder.sinks.home_assistant.client import Metadata, StoredRow
from tictally_recorder.sinks.home_assistant.delivery import HOUR_MS, Delivery
from tictally_recorder.sinks.home_assistant.hour_source import HourSource
from tictally_recorder.sinks.home_assistant.progress import DAY_MS, SiteProgress, Sums
from tictally_recorder.sinks.home_assistant.settings import HomeAssistantServer
from tictally_recorder.sinks.home_assistant.statistic import (
    StatisticForm,
    StatisticSeries,
    from_unit,
    in_unit,
    is_of_periods,
    is_of_registers,
    object_id,
    statistic_id,
)
from tictally_shared.home_assistant import Language

CHUNK_MS: Final = 92 * DAY_MS
_VERIFIED_MS: Final = 2 * DAY_MS
_BACK_MS: Final = 31 * DAY_MS


class OwnStatistics:
    """The statistics of one site.

    Args:
        site: its id.
        target: with what energy is divided by, and the statistics that are an entity's.
        language: of the statistics' names.
        progress: how far they are.
    """

    def __init__(self, site: str, target: HomeAssistantServer, language: Language, progress: SiteProgress) -> None:
        self._site, self._target, self._language = site, target, language
        self.progress = progress
        self._is_unverified = True

    def connected(self, known: Mapping[str, Metadata]) -> None:
        """A connection was opened: verify what was sent last, or all where a statistic is missing.

        Args:
            known: Home Assistant's statistics.
        """
        self._is_unverified = True
        end_ms = self.progress.end_ms
        if end_ms is not None:
            sent = {statistic_id(self._site, key) for key in self.progress.sums[end_ms]}
            self.progress.lower(end_ms - _VERIFIED_MS if sent <= known.keys() else 0)

    def begin(self, site: Site, delivery: Delivery, known: Mapping[str, Metadata]) -> None:
        """Begin at the site's first hour, where that is new or earlier than before.

        Sums continue those that another ledger has left there, as after a loss and a fresh start.
        """
        first_ms = min(meter.first_ms for meter in site.meters) // HOUR_MS * HOUR_MS
        if self.progress.first_ms is not None and self.progress.first_ms <= first_ms:
            return
        forms = self._forms((), known)
        sums: Sums = {}
        for name, rows in delivery.stored(_units(forms), 0, first_ms).items():
            before = rows[max(rows)].sum if rows else None
            if before:
                sums[self._key(name)] = from_unit(before, forms[name].unit)
        self.progress.begin(first_ms, sums)

    def step(
        self, site: Site, end_ms: int, source: HourSource, delivery: Delivery, known: Mapping[str, Metadata]
    ) -> int | None:
        """Bring the next hours there; returns how many rows differed, or None if there are no hours to come.

        Args:
            site: the site.
            end_ms: the end of the last hour that has ended.
            source: of the ledger.
            delivery: to Home Assistant.
            known: Home Assistant's statistics.
        """
        start_ms = self.progress.end_ms
        if start_ms is None or start_ms >= end_ms:
            return None
        until_ms = min(end_ms, start_ms + CHUNK_MS)
        increments = source.increments(site, start_ms, until_ms)
        forms = self._forms(increments, known)
        stored = delivery.stored(_units(forms), start_ms, until_ms)
        rows, sums = self._rows(increments, forms, stored)
        differed = delivery.deliver(rows, stored)
        if differed and self._is_unverified and start_ms > (self.progress.first_ms or 0):
            # It has lost something, perhaps by a restored backup: how much, the hours before show.
            self.progress.lower(start_ms - _BACK_MS)
            return differed
        self._is_unverified = False
        newest = sums[max(sums)] if sums else self.progress.sums[start_ms]
        self.progress.advance({**sums, until_ms: newest})
        return differed

    def _rows(
        self,
        increments: Mapping[StatisticSeries, Mapping[int, Decimal]],
        forms: Mapping[str, StatisticForm],
        stored: Mapping[str, Mapping[int, StoredRow]],
    ) -> tuple[dict[StatisticForm, dict[int, StoredRow]], dict[int, Sums]]:
        """Rows by statistic, and the sums after each hour. An hour there that is unknown here has counted nothing."""
        now = dict(self.progress.sums[self.progress.end_ms or 0])
        by_name = {statistic_id(self._site, series.key): hours for series, hours in increments.items()}
        hours = {hour_ms for name in forms for of_name in (by_name, stored) for hour_ms in of_name.get(name, {})}
        rows: dict[StatisticForm, dict[int, StoredRow]] = {}
        sums: dict[int, Sums] = {}
        for hour_ms in sorted(hours):
            for name, form in forms.items():
                counted, key = by_name.get(name, {}).get(hour_ms), self._key(name)
                if counted is not None:
                    now[key] = now.get(key, Decimal(0)) + counted
                if counted is not None or hour_ms in stored.get(name, {}):
                    total = in_unit(now.get(key, Decimal(0)), form.unit)
                    rows.setdefault(form, {})[hour_ms] = StoredRow(total, total)
            sums[hour_ms + HOUR_MS] = dict(now)
        return rows, sums

    def _forms(self, increments: Iterable[StatisticSeries], known: Mapping[str, Metadata]) -> dict[str, StatisticForm]:
        """Id → statistic: those that are there and that the settings still want, and those of some series."""
        prefix = statistic_id(self._site, "")
        there = (StatisticForm(name, about.name, about.unit or "") for name, about in known.items())
        found = {form.id: form for form in there if form.id.startswith(prefix) and self._is_own(self._key(form.id))}
        for series in increments:
            if self._is_own(series.key):
                name = statistic_id(self._site, series.key)
                found[name] = StatisticForm(name, series.name(self._site, self._language), series.unit)
        return found

    def _key(self, name: str) -> str:
        return name.removeprefix(statistic_id(self._site, ""))

    def _is_own(self, key: str) -> bool:
        """True unless it is an entity's, or of the division that the settings do not have."""
        other = is_of_periods if self._target.by == "register" else is_of_registers
        return not other(key) and object_id(self._site, key) not in self._target.entities


def _units(forms: Mapping[str, StatisticForm]) -> dict[str, str]:
    return {name: form.unit for name, form in forms.items()}
