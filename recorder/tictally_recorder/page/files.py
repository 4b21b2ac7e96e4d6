"""The page's files, read once, with a hash of all of them."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

INDEX: Final = "index.html"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_ASSETS, _PRELOADS = b"{assets}", b"{preloads}"
_VENDOR: Final = "vendor/"
_FIRST: Final = "first.js"


@dataclass(frozen=True)
class File:
    """A file of the page.

    Attributes:
        content: its bytes.
        media_type: for the content-type header.
    """

    content: bytes
    media_type: str

    @cached_property
    def gzipped(self) -> bytes:
        """The content compressed with gzip, computed when it is first requested."""
        return gzip.compress(self.content, mtime=0)


class Files:
    """All files of a folder that are served.

    Args:
        folder: with `index.html`, in which `{assets}` stands for the address of the other files, and `{preloads}` for
            the preloads of its modules.
        catalogues: folder of the words, served below `translations/`.

    Attributes:
        tag: hash of all contents.
        index: the page itself.
        others: path below the folder → file.
    """

    def __init__(self, folder: Path, catalogues: Path) -> None:
        found = {
            path.relative_to(folder).as_posix(): File(path.read_bytes(), _TYPES[path.suffix])
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }
        for path in sorted(catalogues.glob("*.json")):
            found[f"translations/{path.name}"] = File(path.read_bytes(), _TYPES[path.suffix])
        digest = hashlib.sha256()
        for name, file in found.items():
            digest.update(f"{name}\0{len(file.content)}\0".encode() + file.content)
        self.tag = digest.hexdigest()[:16]
        index = found.pop(INDEX)
        # All modules at once, not one after another as each imports the next. ECharts is loaded with the first chart.
        scripts = [name for name in found if name.endswith(".js") and not name.startswith(_VENDOR) and name != _FIRST]
        preloads = "".join(f'<link rel="modulepreload" href="{{assets}}/{name}">' for name in scripts)
        text = index.content.replace(_PRELOADS, preloads.encode()).replace(_ASSETS, f"page/{self.tag}".encode())
        self.index = File(text, index.media_type)
        self.others = found
