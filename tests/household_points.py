"""A simulated household in InfluxDB, written by the code that writes a ledger there."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any, Final

from real_influx import ORG, TOKEN, Influxd
from simulated_household import EDGE, PARIS, SITE, SUBSCRIBED_KVA, Cost, Household, utc_ms

from tictally_recorder.energy import EnergyRow
from tictally_recorder.ledger import CostDay, CostEntry, Live, Quarter, RawFrame
from tictally_recorder.ledger.cost_store import CostLine
from tictally_recorder.sinks.influxdb import points
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.config import Buckets
from tictally_recorder.sinks.influxdb.health_points import health_points
from tictally_recorder.sinks.influxdb.points import InfluxPoint, SiteNight
from tictally_recorder.sinks.protocol import EdgeHealth, RecorderHealth
from tictally_shared.calendar import local_midnight
from tictally_shared.status_register import Colour
from tictally_shared.tariff_options import TARIFF_OPTIONS

HISTORIQUE: Final = "021900000088"
"""A meter with raw frames only: HP/HC at 30 A, three-phase, historique mode."""
RECORDER: Final = "nas"
_REGISTERS: Final = {
    period: f"EASF{at:02d}"
    for option in ("hphc", "tempo")
    for at, period in enumerate(TARIFF_OPTIONS[option].periods, start=1)
}
# Names of the periods of HP/HC in standard mode; those of Tempo are the same in both modes.
_CALLED: Final = {"HC": "HEURE CREUSE", "HP": "HEURE PLEINE"}
_COLOURS: Final = {"blue": Colour.BLEU, "white": Colour.BLANC, "red": Colour.ROUGE}
_FIRST_WH: Final = 1_000_000
_FRAME_S: Final = 2
_BATCH: Final = 20_000


def write(server: Influxd, home: Household, *, prefix: str, quarters_since: date, minutes: int) -> int:
    """Create the buckets, fill them, and return the number of points written.

    Args:
        server: that has no such buckets yet.
        home: the household whose days are written.
        prefix: of the buckets' names.
        quarters_since: the first day whose quarters are written too.
        minutes: how many of them end at the household's now: of rows by minute, and health.
    """
    buckets = make_buckets(server, prefix)
    client = Client(server.url, TOKEN, ORG)
    parts = (
        (buckets.ledger.name, of_days(home)),
        (buckets.ledger.name, of_quarters(home, quarters_since)),
        (buckets.raw.name, of_frames(home, 40)),
        (buckets.raw.name, of_historique_frames(home)),
        (buckets.minute.name, of_minutes(home, minutes)),
    )
    written = 0
    for name, found in parts:
        waiting = iter(found)
        while batch := [each.line for each in islice(waiting, _BATCH)]:
            client.write(name, batch)
            written += len(batch)
    client.close()
    return written


def make_buckets(server: Influxd, prefix: str) -> Buckets:
    """Buckets as the recorder creates them, with unlimited retention, so that a test may run at any time."""
    org_id = server.ask("GET", f"/api/v2/orgs?org={ORG}")["orgs"][0]["id"]
    buckets = Buckets.of(prefix, 0, 0, 0, 0)
    for bucket in buckets:
        forever = {"type": "expire", "everySeconds": 0, "shardGroupDurationSeconds": bucket.shard_s}
        server.ask("POST", "/api/v2/buckets", {"orgID": org_id, "name": bucket.name, "retentionRules": [forever]})
    return buckets


def of_days(home: Household) -> Iterator[InfluxPoint]:
    """The ledger's rows by day."""
    registers = dict.fromkeys((*_REGISTERS.values(), "EAST", "EAIT", "EASD01"), _FIRST_WH)
    for day in home.days:
        start, end = local_midnight(day, PARIS), local_midnight(day + timedelta(days=1), PARIS)
        counted = _counted(home.by_period(day), home.injection_wh(day))
        yield from points.from_energy_by_day(_rows(home, day, (start, end), counted, registers), PARIS)
        entries = tuple(_entry(each) for each in home.costs_of[day])
        yield from points.from_cost_day(SITE, CostDay(day, 0, 0, "", 0, entries), PARIS)
        yield points.from_night(SiteNight(SITE, home.meter(day), day, home.standby_va(day), 300), PARIS)
        if colour := home.colour(day):
            yield points.from_colour(SITE, day, _COLOURS[colour], PARIS)


def of_quarters(home: Household, since: date) -> Iterator[InfluxPoint]:
    """The ledger's rows by quarter, from a day on."""
    registers = dict.fromkeys((*_REGISTERS.values(), "EAST", "EAIT", "EASD01"), _FIRST_WH)
    for day in home.days:
        if day < since:
            continue
        periods = home.periods(day)
        for each in home.quarters_of[day]:
            bounds = each.start, each.start + timedelta(minutes=15)
            # The registers of all periods have a row, as the ledger has it.
            parts = {**dict.fromkeys(periods, 0), each.period: each.consumption_wh}
            counted = _counted(parts, each.injection_wh)
            yield from points.from_energy_by_quarter(_rows(home, day, bounds, counted, registers))
            live = {"SINSTS": Live(0, 0, 0, 0, 450, round(450 * each.mean_va), each.consumption_wh, each.max_va)}
            start_ms = utc_ms(each.start)
            quarter = Quarter(1, start_ms, 450, start_ms, start_ms + 898_000, {}, live, {})
            yield points.from_quarter(quarter, SITE, home.meter(day))


def of_frames(home: Household, minutes: int) -> Iterator[InfluxPoint]:
    """Raw frames up to now, one every two seconds."""
    steps = minutes * 60 // _FRAME_S
    stge = {"blue": 1, "white": 2, "red": 3}
    today, tomorrow = (home.colour(home.days[-1] + timedelta(days=n)) for n in (0, 1))
    for step in range(steps):
        moment = home.now - timedelta(seconds=_FRAME_S * (steps - step))
        values: dict[str, Any] = {
            "SINSTS": frame_va(moment),
            "URMS1": 233,
            "PREF": SUBSCRIBED_KVA,
            "LTARF": home.quarters_of[home.days[-1]][-1].period,
            "STGE": f"0{stge[tomorrow or 'blue'] * 4 + stge[today or 'blue']:X}3AC401",
        }
        yield points.from_frame(RawFrame(step, home.meter(home.days[-1]), EDGE, step, utc_ms(moment), values))


def of_historique_frames(home: Household) -> Iterator[InfluxPoint]:
    """A frame of another meter, just now."""
    values: dict[str, Any] = {"PAPP": 4321, "ISOUSC": 30, "IINST3": 5, "PTEC": "HPJW", "DEMAIN": "ROUG"}
    yield points.from_frame(RawFrame(0, HISTORIQUE, EDGE, 0, utc_ms(home.now - timedelta(seconds=5)), values))


def frame_va(moment: datetime) -> int:
    """The power in the frame of a moment."""
    return 400 + int(moment.timestamp()) // _FRAME_S % 300


def of_minutes(home: Household, minutes: int) -> Iterator[InfluxPoint]:
    """Rows by minute as the task makes them, and the programs' health, up to now; the edge restarted half-way."""
    first = home.now - timedelta(minutes=minutes)
    meter = home.meter(home.days[-1])
    for n in range(minutes):
        time_ms = utc_ms(first + timedelta(minutes=n))
        row = {
            "frames": 30,
            "SINSTS_mean": 500.0,
            "URMS1_mean": 233.5,
            "URMS1_min": 228 - n % 3,
            "URMS1_max": 239 + n % 4,
        }
        yield points.point("tic", time_ms, {"meter": meter}, row)
        yield from _health(time_ms, n, n if n < minutes // 2 else n - minutes // 2)


def rejections(minutes: int, selected: int) -> dict[str, int]:
    """The number of groups rejected in the newest minutes by reason, of those that `of_minutes` makes."""
    counts = [_rejected(n if n < minutes // 2 else n - minutes // 2) for n in range(minutes - selected, minutes)]
    return {
        reason: sum(max(after[reason] - before[reason], 0) for before, after in pairwise(counts))
        for reason in counts[0]
    }


def _rejected(since_start: int) -> dict[str, int]:
    return {"checksum": since_start // 10, "parity": since_start // 25}


def _health(time_ms: int, n: int, since_start: int) -> Iterator[InfluxPoint]:
    edge = {
        "frames": since_start * 30,
        "groups": since_start * 600,
        "unconfirmed": 0,
        "rejected": _rejected(since_start),
        "rejected_per_hour": 8,
        "signal_quality": 99.5,
        "uptime_s": since_start * 60,
        "meter_online": n % 500 != 7,
        "mode": "standard",
    }
    yield from health_points(EdgeHealth(EDGE, json.dumps(edge).encode(), time_ms))
    recorder: dict[str, object] = dict.fromkeys(("stored", "repeated", "rejected", "deferred", "ledger_bytes"), n)
    sink = {"lag_s": n % 5, "rejected": 14, "windows": 15}
    recorder |= {"missing": 11, "lost": 12, "dead_letters": 13, "lag_s": n % 7, "sinks": {"influxdb": sink}}
    yield from health_points(RecorderHealth(RECORDER, recorder, {"form": 3}, time_ms))


def _counted(by_period: Mapping[str, int], injection_wh: int) -> Iterator[tuple[str, str | None, int]]:
    """Register, what it is called, and what it counted."""
    consumption = sum(by_period.values())
    yield "EAST", None, consumption
    for period, wh in by_period.items():
        yield _REGISTERS[period], _CALLED.get(period, period), wh
    yield "EASD01", None, consumption
    if injection_wh:
        yield "EAIT", None, injection_wh


def _rows(
    home: Household,
    day: date,
    bounds: tuple[datetime, datetime],
    counted: Iterable[tuple[str, str | None, int]],
    registers: dict[str, int],
) -> list[EnergyRow]:
    estimated = any(each.quality == "estimated" for each in home.costs_of[day])
    found = []
    for name, period, wh in counted:
        first = registers[name]
        registers[name] = first + wh
        ms = utc_ms(bounds[0]), utc_ms(bounds[1])
        readings = (*ms, first, first + wh)
        found.append(EnergyRow(*ms, SITE, name, period, None, "Wh", wh, *readings, 1, 1, inferred=estimated))
    return found


def _entry(cost: Cost) -> CostEntry:
    line = CostLine(
        cost.direction,
        None if cost.period == "subscription" else cost.period,
        None if cost.price is None else str(cost.price),
        None if cost.version is None else "EUR",
        cost.version,
        None,
        None,
        None,
        SUBSCRIBED_KVA,
        cost.quality,
        cost.reason,
        None if cost.reason is None else "{}",
    )
    return CostEntry(line, cost.energy_wh, None if cost.amount is None else str(cost.amount), b"")
