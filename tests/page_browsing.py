"""A real recorder that serves its page, and a browser that records errors and requests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import real_edge
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, expect
from real_broker import Mosquitto
from recording import Recorder

from demo.broker import free_port
from demo.past import Home, Past, write_ledger
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_shared.labels import Mode

PARIS = ZoneInfo("Europe/Paris")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WITHIN_MS = 60_000
expect.set_options(timeout=WITHIN_MS)  # a shared machine may be slow
FRAMING = f"http://localhost:{free_port()}"
TOKEN = "a-token-of-sixteen-or-more"  # noqa: S105 - a test's own
HOME = Home(SimulatedContract.TEMPO, Mode.STANDARD, 3, 9)
CONTRACT = '[[contract]]\ntariff = "edf-bleu-tempo"\npower = 9\nfrom = 2020-01-01\n'
SHOWS_POWER = "() => document.querySelector('.gauge .figure')?.textContent.length > 2"
_BLOCKED = "Service Worker registration blocked by Playwright"
_STILL = """() => document.querySelector('main').children.length > 0
  && !document.querySelector('main :is(.loading, .place, .bone)')
  && [...document.querySelectorAll('.stage')].every((each) => each.querySelector('canvas'))"""


@dataclass
class Served:
    """A recorder that serves its page.

    Attributes:
        address: of the page, without a trailing slash.
        recorder: its process.
        meter: the simulated meter, or None without one.
        edge: the edge that reads it.
    """

    address: str
    recorder: Recorder
    meter: real_edge.Process | None = None
    edge: real_edge.Process | None = None


@dataclass
class ObservedPage:
    """A page in a browser, with its errors and requests.

    Attributes:
        page: the page of Playwright.
        errors: warnings and errors of its console, and uncaught exceptions.
        asked: the address of every request.
        received: bytes over the wire, by address.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)

    def visit(self, address: str) -> None:
        """Go to an address, and wait until everything is loaded and charts are drawn."""
        self.page.goto(address)
        self.wait_until_still()

    def wait_until_still(self) -> None:
        self.page.wait_for_function(_STILL)

    def _output(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and message.text != _BLOCKED:
            self.errors.append(message.text)

    def _finished(self, request: Request) -> None:
        try:
            sizes = request.sizes()
        except Error:  # the page was closed meanwhile
            return
        self.received[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]

    def listen(self) -> None:
        self.page.on("console", self._output)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("requestfinished", self._finished)


def served(folder: Path, broker: Mosquitto, base: str) -> Served:
    """A recorder, not yet started."""
    port = free_port()
    settings = {"TICTALLY_HTTP": "on", "TICTALLY_HTTP_PORT": str(port), "TICTALLY_LANGUAGE": "en"}
    return Served(f"http://127.0.0.1:{port}", Recorder(folder, broker.port, base, settings=settings))


@contextmanager
def running_home(folder: Path, broker_folder: Path) -> Iterator[Served]:
    """A month and more of a three-phase home on Tempo whose meter is running, with a broker of its own."""
    broker = Mosquitto(broker_folder)
    broker.start()
    now = datetime.now(UTC).replace(microsecond=0)
    since = first_of_month(now, 1)
    home = served(folder, broker, "page")
    home.recorder.settings |= {"TICTALLY_HTTP_INGRESS": "127.0.0.1", "TICTALLY_HTTP_PATH": "/electricity"}
    home.meter = real_edge.meter(folder, *HOME.arguments(since))
    home.edge = real_edge.edge(folder, str(folder / "line"), broker.port, base_topic="page")
    home.meter.start()
    write_ledger(home.recorder.ledger, Past(HOME, "pi", since, now, PARIS))
    (folder / "contracts.toml").write_text(CONTRACT)
    with home.recorder:
        home.recorder.wait_for_log("HTTP server listens")
        home.recorder.wait_for_log("connected to the broker")
        home.meter.wait_for_output("line")
        home.edge.start()
        yield home
        home.edge.end()
        home.meter.end()
    broker.stop()


def open_page(
    browser: Browser, *, locale: str = "en-GB", width: int = 1280, scheme: str = "light", installs: bool = False
) -> ObservedPage:
    """A blank page; the caller closes its context. `installs`: it may have a service worker."""
    context = browser.new_context(
        locale=locale,
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
        color_scheme="dark" if scheme == "dark" else "light",
        service_workers="allow" if installs else "block",
    )
    context.set_default_timeout(WITHIN_MS)
    observed = ObservedPage(context.new_page())
    observed.listen()
    return observed


def first_of_month(now: datetime, back: int) -> datetime:
    """The first midnight of the month `back` months ago."""
    first = now.astimezone(PARIS).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(back):
        first = (first - timedelta(days=1)).replace(day=1, hour=0)
    return first.astimezone(UTC)
