"""The kinds of sinks that this program has: a new one is one line here."""

from collections.abc import Callable, Iterator
from typing import Final

from tictally_recorder.settings import SECTIONS, Settings
from tictally_recorder.sinks.influxdb.plugin import InfluxDb
from tictally_recorder.sinks.protocol import SinkPlugin

_plugins: Final[dict[str, SinkPlugin]] = {}


def register(plugin: SinkPlugin) -> Callable[[], None]:
    """Make a kind of sink known to settings, recorder, command line, doctor and API.

    Returns:
        A function that makes it unknown again.

    Raises:
        ValueError: there is one of that name.
    """
    if plugin.name in _plugins:
        raise ValueError(f"two sinks are named {plugin.name}")
    _plugins[plugin.name] = plugin
    SECTIONS.register(plugin.settings, f"{plugin.name}_")

    def unregister() -> None:
        del _plugins[plugin.name]
        SECTIONS.unregister(plugin.settings)

    return unregister


def plugins() -> Iterator[SinkPlugin]:
    """Every registered kind, in order of registration."""
    return iter(tuple(_plugins.values()))


def configured(settings: Settings) -> list[SinkPlugin]:
    """The kinds that the settings give a destination."""
    return [each for each in plugins() if each.destination(settings) is not None]


register(InfluxDb())
