"""Draws the PNG icons of the page from its `icon.svg`: run it after a change of that file."""

import re
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from page_browsing import CHROMIUM

_STATIC: Final = Path(__file__).parent.parent / "recorder" / "tictally_recorder" / "page" / "static"
_BACKGROUND: Final = "#f4f6f3"
# name → size in pixels, share of it that the drawing takes, radius of the corners as a share. A maskable icon shows at
# least the middle four fifths (W3C, Web Application Manifest); iOS rounds the corners itself.
_ICONS: Final = {
    "icon-192": (192, 0.72, 0.2),
    "icon-512": (512, 0.72, 0.2),
    "icon-maskable-192": (192, 0.55, 0.0),
    "icon-maskable-512": (512, 0.55, 0.0),
    "icon-apple": (180, 0.68, 0.0),
}


def main() -> None:
    """Write the icons beside `icon.svg`."""
    drawing = re.sub(r"^<svg [^>]*>|</svg>$", "", (_STATIC / "icon.svg").read_text(encoding="utf-8").strip())
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, (size, share, radius) in _ICONS.items():
            margin = 16 * (1 - share)
            svg = (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="{size}" height="{size}">'
                f'<rect width="32" height="32" rx="{32 * radius}" fill="{_BACKGROUND}"/>'
                f'<g transform="translate({margin} {margin}) scale({share})">{drawing}</g></svg>'
            )
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{svg}")
            page.screenshot(path=_STATIC / f"{name}.png", omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
