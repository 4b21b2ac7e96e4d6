"""A home whose recorder has a past, a simulated meter that goes on from it, and Chromium in front of its page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import real_edge
from page_browsing import CHROMIUM, PARIS, TOKEN, Heard, Served, first_of_month, opened, served
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
def heard(browser: Browser) -> Iterator[Heard]:
    """A page in English, as large as a tablet."""
    listening = opened(browser)
    yield listening
    listening.page.context.close()


@pytest.fixture(scope="session")
def home(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: ARG001 - without a browser nothing is started
    """A month and more of a three-phase home on Tempo whose meter speaks, with a broker of its own.

    It lives as long as all tests: on the shared broker its edge and one of a test's, both pi, throw each other out.
    """
    folder = tmp_path_factory.mktemp("home")
    broker = Mosquitto(tmp_path_factory.mktemp("broker"))
    broker.start()
    now = datetime.now(UTC).replace(microsecond=0)
    since = first_of_month(now, 1)
    here = served(folder, broker, "page")
    here.meter = real_edge.meter(folder, *HOME.arguments(since))
    here.edge = real_edge.edge(folder, str(folder / "line"), broker.port, base_topic="page")
    here.meter.start()
    write_ledger(here.recorder.ledger, Past(HOME, "pi", since, now, PARIS))
    (folder / "contracts.toml").write_text(CONTRACT)
    with here.recorder:
        here.recorder.wait_for_log("HTTP server listens")
        here.recorder.wait_for_log("connected to the broker")
        here.meter.wait_for_output("line")
        here.edge.start()
        yield here
        here.edge.end()
        here.meter.end()
    broker.stop()


@pytest.fixture
def guarded(browser: Browser, tmp_path: Path, broker: Mosquitto) -> Iterator[Served]:  # noqa: ARG001 - as above
    """A recorder that answers only who knows its token."""
    here = served(tmp_path, broker, "page-guarded")
    here.recorder.settings |= {"TICTALLY_HTTP_READS": "token", "TICTALLY_HTTP_TOKEN": TOKEN}
    with here.recorder:
        here.recorder.wait_for_log("HTTP server listens")
        here.recorder.wait_for_log("connected to the broker")
        yield here


@pytest.fixture
def new(browser: Browser, tmp_path: Path, broker: Mosquitto) -> Iterator[Served]:  # noqa: ARG001 - as above
    """A recorder that has not heard anything yet."""
    here = served(tmp_path, broker, "page-new")
    with here.recorder:
        here.recorder.wait_for_log("HTTP server listens")
        here.recorder.wait_for_log("connected to the broker")
        yield here
