"""The page as an installed application: its manifest, and its shell without the recorder and after an upgrade."""

import re
import shutil
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import httpx
import pytest
import uvicorn
from api_serving import Served
from odd_even_household import served_household
from page_browsing import ObservedPage, open_page
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import tictally_recorder.page
import tictally_recorder.translations
from demo.broker import free_port
from tictally_recorder.page import page_routes

STATIC = Path(tictally_recorder.page.__file__).parent / "static"
CATALOGUES = Path(tictally_recorder.translations.__file__).parent
CONTROLLED = "async () => navigator.serviceWorker.controller !== null"
KEPT = """() => caches.keys().then((names) => Promise.all(
  names.map(async (name) => [name, (await (await caches.open(name)).keys()).map(({url}) => url)])))"""
KEEPS_THIS = f"""() => ({KEPT})().then((found) => found.length === 1
  && found[0][1].some((each) => each === document.querySelector('script').src))"""


def wait_until(page: Page, condition: str) -> None:
    """Wait until an asynchronous function of the page gives true: `wait_for_function` takes its promise for that."""
    page.evaluate(f"async () => {{ while (!(await ({condition})())) await new Promise((go) => setTimeout(go, 50)); }}")


@pytest.fixture
def household(browser: Browser, tmp_path: Path) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    with served_household(tmp_path) as served:
        yield served


@pytest.fixture
def installed(browser: Browser) -> Iterator[ObservedPage]:
    observed = open_page(browser, width=390, installs=True)
    yield observed
    observed.page.context.close()


def png_size(content: bytes) -> tuple[int, int]:
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_the_page_can_be_installed(household: Served, observed: ObservedPage) -> None:
    observed.visit(household.base)
    session = observed.page.context.new_cdp_session(observed.page)
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [each["errorId"] for each in errors if each["errorId"] != "in-incognito"] == []
    found = session.send("Page.getAppManifest")
    # Relative to the manifest, so that it holds below a path as well.
    assert {household.get("/manifest.webmanifest").json()[name] for name in ("start_url", "scope", "id")} == {"./"}
    assert found["errors"] == []
    assert (found["manifest"]["startUrl"], found["manifest"]["scope"]) == (f"{household.base}/",) * 2
    for icon in found["manifest"]["icons"]:
        size = tuple(int(each) for each in icon["sizes"].split("x"))
        assert png_size(httpx.get(icon["url"]).content) == size
    purposes = re.findall(r'"purpose": "(\w+)"', household.get("/manifest.webmanifest").text)
    assert sorted(purposes) == ["any", "any", "maskable", "maskable"]
    french = household.get("/manifest.webmanifest", **{"accept-language": "fr-FR"}).json()
    assert french["lang"] == "fr"
    assert "compteur" in french["description"]
    apple = observed.page.locator('link[rel="apple-touch-icon"]').evaluate("(each) => each.href")
    assert png_size(httpx.get(apple).content) == (180, 180)


def test_without_the_recorder_the_shell_opens_and_reports_it(household: Served, installed: ObservedPage) -> None:
    page = installed.page
    installed.visit(household.base)
    wait_until(page, CONTROLLED)
    ((name, kept),) = page.evaluate(KEPT)
    assert not [each for each in kept if "/api/" in each or "vendor" in each], name
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The recorder cannot be reached")
    expect(page.get_by_role("link", name="Month")).to_be_visible()
    page.get_by_role("link", name="Month").click()
    expect(page.get_by_role("alert")).to_contain_text("The recorder cannot be reached")
    expect(page.locator("main")).not_to_contain_text(re.compile(r"\d+\s*(kWh|W|VA)"))
    page.context.set_offline(False)  # found again without a click
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert page.evaluate(KEPT) == [[name, kept]]


@contextmanager
def page_server(folder: Path, port: int) -> Iterator[str]:
    """The page of one version, without a ledger."""

    async def nothing(request: Request) -> Response:
        del request
        return JSONResponse({"items": [], "next": None, "problem": None})

    routes = [*page_routes(folder, CATALOGUES), Route("/api/v1/{path:path}", nothing)]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=port, log_level="critical"))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def test_a_new_version_replaces_the_kept_one(installed: ObservedPage, tmp_path: Path) -> None:
    page, port = installed.page, free_port()
    for name in ("old", "new"):
        shutil.copytree(STATIC, tmp_path / name)
        index = tmp_path / name / "index.html"
        index.write_text(index.read_text().replace("<body>", f'<body data-version="{name}">'))
        (tmp_path / name / "first.js").write_text(f'document.documentElement.dataset.script = "{name}";\n')

    def shown() -> tuple[str, str]:
        script = page.locator("html").get_attribute("data-script") or ""
        return page.locator("body").get_attribute("data-version") or "", script

    with page_server(tmp_path / "old", port) as address:
        page.goto(address)
        wait_until(page, CONTROLLED)
    page.reload()
    assert shown() == ("old", "old")
    with page_server(tmp_path / "new", port):
        page.reload()
        assert shown() == ("new", "new")
        wait_until(page, KEEPS_THIS)
    page.reload()
    assert shown() == ("new", "new")
