"""What a program's settings are made of: its own fields, its sections, and how flat names find their place."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, Field, PrivateAttr, create_model, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tictally_shared.settings.sections import Section, Sections, section_of, settings_in

_Model = TypeVar("_Model", bound=BaseModel)
# pydantic-settings asks the class for its sources: a class for each load would take longer than the load.
_sources: ContextVar[tuple[PydanticBaseSettingsSource, ...]] = ContextVar("sources", default=())


@dataclass(frozen=True, slots=True)
class Program:
    """What the names of a program's variables are.

    Attributes:
        prefix: what they begin with: `TICTALLY_`.
        sibling_prefix: what those of the other program begin with: `TICTALLY_EDGE_`.
        other_variables: variables with the prefix that something else reads, such as the deployment.
    """

    prefix: str
    sibling_prefix: str
    other_variables: frozenset[str] = field(default_factory=frozenset)


class ProgramSettings(BaseSettings):
    """The settings of a program, checked.

    It reads nothing by itself: an instance made from values has these alone, `from_sources` reads.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=False)
    _warnings: tuple[str, ...] = PrivateAttr(())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the sources without stopping the start, a sentence each."""
        return self._warnings

    def section(self, model: type[_Model]) -> _Model:
        """The section that a feature registered.

        Raises:
            LookupError: the program has no such section.
        """
        for key, each in type(self).model_fields.items():
            if each.annotation is model:
                value: _Model = getattr(self, key)
                return value
        raise LookupError(f"{model.__name__} is not registered with these settings")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings passes all five
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The sources of values: those that are passed, and no other, or those of `from_sources`."""
        return _sources.get() or (init_settings,)

    @classmethod
    def from_sources(cls, sources: tuple[PydanticBaseSettingsSource, ...]) -> Self:
        """Settings from sources, the first of which comes before the others. Raises pydantic's ValidationError."""
        token = _sources.set(sources)
        try:
            return cls()
        finally:
            _sources.reset(token)

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, values: Any) -> Any:  # noqa: ANN401 - as pydantic has it
        """Put `influxdb_url` where the section has its `url`."""
        if not isinstance(values, Mapping):
            return values
        nested: dict[str, Any] = {key: {} for key, each in cls.model_fields.items() if section_of(each) is not None}
        settings = settings_in(cls)
        for name, value in values.items():
            path = settings[name].path if name in settings else (name,)
            if len(path) == 1:
                nested[name] = value
            else:
                nested[path[0]][path[1]] = value
        return nested

    @model_validator(mode="after")
    def _check_sections(self) -> Self:
        for each in type(self).model_fields.values():
            section = section_of(each)
            if section is not None and section.check is not None:
                section.check(self)
        return self


_Settings = TypeVar("_Settings", bound=ProgramSettings)


def compose(base: type[_Settings], sections: Sections) -> type[_Settings]:
    """A program's settings with the sections that features have registered.

    Args:
        base: the program's own settings.
        sections: each becomes a field.
    """
    return _composed(base, tuple(sections))


@lru_cache(maxsize=8)
def _composed(base: type[_Settings], sections: tuple[tuple[type[BaseModel], Section], ...]) -> type[_Settings]:
    """The model, built once: that takes longer than loading settings."""
    fields: dict[str, Any] = {
        f"section_{model.__name__}": (Annotated[model, section], Field(default_factory=model))
        for model, section in sections
    }
    return create_model(base.__name__, __base__=base, __module__=base.__module__, **fields)
