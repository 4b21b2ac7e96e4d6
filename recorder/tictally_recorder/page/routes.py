"""Where the page and its files are, and what a browser may keep of them.

The files' address holds a name of their contents: they are kept for a year, and another version has another address.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tictally_recorder.page.files import File, Files

_FOLDER: Final = Path(__file__).parent / "static"
_FOR_A_YEAR: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
# No script or style but the page's own files, and nothing from or to anybody else.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


def page_routes(folder: Path = _FOLDER) -> list[Route]:
    """The page at `/`, its files below `/page/`.

    Args:
        folder: with the files.
    """
    files = Files(folder)
    tag = f'"{files.tag}"'

    async def index(request: Request) -> Response:
        headers = {"cache-control": _ASK_AGAIN, "etag": tag, "content-security-policy": _POLICY}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return _answer(request, files.index, headers)

    async def asset(request: Request) -> Response:
        file = files.others.get(request.path_params["path"])
        if file is None:
            return Response("there is no such file", HTTPStatus.NOT_FOUND, media_type="text/plain; charset=utf-8")
        # A page that was opened before an upgrade asks by the old name, and gets what there is now.
        is_current = request.path_params["tag"] == files.tag
        return _answer(request, file, {"cache-control": _FOR_A_YEAR if is_current else _ASK_AGAIN})

    found = {"/": index, "/page/{tag}/{path:path}": asset}
    return [Route(path, answer, include_in_schema=False) for path, answer in found.items()]


def _answer(request: Request, file: File, headers: dict[str, str]) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            file.gzipped,
            headers=headers | {"content-encoding": "gzip", "vary": "accept-encoding"},
            media_type=file.media_type,
        )
    return Response(file.content, headers=headers | {"vary": "accept-encoding"}, media_type=file.media_type)
