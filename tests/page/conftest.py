"""A home whose ledger has a past, a simulated meter that continues it, and Chromium with its page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import real_edge
from page_browsing import CHROMIUM, PARIS, TOKEN, ObservedPage, Served, first_of_month, open_page, served
from playwright.sync_api import Browser, sync_playwright
from real_broker import Mosquitto

from demo.past import Home, Past, write_ledger
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_shared.labels import Mode

HOME = Home(SimulatedContract.TEMPO, Mode.STANDARD, 3, 9)
CONTRACT = '[[contract]]\ntariff = "edf-bleu-tempo"\npower = 9\nfrom = 2020-01-01\n'


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


@pytest.fixture(scope="session")
def home(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    """A month and more of a three-phase home on Tempo whose meter is running, with a broker of its own.

    It lives as long as all tests: on the shared broker its edge and one of a test's, both pi, throw each other out.
    """
    folder = tmp_path_factory.mktemp("home")
    broker = Mosquitto(tmp_path_factory.mktemp("broker"))
    broker.start()
    now = datetime.now(UTC).replace(microsecond=0)
    since = first_of_month(now, 1)
    served_page = served(folder, broker, "page")
    served_page.meter = real_edge.meter(folder, *HOME.arguments(since))
    served_page.edge = real_edge.edge(folder, str(folder / "line"), broker.port, base_topic="page")
    served_page.meter.start()
    write_ledger(served_page.recorder.ledger, Past(HOME, "pi", since, now, PARIS))
    (folder / "contracts.toml").write_text(CONTRACT)
    with served_page.recorder:
        served_page.recorder.wait_for_log("HTTP server listens")
        served_page.recorder.wait_for_log("connected to the broker")
        served_page.meter.wait_for_output("line")
        served_page.edge.start()
        yield served_page
        served_page.edge.end()
        served_page.meter.end()
    broker.stop()


@pytest.fixture
def guarded(browser: Browser, tmp_path: Path, broker: Mosquitto) -> Iterator[Served]:  # noqa: ARG001 - as above
    """A recorder that requires its token for every request."""
    served_page = served(tmp_path, broker, "page-guarded")
    served_page.recorder.settings |= {"TICTALLY_HTTP_READS": "token", "TICTALLY_HTTP_TOKEN": TOKEN}
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
