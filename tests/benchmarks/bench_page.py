"""How long the page takes in Chromium until it shows the power, and what it transfers."""

import statistics
import tempfile
from pathlib import Path

from page_browsing import CHROMIUM, SHOWS_POWER, open_page, running_home
from playwright.sync_api import sync_playwright


def main(*, short: bool) -> dict[str, float | int | str]:
    """Milliseconds from the request of the page to the first power shown: median and best; bytes of a whole visit."""
    if CHROMIUM is None:
        return {"skipped": "there is no Chromium on this machine"}
    shown_ms, received = [], 0
    with tempfile.TemporaryDirectory() as name, sync_playwright() as running:
        folders = Path(name, "home"), Path(name, "broker")
        for folder in folders:
            folder.mkdir()
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with running_home(*folders) as home:
            for _ in range(3 if short else 20):
                observed = open_page(browser)
                observed.page.goto(f"{home.address}/#/live")
                observed.page.wait_for_function(SHOWS_POWER)
                shown_ms.append(observed.page.evaluate("performance.now()"))
                observed.wait_until_still()
                received = max(received, sum(observed.received.values()))
                observed.page.context.close()
        browser.close()
    return {
        "first_power_median_ms": round(statistics.median(shown_ms)),
        "first_power_best_ms": round(min(shown_ms)),
        "received_bytes": received,
    }
