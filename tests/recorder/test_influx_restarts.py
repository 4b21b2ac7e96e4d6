"""InfluxDB is killed 4 s before a minute or an hour ends and started 2 s after it: no row is missing.

`./run restarts` does it twenty times for a minute, with data kept and wiped, and with `--hour` at the next full hour
for twenty ledgers at once.
"""

import os
import threading
from pathlib import Path

import pytest
from influx_restarts import present_ms, restart_at, running_sinks
from ledger_building import MINUTE_MS
from real_influx import influxd

from tictally_recorder.sinks.influxdb.windows import HOUR_MS

TIMES = int(os.environ.get("TICTALLY_RESTARTS") or 1)
OF_HOUR = bool(os.environ.get("TICTALLY_SCHEDULE_HOUR"))
# Before the kill: a start, and some frames that the server has got.
_LEAD_MS = 25_000


def restarts(folder: Path, *, wipes: bool, into: dict[str, list[str]]) -> None:
    """As often as wanted; for an hour, that many ledgers at its one end."""
    length_ms, count, times = (HOUR_MS, TIMES, 1) if OF_HOUR else (MINUTE_MS, 1, TIMES)
    server = influxd(folder, to_be_killed=True)
    server.start()
    try:
        with running_sinks(folder, server, count) as sinks:
            for n in range(times):
                end_ms = (present_ms() + _LEAD_MS) // length_ms * length_ms + length_ms
                wrong = restart_at(server, sinks, end_ms, length_ms, wipes=wipes)
                into[f"{'wiped' if wipes else 'kept'} {n}"] = wrong
                print(f"{'wiped' if wipes else 'kept'} {n + 1}/{times}:", wrong or "no row missing", flush=True)  # noqa: T201
    finally:
        server.kill()


@pytest.mark.flaky(reruns=0)
def test_no_row_is_missing_after_a_restart_around_the_end_of_a_window(tmp_path: Path) -> None:
    influxd(tmp_path, to_be_killed=True)  # skips where there is none
    found: dict[str, list[str]] = {}
    threads = []
    for wipes in (False, True):
        folder = tmp_path / ("wiped" if wipes else "kept")
        folder.mkdir()
        threads.append(threading.Thread(target=restarts, args=(folder,), kwargs={"wipes": wipes, "into": found}))
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 2 * (1 if OF_HOUR else TIMES)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
