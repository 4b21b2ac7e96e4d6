"""The page's files, read once, with a hash of all of them."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from posixpath import normpath
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
# In this order in one file: a request each takes as long as the network is slow.
_STYLE: Final = "page.css"
_STYLES: Final = ("base.css", "frame.css", "parts.css", "overview.css", "system.css")
NOT_OF_PAGE: Final = (
    *("begin_text.", "bill.", "column.", "contract_text.", "explain_text.", "finding.", "job_text.", "notification."),
    *("note_text.", "notify_text.", "site_text.", "tariff_text.", "template.", "tempo_source.", "wrong_use."),
)
_FIRST_VIEW: Final = ("main.js", "views/overview.js")
_IMPORT: Final = re.compile(rb'^import [^;]*?"(\.[^"]+)";', re.MULTILINE)


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
            found[f"translations/{path.name}"] = File(_of_page(path.read_bytes()), _TYPES[path.suffix])
        found[_STYLE] = File(b"\n".join(found[name].content for name in _STYLES), _TYPES[".css"])
        digest = hashlib.sha256()
        for name, file in found.items():
            digest.update(f"{name}\0{len(file.content)}\0".encode() + file.content)
        self.tag = digest.hexdigest()[:16]
        index = found.pop(INDEX)
        # What the first view needs at once, not one after another as each imports the next, and the rest when there is
        # time. ECharts is loaded with the first chart.
        scripts = [name for name in found if name.endswith(".js") and not name.startswith(_VENDOR) and name != _FIRST]
        needed = set(_imported(found, _FIRST_VIEW))
        kinds = {name: "modulepreload" if name in needed else "prefetch" for name in scripts}
        preloads = "".join(f'<link rel="{kind}" href="{{assets}}/{name}">' for name, kind in kinds.items())
        text = index.content.replace(_PRELOADS, preloads.encode()).replace(_ASSETS, f"page/{self.tag}".encode())
        self.index = File(text, index.media_type)
        self.others = found


def _of_page(catalogue: bytes) -> bytes:
    """A catalogue without the words that only the command line and notifications have: a third of it."""
    words = {key: text for key, text in json.loads(catalogue).items() if not key.startswith(NOT_OF_PAGE)}
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode()


def _imported(found: Mapping[str, File], scripts: Iterable[str]) -> Iterator[str]:
    """Some modules, and what they import, each of them once."""
    waiting, seen = [*scripts], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in found:
            continue
        seen.add(name)
        yield name
        folder = PurePosixPath(name).parent
        matches = _IMPORT.finditer(found[name].content)
        waiting += [normpath(str(folder / match[1].decode())) for match in matches]
