"""Checks that settings of both programs share: names, hosts, topics, certificates."""

import re
import ssl
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tictally_shared.calendar import zone
from tictally_shared.topics import Topics, is_name

_MAX_NAME: Final = 32
_MAX_HOST: Final = 253


def checked_name(text: str) -> str:
    """A name of an edge, a recorder or a meter, as it is.

    Raises:
        ValueError: it cannot stand in a topic.
    """
    if not is_name(text):
        raise ValueError(f"{text[:40]!r} is not 1 to 32 of a-z, 0-9 and - (edge, site and recorder are taken)")
    return text


def checked_key(text: str) -> str:
    """A key that stands for a meter's number, as it is.

    Raises:
        ValueError: it cannot stand in a topic, or is the number of a delivery point.
    """
    if re.fullmatch(r"\d{14}", text):
        raise ValueError(
            "14 digits are the number of a delivery point (PRM), which would be published; give the meter's number, 12 "
            "digits, or a name"
        )
    return checked_name(text)


def url_check(example: str, schemes: Collection[str] = ("http", "https")) -> Callable[[str], str]:
    """A check of a service's address, which gives it without a slash at its end.

    Args:
        example: of an address, for the message.
        schemes: that it may have.
    """

    def checked_url(text: str) -> str:
        try:
            found = urlsplit(text)
            is_address = found.scheme in schemes and bool(found.hostname) and found.port != 0
        except ValueError:
            is_address = False
        if not is_address or any(character.isspace() for character in text):
            raise ValueError(f"give it as {example}")
        if found.username is not None or found.query or found.fragment:
            raise ValueError("give host, port and path only; a token has a setting of its own")
        return text.rstrip("/")

    return checked_url


def checked_timezone(text: str) -> str:
    """A zone of the tz database, by its name there.

    Raises:
        ValueError: it is none that can be used.
    """
    return zone(text).key


def checked_host(text: str) -> str:
    """The name or address of a host, as it is.

    Raises:
        ValueError: it is none.
    """
    if "/" in text:
        raise ValueError("give the host's name alone, without mqtt:// and without a path")
    try:
        good = 0 < len(text.encode("idna")) <= _MAX_HOST and not any(character.isspace() for character in text)
    except UnicodeError:
        good = False
    if not good:
        raise ValueError(f"{text[:60]!r} is not the name or address of a host")
    return text


def checked_base_topic(text: str) -> str:
    """The base of all topics, as it is.

    Raises:
        ValueError: no topic can begin with it.
    """
    return Topics(text).base


def host_key(hostname: str) -> str:
    """A host's name made to one that may name an edge or a recorder: its first part, what does not fit made `-`."""
    key = re.sub(r"[^a-z0-9]+", "-", hostname.split(".", maxsplit=1)[0].lower()).strip("-")[:_MAX_NAME].strip("-")
    return key if is_name(key) else f"host-{key}".strip("-")


def checked_certificate(path: Path) -> Path:
    """The path of a certificate, as it is.

    Raises:
        ValueError: the file cannot be read or holds no certificate.
    """
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise ValueError(f"{path} holds no certificate in PEM form") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    return path
