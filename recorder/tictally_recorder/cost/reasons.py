"""Reasons that cost, comparison and standby share. Pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tictally_recorder.energy.register_totals import Counted, UnknownTime
from tictally_recorder.reason import Parameter, Reason, ReasonCode
from tictally_recorder.tariffs.model import Direction, Tariff, Version


def not_in_tariff(period: str, counted: Counted, tariff: Tariff) -> Reason:
    """Energy outside of a tariff's periods.

    Args:
        period: that counted it, or a register whose period is unknown.
        counted: the energy.
        tariff: the tariff.
    """
    registers = tuple(dict.fromkeys(part.register for part in counted.parts))
    if (period,) == registers:  # a register whose period is unknown stands for one
        return Reason(ReasonCode.REGISTER_WITHOUT_PERIOD, {"registers": registers, "tariff": tariff.id})
    about: dict[str, Parameter] = {"registers": registers, "period": period, "tariff": tariff.id}
    return Reason(ReasonCode.PERIOD_NOT_IN_TARIFF, about)


def no_price(version: Version, period: str, power: int | None) -> Reason:
    """A version without a price for a period."""
    about: dict[str, Parameter] = {"version": version.id, "period": period}
    if power is None:
        return Reason(ReasonCode.NO_PRICE, about)
    return Reason(ReasonCode.NO_PRICE_AT_POWER, about | {"power_kva": power})


def no_subscription(version: Version, power: int | None) -> Reason:
    """A version without a subscription at a power."""
    if power is None:
        return Reason(ReasonCode.NO_SUBSCRIPTION, {"version": version.id})
    return Reason(ReasonCode.NO_SUBSCRIPTION_AT_POWER, {"version": version.id, "power_kva": power})


def missing_amounts(tariff: Tariff, version: Version, power: int | None) -> tuple[Reason, ...]:
    """What a version lacks at a power: prices of its periods, and the subscription of a consumption tariff."""
    found = [no_price(version, period, power) for period in tariff.periods if version.price(power, period) is None]
    if tariff.direction is Direction.CONSUMPTION and version.monthly(power) is None:
        found.append(no_subscription(version, power))
    return tuple(found)


def provisional_reason(tariff: Tariff, power: int | None, day: date) -> Reason | None:
    """Why what a tariff costs at a power on a day may change yet, or None.

    Args:
        tariff: one that has a version on that day.
        power: subscribed, in kVA, or None.
        day: local.
    """
    newest, version = tariff.on(day), tariff.in_force(day, power)
    if newest is not None and version is not None and newest is not version:
        about: dict[str, Parameter] = {"newest": newest.id, "power_kva": power or 0, "version": version.id}
        return Reason(ReasonCode.POWER_NOT_REVISED, about)
    due = tariff.overdue_since(day)
    return revision_overdue(due, version) if due and version else None


def revision_overdue(due: date, version: Version) -> Reason:
    """A revision that was due on a day while a version is the newest that is known."""
    return Reason(ReasonCode.REVISION_OVERDUE, {"due": str(due), "version": version.id})


def not_shown(unknown: Iterable[UnknownTime], unmetered: Iterable[tuple[int, int]], tz: ZoneInfo) -> Iterator[Reason]:
    """Why a part of some energy is unknown: registers that fell, and times that no register covers.

    Args:
        unknown: times of registers.
        unmetered: times between meters, from and to in milliseconds since 1970.
        tz: the zone in which a reason names a time.
    """
    fell = [each for each in unknown if each.time.fell]
    if fell:
        registers = tuple(dict.fromkeys(each.register for each in fell))
        spans = _spans({(each.time.start_ms, each.time.end_ms) for each in fell}, tz)
        yield Reason(ReasonCode.REGISTER_FELL, {"registers": registers, "spans": spans})
    others = {(each.time.start_ms, each.time.end_ms) for each in unknown if not each.time.fell}
    if others := others.union(unmetered):
        yield Reason(ReasonCode.UNMETERED_SPANS, {"spans": _spans(others, tz)})


def _spans(times: Iterable[tuple[int, int]], tz: ZoneInfo) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((_minute(start, tz), _minute(end, tz)) for start, end in sorted(times)))


def _minute(time_ms: int, tz: ZoneInfo) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz).isoformat(timespec="minutes")
