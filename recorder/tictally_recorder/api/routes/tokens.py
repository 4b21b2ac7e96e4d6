"""Tokens of the clients of Conso API's interface, and the QR code that opens the page on a phone."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

import jwt
import segno
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.auth import bearer, require_token
from tictally_recorder.api.compat.conso.tokens import Issued, TokenBook, TokenError
from tictally_recorder.api.context import Context
from tictally_recorder.api.problem_details import Problem, unavailable
from tictally_recorder.api.responses import NO_STORE, Record, json_response
from tictally_recorder.api.schemas import CreatedToken, ListOf, QrCode, TokenItem
from tictally_recorder.api.settings import ConsoSettings
from tictally_recorder.imports.conso.settings import EnedisSettings
from tictally_recorder.ledger import LedgerReader

# All of it requires the token: who may read the page need not know who else does.
router = APIRouter(prefix="/tokens", tags=["tokens"], dependencies=[Depends(require_token)])

_DAYS: Final = 364 + 365 + 365
_MOST_DAYS: Final = 3660
_MOST_POINTS: Final = 20
_LONGEST_ADDRESS: Final = 300


class NewToken(BaseModel):
    """What a token opens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prms: list[str] = Field(min_length=1, max_length=_MOST_POINTS, description="Delivery points, or ids of sites.")
    days: int = Field(_DAYS, ge=1, le=_MOST_DAYS, description="Until it expires.")


class PageAddress(BaseModel):
    """Where the page is, for the device that the code is for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: str = Field(max_length=_LONGEST_ADDRESS, description="Address of the page: `http://nas:8780/`.")


@router.get("", response_model=ListOf[TokenItem])
async def tokens(request: Request) -> Response:
    """Every token that was created, without itself; and until when the token of Conso API in the settings is valid."""
    context: Context = request.app.state.context
    own = context.settings.section(EnedisSettings)

    def work() -> Response:
        items = [_record(each) for each in _book(context).all()]
        enedis = {
            "is_set": own.token is not None,
            "expires": _expiry(own.token.get_secret_value() if own.token else ""),
        }
        return json_response(
            {
                "items": items,
                "points": list(context.settings.section(ConsoSettings).prms),
                "enedis": enedis,
                "next": None,
            }
        )

    return await _run(context, work)


@router.post("", response_model=CreatedToken, status_code=HTTPStatus.CREATED)
async def create_token(request: Request, body: NewToken) -> Response:
    """Create a token for a client of Conso API's interface. Only this answer has it."""
    context: Context = request.app.state.context

    def known(reader: LedgerReader) -> set[str]:
        return {name for site in reader.sites() for name in (site.id, *(meter.key for meter in site.meters))}

    sites = context.settings.section(ConsoSettings).prms
    names = await context.pool.read(known)
    unknown = next((each for each in body.prms if sites.get(each, each) not in names), None)
    if unknown is not None:
        raise Problem(
            HTTPStatus.BAD_REQUEST, f"prms: {unknown[:40]!r} is neither a site nor a delivery point", parameter="prms"
        )

    def work() -> Response:
        issued, token = _book(context).create(body.prms, body.days, context.now().astimezone(UTC))
        return json_response({**_record(issued), "token": token}, HTTPStatus.CREATED)

    return await _run(context, work)


@router.delete("/{token}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_token(request: Request, token: Annotated[str, Path(max_length=32)]) -> Response:
    """Revoke a token by its id, from the next request on."""
    context: Context = request.app.state.context

    def work() -> Response:
        book = _book(context)
        if all(each.id != token for each in book.all()):
            raise Problem(HTTPStatus.NOT_FOUND, f"no token {token!r}; /api/v1/tokens lists them")
        book.revoke(token)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=dict(NO_STORE))

    return await _run(context, work)


@router.post("/qr", response_model=QrCode)
async def qr_code(request: Request, body: PageAddress) -> Response:
    """A QR code that opens the page with the token of this request, which is in the fragment: no server logs that."""
    if not _is_page(body.page):
        detail = "page: it is no address of a page, such as http://nas:8780/"
        raise Problem(HTTPStatus.BAD_REQUEST, detail, parameter="page")
    token = bearer(request)
    if token is None:
        raise Problem(HTTPStatus.CONFLICT, "this request has no token: its proxy has authenticated it")
    code = segno.make(f"{body.page}#/token/{quote(token, safe='')}", micro=False, error="m")
    return json_response({"rows": ["".join(map(str, row)) for row in code.matrix]})


def _is_page(address: str) -> bool:
    try:
        found = urlsplit(address)
        return found.scheme in {"http", "https"} and bool(found.hostname) and not (found.query or found.fragment)
    except ValueError:
        return False


def _book(context: Context) -> TokenBook:
    return TokenBook(context.settings.ledger.parent)


async def _run(context: Context, work: Callable[[], Response]) -> Response:
    def run() -> Response:
        try:
            return work()
        except TokenError as error:  # the files beside the ledger cannot be read or written
            raise unavailable(str(error), retry_after_s=60) from None

    return await context.pool.run(run)


def _record(issued: Issued) -> Record:
    return {
        "id": issued.id,
        "prms": list(issued.prms),
        "created": issued.created,
        "expires": issued.expires,
        "is_revoked": issued.is_revoked,
    }


def _expiry(token: str) -> str | None:
    """When a token says that it expires; only who issued it could verify that."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False, "verify_exp": False, "verify_sub": False})
        return datetime.fromtimestamp(int(claims["exp"]), UTC).isoformat(timespec="seconds")
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, OverflowError, OSError):
        return None
