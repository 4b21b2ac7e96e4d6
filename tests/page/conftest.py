"""A home whose ledger has a past, a simulated meter that continues it, and Chromium with its page."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from page_browsing import CHROMIUM, FRAMING, TOKEN, ObservedPage, Served, open_page, running_home, served
from playwright.sync_api import Browser, sync_playwright
from real_broker import Mosquitto

# The shapes of a page, of which all are for `./run pages`: a browser takes seconds of CPU for each.
_SHAPES = frozenset({"width", "locale", "scheme", "language", "theme"})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without TICTALLY_ALL_PAGES, keep the first width, language and theme of each test of a browser."""
    if "TICTALLY_ALL_PAGES" in os.environ:
        return
    seen: set[tuple[str, str]] = set()
    left: list[pytest.Item] = []
    for item in items:
        case = getattr(item, "callspec", None)
        if (
            case is None
            or item.path.parent != Path(__file__).parent
            or "browser" not in getattr(item, "fixturenames", ())
        ):
            continue
        if _SHAPES.isdisjoint(case.params):
            continue
        key = (
            item.nodeid.partition("[")[0],
            str({name: each for name, each in case.params.items() if name not in _SHAPES}),
        )
        if key in seen:
            left.append(item)
        seen.add(key)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [each for each in items if each not in set(left)]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def observed(browser: Browser) -> Iterator[ObservedPage]:
    """A page in English, as large as a tablet."""
    observed = open_page(browser)
    yield observed
    observed.page.context.close()


@pytest.fixture(scope="module")
def home(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    """A month and more of a three-phase home on Tempo whose meter is running, with a broker of its own.

    A file's tests share it. On the shared broker its edge and one of a test's, both pi, would throw each other out.
    """
    with running_home(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("broker")) as served_page:
        yield served_page


@pytest.fixture
def guarded(browser: Browser, tmp_path: Path, broker: Mosquitto) -> Iterator[Served]:  # noqa: ARG001 - as above
    """A recorder that requires its token for every request."""
    served_page = served(tmp_path, broker, "page-guarded")
    served_page.recorder.settings |= {
        "TICTALLY_HTTP_READS": "token",
        "TICTALLY_HTTP_TOKEN": TOKEN,
        "TICTALLY_HTTP_INGRESS": "127.0.0.1",
        "TICTALLY_HTTP_FRAME_ANCESTORS": FRAMING,
    }
    with served_page.recorder:
        served_page.recorder.wait_for_log("HTTP server listens")
        served_page.recorder.wait_for_log("connected to the broker")
        yield served_page


@pytest.fixture
def new(browser: Browser, tmp_path: Path, broker: Mosquitto) -> Iterator[Served]:  # noqa: ARG001 - as above
    """A recorder that has not received anything yet."""
    served_page = served(tmp_path, broker, "page-new")
    with served_page.recorder:
        served_page.recorder.wait_for_log("HTTP server listens")
        served_page.recorder.wait_for_log("connected to the broker")
        yield served_page
