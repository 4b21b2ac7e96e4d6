"""The registered formats of publishers, by name."""

from collections.abc import Iterator
from typing import Final

from tictally_edge.sources.publishers.format import PublisherFormat


class PublisherFormats:
    """The formats of publishers; each registers itself in one line of its file."""

    def __init__(self) -> None:
        self._by_name: dict[str, PublisherFormat] = {}

    def register(self, form: PublisherFormat) -> None:
        """Add a format.

        Raises:
            ValueError: its name is taken.
        """
        if form.name in self._by_name:
            raise ValueError(f"two formats of publishers have the name {form.name!r}")
        self._by_name[form.name] = form

    def unregister(self, name: str) -> None:
        """Remove a format, as a test does with one of its own."""
        del self._by_name[name]

    def get(self, name: str) -> PublisherFormat | None:
        """The format of a name, or None."""
        return self._by_name.get(name)

    def __iter__(self) -> Iterator[PublisherFormat]:
        """In the order of their names, so that the order of imports shows nowhere."""
        return iter([self._by_name[name] for name in sorted(self._by_name)])


PUBLISHERS: Final = PublisherFormats()
