"""Settings on the page: language, theme and units stay; the recorder keeps the budget, the overview shows it."""

import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
from api_serving import TOKEN, Served, frames
from axe_playwright_python.sync_playwright import Axe
from page_at import page_at, served_at
from page_browsing import PARIS
from playwright.sync_api import Browser, expect

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=PARIS)
WIDER = """() => [document.documentElement, ...document.querySelectorAll(".card, .tiles, .views, .top")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_at(tmp_path_factory.mktemp("settings"), NOW, frames(60)) as served:
        yield served


@pytest.mark.parametrize(("locale", "width"), [("fr-FR", 390), ("en-GB", 1280)])
def test_choices_of_the_reader_stay(served: Served, browser: Browser, locale: str, width: int) -> None:
    with page_at(browser, served, locale=locale, width=width) as observed:
        page = observed.page
        observed.visit(f"{served.base}/#/overview")
        page.get_by_role("link", name="Réglages" if locale == "fr-FR" else "Settings").click()
        page.locator(".settings").wait_for()
        assert page.evaluate(WIDER) == []
        violations = Axe().run(page).response["violations"]
        assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []
        page.get_by_role("button", name="VA", exact=True).click()
        page.get_by_role("button", name="€", exact=True).click()
        page.get_by_role("button", name="sombre" if locale == "fr-FR" else "dark", exact=True).click()
        page.get_by_role("button", name="English" if locale == "fr-FR" else "Français", exact=True).last.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Settings" if locale == "fr-FR" else "Réglages")
        page.reload()
        observed.wait_until_still()
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        pressed = page.locator(".settings [aria-pressed=true]").all_inner_texts()
        assert {"€", "VA"} <= set(pressed)


def test_a_budget_is_saved_refused_and_shown(served: Served, browser: Browser) -> None:
    stop = threading.Event()
    with page_at(browser, served, locale="fr-FR", width=390) as observed:
        page = observed.page
        observed.visit(f"{served.base}/#/settings")
        page.get_by_label("Jeton").fill(TOKEN)
        page.get_by_role("button", name="Ouvrir").click()
        page.get_by_label("Montant").fill("beaucoup")
        page.get_by_role("button", name="Enregistrer").click()
        expect(page.get_by_role("alert")).to_contain_text("Saisissez un montant")
        assert all("Failed to load resource" in each for each in observed.errors)
        observed.errors.clear()
        page.get_by_label("Montant").fill("80,50")
        page.get_by_role("button", name="Enregistrer").click()
        while page.locator(".settings .good").count() == 0 and not stop.wait(0.05):
            served.run_write_commands()
        assert "80,50" in page.locator(".settings .good").inner_text()
        observed.visit(f"{served.base}/#/overview")
        month = page.locator(".card.month")
        expect(month.locator(".budget-bar")).to_be_visible()
        assert "Budget" in month.inner_text()


def test_tokens_are_created_once_listed_and_revoked(served: Served, browser: Browser) -> None:
    with page_at(browser, served, locale="fr-FR", width=390, scheme="dark") as observed:
        page = observed.page
        cookie = {"name": "tictally_token", "value": TOKEN, "url": served.base}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        observed.visit(f"{served.base}/#/settings")
        page.get_by_role("button", name="Créer un jeton").click()
        secret = page.locator(".secret").inner_text()
        assert secret.count(".") == 2
        page.get_by_role("button", name="Je l’ai copié").click()  # noqa: RUF001
        revoke = page.get_by_role("button", name="Révoquer le jeton")
        revoke.wait_for()
        assert secret not in page.content()
        page.get_by_label("Adresse de la page").fill("http://nas:8780/")
        page.get_by_role("button", name="Afficher le QR code").click()
        page.get_by_role("img", name="Ouvrir cette page sur un téléphone").wait_for()
        assert page.evaluate(WIDER) == []
        violations = Axe().run(page).response["violations"]
        assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []
        revoke.click()
        expect(page.locator(".tokens table")).to_contain_text("révoqué")


def test_the_address_of_the_code_opens_the_page_and_loses_the_token(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> None:
    served = served_at(tmp_path_factory.mktemp("guarded"), NOW, frames(60))
    served.settings |= {"http_reads": "token"}
    with served, page_at(browser, served) as observed:
        observed.visit(f"{served.base}/#/token/{TOKEN}")
        expect(observed.page.locator(".overview .now")).to_be_visible()
        assert TOKEN not in observed.page.evaluate("location.href")
        assert not any(TOKEN in each.partition("#")[0] for each in observed.requested)
        assert observed.page.locator("form.token").count() == 0
        assert all("401" in each for each in observed.errors)  # what was requested before the token was there
        observed.errors.clear()
