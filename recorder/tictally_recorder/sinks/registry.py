"""The kinds of sinks that this program has: a new one is one line here."""

from collections.abc import Callable, Iterator
from typing import Final

from tictally_recorder.registry import Registry
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.home_assistant.plugin import HomeAssistantStatistics
from tictally_recorder.sinks.influxdb.plugin import InfluxDb
from tictally_recorder.sinks.protocol import SinkPlugin

_plugins: Final[Registry[SinkPlugin]] = Registry("sinks")


def register(plugin: SinkPlugin) -> Callable[[], None]:
    """Make a kind of sink known to settings, recorder, command line, doctor and API.

    Returns:
        A function that makes it unknown again.

    Raises:
        ValueError: there is one of that name.
    """
    return _plugins.register(plugin)


def plugins() -> Iterator[SinkPlugin]:
    """Every registered kind, in order of registration."""
    return iter(_plugins)


def configured(settings: Settings) -> list[SinkPlugin]:
    """The kinds that the settings give a destination."""
    return [each for each in plugins() if each.destination(settings) is not None]


register(InfluxDb())
register(HomeAssistantStatistics())
