"""System on the page: what is wrong with what to do, versions, backups; its former address; phone and desktop."""

import json
from collections.abc import Iterator
from datetime import datetime

import pytest
from api_serving import CONTRACT, Served, frames
from axe_playwright_python.sync_playwright import Axe
from page_at import page_at, served_at
from page_browsing import PARIS
from playwright.sync_api import Browser

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=PARIS)
WIDER = """() => [document.documentElement, ...document.querySelectorAll(".card, .tiles, .views")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""
HEALTH = {"version": "0.1.0", "uptime_s": 90_000, "mode": "standard", "port": "/dev/ttyAMA0", "signal_quality": 97}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    contracts = CONTRACT.replace("power = 6", "power = 9")
    with served_at(tmp_path_factory.mktemp("system"), NOW, frames(60), contracts=contracts) as served:
        served.broadcast.publish_status("cellar", "availability", b"offline", 0)
        served.broadcast.publish_status("cellar", "health", json.dumps(HEALTH).encode(), int(NOW.timestamp() * 1000))
        yield served


SHOWN = {
    "en-GB": ("What needs attention", "set TICTALLY_BACKUP to a folder", "the meter announces 6 kVA", "1 d 1 h|25 h"),
    "fr-FR": ("À surveiller", "donnez à TICTALLY_BACKUP un dossier", "le compteur annonce 6 kVA", "25 h"),
}


@pytest.mark.parametrize(("locale", "width", "scheme"), [("fr-FR", 390, "dark"), ("en-GB", 1280, "light")])
def test_each_problem_is_in_one_line_with_what_to_do(
    served: Served, browser: Browser, locale: str, width: int, scheme: str
) -> None:
    heading, advice, problem, uptime = SHOWN[locale]
    with page_at(browser, served, width=width, locale=locale, scheme=scheme) as observed:
        observed.visit(f"{served.base}/#/system")
        page = observed.page
        findings = page.locator(".findings").inner_text().replace("\u00a0", " ")
        shown = page.locator("main").inner_text().replace("\u00a0", " ")
        assert page.get_by_role("heading", name=heading).count() == 1
        assert (advice in findings, problem in findings) == (True, True)
        assert any(each in shown for each in uptime.split("|"))
        assert "SQLite" in shown
        assert page.evaluate(WIDER) == []
        violations = Axe().run(page).response["violations"]
        assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []


def test_the_former_address_still_works(served: Served, browser: Browser) -> None:
    with page_at(browser, served) as observed:
        observed.visit(f"{served.base}/#/quality")
        assert observed.page.get_by_role("heading", level=1).inner_text() == "System"
        assert observed.page.locator("nav [aria-current=page]").inner_text() == "System"
