"""Runs the benchmarks, prints their figures and records them beside the machine that made them."""

import argparse
import importlib
import json
import multiprocessing
import os
import platform
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

FOLDER: Final = Path(__file__).parent.parent / "tests" / "benchmarks"
RESULTS: Final = FOLDER / "results.json"
# A year at InfluxDB's pace: it takes more than an hour, all the others together do not.
ONLY_BY_NAME: Final = frozenset({"influx_year"})


def run_benchmark(path: Path, *, short: bool) -> dict[str, float | int | str]:
    """The figures of one benchmark, a file with `main(*, short: bool) -> dict[str, float | int | str]`.

    Args:
        path: the file; its figures' names carry their units, `decoded_frames_per_s`.
        short: True asks it for seconds of work instead of minutes: does it run, not how fast.
    """
    # By name from a folder on the path, which processes that the benchmark starts inherit: they find its functions.
    # tests/ is there too, as it is for the tests, with what both start.
    sys.path[:0] = [str(path.parent), str(path.parent.parent)]
    module = importlib.import_module(path.stem)
    figures: dict[str, float | int | str] = module.main(short=short)
    return figures


def machine() -> dict[str, float | int | str]:
    """What the figures were measured on."""
    return {
        "cpu": _proc("cpuinfo").get("model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 0,
        "memory_mib": int((_proc("meminfo").get("MemTotal") or "0 kB").split()[0]) // 1024,
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _proc(name: str) -> dict[str, str]:
    path = Path("/proc") / name
    if not path.exists():
        return {}
    pairs = (line.partition(":") for line in path.read_text().splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _table(results: Mapping[str, Mapping[str, float | int | str]]) -> Table:
    table = Table("benchmark")
    table.add_column("figure", no_wrap=True)
    table.add_column("value", overflow="fold")
    for name, figures in results.items():
        for figure, value in figures.items():
            table.add_row(name, figure, value if isinstance(value, str) else f"{value:,.6g}".replace(",", " "))
        table.add_section()
    return table


def main() -> int:
    """Runs every `bench_*.py` but the longest, each in a process of its own so that peak memory is its own."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="seconds of work each, and nothing is recorded")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(_all())}")
    args = parser.parse_args()
    names = args.names or [each for each in _all() if args.short or each not in ONLY_BY_NAME]
    files = [FOLDER / f"bench_{name}.py" for name in names]
    missing = [path.name for path in files if not path.exists()]
    if missing or not files:
        sys.stderr.write(f"there is no {', '.join(missing) or 'benchmark'} in {FOLDER}\n")
        return 2
    results = {}
    for path in files:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
            figures = executor.submit(run_benchmark, path, short=args.short).result()
        results[path.stem.removeprefix("bench_")] = figures
    Console().print(_table({"machine": machine(), **results}))
    if not args.short:
        _record(results)
    return 0


def _all() -> list[str]:
    return sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))


def _record(results: Mapping[str, Mapping[str, float | int | str]]) -> None:
    """Those that were run take the place of their former ones, which another machine's figures may not stand beside."""
    former = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept = former.get("results", {}) if former.get("machine") == machine() else {}
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    dated = {name: {"date": date, **figures} for name, figures in results.items()}
    document = {"date": date, "machine": machine(), "results": dict(sorted({**kept, **dated}.items()))}
    RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
