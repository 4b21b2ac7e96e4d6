"""The page's files, read once: what they are, compressed, and a name for all of them that changes with any."""

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
    ".svg": "image/svg+xml",
}
_ASSETS, _PRELOADS = b"{assets}", b"{preloads}"
_VENDOR: Final = "vendor/"
_FIRST: Final = "first.js"


@dataclass(frozen=True)
class File:
    """One of them.

    Attributes:
        content: its bytes.
        media_type: what they are.
    """

    content: bytes
    media_type: str

    @cached_property
    def gzipped(self) -> bytes:
        """The same for whoever takes gzip; worked out when it is first asked for."""
        return gzip.compress(self.content, mtime=0)


class Files:
    """All files of a folder that are served.

    Args:
        folder: with `index.html`, in which `{assets}` stands for where the others are, `{preloads}` for its modules.

    Attributes:
        tag: of all their contents.
        index: the page itself.
        others: path below the folder → file.
    """

    def __init__(self, folder: Path) -> None:
        found = {
            path.relative_to(folder).as_posix(): File(path.read_bytes(), _TYPES[path.suffix])
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }
        told = hashlib.sha256()
        for name, file in found.items():
            told.update(f"{name}\0{len(file.content)}\0".encode() + file.content)
        self.tag = told.hexdigest()[:16]
        index = found.pop(INDEX)
        # All at once, instead of one after another as each names the next; charts are loaded when there is one.
        scripts = [name for name in found if name.endswith(".js") and not name.startswith(_VENDOR) and name != _FIRST]
        preloads = "".join(f'<link rel="modulepreload" href="{{assets}}/{name}">' for name in scripts)
        text = index.content.replace(_PRELOADS, preloads.encode()).replace(_ASSETS, f"page/{self.tag}".encode())
        self.index = File(text, index.media_type)
        self.others = found
