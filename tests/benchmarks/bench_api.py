"""How long the API takes over seven years, asked again and again, and what it costs the recorder's loop."""

import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import httpx
from cost_building import PARIS
from ledger_building import frame, message
from years_building import START, build

from tictally_recorder.api.context import Context
from tictally_recorder.api.server import HttpServer
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.features import settings_with
from tictally_recorder.ingest.broadcast import Broadcast
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_shared.calendar import zone

_CONTRACT: Final = '[[contract]]\ntariff = "edf-bleu-hphc"\npower = 6\nfrom = 2016-08-01\n'
_MOST_DAYS: Final = 7 * 365 + 2


def main(*, short: bool) -> dict[str, float | int | str]:
    """Milliseconds: first answers (CPU, too), the 95th percentile of later ones, and of storing a frame beside them."""
    days = 60 if short else _MOST_DAYS
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        path = folder / "ledger.sqlite"
        build(path, days)
        (folder / "contracts.toml").write_text(_CONTRACT)
        ledger = stack.enter_context(Ledger.open(path))
        _keep_cost(ledger, path)
        now = START + timedelta(days=days) - timedelta(hours=3)
        context = Context(settings_with(name="bench", ledger=path), Broadcast(), SimpleQueue(), lambda: now)
        server = stack.enter_context(HttpServer(context, "127.0.0.1", 0))
        assert server.wait(20)
        client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=300))
        first = f"{now.year}-{now.month:02}-01"
        asked = {
            "energy_month": f"/api/v1/energy?from={first}",
            "cost_month": f"/api/v1/cost?from={first}",
            "energy_years": f"/api/v1/energy?from={START.year}-01-01&by=month",
            "use_years": f"/api/v1/use?from={START.year}-01-01&by=month",
            "cost_years": f"/api/v1/cost?from={START.year}-01-01&by=month",
            "versus_years": "/api/v1/versus?" + "&".join(_year_against_the_one_before(now.date())),
            "now": "/api/v1/now",
            "profile": "/api/v1/profile",
            "power": "/api/v1/power",
            "power_history": "/api/v1/power/history",
            "injection_year": f"/api/v1/injection?by=month&from={now.date() - timedelta(days=365)}",
            "surplus": "/api/v1/injection/profile",
        }
        found: dict[str, float | int | str] = {"days": days}
        for what, path_of in asked.items():
            begin_s = time.process_time()
            found[f"{what}_first_ms"] = _ms(client, path_of)
            found[f"{what}_first_cpu_s"] = time.process_time() - begin_s
            times = [_ms(client, path_of) for _ in range(10 if short else 60)]
            found[f"{what}_p95_ms"] = statistics.quantiles(times, n=20)[-1]
        alone, beside = _store(ledger, days, 0), 0.0
        stop = threading.Event()
        asking = threading.Thread(target=_ask_on, args=(client, list(asked.values()), stop))
        asking.start()
        beside = _store(ledger, days, 10_000)
        stop.set()
        asking.join()
        found |= {"store_p95_alone_ms": alone, "store_p95_beside_ms": beside}
    return {
        name: round(value, 2 if name.endswith("_cpu_s") else 1) if isinstance(value, float) else value
        for name, value in found.items()
    }


def _year_against_the_one_before(today: date) -> tuple[str, ...]:
    year, before = today - timedelta(days=365), today - timedelta(days=730)
    return f"from={year}", f"to={today}", f"against_from={before}", f"against_to={year}"


def _keep_cost(ledger: Ledger, path: Path) -> None:
    with LedgerReader.open(path) as reader:
        terms = WatchedTerms(path.parent / "contracts.toml", path.parent / "tariffs", PARIS)
        keeper = CostRecomputer(ledger, reader, terms, zone("Europe/Paris"))
        keeper.begin()
        while keeper.step(lambda: time.time_ns() // 1_000_000):
            pass


def _ms(client: httpx.Client, path: str) -> float:
    begin = time.perf_counter()
    answer = client.get(path)
    took_ms = (time.perf_counter() - begin) * 1000
    assert answer.status_code == httpx.codes.OK, answer.text
    time.sleep(0.02)  # at most 50 a second are answered
    return took_ms


def _ask_on(client: httpx.Client, paths: list[str], stop: threading.Event) -> None:
    while not stop.is_set():
        for path in paths:
            _ms(client, path)


def _store(ledger: Ledger, days: int, seq: int) -> float:
    """The 95th percentile of storing one frame, in milliseconds."""
    times = []
    at_ms = int((START + timedelta(days=days)).timestamp()) * 1000
    for number in range(1, 101):
        begin = time.perf_counter()
        ledger.store(
            [message(frame(1_000_000 + seq + number, at_ms + seq + number, {"EAST": 60_000_000, "SINSTS": 900}))]
        )
        times.append((time.perf_counter() - begin) * 1000)
        time.sleep(0.02)
    return statistics.quantiles(times, n=20)[-1]
