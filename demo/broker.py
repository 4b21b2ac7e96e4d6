"""The demo's private mosquitto: its configuration and its port."""

from pathlib import Path
from typing import Final

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
