"""The recorder's settings: its own, and the sections that its features register. It imports no feature.

Variables begin with `TICTALLY_`; `tictally_shared.settings` has the sources and their precedence. A feature declares a
model beside its code and registers it in one line; whoever needs it asks for it:

    SECTIONS.register(BackupSettings, "backup_")
    settings.section(BackupSettings).hour
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from tictally_shared import calendar
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
)
from tictally_shared.settings.checks import checked_base_topic, checked_name, checked_timezone, host_key, url_check
from tictally_shared.topics import Topics

PREFIX: Final = "TICTALLY_"
SERVICE_FILE: Final = Path("/etc/tictally/recorder.env")
LEDGER_NAME: Final = "ledger.sqlite"
SERVICE_STATE: Final = "/var/lib/tictally"
SERVICE_LEDGER: Final = f"{SERVICE_STATE}/{LEDGER_NAME}"
SECTIONS: Final = Sections()
OFF: Final = "off"
COMMIT_S: Final = 120
PROMPT_S: Final = 600
_PAGE_SCHEMES: Final = ("http", "https", "homeassistant")

# Read by deploy/init and deploy/compose.yaml, and by the tests and simulations of this project.
OTHER_VARIABLES: Final = """
    ADDRESS BACKUP_FOLDER BROKER_PORT DEVICE_GROUP GRAFANA_IMAGE GRAFANA_PORT HOST INFLUXDB_IMAGE MOSQUITTO_IMAGE
    PAGE_ADDRESS PAGE_PORT PYTHON_IMAGE VERSION ALL_PAGES CHAOS_SEED FULL_YEAR HASS RESTARTS SCHEDULE_HOUR
"""
PROGRAM: Final = Program(PREFIX, "TICTALLY_EDGE_", frozenset(PREFIX + each for each in OTHER_VARIABLES.split()))


def _edges(value: object) -> object:
    if value == "all":
        return ()
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",")]
    if not isinstance(value, list | tuple) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError("give all, or names separated by commas")
    return tuple(dict.fromkeys(checked_name(name) for name in value))


class Settings(ProgramSettings):
    """The recorder's settings, checked. Its features' are reached with `section`."""

    name: Annotated[str, AfterValidator(checked_name)] = Field(
        description="Name of this recorder in its topics: 1 to 32 of `a-z`, `0-9`, `-`.",
        json_schema_extra={"default": "the host's name"},
    )
    ledger: Path = Field(
        description="File of the ledger.",
        json_schema_extra={
            "default": "`$XDG_STATE_HOME/tictally/ledger.sqlite`, else below `~/.local/state`",
            "missing": "there is no home folder to put the ledger in",
        },
    )
    state: Path | None = Field(
        default=None,
        description="Folder, not on the ledger's disk, where the recorder notes which ledgers there were: it then "
        "begins no new one where that disk is not mounted.",
        json_schema_extra={"default": "`$STATE_DIRECTORY`, `$XDG_STATE_HOME/tictally` or `~/.local/state/tictally`"},
    )
    edges: Annotated[tuple[str, ...], BeforeValidator(_edges)] = Field(
        default=(),
        description="Edges whose frames are recorded: `all`, or names separated by commas.",
        json_schema_extra={"default": "`all`"},
    )
    timezone: Annotated[str, AfterValidator(checked_timezone)] = Field(
        default="Europe/Paris",
        description="Time zone of days, months, years and off-peak hours, of all sites: a name of the tz database.",
    )
    language: Language = Field(
        default="fr",
        description="Language of names and messages in hubs and on the command line: `fr` or `en`. Ids and JSON are "
        "the same in both.",
    )
    idle_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        default=10,
        description="Minutes without a stored frame after which the recorder reports that it is idle; hubs show a "
        "problem.",
    )
    commit_s: Annotated[int, Field(ge=0, le=300)] | None = Field(
        default=None,
        description="Seconds after which frames are written to the ledger together; until then broker and edge hold "
        "them. Live values do not wait for it. Longer spares an SD card; 0: at once.",
        json_schema_extra={
            "default": f"{COMMIT_S}, but 0 in the first ten minutes, and with a sink that shows live values: InfluxDB"
        },
    )
    meters_per_edge: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=64,
        description="Meters that one edge may send frames of, in all; frames of further ones are rejected.",
    )
    tariffs: Path | None = Field(
        default=None,
        description="Folder of your own tariff files.",
        json_schema_extra={"default": "`tariffs` beside the ledger"},
    )
    contracts: Path | None = Field(
        default=None,
        description="File of the contracts: which tariff a site was on, from when.",
        json_schema_extra={"default": "`contracts.toml` beside the ledger"},
    )
    base_topic: Annotated[str, AfterValidator(checked_base_topic)] = Field(
        default="tictally", description="Base of all topics."
    )
    discovery: Annotated[str, AfterValidator(checked_base_topic)] = Field(
        default=PREFIX_OF_HUBS,
        description="Topic below which hubs look for discovery messages. `off`: none is published, and earlier ones "
        "are cleared.",
    )
    page_url: Annotated[str, AfterValidator(url_check("http://nas.local:8780", _PAGE_SCHEMES))] | None = Field(
        default=None,
        description="Address at which browsers in your home reach the page, such as `http://nas.local:8780`: hubs link "
        "to it from the recorder and its sites. `homeassistant://app/…` is an app's page within Home Assistant. "
        "Unset: no link.",
    )
    mqtt: Annotated[MqttSettings, Section("mqtt_")] = MqttSettings()

    @property
    def topics(self) -> Topics:
        """The topics below the base."""
        return Topics(self.base_topic)

    @property
    def is_discoverable(self) -> bool:
        """Whether hubs find the recorder and its sites by discovery messages."""
        return self.discovery != OFF

    def commit_interval_s(self, *, is_live: bool) -> float:
        """Seconds that a frame may wait to be stored; never so long that the recorder seems idle meanwhile.

        Args:
            is_live: whether a sink shows live values.
        """
        chosen = (0 if is_live else COMMIT_S) if self.commit_s is None else self.commit_s
        return min(chosen, self.idle_minutes * 60 / 2)

    @property
    def prompt_s(self) -> float:
        """Seconds after the start in which no frame waits: somebody may be watching whether it works."""
        return PROMPT_S if self.commit_s is None else 0

    @property
    def tariffs_folder(self) -> Path:
        """The folder of the user's own tariff files."""
        return self.ledger.parent / "tariffs" if self.tariffs is None else self.tariffs

    @property
    def contracts_file(self) -> Path:
        """The file of the contracts."""
        return self.ledger.parent / "contracts.toml" if self.contracts is None else self.contracts

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return calendar.zone(self.timezone)


def load(origins: Origins, *, hostname: str, ledger: str | None = None) -> Settings:
    """The settings from environment, files and command line.

    Args:
        origins: environment and files.
        hostname: this machine's; the recorder's name where none is set.
        ledger: `--ledger`, which comes before every other source.

    Raises:
        SettingsError: one of them is wrong; the message names it as the user wrote it.
    """
    options = {} if ledger is None else {"ledger": Given(ledger, "--ledger")}
    defaults = {"name": Given(host_key(hostname), "the host's name")}
    folder, is_service = _user_folder(origins.environ), origins.used_service(PROGRAM) is not None
    path = SERVICE_LEDGER if is_service else None if folder is None else f"{folder}/{LEDGER_NAME}"
    if path is not None:
        defaults["ledger"] = Given(path, f"{PREFIX}LEDGER")
    # systemd makes its folder for the service.
    state = origins.environ.get("STATE_DIRECTORY", "").split(":")[0] or (SERVICE_STATE if is_service else folder)
    if state is not None:
        defaults["state"] = Given(state, f"{PREFIX}STATE")
    return load_settings(Settings, SECTIONS, PROGRAM, replace(origins, options=options, defaults=defaults))


def _user_folder(environ: Mapping[str, str]) -> str | None:
    """The folder in the user's state folder (XDG Base Directory Specification, `XDG_STATE_HOME`)."""
    state = environ.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):
        home = environ.get("HOME", "")
        if not home:
            return None
        state = f"{home}/.local/state"
    return f"{state}/tictally"
