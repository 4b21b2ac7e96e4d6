"""Commands that are imported when they are used: a command line of one command loads the modules of one command."""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from tictally_recorder.cli.option_groups import flattened


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is, and what the list of commands shows of it.

    Attributes:
        module: of this package that has it: as function of its name, or as `app`, a group of commands.
        summary: one sentence, complete in the list of commands.
        is_group: it is a group of commands.
    """

    module: str
    summary: str
    is_group: bool = False

    def load(self, name: str) -> Any:  # noqa: ANN401 - typer's class of commands is private
        """Import the command and build it as a part of an app.

        Args:
            name: on the command line.
        """
        module, app = import_module(f"{__package__}.{self.module}"), typer.Typer(rich_markup_mode=None)
        if self.is_group:
            app.add_typer(module.app, name=name, help=self.summary, short_help=self.summary)
        else:
            app.command(name, short_help=self.summary)(flattened(getattr(module, name)))
        return get_group(app).commands[name]


class _Commands(MutableMapping[str, Any]):
    """Name → command, imported when it is looked up."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - as above
        if name not in self._loaded:
            self._loaded[name] = self._entries[name].load(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:  # noqa: ANN401 - as above
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._entries, **self._loaded})

    def __len__(self) -> int:
        return len({**self._entries, **self._loaded})


class LazyGroup(TyperGroup):
    """A group that imports a command when it is used, and none to list them.

    Attributes:
        entries: name → where the command is.
    """

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**attributes)
        self.commands = _Commands(self.entries)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's own
        """The names in the order of entries."""
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - typer's own
        """What stands for a command in help and completion; None: there is none of that name."""
        entry = self.entries.get(cmd_name)
        return None if entry is None else TyperCommand(cmd_name, short_help=entry.summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer's own
        """Name, command and remaining arguments of a command that is used."""
        name, command, remaining = super().resolve_command(ctx, args)
        return name, command if name is None else self.commands[name], remaining
