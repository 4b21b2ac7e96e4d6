"""Sections: the settings that a feature declares for itself, and the names under which users write them.

A user writes flat names: `TICTALLY_INFLUXDB_URL`, or `influxdb_url` in TOML. In the program, the InfluxDB sink owns a
model with a field `url`, registered under the prefix `influxdb_`. A field with an alias is written as the alias alone:
`backup` is the alias of `BackupSettings.folder`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


class SectionModel(BaseModel):
    """The settings of a feature: unchangeable, without others, and never shown in an error: some are secrets."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Section:
    """How a section stands in a program's settings: the metadata of the field that holds it.

    Attributes:
        prefix: what the names of its settings begin with; empty if each field has an alias.
        check: compares it with other sections, given the program's settings; raises SettingError.
    """

    prefix: str
    check: Callable[[Any], None] | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a program.

    Attributes:
        name: as users write it, in lower case and without the program's prefix.
        path: where it stands in the model: the field, or the section's field and the key in it.
        field: pydantic's description of it.
    """

    name: str
    path: tuple[str, ...]
    field: FieldInfo


class Sections:
    """The sections that features have registered with a program."""

    def __init__(self) -> None:
        self._registered: dict[type[BaseModel], Section] = {}

    def register(self, model: type[BaseModel], prefix: str = "", check: Callable[[Any], None] | None = None) -> None:
        """Add a section.

        Args:
            model: its fields, each with a description and a default.
            prefix: what the names of its settings begin with, such as `influxdb_`.
            check: as of `Section`.
        """
        self._registered[model] = Section(prefix, check)

    def unregister(self, model: type[BaseModel]) -> None:
        """Remove a section, as a test does with one of its own."""
        del self._registered[model]

    def __iter__(self) -> Iterator[tuple[type[BaseModel], Section]]:
        """By the model's name, so that the order of imports shows nowhere."""
        return iter(sorted(self._registered.items(), key=lambda each: each[0].__name__))


def settings_in(model: type[BaseModel]) -> dict[str, Setting]:
    """The settings of a program by name, those of its sections included.

    Raises:
        ValueError: two sections have a setting of one name.
    """
    found: dict[str, Setting] = {}
    for each in _walk(model):
        if each.name in found:
            raise ValueError(f"two settings are named {each.name}: {found[each.name].path} and {each.path}")
        found[each.name] = each
    return found


def _walk(model: type[BaseModel]) -> Iterator[Setting]:
    for key, field in model.model_fields.items():
        section = section_of(field)
        if section is None:
            yield Setting(field.alias or key, (key,), field)
            continue
        for inner, its_field in field.annotation.model_fields.items():  # type: ignore[union-attr]  # a section's model
            name = its_field.alias or section.prefix + inner
            yield Setting(name, (key, its_field.alias or inner), its_field)


def section_of(field: FieldInfo) -> Section | None:
    """The section that a field holds; None: it holds one setting."""
    return next((each for each in field.metadata if isinstance(each, Section)), None)
