"""The features that bring settings or jobs of their own: importing this module registers them.

Programs and tools take `load` from here, so that no section is missing.
"""

from tictally_recorder.api.settings import ConsoSettings, HttpSettings, MeteritSettings
from tictally_recorder.backup import registration as backup_jobs
from tictally_recorder.backup.settings import BackupSettings
from tictally_recorder.fetch import FetchSettings
from tictally_recorder.imports.conso import registration as enedis_job
from tictally_recorder.imports.registry import importers
from tictally_recorder.jobs import job_kinds
from tictally_recorder.notifications import registration as notify_job
from tictally_recorder.providers.cre import registration as cre_job
from tictally_recorder.providers.pvpc import registration as pvpc_job
from tictally_recorder.providers.spot import registration as spot_job
from tictally_recorder.providers.tempo import registration as tempo_job
from tictally_recorder.providers.weather import registration as weather_job
from tictally_recorder.settings import SECTIONS, Settings, load
from tictally_recorder.sinks.registry import plugins as sink_plugins
from tictally_recorder.tariffs.providers.registry import providers as tariff_providers
from tictally_shared.settings.program import compose

__all__ = [
    "BackupSettings",
    "ConsoSettings",
    "FetchSettings",
    "HttpSettings",
    "MeteritSettings",
    "all_settings",
    "backup_jobs",
    "cre_job",
    "enedis_job",
    "importers",
    "job_kinds",
    "load",
    "notify_job",
    "pvpc_job",
    "settings_with",
    "sink_plugins",
    "spot_job",
    "tariff_providers",
    "tempo_job",
    "weather_job",
]


def all_settings() -> type[Settings]:
    """The recorder's settings with every registered section, for references."""
    return compose(Settings, SECTIONS)


def settings_with(**values: object) -> Settings:
    """Settings from flat names and values alone, as a tool or a test has them; nothing is read."""
    return all_settings().model_validate(values)
