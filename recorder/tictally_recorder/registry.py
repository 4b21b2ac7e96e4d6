"""What can be extended: the members of a kind (sinks, jobs, tariff providers) by name, with their settings."""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from tictally_recorder.settings import SECTIONS


class Member(Protocol):
    """What every kind of member has."""

    @property
    def name(self) -> str:
        """Its key, which also begins the names of its settings: `[a-z][a-z0-9_]*`."""

    @property
    def settings(self) -> type[BaseModel] | None:
        """Its section of the settings; None if it has none of its own."""


M = TypeVar("M", bound=Member)


class Registry(Generic[M]):
    """The members of one kind, in order of registration.

    Args:
        kind: what they are called in messages, in the plural.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._members: dict[str, M] = {}

    def register(self, member: M) -> Callable[[], None]:
        """Add a member, and its section to the settings.

        Returns:
            A function that removes both again.

        Raises:
            ValueError: there is one of that name.
        """
        if member.name in self._members:
            raise ValueError(f"two {self._kind} are named {member.name}")
        name, settings = member.name, member.settings
        self._members[name] = member
        if settings is not None:
            SECTIONS.register(settings, f"{name}_")

        def unregister() -> None:
            del self._members[name]
            if settings is not None:
                SECTIONS.unregister(settings)

        return unregister

    def __iter__(self) -> Iterator[M]:
        return iter(tuple(self._members.values()))
