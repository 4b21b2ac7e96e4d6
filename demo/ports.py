"""A port of this machine for a program that is about to start."""

import socket
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
