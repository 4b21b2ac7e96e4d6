"""Sources of settings for pydantic-settings, each of which remembers how the user wrote a name.

The environment is a mapping and files are read by a function that the caller passes, so that loading depends on its
arguments alone.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final, Self

from dotenv import dotenv_values
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from tictally_shared.settings.sections import settings_in
from tictally_shared.settings.unknown import suggestion
from tictally_shared.settings_error import SettingsError
from tictally_shared.toml_syntax import toml_error

FILE: Final = "_FILE"
CONFIG: Final = "CONFIG"
# What Kubernetes and Docker write into TICTALLY_MQTT_PORT where a service is named tictally-mqtt.
_PLATFORM_PORT: Final = re.compile(r"(tcp|udp|sctp)://\S+:(?P<number>\d+)")

Read = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Given:
    """A setting that was given.

    Attributes:
        value: a string from environment and files, what TOML made of it from a configuration file.
        written: how the user wrote its name: `TICTALLY_MQTT_PORT`, `mqtt_port in /etc/tictally.toml`.
    """

    value: object
    written: str


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """Variables from a file, as systemd's `EnvironmentFile=` reads it.

    Attributes:
        path: of the file.
        variables: by name.
    """

    path: str
    variables: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The variables of a file; None if it is absent or this user may not read it."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeError):
            return None
        found = dotenv_values(stream=StringIO(text), interpolate=False)
        return cls(str(path), {name: value for name, value in found.items() if value is not None})


class Source(PydanticBaseSettingsSource):
    """A source of flat names. What is already given by a source before it is not looked up.

    Attributes:
        written: setting → how the user wrote its name here.
        warnings: what is odd without stopping the start.
    """

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self.written: dict[str, str] = {}
        self.warnings: list[str] = []
        self.names = settings_in(settings_cls)

    def look_up(self, name: str) -> Given | None:
        """What this source has of a setting, or None."""
        raise NotImplementedError

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic's
        """The value of a field, its key, and that it is not JSON."""
        found = self.look_up(field_name)
        return None if found is None else found.value, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The values of all settings that this source has."""
        values: dict[str, Any] = {}
        for name in self.names:
            if name not in self.current_state and (found := self.look_up(name)) is not None:
                values[name] = found.value
                self.written[name] = found.written
        return values


class GivenSource(Source):
    """Settings by name: options of the command line, and defaults that the machine decides."""

    def __init__(self, settings_cls: type[BaseSettings], given: Mapping[str, Given]) -> None:
        super().__init__(settings_cls)
        self._given = given

    def look_up(self, name: str) -> Given | None:
        """As given."""
        return self._given.get(name)


class EnvironmentSource(Source):
    """Variables, and the files that `<variable>_FILE` names.

    An empty variable counts as unset: compose files write one for what is not set.

    Args:
        settings_cls: the program's settings.
        prefix: of the variables.
        environ: the variables.
        read: returns the text of a file.
        path: the file that the variables come from; None: this process's environment. A secret file that such a file
            names and that this user may not read is left out with a warning, since most commands need no secret.
    """

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        prefix: str,
        environ: Mapping[str, str],
        read: Read,
        path: str | None = None,
    ) -> None:
        super().__init__(settings_cls)
        self._prefix, self._environ, self._read, self._path = prefix, environ, read, path

    def look_up(self, name: str) -> Given | None:
        """The variable, else the content of its file."""
        variable = self._prefix + name.upper()
        if (text := self._environ.get(variable, "")) and not self._is_platforms_own(variable, text):
            return Given(text, self._in_path(variable))
        variable += FILE
        if not (secret := self._environ.get(variable, "")):
            return None
        written = self._in_path(variable)
        try:
            return Given(read_text(self._read, secret, written).strip(), written)
        except SettingsError as error:
            if self._path is None or not isinstance(error.__cause__, PermissionError):
                raise
            self.warnings.append(f"{error}; this command runs without it")
            return None

    def _in_path(self, variable: str) -> str:
        return variable if self._path is None else f"{variable} in {self._path}"

    def _is_platforms_own(self, variable: str, text: str) -> bool:
        port = _PLATFORM_PORT.fullmatch(text)
        if port is None or f"{variable}_{port['number']}_{port[1].upper()}" not in self._environ:
            return False
        self.warnings.append(
            f"{variable} is {text}, which a container platform sets for a service of that name; it is ignored. Rename "
            "the service, or set enableServiceLinks: false"
        )
        return True


class TomlSource(Source):
    """A TOML file whose keys are the settings.

    Args:
        settings_cls: the program's settings.
        path: of the file; None: there is none.
        written: how the user named the file: `--config`.
        read: returns the text of a file.
    """

    def __init__(self, settings_cls: type[BaseSettings], path: str | None, written: str, read: Read) -> None:
        super().__init__(settings_cls)
        self._path = path
        self._table = {} if path is None else self._parse(path, written, read)

    def look_up(self, name: str) -> Given | None:
        """The key's value."""
        return Given(self._table[name], f"{name} in {self._path}") if name in self._table else None

    def _parse(self, path: str, written: str, read: Read) -> dict[str, Any]:
        text = read_text(read, path, written)
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = toml_error(error, text)
            raise SettingsError(f"{written}: {path}, line {found.line}: {found.sentence}") from None
        for key in table:
            if key not in self.names:
                hint = suggestion(key, self.names) or f"; there are: {', '.join(sorted(self.names))}"
                raise SettingsError(f"{key[:60]} in {path} is not a setting{hint}")
        return table


def read_file(path: str) -> str:
    """The text of a file in UTF-8, without the byte order mark that editors of Windows write."""
    return Path(path).read_text(encoding="utf-8-sig")


def read_text(read: Read, path: str, written: str) -> str:
    """The text of a file.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return read(path)
    except OSError as error:
        raise SettingsError(f"{written}: {path} cannot be read: {error.strerror or error}") from error
    except UnicodeError:
        raise SettingsError(f"{written}: {path} is not text in UTF-8") from None
