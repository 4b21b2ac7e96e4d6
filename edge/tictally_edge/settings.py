"""The edge's settings: from environment, secret files and a TOML file, checked before anything starts.

Variables begin with `TICTALLY_EDGE_`; `TICTALLY_EDGE_X_FILE` names a file that holds X; `TICTALLY_EDGE_CONFIG` or
`--config` names a TOML file whose keys are the names below. `tictally_shared.settings_sources` has the precedence.
"""

import ssl
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from tictally_edge.home_assistant.announcer import Announcing
from tictally_edge.sources.source import SourceSetting
from tictally_shared.home_assistant import PREFIX as PREFIX_OF_HUBS
from tictally_shared.home_assistant import Language
from tictally_shared.labels import Mode
from tictally_shared.settings_sources import (
    Given,
    SettingsError,
    checked_base_topic,
    checked_host,
    checked_name,
    gather,
    host_key,
)

PREFIX: Final = "TICTALLY_EDGE_"
_OFF: Final = "off"
_RUNTIME: Final = "/run/tictally-edge"


def _port(text: str) -> str:
    SourceSetting.parse(text)
    return text


def _authority(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise ValueError(f"{path} holds no certificate in PEM form") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    return path


class Settings(BaseModel):
    """What the edge is told, checked.

    Attributes:
        port: the line: a device, best its `/dev/serial/by-id/…` path; `socket://host:port`; `rfc2217://host:port`; a
            recording, `file:capture.bin?pace=line|fast&loop=no|yes`; or a simulated meter, `sim:hphc?mode=standard`
            (its options are those of `tictally_edge.sources.simulated`).
        mode: of the meter; `auto` finds it by listening.
        framing: how a device is opened; `8N1` lets the line's parity be checked.
        name: of this edge in its topics.
        meter: a key that stands for the meter's number everywhere, or None.
        prm: True to publish the delivery point's number too.
        clock: `auto`: frames wait until this machine's clock has proved itself since boot; `trust`: it is right, for a
            network without a time server.
        journal: folder of the journal, in memory.
        state: folder on disk to which the journal is copied while the broker is away, and at the end; None: nowhere.
        journal_mb: room for the journal in MiB; beyond it the oldest frames go.
        interval_s: least time between two changes of a power, current or voltage on its label topic, in seconds.
        base_topic: what every topic begins with.
        discovery: below which topic hubs look for announcements of devices; `off`: none is made.
        language: of the names that hubs show.
        mqtt_host: name or address of the broker.
        mqtt_port: of the broker; one that speaks TLS mostly listens on 8883.
        mqtt_username: None: the broker is not told any.
        mqtt_password: None: the broker is not told any.
        mqtt_ca: certificate that the broker's must be signed by; where it is set the connection is TLS, else it is not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    port: Annotated[str, AfterValidator(_port)]
    mode: Literal["auto", "historique", "standard"] = "auto"
    framing: Literal["8N1", "7E1"] = "8N1"
    name: Annotated[str, AfterValidator(checked_name)]
    meter: Annotated[str, AfterValidator(checked_name)] | None = None
    prm: bool = False
    clock: Literal["auto", "trust"] = "auto"
    journal: Path
    state: Path | None = None
    journal_mb: Annotated[int, Field(ge=1, le=4096)] = 64
    interval_s: Annotated[float, Field(ge=0, le=3600)] = 5.0
    base_topic: Annotated[str, AfterValidator(checked_base_topic)] = "tictally"
    discovery: Annotated[str, AfterValidator(checked_base_topic)] = PREFIX_OF_HUBS
    language: Language = "fr"
    mqtt_host: Annotated[str, AfterValidator(checked_host)] = "localhost"
    mqtt_port: Annotated[int, Field(ge=1, le=65535)] = 1883
    mqtt_username: str | None = None
    mqtt_password: SecretStr | None = None
    mqtt_ca: Annotated[Path, AfterValidator(_authority)] | None = None

    @property
    def announcing(self) -> Announcing | None:
        """How devices are announced to hubs, or None."""
        if self.discovery == _OFF:
            return None
        return Announcing(self.discovery, self.language, version("tictally-edge"))

    @property
    def fixed_mode(self) -> Mode | None:
        """The mode that is set, or None where it is to be found."""
        return None if self.mode == "auto" else Mode(self.mode)


def load(
    environ: Mapping[str, str], *, hostname: str, read: Callable[[str], str], config: str | None = None
) -> Settings:
    """The settings that environment and files amount to.

    Args:
        environ: the environment.
        hostname: this machine's, from which the edge gets its name where none is set.
        read: the text of a file.
        config: `--config`, which comes before `TICTALLY_EDGE_CONFIG`.

    Raises:
        SettingsError: one of them is wrong; it is named as the user wrote it.
    """
    given = gather(PREFIX, tuple(Settings.model_fields), environ, read, config=config)
    if "port" not in given:
        raise SettingsError(f"{PREFIX}PORT: say where the line is, such as /dev/serial/by-id/… of the dongle")
    given.setdefault("name", Given(host_key(hostname), "the host's name"))
    given.setdefault("journal", Given(_default_journal(environ), f"{PREFIX}JOURNAL"))
    if state := environ.get("STATE_DIRECTORY", "").split(":")[0]:  # systemd makes it for the service
        given.setdefault("state", Given(f"{state}/journal", f"{PREFIX}STATE"))
    try:
        return Settings.model_validate({name: setting.value for name, setting in given.items()})
    except ValidationError as error:
        problem = error.errors()[0]
        # A validator's own ValueError comes with its sentence in the context; pydantic puts words before it elsewhere.
        sentence = problem.get("ctx", {}).get("error", problem["msg"])
        raise SettingsError(f"{given[str(problem['loc'][0])].written}: {sentence}") from None


def _default_journal(environ: Mapping[str, str]) -> str:
    """In memory: the folder that systemd makes for the service, else the user's own."""
    folder = environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or environ.get("XDG_RUNTIME_DIR", "")
    return f"{folder or _RUNTIME}/journal"
