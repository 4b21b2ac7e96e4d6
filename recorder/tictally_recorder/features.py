"""The features that bring settings or jobs of their own: importing this module registers them.

Programs and tools take `load` from here, so that no section is missing.
"""

from tictally_recorder.api.settings import ConsoSettings, HttpSettings, MeteritSettings
from tictally_recorder.backup.settings import BackupSettings, RemoteBackupSettings
from tictally_recorder.fetch import FetchSettings
from tictally_recorder.imports.conso.settings import EnedisSettings
from tictally_recorder.imports.registry import importers
from tictally_recorder.jobs import job_kinds
from tictally_recorder.notifications.settings import NotifySettings
from tictally_recorder.providers.cre.settings import CreSettings
from tictally_recorder.providers.production.settings import ProductionSettings
from tictally_recorder.providers.pvpc.settings import PvpcSettings
from tictally_recorder.providers.spot.settings import SpotSettings
from tictally_recorder.providers.tempo.settings import TempoSettings
from tictally_recorder.providers.weather.settings import WeatherSettings
from tictally_recorder.settings import SECTIONS, Settings, load
from tictally_recorder.sinks.registry import plugins as sink_plugins
from tictally_recorder.tariffs.providers.registry import providers as tariff_providers
from tictally_shared.settings.program import compose

__all__ = [
    "BackupSettings",
    "ConsoSettings",
    "CreSettings",
    "EnedisSettings",
    "FetchSettings",
    "HttpSettings",
    "MeteritSettings",
    "NotifySettings",
    "ProductionSettings",
    "PvpcSettings",
    "RemoteBackupSettings",
    "SpotSettings",
    "TempoSettings",
    "WeatherSettings",
    "all_settings",
    "importers",
    "job_kinds",
    "load",
    "settings_with",
    "sink_plugins",
    "tariff_providers",
]


def all_settings() -> type[Settings]:
    """The recorder's settings with every registered section, for references."""
    return compose(Settings, SECTIONS)


def settings_with(**values: object) -> Settings:
    """Settings from flat names and values alone, as a tool or a test has them; nothing is read."""
    return all_settings().model_validate(values)
