"""Where a program's settings come from: environment, secret files, a TOML file, in that order of precedence.

Pure: the environment is a mapping, files are read by a function that the caller hands in. Every value keeps the name
under which the user wrote it, so that a complaint can name it.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from tictally_shared.topics import Topics, is_name

CONFIG: Final = "CONFIG"
_FILE: Final = "_FILE"
_MAX_NAME: Final = 32
_MAX_HOST: Final = 253


class SettingsError(ValueError):
    """A setting that stops the start; the sentence names it as the user wrote it."""


@dataclass(frozen=True, slots=True)
class Given:
    """A setting that was given.

    Attributes:
        value: text from environment and secret files, what TOML made of it from a configuration file.
        written: how the user wrote its name: `TICTALLY_MQTT_PORT`, `mqtt_port in /etc/tictally.toml`.
    """

    value: object
    written: str


def gather(
    prefix: str,
    names: Collection[str],
    environ: Mapping[str, str],
    read: Callable[[str], str],
    *,
    config: str | None = None,
) -> dict[str, Given]:
    """What was given, by setting name.

    The environment (`<prefix>X`) comes before a secret file (`<prefix>X_FILE` names it; its content is stripped), that
    before the configuration file. An empty text in the environment is as good as none: compose files write one for
    what is unset. Other variables with the prefix are left alone, since container platforms invent some.

    Args:
        prefix: of the environment's variables, `TICTALLY_`.
        names: the settings there are, in lower case without prefix, as the configuration file writes them.
        environ: the environment.
        read: the text of a file; what it raises as OSError or UnicodeError becomes a sentence.
        config: path of a configuration file; None: `<prefix>CONFIG` may name one.

    Raises:
        SettingsError: a file that cannot be read, is not TOML, or has a key that is no setting.
    """
    given = _from_config(prefix, names, environ, read, config)
    for name in names:
        variable = prefix + name.upper()
        if text := environ.get(variable, ""):
            given[name] = Given(text, variable)
        elif path := environ.get(variable + _FILE, ""):
            given[name] = Given(_read(read, path, variable + _FILE).strip(), variable + _FILE)
    return given


def _from_config(
    prefix: str, names: Collection[str], environ: Mapping[str, str], read: Callable[[str], str], config: str | None
) -> dict[str, Given]:
    path, written = (config, "--config") if config else (environ.get(prefix + CONFIG, ""), prefix + CONFIG)
    if not path:
        return {}
    try:
        table = tomllib.loads(_read(read, path, written))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{written}: {path} is not TOML: {error}") from None
    for key in table:
        if key not in names:
            raise SettingsError(f"{key[:60]} in {path} is not a setting; there are: {', '.join(sorted(names))}")
    return {key: Given(value, f"{key} in {path}") for key, value in table.items()}


def _read(read: Callable[[str], str], path: str, written: str) -> str:
    try:
        return read(path)
    except OSError as error:
        raise SettingsError(f"{written}: {path} cannot be read: {error.strerror or error}") from None
    except UnicodeError:
        raise SettingsError(f"{written}: {path} is not text in UTF-8") from None


def checked_name(text: str) -> str:
    """A name of an edge, a recorder or a meter, as it is.

    Raises:
        ValueError: it cannot stand in a topic.
    """
    if not is_name(text):
        raise ValueError(f"{text[:40]!r} is not 1 to 32 of a-z, 0-9 and - (edge, site and recorder are taken)")
    return text


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
    """What topics begin with, as it is.

    Raises:
        ValueError: no topic can begin with it.
    """
    return Topics(text).base


def host_key(hostname: str) -> str:
    """A host's name made to one that may name an edge or a recorder: its first part, what does not fit made `-`."""
    key = re.sub(r"[^a-z0-9]+", "-", hostname.split(".", maxsplit=1)[0].lower()).strip("-")[:_MAX_NAME].strip("-")
    return key if is_name(key) else f"host-{key}".strip("-")
