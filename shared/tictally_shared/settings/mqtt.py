"""The section of the MQTT broker, which both programs have."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from tictally_shared.settings.checks import checked_certificate, checked_host
from tictally_shared.settings.sections import SectionModel

Certificate = Annotated[Path, AfterValidator(checked_certificate)]


class MqttSettings(SectionModel):
    """The broker and how to log in there."""

    host: Annotated[str, AfterValidator(checked_host)] = Field(
        default="localhost", description="Host name or address of the MQTT broker."
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=1883, description="Port of the broker. A broker with TLS usually listens on 8883."
    )
    username: str | None = Field(default=None, description="User name for the broker. Unset: no user name is sent.")
    password: SecretStr | None = Field(default=None, description="Password for the broker. Unset: no password is sent.")
    ca: Certificate | None = Field(
        default=None,
        description="CA certificate (PEM file) that must have signed the broker's certificate. Set: the connection "
        "uses TLS. Unset: it does not.",
    )

    @property
    def secret(self) -> str | None:
        """The password in plain text, or None."""
        return None if self.password is None else self.password.get_secret_value()
