"""What a day's cost depends on beside the frames, as a short key: where it differs, the day is computed again. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.model import Contract, ContractSpan
from tictally_recorder.cost.model import Terms, Unmetered
from tictally_recorder.cost.reasons import provisional_reason
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.tariffs.period_rules import DayTerms, PeriodRules
from tictally_shared.calendar import day_bounds_ms

# Goes up when the same frames, contract and prices give other figures than before.
_METHOD: Final = 7
_DIGITS: Final = 16


class Fingerprints:
    """The keys of days by some terms.

    Args:
        terms: contracts and tariffs.
        tz: whose days are meant.
    """

    def __init__(self, terms: Terms, tz: ZoneInfo) -> None:
        self._terms = terms
        self._tz = tz

    def of(self, site: str, day: date, unmetered: Sequence[Unmetered], *, is_imported: bool = False) -> str:
        """The key of a site's day.

        Args:
            site: its id.
            day: local.
            unmetered: the site's unmetered times.
            is_imported: imports show some of its energy, which off-peak hours or colours of days may divide.
        """
        paid = [self._paid_on(site, direction, day) for direction in Direction]
        for contract in self._terms.contracts.touching(site, Direction.CONSUMPTION, day) if is_imported else ():
            tariff = self._terms.tariffs.get(contract.tariff)
            paid.append((contract.off_peak_on(day), self._divided(contract, day, tariff.division if tariff else None)))
        # A gap is known only from what follows it, which arrives when the day before it has its figures.
        bounds = day_bounds_ms(day, self._tz) if unmetered else (0, 0)
        missing = [(each.direction.value, each.start_ms, each.end_ms) for each in unmetered if each.concerns(*bounds)]
        once = [
            repr(each) for direction in Direction for each in self._terms.contracts.lump_sums_on(site, direction, day)
        ]
        text = repr((_METHOD, self._tz.key, paid, missing, once))
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]

    def _paid_on(self, site: str, direction: Direction, day: date) -> object:
        bounds = day_bounds_ms(day, self._tz)
        spans = self._terms.contracts.spans(site, direction, day, bounds)
        if len(spans) == 1:
            return self._paid(site, direction, day, spans[0])
        return [(each.start_ms, each.end_ms, self._paid(site, direction, day, each)) for each in spans]

    def _paid(self, site: str, direction: Direction, day: date, span: ContractSpan) -> object:
        contract = span.contract
        if contract is None:
            reason = self._terms.contracts.why_none(site, direction, day, span.start_ms)
            return reason.code.value, sorted(reason.parameters.items())
        return (*_of_contract(contract), self._priced(contract, day))

    def _priced(self, contract: Contract, day: date) -> object:
        tariff_id, power = contract.tariff, contract.power_kva
        tariff = self._terms.tariffs.get(tariff_id)
        if tariff is None:
            broken = self._terms.broken.get(tariff_id)
            return None if broken is None else (broken.error.file, broken.error.line, broken.error.sentence)
        version = tariff.in_force(day, power)
        prices = None
        if tariff.series and (series := self._terms.series.get(tariff_id)) is not None:
            prices = series.hash(*day_bounds_ms(day, self._tz))
        about = (tariff.currency, tariff.direction.value, tariff.periods, tariff.series)
        provisional = provisional_reason(tariff, power, day)
        rules = tariff.rules
        divided = (contract.off_peak_on(day), self._divided(contract, day, rules)) if rules else None
        return (*about, version and (version.id, version.hash), provisional, prices, divided)

    def _divided(self, contract: Contract, day: date, rules: PeriodRules | None) -> object:
        """What decides by rules which period each quarter-hour of a day belongs to."""
        return rules and rules.digest(day, DayTerms(contract.chosen_weekday, self._terms.colours))


def _of_contract(contract: Contract) -> tuple[object, ...]:
    # Neither its off-peak hours, on which only imports and rules depend, nor since when it holds.
    powers = (sorted(contract.powers_kw.items()),) if contract.powers_kw else ()
    return contract.tariff, contract.power_kva, sorted(contract.aliases.items()), *powers
