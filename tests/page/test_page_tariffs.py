"""Tariffs on the page: hourly prices with the cheapest hours, Tempo's calendar, what switching saves with its range."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from api_serving import METER, Served
from axe_playwright_python.sync_playwright import Axe
from page_at import page_at, served_at
from page_browsing import PARIS
from playwright.sync_api import Browser, expect

from tictally_recorder.calendars.tempo import write_days
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode
from tictally_shared.status_register import Colour

NOW = datetime(2031, 1, 15, 12, 0, tzinfo=PARIS)
CONTRACT = (
    f'[[contract]]\nsite = "{METER}"\ntariff = "{{}}"\npower = 9\nfrom = 2030-01-01\noff_peak = ["22:00-06:00"]\n'
)
WIDER = """() => [document.documentElement, ...document.querySelectorAll(".card, .tiles, .views")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""
DAYS = 40


def stored(of: dict[str, str]) -> list[Frame]:
    """Forty days in historique mode, a frame an hour: 300 Wh an hour off-peak, 500 Wh at other times."""
    found, counts = [], dict.fromkeys(of.values(), 1000)
    begin = NOW - timedelta(days=DAYS)
    for n in range(DAYS * 24):
        at = begin + timedelta(hours=n)
        period = "off" if at.hour >= 22 or at.hour < 6 else "peak"
        counts[of[period]] += 300 if period == "off" else 500
        ptec = {"HCHC": "HC..", "HCHP": "HP..", "BBRHCJB": "HCJB", "BBRHPJB": "HPJB"}[of[period]]
        option = "HC.." if of["off"] == "HCHC" else "BBR("
        values: dict[str, int | str] = {**counts, "PTEC": ptec, "OPTARIF": option, "PAPP": 400, "ISOUSC": 45}
        found.append(Frame(METER, "cellar", "a1" * 8, n + 1, int(at.timestamp()) * 1000, Mode.HISTORIQUE, values))
    return found


@pytest.fixture(scope="module")
def hphc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hphc")
    with served_at(
        folder, NOW, stored({"off": "HCHC", "peak": "HCHP"}), contracts=CONTRACT.format("edf-bleu-hphc")
    ) as served:
        yield served


@pytest.fixture(scope="module")
def tempo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("tempo")
    season = {date(2030, 9, 1) + timedelta(days=n): Colour.BLEU for n in range(137)}
    season |= {date(2031, 1, day): Colour.ROUGE for day in (6, 7, 14)} | {date(2031, 1, 16): Colour.BLANC}
    (folder / "tariffs").mkdir()
    (folder / "tariffs" / "tempo-days.csv").write_text(write_days(season))
    frames = stored({"off": "BBRHCJB", "peak": "BBRHPJB"})
    with served_at(folder, NOW, frames, contracts=CONTRACT.format("edf-bleu-tempo")) as served:
        yield served


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


PRICES = {
    "en-GB": ("Today, Wed 15 January", "Tomorrow, Thu 16 January", "Cheapest: 00:00–06:00, 22:00–00:00"),  # noqa: RUF001
    "fr-FR": ("Aujourd’hui, mer. 15 janvier", "Demain, jeu. 16 janvier", "Les moins chères : 00:00–06:00, 22:00–00:00"),  # noqa: RUF001
}


@pytest.mark.parametrize("locale", PRICES)
def test_prices_of_both_days_are_shown_by_hour_with_the_cheapest(hphc: Served, browser: Browser, locale: str) -> None:
    today, tomorrow, cheapest = PRICES[locale]
    with page_at(browser, hphc, locale=locale, width=390) as observed:
        observed.visit(f"{hphc.base}/#/tariffs")
        for title in (today, tomorrow):
            figure = observed.page.locator("figure", has_text=title)
            assert cheapest in plain(figure.inner_text())
            figure.locator("summary").click()
            assert figure.get_by_role("table").locator("tbody tr").count() == 24
        assert observed.page.evaluate(WIDER) == []


COUNTS = {
    "en-GB": (["red", "3", "19", "22"], "Tomorrow: white."),
    "fr-FR": (["rouge", "3", "19", "22"], "Demain : blanc."),
}


@pytest.mark.parametrize("locale", COUNTS)
def test_the_calendar_of_tempo_has_colours_days_left_and_own_consumption(
    tempo: Served, browser: Browser, locale: str
) -> None:
    red, tomorrow = COUNTS[locale]
    scheme, width = ("dark", 390) if locale == "fr-FR" else ("light", 1280)
    with page_at(browser, tempo, locale=locale, width=width, scheme=scheme) as observed:
        observed.visit(f"{tempo.base}/#/tariffs")
        card = observed.page.locator(".colour-calendar")
        rows = [
            row.locator("th, td").all_inner_texts()
            for row in card.get_by_role("table").nth(0).locator("tbody tr").all()
        ]
        assert [each.strip() for each in rows[0]] == red
        assert tomorrow in plain(card.inner_text())
        assert card.locator("td.day-rouge").count() == 3
        assert card.locator(".days-of-month").count() == 12
        assert "kWh" in card.get_by_role("table").last.inner_text()
        assert observed.page.evaluate(WIDER) == []
        violations = Axe().run(observed.page).response["violations"]
        assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []
        card.locator("a.arrow").first.click()
        expect(observed.page.locator(".colour-calendar h3").first).to_have_text("2029–2030")  # noqa: RUF001


SAVINGS = {
    "en-GB": ("What switching saves in a year", "Only 39 days are known", "unknown: one year"),
    "fr-FR": ("Ce que ferait gagner un changement, par an", "Seuls 39 jours sont connus", "inconnue : une seule année"),
}


@pytest.mark.parametrize("locale", SAVINGS)
def test_what_switching_saves_is_scaled_and_said_to_be(hphc: Served, browser: Browser, locale: str) -> None:
    title, part, spread = SAVINGS[locale]
    with page_at(browser, hphc, locale=locale) as observed:
        observed.visit(f"{hphc.base}/#/tariffs")
        observed.page.get_by_role("button", name="Compare" if locale == "en-GB" else "Comparer").click()
        card = observed.page.locator(".savings")
        card.wait_for()
        shown = plain(card.inner_text())
        assert (title in shown, part in shown, spread in shown) == (True, True, True)
