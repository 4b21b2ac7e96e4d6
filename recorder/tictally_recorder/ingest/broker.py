"""Where the broker is, and how a client authenticates there."""

from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.client import Client

from tictally_recorder.settings import Settings


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker.

    Attributes:
        host: its name or address.
        port: its port.
        username: None for an anonymous connection.
        password: None if it asks for none.
        ca: certificate file of its authority; if there is one, the connection is TLS.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    ca: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def broker_address(settings: Settings) -> BrokerAddress:
    """The broker of the recorder's settings."""
    mqtt = settings.mqtt
    return BrokerAddress(mqtt.host, mqtt.port, mqtt.username, mqtt.secret, mqtt.ca)


def set_credentials(client: Client, broker: BrokerAddress) -> None:
    """Set a client's user, password and TLS authority."""
    if broker.username is not None or broker.password is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.ca is not None:
        client.tls_set(ca_certs=str(broker.ca))
