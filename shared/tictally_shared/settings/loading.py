"""Loading: the sources in their order of precedence, and errors that name a setting as the user wrote it.

Precedence: command line, environment, `_FILE` of the environment, the same two of the service's environment file, TOML,
the machine's defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pydantic import ValidationError

from tictally_shared.settings.program import Program, ProgramSettings, compose
from tictally_shared.settings.sections import Sections, settings_in
from tictally_shared.settings.sources import (
    CONFIG,
    EnvironmentFile,
    EnvironmentSource,
    Given,
    GivenSource,
    Read,
    Source,
    TomlSource,
)
from tictally_shared.settings.unknown import unknown_variables
from tictally_shared.settings.wording import rejection
from tictally_shared.settings_error import SettingError, SettingsError

_Settings = TypeVar("_Settings", bound=ProgramSettings)


@dataclass(frozen=True, slots=True)
class Origins:
    """Where settings may come from.

    Attributes:
        environ: the environment.
        read: returns the text of a file; its OSError and UnicodeError become a SettingsError.
        config: path of a TOML file, from `--config`; None: `<prefix>CONFIG` may name one.
        service: the environment file of the program's service. A TOML file that command line or environment names
            stands for other settings than the service's: then this one is not used.
        options: settings from the command line.
        defaults: settings that the machine decides, such as its host name.
    """

    environ: Mapping[str, str]
    read: Read
    config: str | None = None
    service: EnvironmentFile | None = None
    options: Mapping[str, Given] = field(default_factory=dict)
    defaults: Mapping[str, Given] = field(default_factory=dict)

    def used_service(self, program: Program) -> EnvironmentFile | None:
        """The service's environment file, where no other configuration is named."""
        return None if self.config or self.environ.get(program.prefix + CONFIG) else self.service


def load_settings(base: type[_Settings], sections: Sections, program: Program, origins: Origins) -> _Settings:
    """The settings of a program.

    Args:
        base: its own settings.
        sections: those of its features.
        program: the names of its variables.
        origins: where settings may come from.

    Raises:
        SettingsError: one of them is wrong or missing.
    """
    composed = compose(base, sections)
    origins = replace(origins, service=origins.used_service(program))
    sources = _sources(composed, program, origins)

    try:
        settings = composed.from_sources(tuple(sources))
    except ValidationError as error:
        message = _message(error, composed, program, sources)
        raise SettingsError(message, _warnings(composed, program, origins, sources)) from None
    settings._warnings = _warnings(composed, program, origins, sources)  # noqa: SLF001 - its own factory
    return settings


def _sources(composed: type[ProgramSettings], program: Program, origins: Origins) -> list[Source]:
    prefix = program.prefix
    path, written = origins.config, "--config"
    if not path:
        path, written = origins.environ.get(prefix + CONFIG) or None, prefix + CONFIG
    service = origins.service
    if service is not None:
        path, written = service.variables.get(prefix + CONFIG) or None, f"{prefix}{CONFIG} in {service.path}"
    sources: list[Source] = [
        GivenSource(composed, origins.options),
        EnvironmentSource(composed, prefix, origins.environ, origins.read),
    ]
    if service is not None:
        sources.append(EnvironmentSource(composed, prefix, service.variables, origins.read, service.path))
    return [*sources, TomlSource(composed, path, written, origins.read), GivenSource(composed, origins.defaults)]


def _message(error: ValidationError, composed: type[ProgramSettings], program: Program, sources: list[Source]) -> str:
    problem = error.errors()[0]
    # A validator's own ValueError comes with its sentence in the context; pydantic puts words before it elsewhere.
    cause = problem.get("ctx", {}).get("error")
    by_path = {each.path: each for each in settings_in(composed).values()}
    if isinstance(cause, SettingError):
        name = cause.name
    else:
        place = tuple(str(each) for each in problem["loc"])
        name = next(by_path[place[:depth]].name for depth in (2, 1) if place[:depth] in by_path)
    written = next((each.written[name] for each in sources if name in each.written), program.prefix + name.upper())
    if problem["type"] == "missing":
        return f"{written} is not set{_missing(composed, name)}"
    if cause is None:
        return f"{written} {rejection(problem, settings_in(composed)[name].field)}"
    return f"{written}: {cause}"


def _missing(composed: type[ProgramSettings], name: str) -> str:
    extra = settings_in(composed)[name].field.json_schema_extra
    return f"; {extra['missing']}" if isinstance(extra, dict) and "missing" in extra else ""


def _warnings(
    composed: type[ProgramSettings], program: Program, origins: Origins, sources: list[Source]
) -> tuple[str, ...]:
    return (*_unknown(composed, program, origins), *(each for of in sources for each in of.warnings))


def unknown_settings(
    base: type[ProgramSettings], sections: Sections, program: Program, origins: Origins
) -> tuple[str, ...]:
    """A sentence for each variable that is no setting, for a command that loads none.

    Args:
        base: as of `load_settings`.
        sections: as there.
        program: as there.
        origins: as there.
    """
    origins = replace(origins, service=origins.used_service(program))
    return _unknown(compose(base, sections), program, origins)


def _unknown(composed: type[ProgramSettings], program: Program, origins: Origins) -> tuple[str, ...]:
    names = settings_in(composed)
    service = {} if origins.service is None else origins.service.variables
    return tuple(
        unknown_variables(
            {**service, **origins.environ},
            program.prefix,
            names,
            sibling_prefix=program.sibling_prefix,
            others=program.other_variables,
        )
    )
