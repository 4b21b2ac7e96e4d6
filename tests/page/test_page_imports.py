"""Imports on the page: days beside Enedis' figures with their reasons, the runs, consumption against temperature."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from api_serving import METER, TOKEN, Served, frames
from axe_playwright_python.sync_playwright import Axe
from enedis_files import lines_of, write
from observation_building import energy
from page_at import page_at, served_at
from page_browsing import PARIS
from playwright.sync_api import Browser

from tictally_recorder.ledger import CONSUMPTION, INJECTION, IntervalEnergy, ObservedFile, importing
from tictally_shared.calendar import day_bounds_ms

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=PARIS)
WITHIN_MS = 120_000
WIDTHS = (390, 768, 1280)
WIDER = """() => [document.documentElement, ...document.querySelectorAll(".card, .tiles, .views")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""
LONG = "export_courbe_de_charge_2026-03-01_2026-03-07_et_un_nom_de_fichier_vraiment_tres_tres_long.xlsx"


def of_day(day: date, wh: int, register: str = CONSUMPTION) -> IntervalEnergy:
    start_ms, end_ms = day_bounds_ms(day, PARIS)
    return energy(start_ms, (end_ms - start_ms) // 60_000, wh, register)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Three days of frames, of which the first equals Enedis' figure; a past with temperatures; 26 runs."""
    with served_at(tmp_path_factory.mktemp("imported"), NOW, frames(60)) as served:
        figures = [
            of_day(date(2026, 3, 28), 1440),
            of_day(date(2026, 3, 29), 1500),
            of_day(date(2026, 3, 30), 1440),
            of_day(date(2026, 3, 28), 288, INJECTION),
        ]
        past = [of_day(date(2026, 1, 1) + timedelta(days=n), 5000 + 100 * n) for n in range(60)]
        hour = day_bounds_ms(date(2026, 1, 1), PARIS)[0] // 3_600_000
        temperatures = {hour + n: 1700 - 20 * (n // 24) for n in range(60 * 24)}
        files = [
            ObservedFile("enedis", "daily_consumption 2026-03-28", "a" * 64, None, tuple(figures)),
            ObservedFile("linkystat", LONG, "b" * 64, None, tuple(past), temperatures=temperatures),
            *(
                ObservedFile("enedis", f"day {n}", f"{n:064}", None, (of_day(date(2025, 12, 1 + n), 4000),))
                for n in range(23)
            ),
        ]
        for each in files:
            with importing(served.path) as ledger:
                ledger.put(METER, int(NOW.timestamp() * 1000), [each])
        week = [
            ObservedFile("enedis_xlsx", f"{n} {LONG}", f"{n:065}"[1:], None, (of_day(date(2025, 11, n), 1),))
            for n in range(1, 8)
        ]
        with importing(served.path) as ledger:
            ledger.put(METER, int(NOW.timestamp() * 1000), week)
        served.recompute_cost()
        yield served


SHOWN: dict[str, tuple[str, list[str], list[str], list[str]]] = {
    "en-GB": (
        "Day by day",
        ["Sat 28 March", "consumption", "1.440 kWh", "1.440 kWh", "0 Wh", "equal"],
        ["Sun 29 March", "consumption", "1.380 kWh", "1.500 kWh", "−120 Wh"],  # noqa: RUF001
        ["Mon 30 March", "the recording covers only a part of the day"],
    ),
    "fr-FR": (
        "Jour par jour",
        ["sam. 28 mars", "consommation", "1,440 kWh", "1,440 kWh", "0 Wh", "égal"],
        ["dim. 29 mars", "consommation", "1,380 kWh", "1,500 kWh", "−120 Wh"],  # noqa: RUF001
        ["lun. 30 mars", "l’enregistrement ne couvre qu’une partie du jour"],  # noqa: RUF001
    ),
}


@pytest.mark.parametrize("locale", SHOWN)
def test_each_day_is_beside_enedis_figure_with_the_reason_in_words(
    imported: Served, browser: Browser, locale: str
) -> None:
    name, equal, different, partial = SHOWN[locale]
    with page_at(browser, imported, locale=locale) as observed:
        observed.visit(f"{imported.base}/#/imports")
        table = observed.page.get_by_role("table", name=name)
        rows = [
            [text.replace("\u00a0", " ").replace("\u202f", " ") for text in row.locator("th, td").all_inner_texts()]
            for row in table.locator("tbody tr").all()
        ]
        shown = observed.page.locator("main").inner_text().replace("\u00a0", " ")
    consumption = [row for row in rows if row[1] == equal[1]]
    assert [consumption[0], consumption[1][:5]] == [equal, different]
    assert (consumption[2][0], partial[1] in consumption[2][5]) == (partial[0], True)
    assert len(rows) == 4
    assert ("−120 Wh" in shown, "reconcile" in shown) == (True, False)  # noqa: RUF001


def test_the_runs_are_listed_with_source_span_and_how_to_undo_them(imported: Served, browser: Browser) -> None:
    with page_at(browser, imported) as observed:
        observed.visit(f"{imported.base}/#/imports")
        table = observed.page.get_by_role("table", name="Import runs")
        rows = [row.inner_text() for row in table.locator("tbody tr").all()]
        assert len(rows) == 20
        assert "Run 26" in rows[0]
        assert "Enedis customer space, XLSX" in rows[0]
        assert "1 Nov 2025 – 7 Nov 2025" in rows[0]  # noqa: RUF001
        assert "and 4 more files" in rows[0]
        assert "tictally import undo 26" in rows[0]
        assert "Enedis, through Conso API" in rows[1]
        assert "6 earlier runs: tictally import list --all" in observed.page.locator("main").inner_text()
        observed.page.get_by_role("link", name="Month before").click()
        observed.page.get_by_text("No day of this month has both frames and a figure from Enedis.").wait_for()


@pytest.mark.parametrize("locale", SHOWN)
def test_consumption_is_beside_temperature(imported: Served, browser: Browser, locale: str) -> None:
    title, remark = {
        "en-GB": ("Consumption and outdoor temperature", "Each degree-day adds 0.5 kWh"),
        "fr-FR": ("Consommation et température extérieure", "Chaque degré-jour ajoute 0,5 kWh"),
    }[locale]
    with page_at(browser, imported, locale=locale) as observed:
        observed.visit(f"{imported.base}/#/year/2026")
        figure = observed.page.locator("figure", has_text=title)
        figure.locator("summary").click()
        assert remark in figure.inner_text()
        assert figure.get_by_role("table").locator("tbody tr").count() == 7


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_scrolled_sideways_and_axe_finds_nothing(imported: Served, browser: Browser, width: int) -> None:
    for locale in ("fr-FR", "en-GB") if width == WIDTHS[0] else ("fr-FR",):
        scheme = "dark" if width == WIDTHS[0] else "light"
        with page_at(browser, imported, width=width, locale=locale, scheme=scheme) as at:
            for view in ("imports", "year/2026"):
                at.visit(f"{imported.base}/#/{view}")
                assert at.page.evaluate(WIDER) == []
                violations = Axe().run(at.page).response["violations"]
                assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []


def test_a_home_without_imports_is_shown_how_to_begin(tmp_path: Path, browser: Browser) -> None:
    with served_at(tmp_path, NOW, frames(60)) as served, page_at(browser, served, width=390) as observed:
        observed.visit(f"{served.base}/#/imports")
        shown = observed.page.locator("main").inner_text()
        assert "tictally import --dry-run FILE" in shown
        assert "TICTALLY_ENEDIS_TOKEN" in shown
        assert observed.page.get_by_role("heading", level=1).count() == 1


def weekly_file(folder: Path) -> Path:
    """A load curve of 1 kW from the first half-hour of 2026 on, 30 days long."""
    lines = lines_of(datetime(2026, 1, 1, tzinfo=PARIS), [1000] * 48 * 30)
    return write(folder / "courbe.csv", lines)


def test_files_are_tried_imported_and_undone_on_the_page(tmp_path: Path, browser: Browser) -> None:
    good, bad = weekly_file(tmp_path), tmp_path / "faux.csv"
    bad.write_text(good.read_text(encoding="utf-8-sig").replace(";1000\n", ";beaucoup\n", 1), encoding="utf-8")
    with served_at(tmp_path, NOW, frames(60)) as served, page_at(browser, served, locale="fr-FR") as observed:
        page = observed.page
        observed.visit(f"{served.base}/#/imports")
        page.get_by_label("Jeton").fill(TOKEN)
        page.get_by_role("button", name="Ouvrir").click()

        choose = page.get_by_label("Fichiers")
        choose.set_input_files([bad])
        page.get_by_role("button", name="Vérifier").click()
        failed = page.get_by_role("alert")
        failed.wait_for(timeout=WITHIN_MS)
        assert failed.inner_text().replace("\u00a0", " ") == "faux.csv, ligne 4 : beaucoup n’est pas un nombre"  # noqa: RUF001

        choose.set_input_files([good])
        page.get_by_role("button", name="Vérifier").click()
        take = page.get_by_role("button", name="Importer")
        take.wait_for(timeout=WITHIN_MS)
        shown = page.locator(".import").inner_text().replace("\u202f", " ").replace("\u00a0", " ")
        assert "1 440 valeurs pour le site 021900000002, du 1er janv. 2026 au 30 janv. 2026." in shown
        assert "Total, consommation : 0,00 kWh avant, 720 kWh après." in shown
        page.locator("summary", has_text="Mois par mois").click()
        assert page.get_by_role("table", name="Mois par mois").locator("tbody tr").count() == 1
        assert [each["id"] for each in Axe().run(page).response["violations"] if each["impact"] == "serious"] == []
        take.click()
        undo = page.get_by_role("button", name="Annuler l’import 1")  # noqa: RUF001
        undo.wait_for(timeout=WITHIN_MS)
        assert [each["site"] for each in served.items("/api/v1/imports")] == [METER]

        undo.click()
        page.get_by_role("button", name="Le garder").click()
        undo.click()
        page.get_by_role("button", name="Supprimer l’import 1").click()  # noqa: RUF001
        page.get_by_text("Rien n’a encore été importé pour ce site.").wait_for(timeout=WITHIN_MS)  # noqa: RUF001
        assert served.items("/api/v1/imports") == []
