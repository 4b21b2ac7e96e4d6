"""Whether a health message under one's own name is of another program: two programs of one name disturb each other.

A broker need not report why it ended a connection: mosquitto 2.0 closes the older of two with one client id without a
word. So each process has a random name of its own, its `instance`, in its health message, and reads what is published
under its name.
"""

import secrets
from dataclasses import dataclass, field


def new_instance() -> str:
    """A random name of this process: 16 hexadecimal digits."""
    return secrets.token_hex(8)


@dataclass(slots=True)
class InstanceWatch:
    """Judges health messages on one's own topic.

    Attributes:
        instance: of this process.
        is_published: the broker has acknowledged a health message of this process, on an earlier connection.
    """

    instance: str = field(default_factory=new_instance)
    is_published: bool = False

    def is_other(self, instance: object, *, retained: bool) -> bool:
        """Whether a message shows that another program publishes under this name now.

        Args:
            instance: as the message has it; None where it has none.
            retained: as MQTT has it. Such a message may be of this program's previous process, unless this process had
                published its own before this connection.
        """
        return instance != self.instance and (self.is_published or not retained)
