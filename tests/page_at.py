"""The page over a ledger that a test has written, at a moment of its choice, in a browser whose clock agrees."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from api_serving import CONTRACT, Served
from page_browsing import ObservedPage, open_page
from playwright.sync_api import Browser

from tictally_shared.frames import Frame


@contextmanager
def page_at(
    browser: Browser, served: Served, *, width: int = 1280, locale: str = "en-GB", scheme: str = "light"
) -> Iterator[ObservedPage]:
    """A page whose clock is that of a server; it fails if the page has logged an error."""
    observed = open_page(browser, width=width, locale=locale, scheme=scheme)
    observed.page.clock.set_fixed_time(served.now)
    try:
        yield observed
        assert observed.errors == []
    finally:
        observed.page.context.close()


def served_at(
    folder: Path, now: datetime, stored: list[Frame], *, contracts: str = CONTRACT, tariffs: str | None = None
) -> Served:
    """A server over some frames, without those raw ones that retention has deleted by now; not yet entered."""
    if tariffs is not None:
        (folder / "tariffs").mkdir()
        (folder / "tariffs" / "own.toml").write_text(tariffs)
    return Served(folder, contracts=contracts, stored=stored, now=now, retention=True)
