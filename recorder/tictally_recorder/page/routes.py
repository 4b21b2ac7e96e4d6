"""The routes of the page and its files, with their caching.

The address of the files contains a hash of their contents: browsers cache them for a year, and a new version has a new
address. `/?modules` is the page whose modules are not put into one file, for those who work on them.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import tictally_recorder.translations
from tictally_recorder.page.files import LANGUAGES, MODULES, File, Files

_FOLDER: Final = Path(__file__).parent / "static"
_CATALOGUES: Final = Path(tictally_recorder.translations.__file__).parent
_CACHE_FOR_A_YEAR: Final = "public, max-age=31536000, immutable"
_REVALIDATE: Final = "no-cache"
_LANGUAGE_COOKIE: Final = "tictally_language"
# Only the page's own scripts and styles, and no connection to another host.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'"
)


def page_routes(
    folder: Path = _FOLDER, catalogues: Path = _CATALOGUES, frames: str = "frame-ancestors 'self'"
) -> list[Route]:
    """The page at `/`, its manifest and service worker beside it, its files below `/page/`.

    Args:
        folder: of the files.
        catalogues: folder of the words.
        frames: directive of the content security policy: whose pages may show this one in a frame.
    """
    files = Files(folder, catalogues)
    policy = f"{_POLICY}; {frames}"

    async def index(request: Request) -> Response:
        language = _language(request)
        tag = MODULES if MODULES in request.query_params else files.tag
        entity_tag = f'"{files.tag}-{language}-{tag}"'
        headers = {"cache-control": _REVALIDATE, "etag": entity_tag, "content-security-policy": policy}
        headers["vary"] = "accept-encoding, accept-language, cookie"
        if request.headers.get("if-none-match") == entity_tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return _respond(request, files.index(language, tag), headers)

    async def manifest(request: Request) -> Response:
        headers = {"cache-control": _REVALIDATE, "vary": "accept-encoding, accept-language, cookie"}
        return _respond(request, files.manifests[_language(request)], headers)

    async def worker(request: Request) -> Response:
        return _respond(request, files.worker, {"cache-control": _REVALIDATE, "vary": "accept-encoding"})

    async def asset(request: Request) -> Response:
        tag = request.path_params["tag"]
        file = (files.modules if tag == MODULES else files.served).get(request.path_params["path"])
        if file is None:
            return Response("no such file", HTTPStatus.NOT_FOUND, media_type="text/plain; charset=utf-8")
        # A page opened before an upgrade requests the old address, and gets the current file.
        caching = _CACHE_FOR_A_YEAR if tag == files.tag else _REVALIDATE
        return _respond(request, file, {"cache-control": caching, "vary": "accept-encoding"})

    endpoints = {
        "/": index,
        "/manifest.webmanifest": manifest,
        "/worker.js": worker,
        "/page/{tag}/{path:path}": asset,
    }
    return [Route(path, endpoint, include_in_schema=False) for path, endpoint in endpoints.items()]


def _language(request: Request) -> str:
    """The language that the reader has chosen on the page, else the first of the browser's that the page speaks."""
    accepted = request.headers.get("accept-language", "").split(",")
    wanted = (request.cookies.get(_LANGUAGE_COOKIE, ""), *accepted)
    return next((found for each in wanted if (found := each.strip()[:2].lower()) in LANGUAGES), LANGUAGES[0])


def _respond(request: Request, file: File, headers: dict[str, str]) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.gzipped, headers=headers | {"content-encoding": "gzip"}, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)
