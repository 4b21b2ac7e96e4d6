"""What may become of a well-formed value."""

from enum import Enum, auto


class Verdict(Enum):
    """Believed and published, left out until another frame agrees, or refused by physics."""

    BELIEVED = auto()
    UNCONFIRMED = auto()
    REFUSED = auto()
