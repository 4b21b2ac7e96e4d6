"""Settings of the Enedis job, and the delivery point that its token is for."""

from datetime import date
from typing import Annotated, Any, Final

from pydantic import Field, SecretStr, StringConstraints

from tictally_recorder.fetch import Url
from tictally_recorder.jobs import JobError, JobKind, made_by, register
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase
from tictally_shared.settings.sections import SectionModel

NAME: Final = "enedis"

CONSO_API: Final = "https://conso.boris.sh/api"
_Prm = Annotated[str, StringConstraints(pattern=r"^\d{14}$")]


class EnedisSettings(SectionModel):
    """What is fetched from Enedis through Conso API."""

    token: SecretStr | None = Field(
        default=None,
        description="Token of Conso API, from https://conso.boris.sh. Unset: nothing is fetched from Enedis.",
    )
    prm: _Prm | None = Field(
        default=None,
        description="Delivery point (PRM), 14 digits.",
        json_schema_extra={"default": "the one that the token is for"},
    )
    site: str | None = Field(
        default=None,
        description="Site that the figures are imported for.",
        json_schema_extra={"default": "the only one"},
    )
    since: date | None = Field(
        default=None,
        description="First day of the past that is fetched, backwards, a step a day. Unset: no past.",
        json_schema_extra={"default": "no past"},
    )
    injection: bool = Field(default=False, description="Whether injection is fetched, too.")
    url: Url = Field(default=CONSO_API, description="Address of Conso API, for another service of its interface.")

    def delivery_point(self) -> str:
        """The PRM of the settings, or the only one of the token.

        Raises:
            JobError: the token has none, or several.
        """
        if self.prm is not None:
            return self.prm
        found = _points_of("" if self.token is None else self.token.get_secret_value())
        if len(found) != 1:
            raise JobError(Phrase(ProblemCode.ENEDIS_POINT_NEEDED, {"points": ", ".join(found) or "…"}))
        return found[0]


def _points_of(token: str) -> list[str]:
    """The delivery points of a token: its `sub`. Who has it may use it; only its issuer can verify it."""
    import jwt  # noqa: PLC0415 - few need it

    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False, "verify_sub": False})
    except jwt.InvalidTokenError:
        return []
    points = claims.get("sub")
    return [str(each) for each in (points if isinstance(points, list) else [points]) if each]


register(
    JobKind(
        NAME,
        {"fr": "Relevés Enedis", "en": "Enedis figures"},
        made_by("tictally_recorder.imports.conso.job"),
        EnedisSettings,
    )
)
