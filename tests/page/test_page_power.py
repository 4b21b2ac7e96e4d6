"""The view of powers, of a home on three phases and of one in historique mode; figures are those of a count by hand."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from api_serving import METER, Served
from axe_playwright_python.sync_playwright import Axe
from page_at import page_at, served_at
from page_browsing import PARIS
from playwright.sync_api import Browser, expect
from three_phase_home import NOW, standard

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def three(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    with served_at(tmp_path_factory.mktemp("three"), NOW, standard()) as served:
        yield served


def test_powers_phases_and_voltage_are_those_of_the_recorder(three: Served, browser: Browser) -> None:
    (item,) = three.items("/api/v1/power/history?from=2025-04-01&to=2026-04-01")
    with page_at(browser, three) as observed:
        page = observed.page
        observed.visit(f"{three.base}/#/power")
        expect(page.get_by_role("heading", level=1)).to_have_text("12 months to March 2026")
        card = {
            name: page.locator(".card").filter(has=page.get_by_role("heading", name=name, exact=True))
            for name in (
                "Would another power have been enough?",
                "The days with the highest powers",
                "Phases",
                "Voltage quality",
                "Overloads",
            )
        }
        chart = page.locator("figure.chart").first
        expect(chart).to_contain_text("420 quarter-hours by the highest apparent power")
        reached = item["distribution"]["reached"]
        expect(chart).to_contain_text(f"{reached} of them ({reached / 420:.2%}) reached the subscribed 6 kVA")
        bars = page.evaluate(
            "globalThis.echarts.getInstanceByDom(document.querySelector('.stage')).getOption().series[0].data"
        )
        assert [bar["value"] if bar else 0 for bar in bars] == item["distribution"]["counts"]
        steps = card["Would another power have been enough?"]
        expect(steps).to_contain_text("3 kVA would have been exceeded on 4 days of 4.")
        expect(steps.locator("tbody tr")).to_have_count(9)
        rows = card["The days with the highest powers"].locator("tbody tr")
        expect(rows).to_have_count(5)
        highest = item["highest"][0]
        expect(rows.first).to_contain_text(f"{highest['va']:,}\u00a0VA")
        expect(rows.first).to_contain_text(highest["at"][11:19])
        expect(card["Phases"].locator("tbody tr")).to_have_count(3)
        expect(card["Phases"]).to_contain_text("more than the mean of the three")
        expect(card["Phases"]).to_contain_text("Of 6 kVA each phase has a third: 2,000 VA.")
        share = 1 - item["voltage"]["outside"] / item["voltage"]["means"]
        percent = f"{share * 100:.2f}".rstrip("0").rstrip(".")
        expect(card["Voltage quality"]).to_contain_text(f"{percent}% of the ten-minute means")
        expect(card["Voltage quality"]).to_contain_text("36 means were below 195.5 V or above 253 V")
        outside = card["Voltage quality"].locator("table").last.locator("tbody tr")
        expect(outside).to_contain_text(["28 Mar 2026"])
        expect(outside.first).to_contain_text("6 h")
        expect(card["Overloads"].locator("tbody tr")).to_have_count(2)
        card["Overloads"].get_by_role("link").last.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Saturday,? 28 March 2026$"))


def test_the_months_are_stepped_through_and_their_number_stays_chosen(three: Served, browser: Browser) -> None:
    with page_at(browser, three) as observed:
        page, heading = observed.page, observed.page.get_by_role("heading", level=1)
        observed.visit(f"{three.base}/#/power")
        page.get_by_role("button", name="1 month").press("Enter")
        expect(heading).to_have_text("March 2026")
        observed.visit(f"{three.base}/#/power/2026-02")
        expect(page.get_by_role("heading", name="No powers in this time")).to_be_visible()
        page.get_by_role("link", name="A month later").click()
        expect(heading).to_have_text("March 2026")


@pytest.mark.parametrize(
    ("locale", "width", "scheme"), [("fr-FR", 390, "dark"), ("en-GB", 820, "light"), ("fr-FR", 1440, "light")]
)
def test_nothing_overflows_and_axe_finds_nothing_serious(
    three: Served, browser: Browser, locale: str, width: int, scheme: str
) -> None:
    with page_at(browser, three, locale=locale, width=width, scheme=scheme) as observed:
        observed.visit(f"{three.base}/#/power")
        assert observed.page.evaluate(SIDEWAYS) == 0
        shown = observed.page.locator("main").inner_text()
        assert not re.search(r"\b(undefined|NaN|null|power\.\w+)\b", shown)
        violations = Axe().run(observed.page).response["violations"]
        assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []


def test_what_a_historique_meter_cannot_show_is_one_sentence(tmp_path: Path, browser: Browser) -> None:
    now = datetime(2026, 6, 3, 12, 0, tzinfo=PARIS)
    begin = now - timedelta(days=2)
    stored = [
        Frame(
            METER,
            "cellar",
            "a1" * 8,
            n + 1,
            int((begin + timedelta(minutes=10 * n)).timestamp()) * 1000,
            Mode.HISTORIQUE,
            values,
        )
        for n in range(289)
        for values in [dict[str, int | str](OPTARIF="BASE", BASE=1000 + n, ISOUSC=30, IINST=5, PAPP=1200 + n)]
    ]
    with served_at(tmp_path, now, stored) as served, page_at(browser, served, locale="fr-FR", width=390) as observed:
        observed.visit(f"{served.base}/#/power")
        main = observed.page.locator("main")
        expect(main).to_contain_text("En mode historique, le compteur n\u2019indique pas la tension")
        expect(main).to_contain_text("Le compteur est monophasé")
        expect(main).to_contain_text("quart d\u2019heure de 12:00")
        expect(main).to_contain_text("Le compteur n\u2019a signalé aucun dépassement.")
        assert observed.page.evaluate(SIDEWAYS) == 0
