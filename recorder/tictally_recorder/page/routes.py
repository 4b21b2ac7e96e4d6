"""The routes of the page and its files, with their caching.

The address of the files contains a hash of their contents: browsers cache them for a year, and a new version has a new
address.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import tictally_recorder.translations
from tictally_recorder.page.files import File, Files

_FOLDER: Final = Path(__file__).parent / "static"
_CATALOGUES: Final = Path(tictally_recorder.translations.__file__).parent
_CACHE_FOR_A_YEAR: Final = "public, max-age=31536000, immutable"
_REVALIDATE: Final = "no-cache"
# Only the page's own scripts and styles, and no connection to another host.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'"
)


def page_routes(
    folder: Path = _FOLDER, catalogues: Path = _CATALOGUES, frames: str = "frame-ancestors 'self'"
) -> list[Route]:
    """The page at `/`, its files below `/page/`.

    Args:
        folder: of the files.
        catalogues: folder of the words.
        frames: directive of the content security policy: whose pages may show this one in a frame.
    """
    files = Files(folder, catalogues)
    policy = f"{_POLICY}; {frames}"
    tag = f'"{files.tag}"'

    async def index(request: Request) -> Response:
        headers = {"cache-control": _REVALIDATE, "etag": tag, "content-security-policy": policy}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return _respond(request, files.index, headers)

    async def asset(request: Request) -> Response:
        file = files.others.get(request.path_params["path"])
        if file is None:
            return Response("no such file", HTTPStatus.NOT_FOUND, media_type="text/plain; charset=utf-8")
        # A page opened before an upgrade requests the old address, and gets the current file.
        is_current = request.path_params["tag"] == files.tag
        return _respond(request, file, {"cache-control": _CACHE_FOR_A_YEAR if is_current else _REVALIDATE})

    endpoints = {"/": index, "/page/{tag}/{path:path}": asset}
    return [Route(path, endpoint, include_in_schema=False) for path, endpoint in endpoints.items()]


def _respond(request: Request, file: File, headers: dict[str, str]) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            file.gzipped,
            headers=headers | {"content-encoding": "gzip", "vary": "accept-encoding"},
            media_type=file.media_type,
        )
    return Response(file.content, headers=headers | {"vary": "accept-encoding"}, media_type=file.media_type)
