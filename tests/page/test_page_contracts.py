"""The form of a contract: previewed, written, refused at its field; two tabs, a changed file, no token."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from api_serving import METER, TOKEN, Served, frames
from axe_playwright_python.sync_playwright import Axe
from page_at import page_at, served_at
from page_browsing import PARIS, ObservedPage
from playwright.sync_api import Browser, expect

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=PARIS)
FILE = f"""# house
[[contract]]   # first
site = "{METER}"
tariff = "edf-bleu-base"
power = 6   # kVA
from = 2024-01-01
"""
WIDER = """() => [document.documentElement, ...document.querySelectorAll(".card, .tiles, .views")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with served_at(tmp_path, NOW, frames(60), contracts=FILE) as served:
        yield served


@contextmanager
def signed_in(
    browser: Browser, served: Served, *, width: int = 1280, locale: str = "en-GB", scheme: str = "light"
) -> Iterator[ObservedPage]:
    with page_at(browser, served, width=width, locale=locale, scheme=scheme) as observed:
        cookie = {"name": "tictally_token", "value": TOKEN, "url": served.base}
        observed.page.context.add_cookies([cookie])  # type: ignore[list-item]
        observed.visit(f"{served.base}/#/tariffs")
        yield observed


def text(served: Served) -> str:
    return (served.folder / "contracts.toml").read_text(encoding="utf-8")


def refused(observed: ObservedPage) -> None:
    """The browser logs every refused request; that is all that it has logged."""
    assert observed.errors
    assert all("Failed to load resource" in each for each in observed.errors)
    observed.errors.clear()


def test_a_contract_is_added_after_its_effect_was_shown(served: Served, browser: Browser) -> None:
    with signed_in(browser, served, locale="fr-FR", width=390) as observed:
        page = observed.page
        page.get_by_role("button", name="Ajouter un contrat").click()
        page.get_by_label("Tarif", exact=True).last.select_option("edf-bleu-hphc")
        page.get_by_label("Premier jour").fill("2026-03-29")
        page.get_by_label("Puissance souscrite").select_option("9")
        page.get_by_label("Heures creuses", exact=True).fill("22h-6h")
        page.get_by_role("button", name="Voir l’effet").click()  # noqa: RUF001
        expect(page.locator("[data-field=off_peak] [role=alert]")).to_contain_text("22:00-06:00")
        assert page.evaluate("document.activeElement.id") == "contract-off-peak"
        refused(observed)
        page.get_by_label("Heures creuses", exact=True).fill("22:30-06:30")
        page.get_by_role("button", name="Voir l’effet").click()  # noqa: RUF001
        write = page.get_by_role("button", name="Enregistrer le contrat")
        write.wait_for()
        shown = page.locator(".contracts").inner_text().replace("\u00a0", " ")
        assert 'tariff = "edf-bleu-hphc"' in shown
        assert "le coût de 2 jours est recalculé, du 29 mars 2026 au 30 mars 2026" in shown
        assert text(served) == FILE
        assert page.evaluate(WIDER) == []
        assert [each["id"] for each in Axe().run(page).response["violations"] if each["impact"] == "serious"] == []
        write.click()
        expect(page.get_by_role("table", name="Vos contrats").locator("tbody tr")).to_have_count(2)
    assert text(served).startswith(FILE)
    assert 'off_peak = ["22:30-06:30"]' in text(served)


def test_a_contract_is_corrected_and_comments_stay(served: Served, browser: Browser) -> None:
    with signed_in(browser, served, scheme="dark") as observed:
        page = observed.page
        page.get_by_role("button", name="Correct or end").click()
        page.get_by_label("Subscribed power").select_option("9")
        page.get_by_label("Last day").fill("2023-01-01")
        page.get_by_role("button", name="Show the effect").click()
        expect(page.locator("[data-field=until] [role=alert]")).to_be_visible()
        refused(observed)
        page.get_by_label("Last day").fill("")
        page.get_by_label("Billing day").fill("24")
        page.get_by_role("button", name="Show the effect").click()
        page.get_by_role("button", name="Write the contract").click()
        expect(page.get_by_role("table", name="Your contracts")).to_contain_text("9 kVA · billed from day 24")
    assert text(served) == FILE.replace("power = 6 ", "power = 9 ") + "billing_day = 24\n"


def test_a_contract_is_deleted_only_after_a_question(served: Served, browser: Browser) -> None:
    with signed_in(browser, served) as observed:
        page = observed.page
        page.get_by_role("button", name="Delete Tarif Bleu").click()
        page.get_by_role("button", name="Cancel").click()
        assert text(served) == FILE
        page.get_by_role("button", name="Delete Tarif Bleu").click()
        page.get_by_role("button", name="Delete the contract").click()
        expect(page.locator(".contracts")).to_contain_text("There is no contract yet")
    assert text(served) == "# house\n"


def test_of_two_tabs_the_later_one_is_shown_that_the_file_has_changed(served: Served, browser: Browser) -> None:
    with signed_in(browser, served) as first, signed_in(browser, served) as second:
        for each in (first, second):
            each.page.get_by_role("button", name="Correct or end").click()
            each.page.get_by_label("Billing day").fill("5")
            each.page.get_by_role("button", name="Show the effect").click()
            each.page.get_by_role("button", name="Write the contract").wait_for()
        first.page.get_by_role("button", name="Write the contract").click()
        expect(first.page.get_by_role("table", name="Your contracts")).to_contain_text("billed from day 5")
        now = text(served)
        second.page.get_by_role("button", name="Write the contract").click()
        expect(second.page.locator(".contracts")).to_contain_text("The contracts have changed meanwhile")
        refused(second)
        assert text(served) == now
        second.page.get_by_role("button", name="Show them as they are now").click()
        expect(second.page.get_by_role("table", name="Your contracts")).to_contain_text("billed from day 5")


def test_without_the_token_the_form_asks_for_it(served: Served, browser: Browser) -> None:
    with page_at(browser, served) as observed:
        observed.visit(f"{served.base}/#/tariffs")
        page = observed.page
        page.get_by_role("button", name="Add a contract").click()
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Open").click()
        page.get_by_role("button", name="Add a contract").click()
        page.get_by_label("First day").wait_for()


def test_a_broken_file_is_shown_with_its_line(served: Served, browser: Browser) -> None:
    (served.folder / "contracts.toml").write_text(FILE.replace("power = 6", "power = 7"))
    with page_at(browser, served, locale="fr-FR") as observed:
        observed.visit(f"{served.base}/#/tariffs")
        shown = observed.page.locator(".contracts").inner_text()
        assert "contracts.toml est inutilisable" in shown
        assert "ligne 5" in shown.replace("\u00a0", " ")
        assert observed.page.get_by_role("button", name="Ajouter un contrat").count() == 0
