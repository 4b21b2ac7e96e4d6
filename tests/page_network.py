"""Networks of phones, emulated by Chromium: each answer begins after a delay, and all share a bandwidth."""

from dataclasses import dataclass
from typing import Any, Final

from page_browsing import ObservedPage
from playwright.sync_api import CDPSession


@dataclass(frozen=True)
class Network:
    """What Chromium emulates.

    Attributes:
        latency_ms: from a request to the first byte of its answer.
        bytes_per_s: of everything that is received.
    """

    latency_ms: float
    bytes_per_s: float

    def emulate(self, observed: ObservedPage) -> CDPSession:
        """Begin, with an empty cache, for one page."""
        session = observed.page.context.new_cdp_session(observed.page)
        session.send("Network.enable")
        session.send("Network.clearBrowserCache")
        conditions = {"offline": False, "latency": self.latency_ms}
        session.send(
            "Network.emulateNetworkConditions",
            {**conditions, "downloadThroughput": self.bytes_per_s, "uploadThroughput": self.bytes_per_s},
        )
        return session


SLOW: Final = Network(400, 50_000)
"""400 kb/s: a phone at the edge of its cell."""
FAST_4G: Final = Network(165, 1_012_500)
"""An ordinary phone: "Fast 4G" of Chromium's developer tools (9 Mb/s and 60 ms, as its front_end/core/sdk corrects
them for requests)."""

# The page looks itself: whoever asks it from outside comes later, when more has been received.
_WATCH: Final = """new MutationObserver((_, watching) => {
  if (!/\\d/.test(document.querySelector('.overview > .now .figure')?.textContent ?? '')) return;
  watching.disconnect();
  const received = performance.getEntriesByType('resource').filter((each) => each.responseEnd);
  globalThis.firstFigure = {
    ms: performance.now(),
    bytes: received.reduce((sum, each) => sum + each.transferSize, 0),
    names: received.map((each) => each.name.replace(location.origin, '').replace(/^\\/(page\\/\\w+\\/)?/, '')),
  };
}).observe(document, {childList: true, subtree: true})"""


@dataclass(frozen=True)
class FirstFigure:
    """When the overview shows the power.

    Attributes:
        ms: milliseconds since the visit began.
        bytes: received by then, without the page itself.
        names: what was received by then, below the page's address and that of its files.
    """

    ms: float
    bytes: int
    names: list[str]


def first_figure(observed: ObservedPage, address: str) -> FirstFigure:
    """Visit the overview, until it shows the power. The page's clock must be the browser's."""
    observed.page.add_init_script(_WATCH)
    observed.page.goto(address, wait_until="commit")
    found: dict[str, Any] = observed.page.wait_for_function("() => globalThis.firstFigure").json_value()
    return FirstFigure(**found)
