"""Settings of the InfluxDB sink."""

import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from tictally_recorder.settings import PREFIX
from tictally_recorder.sinks.influxdb.config import Buckets, Target
from tictally_shared.settings.checks import url_check
from tictally_shared.settings.mqtt import Certificate
from tictally_shared.settings.sections import SectionModel
from tictally_shared.settings_error import SettingError

_BUCKET_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_MOST_DAYS: Final = 36_500
_Days = Annotated[int, Field(ge=0, le=_MOST_DAYS)]


def _prefix(text: str) -> str:
    if not _BUCKET_PREFIX.fullmatch(text):
        raise ValueError("give a name of letters, digits, - and _ that begins with a letter")
    return text


class InfluxdbSettings(SectionModel):
    """The InfluxDB that the ledger is replicated to."""

    url: Annotated[str, AfterValidator(url_check("http://host:8086"))] | None = Field(
        default=None, description="InfluxDB 2 that the ledger is replicated to: `http://host:8086`. Unset: none."
    )
    org: Annotated[str, Field(min_length=1)] | None = Field(default=None, description="Name of the organization there.")
    token: SecretStr | None = Field(
        default=None,
        description="Token that may read and write in the buckets and run the tasks; `tictally sink setup "
        "--new-token FILE` creates one. Unset: the setup token is used.",
    )
    setup_token: SecretStr | None = Field(
        default=None,
        description="Token that may create buckets and tasks. Set: they are created, and again where InfluxDB was "
        "emptied. Unset: the other token is tried.",
    )
    ca: Certificate | None = Field(
        default=None,
        description="CA certificate (PEM file) that must have signed InfluxDB's certificate. Unset: the system's.",
    )
    prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        default="tictally", description="Prefix of the buckets' names."
    )
    raw_days: _Days = Field(default=30, description="Days that InfluxDB keeps every frame; 0: no limit.")
    minute_days: _Days = Field(default=365, description="Days that it keeps a row a minute; 0: no limit.")
    hour_days: _Days = Field(default=0, description="Days that it keeps a row an hour; 0: no limit.")
    ledger_days: _Days = Field(default=0, description="Days that it keeps quarter-hours, days and cost; 0: no limit.")

    @model_validator(mode="after")
    def _check_completeness(self) -> Self:
        parts = {"url": self.url, "org": self.org, "token": self.token or self.setup_token}
        if any(parts.values()):
            for name, value in parts.items():
                if not value:
                    raise SettingError(f"influxdb_{name}", "it is missing, and without it nothing can be replicated")
        return self

    @model_validator(mode="after")
    def _check_retention(self) -> Self:
        raw, minute = self.raw_days or _MOST_DAYS, self.minute_days or _MOST_DAYS
        if minute < raw:
            raise SettingError(
                "influxdb_minute_days",
                f"minutes are made of raw frames and must stay as long, {raw} days at least; "
                f"{PREFIX}INFLUXDB_RAW_DAYS sets how long these stay",
            )
        return self

    @property
    def target(self) -> Target | None:
        """The InfluxDB with its buckets; None: the ledger is not replicated there."""
        token = self.token or self.setup_token
        if self.url is None or self.org is None or token is None:
            return None
        setup_token = None if self.setup_token is None else self.setup_token.get_secret_value()
        buckets = Buckets.of(self.prefix, self.raw_days, self.minute_days, self.hour_days, self.ledger_days)
        return Target(self.url, self.org, token.get_secret_value(), setup_token, self.ca, buckets)
