"""The powers of some days as a record for programs. Pure."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.power.history import PhaseBalance, PowerHistory
from tictally_recorder.cost.power.voltage import HIGH, LOW, LOWEST, PhaseVolts, Voltage, VoltageWeek
from tictally_recorder.reports.cost import Record
from tictally_shared.calendar import local_day

_HISTORIQUE: Final = frozenset({"PAPP", "IINST", "IINST1", "OPTARIF"})
_STANDARD: Final = frozenset({"SINSTS", "URMS1", "NGTF"})
_MOST_EVENTS: Final = 100
_MINUTES: Final = 10
_WEEK: Final = timedelta(days=7)


def record(history: PowerHistory, labels: Collection[str], tz: ZoneInfo) -> Record:
    """The record of some days.

    Args:
        history: of a site.
        labels: that its meters ever sent: by them it is known why something is unknown.
        tz: whose days and times.
    """
    spread, volts = history.distribution, {str(phase): _volts(each) for phase, each in history.voltage.phases.items()}
    events = history.overloads
    return {
        "site": history.site,
        "from": str(history.first),
        "to": str(history.until),
        "power_kva": history.power_kva,
        "distribution": None
        if spread is None
        else {
            "unit": spread.unit,
            "is_maximum": spread.is_maximum,
            "step": spread.step,
            "counts": list(spread.counts),
            "quarters": sum(spread.counts),
            "without": spread.without,
            "reached": spread.reached,
        },
        "highest": [
            {"day": str(each.day), "va": each.va, "at": _iso(each.time_ms, tz), "is_exact": each.is_exact}
            for each in history.highest
        ],
        "phases": None if history.balance is None else _balance(history.balance, tz),
        "volts": [
            {"phase": phase, "min": each.min, "mean": round(each.sum / each.n, 1), "max": each.max}
            for phase, each in history.volts.items()
        ],
        "voltage": _voltage(history.voltage) if volts else None,
        "overloads": [
            {"from": _iso(each.start_ms, tz), "to": _iso(each.end_ms, tz), "is_exact": each.is_exact}
            for each in events[-_MOST_EVENTS:]
        ],
        "more_overloads": max(len(events) - _MOST_EVENTS, 0),
        "overload_days": len({local_day(each.start_ms, tz) for each in events}),
        "unknown": dict(_unknown(history, labels)),
    }


def _balance(balance: PhaseBalance, tz: ZoneInfo) -> Record:
    return {
        "unit": balance.unit,
        "limit": balance.limit,
        "imbalance": None if balance.imbalance is None else round(balance.imbalance, 4),
        "items": [
            {
                "phase": each.phase,
                "mean": round(each.load.sum / each.load.n, 1),
                "share": round(each.share, 4),
                "max": each.load.max,
                "max_at": _iso(each.load.max_ms, tz),
                "days_over": each.days_over,
            }
            for each in balance.phases
        ],
    }


def _voltage(voltage: Voltage) -> Record:
    known = sum(each.n for each in voltage.phases.values())
    outside = sum(each.outside for each in voltage.phases.values())
    judged = [week.is_within for week in voltage.weeks]
    return {
        "low": LOW,
        "high": HIGH,
        "lowest": LOWEST,
        "means": known,
        "outside": outside,
        "beyond": sum(each.beyond for each in voltage.phases.values()),
        "phases": [{"phase": phase, **_volts(each)} for phase, each in sorted(voltage.phases.items())],
        "weeks_within": judged.count(True),
        "weeks_unknown": judged.count(None),
        "weeks_outside": [_week(each) for each in voltage.weeks if each.is_within is False],
        "days": [
            {
                "day": str(each.day),
                "min": min(phase.min for phase in each.phases.values()),
                "max": max(phase.max for phase in each.phases.values()),
            }
            for each in voltage.days
        ],
        "days_outside": [
            {"day": str(each.day), "phase": phase, "min": of.min, "max": of.max, "minutes": of.outside * _MINUTES}
            for each in voltage.days
            for phase, of in sorted(each.phases.items())
            if of.outside
        ],
    }


def _week(week: VoltageWeek) -> Record:
    worst = max(week.phases.values(), key=lambda each: each.outside / each.n)
    share = round(1 - worst.outside / worst.n, 4)
    return {"from": str(week.first), "to": str(week.first + _WEEK), "share": share}


def _volts(of: PhaseVolts) -> dict[str, object]:
    return {"min": of.min, "mean": round(of.sum / of.n, 1), "max": of.max, "outside": of.outside}


def _unknown(history: PowerHistory, labels: Collection[str]) -> Iterator[tuple[str, str]]:
    """What is not known, and why: `nothing` of these days, or the meter's kind."""
    if history.distribution is None:
        yield "distribution", "nothing"
    if history.balance is None:
        yield "phases", "nothing" if history.distribution is None else "one_phase"
    if not history.voltage.phases:
        is_historique = bool(_HISTORIQUE.intersection(labels)) and not _STANDARD.intersection(labels)
        of_kind = "historique" if is_historique else "no_means"
        yield "voltage", "nothing" if history.distribution is None and not is_historique else of_kind


def _iso(time_ms: int, tz: ZoneInfo) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz).isoformat(timespec="seconds")
