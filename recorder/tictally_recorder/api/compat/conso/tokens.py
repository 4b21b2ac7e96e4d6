"""Bearer tokens as Conso API's clients read them: JWTs whose subject is the list of delivery points.

One secret signs them all; beside it stands which were made and which are revoked, so that a token that somebody else
has can be taken back by itself.
"""

import json
import os
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jwt

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "tictally"
_SECRET_BYTES: Final = 32
_SECRET_FILE: Final = "token-secret"  # noqa: S105 - a file's name
_LIST_FILE: Final = "tokens.json"


class TokenError(ValueError):
    """A token that cannot be used, made or revoked; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was made.

    Attributes:
        id: names it.
        prms: delivery points that it opens.
        created: when.
        expires: from when on it is of no use.
        is_revoked: True where it is of no use any more.
    """

    id: str
    prms: tuple[str, ...]
    created: str
    expires: str
    is_revoked: bool = False


class TokenBook:
    """Tokens of a ledger, in two files beside it that nobody else may read.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._secret_file = folder / _SECRET_FILE
        self._list_file = folder / _LIST_FILE

    def create(self, prms: Sequence[str], days: int, now: datetime) -> tuple[Issued, str]:
        """Make a token for some delivery points, and the secret if there is none yet.

        Raises:
            TokenError: the files cannot be written.
        """
        until = now + timedelta(days=days)
        issued = Issued(secrets.token_hex(6), tuple(prms), _iso(now), _iso(until))
        claims = {"sub": list(prms), "iss": _ISSUER, "jti": issued.id, "iat": int(now.timestamp())}
        claims["exp"] = int(until.timestamp())
        token = jwt.encode(claims, self._made_secret(), algorithm=_ALGORITHM)
        self._save([*self.all(), issued])
        return issued, token

    def all(self) -> list[Issued]:
        """Every token that was made, the oldest first.

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
        """Let a token be of no use from now on.

        Raises:
            TokenError: there is none of that id.
        """
        found = self.all()
        if all(each.id != token_id for each in found):
            raise TokenError(f"there is no token {token_id[:40]!r}; `tictally token list` has them")
        self._save([replace(each, is_revoked=each.is_revoked or each.id == token_id) for each in found])

    def prms_of(self, token: str, now: datetime) -> tuple[str, ...]:
        """The delivery points that a token opens.

        Raises:
            TokenError: it is none of ours, or is of no use any more.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret(),
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                # The subject is a list, which its clients need and RFC 7519 does not know. The clock is handed in.
                options={
                    "require": ["exp", "jti", "sub"],
                    "verify_sub": False,
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
            is_over = int(claims["exp"]) <= now.timestamp()
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, OSError):
            raise TokenError("the token is not valid") from None
        issued = next((each for each in self.all() if each.id == claims["jti"]), None)
        if issued is None or issued.is_revoked or is_over:
            raise TokenError("the token has expired or was revoked")
        return issued.prms

    def _secret(self) -> bytes:
        return self._secret_file.read_bytes()

    def _made_secret(self) -> bytes:
        with suppress(FileNotFoundError):
            return self._secret()
        self._write(self._secret_file, secrets.token_hex(_SECRET_BYTES).encode())
        return self._secret()

    def _save(self, tokens: Sequence[Issued]) -> None:
        self._write(self._list_file, json.dumps([asdict(each) for each in tokens], indent=2).encode())

    def _write(self, file: Path, content: bytes) -> None:
        """Whole or not at all; readable by its owner only."""
        try:
            descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}")
            with os.fdopen(descriptor, "wb") as temporary:  # mkstemp makes it 0600
                temporary.write(content)
                temporary.flush()
                os.fsync(temporary.fileno())
            Path(name).replace(file)
        except OSError as error:
            raise TokenError(f"{file} cannot be written: {error.strerror}") from None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
