"""What an edge costs its machine: a process that reads a simulated meter at line pace, publishing to a real broker."""

import contextlib
import os
import tempfile
import time
from pathlib import Path

import real_edge
from real_broker import Mosquitto

from tictally_shared.labels import Mode

_TICKS = os.sysconf("SC_CLK_TCK")


def main(*, short: bool) -> dict[str, float | int | str]:
    """CPU seconds per hour of traffic, and memory, for each mode."""
    measured_s = 10 if short else 120
    results: dict[str, float | int | str] = {"measured_s": measured_s}
    for mode in Mode:
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            folder = Path(name)
            broker = Mosquitto(folder)
            broker.start()
            stack.callback(broker.stop)
            meter = real_edge.meter(folder, "--mode", mode.value)
            edge = real_edge.edge(folder, str(folder / "line"), broker.port)
            for process in (meter, edge):
                process.start()
                stack.callback(process.end)
                process.wait_for_output("line")
            time.sleep(8)  # imports, the first frames and the first health are no traffic
            before = _cpu_s(edge.pid)
            time.sleep(measured_s)
            results[f"{mode.value}_cpu_s_per_hour"] = round((_cpu_s(edge.pid) - before) * 3600 / measured_s, 1)
            results[f"{mode.value}_peak_memory_mib"] = round(_peak_kib(edge.pid) / 1024, 1)
    return results


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
