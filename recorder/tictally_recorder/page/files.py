"""The page's files, read once, with a hash of all of them."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from tictally_recorder.page.bundle import bundled
from tictally_recorder.page.installing import manifest, service_worker

LANGUAGES: Final = ("en", "fr")
MODULES: Final = "modules"
"""In the place of the hash: the modules as they are in the folder, for those who work on them."""
_INDEX: Final = "index.html"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
_MANIFEST: Final = "application/manifest+json"
_ENTRY: Final = "main.js"
_WORKER: Final = "worker.js"
# Not modules: a library, and what runs before the first paint.
_SCRIPTS: Final = ("vendor/", "first.js")
# Charts and icons are of no use without the recorder.
_NOT_OF_SHELL: Final = ("vendor/", "icon-")
# In this order in one file: a request each takes as long as the network is slow.
_STYLE: Final = "page.css"
_STYLES: Final = ("base.css", "frame.css", "parts.css", "overview.css", "system.css", "print.css")
NOT_OF_PAGE: Final = (
    *(
        "app.",
        "begin_text.",
        "bill.",
        "column.",
        "contract_text.",
        "explain_text.",
        "finding.",
        "job_result.",
        "job_text.",
        "notification.",
    ),
    *("note_text.", "notify_text.", "site_text.", "tariff_text.", "template.", "tempo_source.", "wrong_use."),
)
NOT_AT_FIRST: Final = (
    *(
        "calendar.",
        "contracts.",
        "file.",
        "form.",
        "import.",
        "import_text.",
        "imports.",
        "issue.",
        "kinds.",
        "notes.",
        "problem.",
        "reason.",
        "hourly.",
        "remark.",
        "report.",
        "savings.",
        "settings.",
        "system.",
        "tokens.",
        "versus.",
    ),
)
"""Words that explain what is wrong, and those of the imports: two thirds of all, and none is in the first figure."""


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
        folder: with `index.html`, in which `{assets}` stands for the address of the other files, `{language}` for the
            reader's language, and `{prefetches}` for the modules of the other views.
        catalogues: folder of the words, served below `translations/`: `fr.json` for the first view, and the others in
            `fr.more.json`.

    Attributes:
        tag: hash of all contents.
        served: path below the folder → file, with the first view's modules in one.
        modules: the same with every module as it is.
        manifests: language → web application manifest, relative to the page.
        worker: the service worker of this version.

    Raises:
        BundleError: the modules cannot be put into one file.
    """

    def __init__(self, folder: Path, catalogues: Path) -> None:
        found = {
            path.relative_to(folder).as_posix(): File(path.read_bytes(), _TYPES[path.suffix])
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }
        for path in sorted(catalogues.glob("*.json")):
            for name, content in _of_page(path).items():
                found[f"translations/{name}"] = File(content, _TYPES[path.suffix])
        found[_STYLE] = File(b"\n".join(found[name].content for name in _STYLES), _TYPES[".css"])
        digest = hashlib.sha256()
        for name, file in found.items():
            digest.update(f"{name}\0{len(file.content)}\0".encode() + file.content)
        self.tag = digest.hexdigest()[:16]
        self._index, worker = found.pop(_INDEX), found.pop(_WORKER)
        sources = {name for name in found if name.endswith(".js") and not name.startswith(_SCRIPTS)}
        served = bundled({name: found[name].content.decode() for name in sources}, _ENTRY)
        scripts = {name: File(text.encode(), _TYPES[".js"]) for name, text in served.items()}
        self.modules = found
        self.served = {name: file for name, file in found.items() if name not in sources} | scripts
        self._prefetched = sorted(scripts.keys() - {_ENTRY})
        self._indexes = {
            each: self._index_in(*each) for each in ((lang, tag) for lang in LANGUAGES for tag in (self.tag, MODULES))
        }

        shell = (name for name in self.served if not name.startswith(_NOT_OF_SHELL))
        assets = f"page/{self.tag}"
        self.worker = File(service_worker(worker.content.decode(), assets, shell), worker.media_type)
        self.manifests = {
            language: File(manifest(language, _description(catalogues, language), assets), _MANIFEST)
            for language in LANGUAGES
        }

    def index(self, language: str, tag: str) -> File:
        """The page itself in one of `LANGUAGES`, with the files below a tag: that of this version, or `MODULES`."""
        return self._indexes[language, tag]

    def _index_in(self, language: str, tag: str) -> File:
        prefetches = (
            ""
            if tag == MODULES
            else "".join(f'<link rel="prefetch" href="{{assets}}/{name}">' for name in self._prefetched)
        )
        text = self._index.content.decode().replace("{prefetches}", prefetches)
        text = text.replace("{assets}", f"page/{tag}").replace("{language}", language)
        return File(text.encode(), self._index.media_type)


def _description(catalogues: Path, language: str) -> str:
    words = json.loads((catalogues / f"{language}.json").read_bytes())
    return str(words["app.description"])


def _of_page(catalogue: Path) -> dict[str, bytes]:
    """A catalogue as two files, without the words that only the command line and notifications have."""
    words = {key: text for key, text in json.loads(catalogue.read_bytes()).items() if not key.startswith(NOT_OF_PAGE)}
    more = {key: text for key, text in words.items() if key.startswith(NOT_AT_FIRST)}
    first = {key: text for key, text in words.items() if key not in more}
    return {f"{catalogue.stem}.json": _compact(first), f"{catalogue.stem}.more.json": _compact(more)}


def _compact(words: dict[str, object]) -> bytes:
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode()
