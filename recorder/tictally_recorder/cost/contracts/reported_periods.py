"""Which registers a site's meters reported as counting, and what they called that: what aliases have to fit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from tictally_recorder.energy.period_names import COUNTING, NAMING_LABELS, PeriodNames
from tictally_recorder.energy.register_totals import alias_of, period_of
from tictally_recorder.ledger import LedgerReader, Meter, Site, TextChange
from tictally_shared.tariff_options import TARIFF_OPTIONS

_OPTION: Final = "NGTF"
_SUPPLIER: Final = "EASF"
_HISTORIQUE: Final = frozenset(register for option in TARIFF_OPTIONS.values() for register in option.registers)


class ReportedPeriod(NamedTuple):
    """A register that counted for a time.

    Attributes:
        register: EASFnn, or one of the historique mode.
        name: what the meter called the period, or None.
        option: NGTF at that time, or None.
    """

    register: str
    name: str | None = None
    option: str | None = None

    def period(self, aliases: Mapping[str, str]) -> str:
        """The period of the tariff by a contract's aliases, as `period_of`."""
        return period_of(self.register, self.name, self.option, aliases)

    def alias(self, aliases: Mapping[str, str]) -> str | None:
        """The alias that makes it a period of the tariff, or None if none does."""
        return alias_of(self.register, self.name, self.option, aliases)


def reported_periods(reader: LedgerReader, site: Site, start_ms: int, end_ms: int) -> set[ReportedPeriod]:
    """What the site's meters reported in [start_ms, end_ms).

    Raises:
        LedgerError: the ledger cannot be read.
    """
    found: set[ReportedPeriod] = set()
    for meter in site.meters:
        until_ms = min(end_ms, meter.last_ms + 1)
        if max(start_ms, meter.first_ms) < until_ms:
            found.update(_standard(reader, meter, start_ms, until_ms))
            for label, (first_ms, last_ms) in reader.labels_seen(meter.id).items():
                if label in _HISTORIQUE and first_ms < until_ms and last_ms >= start_ms:
                    found.add(ReportedPeriod(label))
    return found


def unused_aliases(found: Iterable[ReportedPeriod], aliases: Mapping[str, str]) -> tuple[str, ...]:
    """The aliases that made none of some reported periods one of the tariff, in the contract's order."""
    used = {each.alias(aliases) for each in found}
    return tuple(name for name in aliases if name not in used)


def calendar_since_ms(reader: LedgerReader, site: Site) -> int:
    """Since when the meter with a site's newest frame has been on its present option, as far as that is known."""
    meter = max(site.meters, key=lambda each: each.last_ms)
    changes = list(reader.text_changes(meter.id, (_OPTION,), 0, meter.last_ms + 1))
    return changes[-1].time_ms if changes else meter.first_ms


def _standard(reader: LedgerReader, meter: Meter, start_ms: int, end_ms: int) -> Iterator[ReportedPeriod]:
    changes = list(reader.text_changes(meter.id, NAMING_LABELS, 0, end_ms))
    names = PeriodNames.of_all(changes, end_ms)
    for since_ms, until_ms, texts in _states(changes, end_ms):
        if until_ms > start_ms and since_ms < end_ms and texts.get(COUNTING):
            register = _SUPPLIER + texts[COUNTING]
            yield ReportedPeriod(register, names.name(register, until_ms - 1), texts.get(_OPTION) or None)


def _states(changes: Sequence[TextChange], end_ms: int) -> Iterator[tuple[int, int, Mapping[str, str]]]:
    """From when to when which strings held."""
    moments = [(time_ms, list(each)) for time_ms, each in groupby(changes, key=lambda change: change.time_ms)]
    texts: dict[str, str] = {}
    for number, (since_ms, of_moment) in enumerate(moments):
        texts |= {change.label: change.value for change in of_moment}
        yield since_ms, moments[number + 1][0] if number + 1 < len(moments) else end_ms, texts
