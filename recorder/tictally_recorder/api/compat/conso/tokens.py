"""Bearer tokens as clients of Conso API read them: JWTs whose subject is the list of delivery points.

One secret signs all of them. A list beside it has every token that was created, so that each can be revoked by itself.
"""

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jwt

from tictally_shared.runtime.atomic_file import write_bytes

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "tictally"
_SECRET_BYTES: Final = 32
_SECRET_FILE: Final = "token-secret"  # noqa: S105 - a file's name
_LIST_FILE: Final = "tokens.json"


class TokenError(ValueError):
    """A token that cannot be used, created or revoked, and why."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was created.

    Attributes:
        id: identifies it.
        prms: delivery points that it gives access to.
        created: when.
        expires: when.
        is_revoked: True once it was revoked.
    """

    id: str
    prms: tuple[str, ...]
    created: str
    expires: str
    is_revoked: bool = False


class TokenBook:
    """The tokens of a ledger, in two files beside it that only their owner can read.

    Args:
        folder: of the files.
    """

    def __init__(self, folder: Path) -> None:
        self._secret_file = folder / _SECRET_FILE
        self._list_file = folder / _LIST_FILE

    def create(self, prms: Sequence[str], days: int, now: datetime) -> tuple[Issued, str]:
        """Create a token for some delivery points, and the secret if there is none yet.

        Raises:
            TokenError: the files cannot be written.
        """
        until = now + timedelta(days=days)
        issued = Issued(secrets.token_hex(6), tuple(prms), _iso(now), _iso(until))
        claims = {"sub": list(prms), "iss": _ISSUER, "jti": issued.id, "iat": int(now.timestamp())}
        claims["exp"] = int(until.timestamp())
        token = jwt.encode(claims, self._secret_or_new(), algorithm=_ALGORITHM)
        self._save([*self.all(), issued])
        return issued, token

    def all(self) -> list[Issued]:
        """Every token that was created, the oldest first.

        Raises:
            TokenError: the list cannot be read.
        """
        try:
            records = json.loads(self._list_file.read_text(encoding="utf-8"))
            return [Issued(**{**record, "prms": tuple(record["prms"])}) for record in records]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError):
            raise TokenError(f"{self._list_file} cannot be read") from None

    def revoke(self, token_id: str) -> None:
        """Revoke a token.

        Raises:
            TokenError: there is no token of that id.
        """
        found = self.all()
        if all(each.id != token_id for each in found):
            raise TokenError(f"no token {token_id[:40]!r}; `tictally token list` lists them")
        self._save([replace(each, is_revoked=each.is_revoked or each.id == token_id) for each in found])

    def prms_of(self, token: str, now: datetime) -> tuple[str, ...]:
        """The delivery points that a token gives access to.

        Raises:
            TokenError: it was not issued here, has expired or was revoked.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret(),
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                # Clients need a list as subject, which RFC 7519 does not allow. The clock is an argument.
                options={
                    "require": ["exp", "jti", "sub"],
                    "verify_sub": False,
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
            is_expired = int(claims["exp"]) <= now.timestamp()
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, OSError):
            raise TokenError("the token is not valid") from None
        issued = next((each for each in self.all() if each.id == claims["jti"]), None)
        if issued is None or issued.is_revoked or is_expired:
            raise TokenError("the token has expired or was revoked")
        return issued.prms

    def _secret(self) -> bytes:
        return self._secret_file.read_bytes()

    def _secret_or_new(self) -> bytes:
        with suppress(FileNotFoundError):
            return self._secret()
        self._write(self._secret_file, secrets.token_hex(_SECRET_BYTES).encode())
        return self._secret()

    def _save(self, tokens: Sequence[Issued]) -> None:
        self._write(self._list_file, json.dumps([asdict(each) for each in tokens], indent=2).encode())

    def _write(self, file: Path, content: bytes) -> None:
        try:
            write_bytes(file, content, mode=0o600)
        except OSError as error:
            raise TokenError(f"{file} cannot be written: {error.strerror}") from None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
