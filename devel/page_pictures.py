"""Pictures of every view of the page, of all kinds of households, and what is wrong with them.

Each picture is a PNG in a folder, each household has a sheet with all of them.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Error, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # with what the tests start, this starts too

from page_browsing import CHROMIUM, ObservedPage, open_page
from page_faults import faults
from pictured_households import HOUSEHOLDS, Pictured, served

_STATIC: Final = Path(__file__).parent.parent / "recorder" / "tictally_recorder" / "page" / "static"
_WIDTHS: Final = (390, 820, 1440)
_SCHEMES: Final = ("light", "dark")
_LOCALES: Final = {"fr": "fr-FR", "en": "en-GB"}
_STILL_MS: Final = 60_000
_THUMBNAIL: Final = 300


def views() -> list[str]:
    """The names of all views: the modules of their folder."""
    return sorted(each.stem for each in (_STATIC / "views").glob("*.js"))


@contextmanager
def opened(browser: Browser, pictured: Pictured, base: str, look: tuple[int, str, str]) -> Iterator[ObservedPage]:
    """A page of a household whose clock is that of its server; `look`: width, colour scheme, language."""
    width, scheme, language = look
    observed = open_page(browser, width=width, scheme=scheme, locale=_LOCALES[language])
    observed.page.clock.set_fixed_time(pictured.now)
    observed.page.goto(base)
    try:
        yield observed
    finally:
        observed.page.context.close()


def show(observed: ObservedPage, pictured: Pictured, base: str, view: str) -> None:
    """Go to a view, and wait until it is still, or for as long as that may take."""
    observed.page.goto(f"{base}/#/{view}")
    observed.page.set_default_timeout(_STILL_MS)
    observed.wait_until_still()
    if pictured.offline:
        observed.page.route("**/api/v1/**", lambda route: route.abort())
        observed.page.evaluate("dispatchEvent(new Event('online'))")
        observed.page.wait_for_selector("#status .lost")
        observed.page.unroute("**/api/v1/**")


def pictures(name: str, arguments: argparse.Namespace, browser: Browser) -> Iterator[str]:
    """Take the pictures of a household; yields a line for each fault."""
    pictured, folder = HOUSEHOLDS[name], arguments.folder / name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as ledger, served(pictured, Path(ledger)) as server:
        for look in product(arguments.widths, arguments.schemes, arguments.languages):
            with opened(browser, pictured, server.base, look) as observed:
                for view in arguments.views:
                    picture = "-".join(str(each) for each in (view, *look))
                    try:
                        show(observed, pictured, server.base, view)
                        found = faults(observed.page, look[2])
                    except Error as error:
                        found = [f"not still: {str(error).splitlines()[0]}"]
                    observed.page.screenshot(path=folder / f"{picture}.png", full_page=True)
                    # The browser logs each request that is not answered.
                    logged = [each for each in observed.errors if not re.search("ERR_|offline", each)]
                    observed.errors.clear()
                    yield from (
                        f"{name}/{picture}: {each}" for each in (*found, *(f"console: {each}" for each in logged))
                    )
    _sheet(browser, folder)


def _sheet(browser: Browser, folder: Path) -> None:
    """All pictures of a household on one."""
    found = sorted(each for each in folder.glob("*.png") if each.name != "sheet.png")
    cells = "".join(f'<figure><img src="{each.name}"><figcaption>{each.stem}</figcaption></figure>' for each in found)
    style = (
        f"body{{display:flex;flex-wrap:wrap;gap:8px;font:12px sans-serif}}figure{{margin:0;width:{_THUMBNAIL}px}}"
        f"img{{width:100%;height:{2 * _THUMBNAIL}px;object-fit:cover;object-position:top;border:1px solid #888}}"
    )
    (folder / "sheet.html").write_text(
        f"<!doctype html><meta charset=utf-8><style>{style}</style>{cells}", encoding="utf-8"
    )
    page = browser.new_page(viewport={"width": 6 * (_THUMBNAIL + 8) + 16, "height": 800})
    page.goto((folder / "sheet.html").as_uri())
    page.screenshot(path=folder / "sheet.png", full_page=True)
    page.close()


def main() -> int:
    """Take pictures and print what is wrong; returns how a process ends: 1 where something is."""
    parser = argparse.ArgumentParser(prog="./run pictures", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--households", nargs="+", choices=HOUSEHOLDS, default=[*HOUSEHOLDS], metavar="NAME")
    parser.add_argument("--views", nargs="+", choices=views(), default=views(), metavar="NAME")
    parser.add_argument("--widths", nargs="+", type=int, default=_WIDTHS, metavar="PX")
    parser.add_argument("--schemes", nargs="+", choices=_SCHEMES, default=_SCHEMES)
    parser.add_argument("--languages", nargs="+", choices=_LOCALES, default=[*_LOCALES])
    arguments = parser.parse_args()
    count = 0
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in arguments.households:
            for line in pictures(name, arguments, browser):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
                count += 1
        browser.close()
    sys.stdout.write(f"{count} faults; pictures and a sheet of each household are in {arguments.folder}\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
