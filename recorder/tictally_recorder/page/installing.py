"""Installing the page as an application: the manifest that browsers read, and the service worker of its shell."""

import json
from collections.abc import Iterable
from typing import Final

_BACKGROUND: Final = "#f4f6f3"
_ICONS: Final = (("icon-192.png", 192, "any"), ("icon-512.png", 512, "any"))
_MASKABLE: Final = (("icon-maskable-192.png", 192, "maskable"), ("icon-maskable-512.png", 512, "maskable"))


def manifest(language: str, description: str, assets: str) -> bytes:
    """The web application manifest; all addresses are relative to it.

    Args:
        language: of the description.
        description: of the application.
        assets: address of the page's files, relative to the page.
    """
    icons = [
        {"src": f"{assets}/{name}", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, size, purpose in (*_ICONS, *_MASKABLE)
    ]
    found = {
        "id": "./",
        "name": "tictally",
        "short_name": "tictally",
        "description": description,
        "lang": language,
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": _BACKGROUND,
        "theme_color": _BACKGROUND,
        "icons": icons,
    }
    return json.dumps(found, ensure_ascii=False).encode()


def service_worker(source: str, assets: str, files: Iterable[str]) -> bytes:
    """The service worker of one version: another version has another text, which browsers notice.

    Args:
        source: its script, in which `{shell}` stands for what it keeps.
        assets: address of the page's files, relative to the page.
        files: below that address, needed without the recorder.
    """
    shell = json.dumps({"assets": f"{assets}/", "files": sorted(files)})
    return source.replace("{shell}", shell).encode()
