"""The edge's settings: its own, and the sections that its features register. It imports no feature.

Variables begin with `TICTALLY_EDGE_`; `tictally_shared.settings` has the sources and their precedence. A feature
declares a model beside its code and registers it in one line; whoever needs it asks for it:

    SECTIONS.register(SourceSettings)
    settings.section(SourceSettings).port
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from tictally_shared.calendar import FRENCH_LEGAL_TIME, meter_zone
from tictally_shared.home_assistant import PREFIX as PREFIX_OF_HUBS
from tictally_shared.home_assistant import Language
from tictally_shared.settings import (
    Given,
    MqttSettings,
    Origins,
    Program,
    ProgramSettings,
    Section,
    Sections,
    load_settings,
    unknown_settings,
)
from tictally_shared.settings.checks import (
    checked_base_topic,
    checked_key,
    checked_name,
    checked_timezone,
    host_key,
)

PREFIX: Final = "TICTALLY_EDGE_"
SERVICE_FILE: Final = Path("/etc/tictally/edge.env")
SERVICE_JOURNAL: Final = "/run/tictally-edge/journal"
SERVICE_STATE: Final = "/var/lib/tictally-edge/journal"
PROGRAM: Final = Program(PREFIX, "TICTALLY_")
SECTIONS: Final = Sections()
OFF: Final = "off"


class Settings(ProgramSettings):
    """The edge's settings, checked. Its features' are reached with `section`."""

    name: Annotated[str, AfterValidator(checked_name)] = Field(
        description="Name of this edge in its topics: 1 to 32 of `a-z`, `0-9`, `-`.",
        json_schema_extra={"default": "the host's name"},
    )
    meter: Annotated[str, AfterValidator(checked_key)] | None = Field(
        default=None,
        description="Key that stands for the meter's number in topics and in the ledger. Unset: the number itself.",
    )
    prm: bool = Field(
        default=False, description="Whether the number of the delivery point (PRM) is published: `true` or `false`."
    )
    clock: Literal["auto", "trust"] = Field(
        default="auto",
        description="`auto`: frames wait until this machine's clock has proved itself since boot: by a time server, "
        "a hardware clock or the meter's clock. `trust`: the clock is right; for a network without a time server.",
    )
    timezone: Annotated[str, AfterValidator(checked_timezone)] = Field(
        default=FRENCH_LEGAL_TIME,
        description="Time zone of the meter's clock: a name of the tz database, such as `Indian/Reunion` for a meter "
        "in Réunion.",
    )
    journal: Path = Field(
        description="Folder of the frames that the broker does not have yet, in memory.",
        json_schema_extra={"default": "`journal` in `$RUNTIME_DIRECTORY`, `$XDG_RUNTIME_DIR` or `/run/tictally-edge`"},
    )
    state: Path | None = Field(
        default=None,
        description="Folder on disk that the journal is copied to while the broker or a recorder is away for more than "
        "a minute, and when the edge stops.",
        json_schema_extra={"default": "`journal` in `$STATE_DIRECTORY`, else none"},
    )
    journal_mb: Annotated[int, Field(ge=1, le=4096)] = Field(
        default=64,
        description="Size limit of the journal in MiB; the default holds two weeks of frames at least. Beyond it the "
        "oldest frames are deleted.",
    )
    interval_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=5.0,
        description="Least time in seconds between two changes of a power, current or voltage on its topic.",
    )
    language: Language = Field(default="fr", description="Language of names in hubs: `fr` or `en`.")
    base_topic: Annotated[str, AfterValidator(checked_base_topic)] = Field(
        default="tictally", description="Base of all topics."
    )
    discovery: Annotated[str, AfterValidator(checked_base_topic)] = Field(
        default=PREFIX_OF_HUBS,
        description="Topic below which hubs look for discovery messages. `off`: none is published, and earlier ones "
        "are cleared.",
    )
    mqtt: Annotated[MqttSettings, Section("mqtt_")] = MqttSettings()

    @property
    def meter_zone(self) -> ZoneInfo | None:
        """The zone of the meter's clock; None for French legal time."""
        return meter_zone(self.timezone)

    @property
    def is_discoverable(self) -> bool:
        """Whether hubs find edge and meter by discovery messages."""
        return self.discovery != OFF


def load(origins: Origins, *, hostname: str) -> Settings:
    """The settings from environment and files.

    Args:
        origins: environment and files.
        hostname: this machine's; the edge's name where none is set.

    Raises:
        SettingsError: one of them is wrong; the message names it as the user wrote it.
    """
    environ = origins.environ
    journal, state = _default_journal(environ), environ.get("STATE_DIRECTORY", "").split(":")[0]
    defaults = {"name": Given(host_key(hostname), "the host's name")}
    if origins.used_service(PROGRAM) is not None and "RUNTIME_DIRECTORY" not in environ:
        journal, state = SERVICE_JOURNAL, SERVICE_STATE.removesuffix("/journal")
    defaults["journal"] = Given(journal, f"{PREFIX}JOURNAL")
    if state:  # systemd makes it for the service
        defaults["state"] = Given(f"{state}/journal", f"{PREFIX}STATE")
    return load_settings(Settings, SECTIONS, PROGRAM, replace(origins, defaults=defaults))


def warnings(origins: Origins) -> tuple[str, ...]:
    """A sentence for each variable that is no setting, for a command that needs no settings."""
    return unknown_settings(Settings, SECTIONS, PROGRAM, origins)


def _default_journal(environ: Mapping[str, str]) -> str:
    """In memory: the folder that systemd makes for the service, else the user's own."""
    folder = environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or environ.get("XDG_RUNTIME_DIR", "")
    return f"{folder}/journal" if folder else SERVICE_JOURNAL
