"""Settings of the sink for Home Assistant's statistics."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from tictally_shared.settings.checks import url_check
from tictally_shared.settings.mqtt import Certificate
from tictally_shared.settings.sections import SectionModel
from tictally_shared.settings_error import SettingError

By = Literal["period", "register"]

_OBJECT_ID: Final = re.compile(r"(?!.*__)[0-9a-z][0-9a-z_]*")
_ENTITY: Final = re.compile(r"[a-z_]+\.[0-9a-z_]+")


def _entities(text: str) -> str:
    entities_by_statistic(text)
    return text


def entities_by_statistic(text: str) -> dict[str, str]:
    """Statistic, without `tictally:` → the entity whose own statistics get its history.

    Args:
        text: `021900000002_consumption=sensor.linky_east`, separated by commas.

    Raises:
        ValueError: it is written otherwise, or names something twice.
    """
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, entity = (part.strip() for part in pair.partition("="))
        name = name.removeprefix("tictally:")
        if not (_OBJECT_ID.fullmatch(name) and _ENTITY.fullmatch(entity)):
            raise ValueError("give it as 021900000002_consumption=sensor.name, separated by commas")
        if name in found or entity in found.values():
            raise ValueError(f"{name if name in found else entity} is in it twice")
        found[name] = entity
    return found


@dataclass(frozen=True, slots=True)
class HomeAssistantServer:
    """A Home Assistant.

    Attributes:
        url: its address.
        token: of an administrator.
        ca: certificate that must have signed its own; None for the system's authorities.
        by: whether energy is divided by tariff period or by register.
        entities: statistic, without `tictally:` → the entity whose own statistics get its history.
    """

    url: str
    token: str
    ca: Path | None
    by: By
    entities: Mapping[str, str]


class StatisticsSettings(SectionModel):
    """The Home Assistant whose long-term statistics the ledger is replicated to."""

    url: Annotated[str, AfterValidator(url_check("http://host:8123"))] | None = Field(
        default=None,
        description="Home Assistant whose long-term statistics get the ledger's energy and cost by the hour: "
        "`http://host:8123`. Unset: none.",
    )
    token: SecretStr | None = Field(
        default=None,
        description="Long-lived access token of an administrator there (profile, *Security*).",
    )
    ca: Certificate | None = Field(
        default=None,
        description="CA certificate (PEM file) that must have signed Home Assistant's certificate. Unset: the "
        "system's.",
    )
    by: By = Field(
        default="period", description="What energy is divided by: tariff periods (`period`) or registers (`register`)."
    )
    entities: Annotated[str, AfterValidator(_entities)] | None = Field(
        default=None,
        description="Statistics whose history goes into an entity's own statistics, before its first hour, instead of "
        "statistics of their own: `021900000002_consumption=sensor.linky_east`, separated by commas.",
    )

    @model_validator(mode="after")
    def _check_completeness(self) -> Self:
        if self.url is not None and self.token is None:
            raise SettingError(
                "home_assistant_statistics_token", "it is missing, and without it nothing can be replicated"
            )
        if self.url is None and self.token is not None:
            raise SettingError(
                "home_assistant_statistics_url", "it is missing, and without it nothing can be replicated"
            )
        return self

    @property
    def target(self) -> HomeAssistantServer | None:
        """The Home Assistant; None: the ledger is not replicated there."""
        if self.url is None or self.token is None:
            return None
        entities = entities_by_statistic(self.entities or "")
        return HomeAssistantServer(self.url, self.token.get_secret_value(), self.ca, self.by, entities)
