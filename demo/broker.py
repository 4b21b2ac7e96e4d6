"""The demo's private mosquitto: its configuration, and a free port of this machine for it and others."""

import socket
from pathlib import Path
from random import SystemRandom
from typing import Final

# Below those that a system gives to whoever connects somewhere: a broker that is down for a while finds its port free
# again, and nobody who knocks there meanwhile is given that very port to knock from.
_PORTS: Final = range(10_000, 32_000)
_random: Final = SystemRandom()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    while True:
        port = _random.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


HOST: Final = "127.0.0.1"
COMMON: Final = Path(__file__).parent.parent / "mosquitto" / "mosquitto.conf"


def configuration(common: str, port: int, folder: Path) -> str:
    """The common configuration with the lines of a private broker, which anybody on this machine may use.

    Args:
        common: the text of mosquitto/mosquitto.conf.
        port: of 127.0.0.1.
        folder: where the database lies; it exists.
    """
    own = [
        f"listener {port} {HOST}",
        "allow_anonymous true",
        f"persistence_location {folder}/",
        "user root",  # only for a mosquitto started by root, which else becomes a user who may not write there
    ]
    return "\n".join([common, *own, ""])
