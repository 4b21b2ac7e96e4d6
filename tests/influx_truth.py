"""Expected and actual content of InfluxDB; the expected is computed from frames and ledger without InfluxDB."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.ledger import CostDay, LedgerReader
from tictally_recorder.sinks.influxdb.client import Client, row_ms
from tictally_shared.calendar import By
from tictally_shared.frames import Frame
from tictally_shared.labels import LABELS, Kind

Cells = dict[tuple[str, ...], str]
"""(measurement, time in ms, tags…, field) → value."""
LONG_AGO, FAR_AHEAD = datetime(1971, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
REGISTERS = {name for name, label in LABELS.items() if label.kind is Kind.REGISTER}
NUMBERS = {name for name, label in LABELS.items() if label.is_number} - REGISTERS


def windows_of(frames: Iterable[Frame], length_ms: int) -> Cells:
    """The rows of a minute or an hour, as docs/influxdb.md describes them."""
    by_window: dict[tuple[str, int], list[Frame]] = defaultdict(list)
    for frame in sorted(frames, key=lambda each: each.time_ms):
        by_window[frame.meter, frame.time_ms // length_ms * length_ms].append(frame)
    found: Cells = {}
    for (meter, start_ms), inside in by_window.items():
        row: dict[str, str] = {"frames": str(len(inside))}
        values: dict[str, list[int]] = defaultdict(list)
        for frame in inside:
            for name, value in frame.values.items():
                if isinstance(value, int):
                    values[name].append(value)
        for name, seen in values.items():
            if name in REGISTERS:
                row[name] = str(seen[-1])
            elif name in NUMBERS:
                row |= {f"{name}_min": str(min(seen)), f"{name}_max": str(max(seen))}
                row[f"{name}_mean"] = plain(sum(seen) / len(seen))
        found |= {("tic", str(start_ms), f"meter={meter}", field): value for field, value in row.items()}
    return found


def plain(value: object) -> str:
    """As InfluxDB's CSV has it, floats without an exponent."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def of_ledger(reader: LedgerReader, tz: ZoneInfo) -> Cells:
    """Everything that the ledger's bucket must hold, as docs/influxdb.md describes it."""
    found: Cells = {}
    for site in reader.sites():
        found |= energy_of(reader, site.id, By.QUARTER, tz) | energy_of(reader, site.id, By.DAY, tz)
        for meter in site.meters:
            for quarter in reader.quarters(meter.id, 0, 2**62):
                row: dict[str, object] = {"frames": quarter.n}
                for label, live in quarter.live.items():
                    row |= {f"{label}_mean": live.sum / live.n, f"{label}_min": live.min, f"{label}_max": live.max}
                found |= cells("power_quarter", quarter.start_ms, {"site": site.id, "meter": meter.key}, row)
        for day in reader.cost_days(site.id, date(1971, 1, 1), date(2100, 1, 1)):
            found |= cost_of(site.id, day, tz)
    return found


def energy_of(reader: LedgerReader, site: str, by: By, tz: ZoneInfo) -> Cells:
    found: Cells = {}
    local = tz if by is By.DAY else None
    by_start: dict[int, list[EnergyRow]] = defaultdict(list)
    for row in energy(reader, EnergyQuery(site, LONG_AGO, FAR_AHEAD, by, tz), all_registers=True):
        if row.first_value or row.last_value or row.energy:
            by_start[row.start_ms].append(row)
            tags = {"site": site, "register": row.register, "period": row.period or "none"}
            values: dict[str, object] = {f"energy_{row.unit.lower()}": row.energy, "estimated": row.estimated}
            values["unknown"] = bool(row.unknown)
            values |= {"first": row.first_value, "last": row.last_value}
            found |= cells(f"energy_{by.value}", row.start_ms, tags, values, local)
    for start_ms, rows in by_start.items():
        consumption = [row for row in rows if row.register == "EAST"]
        consumption = consumption or [row for row in rows if is_by_period(row.register)]
        injection = [row for row in rows if row.register == "EAIT"]
        for direction, counted in (("consumption", consumption), ("injection", injection)):
            if counted:
                values = {
                    "energy_wh": sum(row.energy for row in counted),
                    "estimated": any(row.estimated for row in counted),
                    "unknown": any(row.unknown for row in counted),
                }
                tags = {"site": site, "direction": direction}
                found |= cells(f"total_{by.value}", start_ms, tags, values, local)
    return found


def cost_of(site: str, day: CostDay, tz: ZoneInfo) -> Cells:
    found: Cells = {}
    for entry in day.entries:
        line = entry.line
        tags = {"site": site, "direction": line.direction, "period": line.period or "subscription"}
        tags["currency"] = line.currency or "none"
        values = {
            "amount": entry.amount and float(entry.amount),
            "energy_wh": entry.energy_wh,
            "price": line.price and float(line.price),
            "quality": line.quality,
            "version": line.version,
            "reason": line.reason,
            "reason_parameters": line.reason_parameters,
            "power_kva": line.power_kva,
        }
        found |= cells("cost_day", day.first * 900_000, tags, values, tz)
    return found


def is_by_period(register: str) -> bool:
    return not register.startswith(("EASD", "ERQ", "EAIT"))


def cells(
    measurement: str, start_ms: int, tags: dict[str, str], values: Mapping[str, object], tz: ZoneInfo | None = None
) -> Cells:
    """A row's cells; with a zone those of a row by day."""
    if tz is not None:
        day = datetime.fromtimestamp(start_ms / 1000, tz).date()
        tags, values = tags | {"month": str(day)[:7], "year": str(day)[:4]}, {**values, "day": str(day)}
    shown = tuple(f"{name}={text}" for name, text in sorted(tags.items()))
    return {
        (measurement, str(start_ms), *shown, field): plain(value)
        for field, value in values.items()
        if value is not None
    }


def held(client: Client, bucket: str) -> Cells:
    """Everything in a bucket except health."""
    rows = client.query(
        f'from(bucket: "{bucket}") |> range(start: 0, stop: 2100-01-01T00:00:00Z) |> drop(columns: ["_start", "_stop"])'
    )
    found: Cells = {}
    for row in rows:
        measurement = row["_measurement"]
        if measurement in {"recorder", "recorder_rejected", "edge", "edge_rejected"}:
            continue
        found[key_of(row)] = number(row["_value"])
    return found


def key_of(row: Mapping[str, str]) -> tuple[str, ...]:
    own = {"", "result", "table", "_time", "_value", "_field", "_measurement"}
    tags = tuple(f"{name}={text}" for name, text in sorted(row.items()) if name not in own)
    return row["_measurement"], str(row_ms(row)), *tags, row["_field"]


def number(text: str) -> str:
    """A float as Python writes it; the type is shown by the truth, which has it."""
    try:
        return plain(float(text)) if "." in text or "e" in text.lower() else text
    except ValueError:
        return text


def differences(truth: Cells, stored: Cells, most: int = 10) -> list[str]:
    """The differences, at most a few."""
    found = [f"missing: {key} = {value}" for key, value in truth.items() if key not in stored]
    found += [f"too many: {key} = {value}" for key, value in stored.items() if key not in truth]
    found += [
        f"{key}: {truth[key]} is {stored[key]}" for key in truth.keys() & stored.keys() if truth[key] != stored[key]
    ]
    return [f"{len(found)} differences of {len(truth)}", *found[:most]] if found else []
