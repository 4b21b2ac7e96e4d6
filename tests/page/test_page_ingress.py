"""The page below a path: Home Assistant's ingress, a reverse proxy, and a frame in another site's page."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from enedis_files import lines_of, write
from page_browsing import FRAMING, SHOWS_POWER, ObservedPage, Served
from playwright.sync_api import expect

from devel.apps.ingress import COOKIE, SESSION, Ingress

WITHIN_MS = 120_000
VIEWS = ("overview", "live", "month", "year", "years", "tariffs", "imports", "system")


@pytest.fixture(scope="module")
def ingress(home: Served) -> Iterator[Ingress]:
    with Ingress(home.address) as running:
        yield running


def enter(observed: ObservedPage, ingress: Ingress) -> None:
    """Log in at the hub."""
    observed.page.context.add_cookies([{"name": COOKIE, "value": SESSION, "url": ingress.origin}])


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_complete_through_ingress(ingress: Ingress, observed: ObservedPage, view: str) -> None:
    enter(observed, ingress)
    observed.visit(f"{ingress.address}#/{view}")
    assert observed.errors == []
    expect(observed.page.locator("main .failed")).to_have_count(0)
    strangers = [each for each in observed.requested if not each.startswith((ingress.address, "data:"))]
    assert strangers == []


def test_the_live_stream_passes_through_ingress(ingress: Ingress, observed: ObservedPage) -> None:
    enter(observed, ingress)
    observed.visit(f"{ingress.address}#/live")
    observed.page.wait_for_function(SHOWS_POWER)
    clock = observed.page.locator(".power .time")
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)


def test_an_amount_is_explained_through_ingress(ingress: Ingress, observed: ObservedPage) -> None:
    enter(observed, ingress)
    observed.visit(f"{ingress.address}#/month")
    observed.page.locator(".tile .money").first.click()
    expect(observed.page.get_by_role("dialog").locator(".lines > li").first).to_contain_text("kWh")
    assert observed.errors == []


def test_a_file_is_checked_through_ingress_without_a_token(
    ingress: Ingress, observed: ObservedPage, tmp_path: Path
) -> None:
    curve = write(tmp_path / "curve.csv", lines_of(datetime(2021, 1, 1, tzinfo=UTC), [1000] * 48))
    enter(observed, ingress)
    observed.visit(f"{ingress.address}#/imports")
    observed.page.get_by_label("Files").set_input_files([curve])
    observed.page.get_by_role("button", name="Check").click()
    discard = observed.page.get_by_role("button", name="Discard")
    discard.wait_for(timeout=WITHIN_MS)
    expect(observed.page.locator(".import")).to_contain_text("48 values for site")
    discard.click()
    expect(observed.page.get_by_label("Files")).to_be_visible()
    assert observed.errors == []


@pytest.mark.parametrize("address", ["/electricity", "/electricity/"])
def test_a_proxy_may_leave_the_path(home: Served, observed: ObservedPage, address: str) -> None:
    observed.visit(f"{home.address}{address}#/month")
    assert urlsplit(observed.page.url).path == "/electricity/"
    assert observed.errors == []
    assert {urlsplit(each).path.split("/")[1] for each in observed.requested} == {"electricity"}


def test_ingress_takes_the_place_of_the_token(guarded: Served, observed: ObservedPage) -> None:
    with Ingress(guarded.address) as ingress:
        enter(observed, ingress)
        observed.page.goto(ingress.address)
        expect(observed.page.locator("main .empty, main .failed")).to_be_visible()
        expect(observed.page.locator("main .token")).to_have_count(0)
        assert observed.errors == []


def test_the_token_is_kept_for_the_page_alone(guarded: Served, observed: ObservedPage) -> None:
    """Below a path of a hub, its other pages never get the token."""
    with Ingress(guarded.address) as ingress:
        enter(observed, ingress)
        observed.page.route("**/api/v1/**", lambda route: route.fulfill(status=401, json={"status": 401}))
        observed.page.goto(ingress.address)
        observed.page.get_by_label(re.compile("token", re.IGNORECASE)).fill("a-token-of-sixteen-or-more")
        observed.page.get_by_role("button", name=re.compile("open|send|enter|show", re.IGNORECASE)).last.click()
        kept = [each for each in observed.page.context.cookies() if each["name"] == "tictally_token"]
        assert [each["path"] for each in kept] == [f"{ingress.path}/"]


class _Framing(BaseHTTPRequestHandler):
    """A page of another site that shows the recorder's in a frame; its path is the frame's address."""

    def do_GET(self) -> None:
        body = f'<!doctype html><iframe src="http://{self.path[1:]}/" width=900 height=700></iframe>'.encode()
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def framing() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", int(FRAMING.rpartition(":")[2])), _Framing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield FRAMING
    server.shutdown()
    server.server_close()


def test_another_site_may_show_the_page_in_a_frame_where_that_is_configured(
    guarded: Served, home: Served, observed: ObservedPage, framing: str
) -> None:
    frame = observed.page.frame_locator("iframe")
    observed.page.goto(f"{framing}/{urlsplit(guarded.address).netloc}")
    expect(frame.locator("header .brand")).to_be_visible()
    observed.page.goto(f"{framing}/{urlsplit(home.address).netloc}")
    expect(observed.page.locator("iframe")).to_be_visible()
    expect(frame.locator("header .brand")).to_have_count(0)
