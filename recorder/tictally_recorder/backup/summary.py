"""A summary of a ledger: a few figures, and a sentence for each site."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from tictally_recorder.cost.proration import to_cents
from tictally_recorder.energy.register_totals import INJECTION_TOTAL
from tictally_recorder.ledger import NO_FRAMES, LedgerReader, Site
from tictally_shared.tariff_options import CONSUMPTION_TOTAL, TARIFF_OPTIONS

_EVER_MS: Final = 2**62
_SUPPLIER: Final = "EASF"
_HISTORIQUE: Final = frozenset(register for contract in TARIFF_OPTIONS.values() for register in contract.registers)


def totals(reader: LedgerReader, site: Site) -> dict[str, int]:
    """Register → energy of the whole ledger, for the registers that totals are made of.

    As in an energy query: a register's rises over all of its meters; a fall starts a new count.
    """
    seen = {meter.id: reader.labels_seen(meter.id).keys() for meter in site.meters}
    needed = {CONSUMPTION_TOTAL, INJECTION_TOTAL, *_HISTORIQUE}
    if not any(CONSUMPTION_TOTAL in labels for labels in seen.values()):
        needed |= {label for labels in seen.values() for label in labels if label.startswith(_SUPPLIER)}
    found: dict[str, int] = {}
    for meter in site.meters:
        only = needed & seen[meter.id]
        newest: dict[str, int] = {}
        for quarter in reader.registers(meter.id, 0, _EVER_MS, only=only) if only else ():
            registers = quarter.registers
            for name in only & registers.keys():
                for run in registers[name]:
                    risen = max(run.first - newest.get(name, run.first), 0) + run.last - run.first
                    found[name] = found.get(name, 0) + risen
                    newest[name] = run.last
    return found


def consumption_wh(counted: Mapping[str, int]) -> int:
    """All that was consumed: the standard total, or its parts where that is missing, and historique registers."""
    standard = [wh for name, wh in counted.items() if name.startswith(_SUPPLIER)]
    historique = sum(wh for name, wh in counted.items() if name in _HISTORIQUE)
    return counted.get(CONSUMPTION_TOTAL, sum(standard)) + historique


_PER_KILO: Final = 1000


@dataclass(frozen=True, slots=True)
class SiteSummary:
    """The figures of a site.

    Attributes:
        site: its id.
        meters: keys of its meters, in order of installation.
        from_ms: time of its first frame.
        to_ms: time of its last frame.
        consumption_wh: all that was consumed in between.
        injection_wh: all that was injected.
        costs: currency → the sum of its days' known costs, decimal.
        cost_days: how many days have a known cost.
    """

    site: str
    meters: tuple[str, ...]
    from_ms: int
    to_ms: int
    consumption_wh: int
    injection_wh: int
    costs: Mapping[str, str]
    cost_days: int

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """From its JSON object.

        Raises:
            KeyError, TypeError, ValueError: it is not one.
        """
        return cls(
            site=str(body["site"]),
            meters=tuple(map(str, body["meters"])),
            from_ms=int(body["from_ms"]),
            to_ms=int(body["to_ms"]),
            consumption_wh=int(body.get("consumption_wh", body.get("drawn_wh", 0))),
            injection_wh=int(body.get("injection_wh", body.get("injected_wh", 0))),
            costs={str(currency): str(Decimal(amount)) for currency, amount in dict(body["costs"]).items()},
            cost_days=int(body["cost_days"]),
        )


def summarize(reader: LedgerReader) -> tuple[SiteSummary, ...]:
    """Every site of a ledger."""
    return tuple(_site(reader, site) for site in reader.sites())


def _site(reader: LedgerReader, site: Site) -> SiteSummary:
    counted = totals(reader, site)
    costs: dict[str, Decimal] = {}
    days = reader.cost_days(site.id, date.min, date.max)
    for day in days:
        for entry in day.entries:
            if entry.amount is not None and entry.line.currency is not None:
                costs[entry.line.currency] = costs.get(entry.line.currency, Decimal(0)) + Decimal(entry.amount)
    return SiteSummary(
        site=site.id,
        meters=tuple(meter.key for meter in site.meters),
        from_ms=min(meter.first_ms for meter in site.meters),
        to_ms=max(meter.last_ms for meter in site.meters),
        consumption_wh=consumption_wh(counted),
        injection_wh=counted.get(INJECTION_TOTAL, 0),
        costs={currency: str(amount) for currency, amount in sorted(costs.items())},
        cost_days=sum(any(entry.amount is not None for entry in day.entries) for day in days),
    )


def sentences(sites: Sequence[SiteSummary], tz: ZoneInfo) -> Iterator[str]:
    """A sentence for each site, with local times."""
    if not sites:
        yield NO_FRAMES
    for each in sites:
        parts = [f"{_kwh(each.consumption_wh)} consumed"]
        if each.injection_wh:
            parts.append(f"{_kwh(each.injection_wh)} injected")
        of_days = f"{each.cost_days} day{'' if each.cost_days == 1 else 's'}"
        parts += [f"{to_cents(Decimal(amount))} {currency} for {of_days}" for currency, amount in each.costs.items()]
        if not each.costs:
            parts.append("no cost stored")
        yield f"Site {each.site}: from {_minute(each.from_ms, tz)} to {_minute(each.to_ms, tz)}, {', '.join(parts)}."


def _kwh(wh: int) -> str:
    return f"{wh / _PER_KILO:.3f} kWh"


def _minute(time_ms: int, tz: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz):%Y-%m-%d %H:%M}"
