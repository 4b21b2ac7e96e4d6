"""What there is to show of imports: the same in any order, and after an undo as without the run, byte for byte."""

import json
import shutil
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path

from cost_building import BASE
from enedis_files import lines_of, write
from imported_files import PARIS, read
from ledger_building import METER
from observation_building import store

from tictally_recorder.cost import Terms
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.cost.standby import all_nights_of
from tictally_recorder.energy import EnergyQuery, energy, gaps
from tictally_recorder.imports.read import FileRead
from tictally_recorder.ledger import Ledger, LedgerReader, importing
from tictally_recorder.reconciliation import reconcile
from tictally_recorder.reports.energy import as_json
from tictally_shared.calendar import By, day_bounds_ms

QUARTER_MS, HOUR_MS = 900_000, 3_600_000
FIRST = date(2026, 3, 26)  # the clocks go forward on the 29th


def start_of(number: int) -> int:
    """The beginning of a day, numbered from the first one."""
    return day_bounds_ms(FIRST + timedelta(days=number), PARIS)[0]


def watts(time_ms: int) -> int:
    """Whole Wh a quarter-hour."""
    return 200 + 40 * (time_ms // HOUR_MS % 11)


def wh_between(start_ms: int, end_ms: int) -> int:
    return sum(watts(at) // 4 for at in range(start_ms, end_ms, QUARTER_MS))


def register_at(time_ms: int) -> int:
    return 5_000_000 + wh_between(start_of(0), time_ms)


def load_curve(path: Path, first: int, end: int) -> Path:
    """Enedis' CSV of the days from one to another, the end excluded: half-hours, whose powers are means."""
    times = range(start_of(first), start_of(end), 2 * QUARTER_MS)
    powers = [2 * wh_between(at, at + 2 * QUARTER_MS) for at in times]
    return write(path, lines_of(datetime.fromtimestamp(times[0] / 1000, UTC), powers))


def record(ledger: Path, first_ms: int, end_ms: int, first_seq: int = 1) -> None:
    store(ledger, [(at, register_at(at)) for at in range(first_ms, end_ms, QUARTER_MS)], first_seq)


def answers(ledger: Path) -> list[str]:
    """What commands and API have to show, as text."""
    days = FIRST, FIRST + timedelta(days=12)
    contracts = Contracts([Contract(METER, BASE.id, date(2025, 1, 1), power_kva=6)])
    with LedgerReader.open(ledger) as reader:
        (site,) = reader.sites()
        hours = energy(reader, EnergyQuery.of_days(METER, days, By.HOUR, PARIS))
        return [
            as_json(hours, PARIS),
            repr(cost_of(reader, SiteDays(site, *days, PARIS), Terms(contracts, {BASE.id: BASE}))),
            repr(reader.temperatures(METER, 0, 2**50)),
            repr(all_nights_of(reader, site, days, PARIS)),
            repr(reconcile(reader, site, days, PARIS)),
            repr(gaps(reader, site, start_of(0), start_of(12))),
        ]


def test_import_frames_and_a_late_week_give_the_same_answers_in_all_orders(tmp_path: Path) -> None:
    (curve,) = read(load_curve(tmp_path / "curve.csv", 0, 6))
    week = start_of(3), start_of(5)

    def history(ledger: Path) -> None:
        with importing(ledger) as opened:
            opened.put(METER, 0, [curve.file])

    def live(ledger: Path) -> None:
        record(ledger, start_of(2) + 3 * QUARTER_MS, week[0])
        record(ledger, week[1], start_of(7), 2000)

    def late(ledger: Path) -> None:
        record(ledger, *week, 5000)

    found = []
    for number, order in enumerate(permutations([history, live, late])):
        ledger = tmp_path / str(number) / "ledger.sqlite"
        ledger.parent.mkdir()
        Ledger.open(ledger).close()
        for step in order:
            step(ledger)
        found.append(answers(ledger))
    for each in found:
        assert each == found[0]
    days = {row["from"][:10]: row["energy"] for row in json.loads(found[0][0]) if row["register"] == "EAST"}
    assert min(days) == "2026-03-26"
    total = sum(row["energy"] for row in json.loads(found[0][0]) if row["register"] == "EAST")
    assert total == wh_between(start_of(0), start_of(7) - QUARTER_MS)


def files(folder: Path) -> list[Path]:
    """Five files of five origins, whose times overlap."""
    curve = load_curve(folder / "curve.csv", 2, 7)
    dump = folder / "linkystat.sql"
    dump.write_text(f"INSERT IGNORE INTO `linky_history` VALUES {','.join(linkystat(0, 4))};\n")  # noqa: S608 - a file
    meterit = folder / "meterit.csv"
    rows = (f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S},{watts(at)},1" for at in minutes(7, 8))
    meterit.write_text("\n".join(["time_created,watts,station_id", *rows]) + "\n")
    history = folder / "history.csv"
    counter = ((at, wh_between(start_of(5), at) / 1000) for at in range(start_of(5), start_of(9), HOUR_MS))
    states = (f"sensor.meter,{kwh:.3f},{datetime.fromtimestamp(at / 1000, PARIS).isoformat()}" for at, kwh in counter)
    history.write_text("\n".join(["entity_id,state,last_changed", *states]) + "\n")
    frames = folder / "frames.json"
    frames.write_text("".join(recorded(at) for at in range(start_of(8), start_of(9), 5 * QUARTER_MS)))
    return [curve, dump, meterit, history, frames]


def minutes(first: int, end: int) -> Iterable[int]:
    return range(start_of(first), start_of(end), 60_000)


def linkystat(first: int, end: int) -> Iterable[str]:
    for at in range(start_of(first) + HOUR_MS, start_of(end) + 1, HOUR_MS):
        wh = wh_between(start_of(0), at)
        yield f"('{datetime.fromtimestamp(at / 1000, PARIS):%Y-%m-%d %H:%M:%S}',{wh // 3},{wh - wh // 3},{wh % 17})"


def recorded(time_ms: int) -> str:
    values = {"EAST": register_at(time_ms), "SINSTS": watts(time_ms)}
    about = {"mode": "standard", "meter": METER, "values": values, "complete": True}
    return json.dumps({**about, "dated": {"DATE": datetime.fromtimestamp(time_ms / 1000, PARIS).isoformat()}}) + "\n"


def made(folder: Path, given: list[FileRead]) -> Path:
    """A ledger with frames and some files, each a run of its own."""
    folder.mkdir()
    ledger = folder / "ledger.sqlite"
    Ledger.open(ledger).close()
    record(ledger, start_of(9) + QUARTER_MS, start_of(10))
    for each in given:
        with importing(ledger) as opened:
            opened.put(METER, 0, [each.file])
    return ledger


def test_undoing_any_of_five_runs_leaves_every_answer_as_without_it(tmp_path: Path) -> None:
    given = read(*files(tmp_path))
    assert len({each.importer.name for each in given}) == 5
    whole = made(tmp_path / "whole", given)
    with_all = answers(whole)
    for number, left_out in enumerate(given, 1):
        undone = tmp_path / f"undone{number}" / "ledger.sqlite"
        undone.parent.mkdir()
        shutil.copy(whole, undone)
        with importing(undone) as opened:
            opened.undo(number)
        found = answers(undone)
        without = made(tmp_path / f"without{number}", [each for each in given if each is not left_out])
        assert found == answers(without), left_out.importer.name
        assert found != with_all, left_out.importer.name
