"""Settings of both programs by pydantic-settings: sections, sources in their order of precedence, errors and hints."""

from tictally_shared.settings.loading import Origins, load_settings, unknown_settings
from tictally_shared.settings.mqtt import MqttSettings
from tictally_shared.settings.program import Program, ProgramSettings
from tictally_shared.settings.sections import Section, Sections
from tictally_shared.settings.sources import EnvironmentFile, Given, read_file

__all__ = [
    "EnvironmentFile",
    "Given",
    "MqttSettings",
    "Origins",
    "Program",
    "ProgramSettings",
    "Section",
    "Sections",
    "load_settings",
    "read_file",
    "unknown_settings",
]
