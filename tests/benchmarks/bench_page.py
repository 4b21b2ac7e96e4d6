"""How long the page takes in Chromium until it shows the power, what it transfers, and what it costs at rest."""

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from page_browsing import CHROMIUM, ObservedPage, Served, open_page, running_home
from page_network import FAST_4G, SLOW, Network, first_figure
from playwright.sync_api import Browser, CDPSession, sync_playwright

_NETWORKS: Final[dict[str, Network | None]] = {"": None, "fast_4g_": FAST_4G, "slow_": SLOW}
_BYTES_PER_MB: Final = 1_000_000


def main(*, short: bool) -> dict[str, float | int | str]:
    """Milliseconds to the first power on each network, bytes of a visit, load and memory of a page left open."""
    if CHROMIUM is None:
        return {"skipped": "there is no Chromium on this machine"}
    with _home() as (browser, home):
        visits = {
            name: [_visit(browser, home, network) for _ in range(3 if short else 20)]
            for name, network in _NETWORKS.items()
        }
        found: dict[str, float | int | str] = {}
        for name, each in visits.items():
            shown_ms = [at_ms for at_ms, _ in each]
            found[f"{name}first_power_median_ms"] = round(statistics.median(shown_ms))
            found[f"{name}first_power_best_ms"] = round(min(shown_ms))
        found["received_bytes"] = max(received for of_network in visits.values() for _, received in of_network)
        return found | _at_rest(browser, home, minutes=1 if short else 10)


@contextmanager
def _home() -> Iterator[tuple[Browser, Served]]:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as running:
        folders = Path(name, "home"), Path(name, "broker")
        for folder in folders:
            folder.mkdir()
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with running_home(*folders) as home:
            yield browser, home
        browser.close()


def _visit(browser: Browser, home: Served, network: Network | None) -> tuple[float, int]:
    """Milliseconds until a new visitor, in French, sees the power; bytes received until all is shown."""
    observed = open_page(browser, locale="fr-FR", width=390)
    if network is not None:
        network.emulate(observed)
    shown_ms = first_figure(observed, home.address).ms
    observed.wait_until_still()
    received = sum(observed.received.values())
    observed.page.context.close()
    return shown_ms, received


def _at_rest(browser: Browser, home: Served, minutes: int) -> dict[str, float]:
    """The share of a processor that an open page takes, and how its memory grows."""
    observed: ObservedPage = open_page(browser)
    observed.visit(home.address)
    session = observed.page.context.new_cdp_session(observed.page)
    session.send("Performance.enable")
    observed.page.wait_for_timeout(5_000)
    before, held = _metrics(session), _held_bytes(session)
    observed.page.wait_for_timeout(minutes * 60_000)
    after, held_after = _metrics(session), _held_bytes(session)
    share = (after["TaskDuration"] - before["TaskDuration"]) / (after["Timestamp"] - before["Timestamp"])
    observed.page.context.close()
    return {
        "rest_minutes": minutes,
        "rest_task_percent": round(share * 100, 2),
        "rest_heap_mb": round(held_after / _BYTES_PER_MB, 2),
        "rest_heap_growth_mb": round((held_after - held) / _BYTES_PER_MB, 2),
    }


def _metrics(session: CDPSession) -> dict[str, float]:
    return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}


def _held_bytes(session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    return _metrics(session)["JSHeapUsedSize"]
