"""The recorder's settings: from environment, secret files and a TOML file, checked before anything starts.

Variables begin with `TICTALLY_`; `TICTALLY_X_FILE` names a file that holds X; `TICTALLY_CONFIG` or `--config` names a
TOML file whose keys are the names below. `tictally_shared.settings_sources` has the precedence.
"""

import ipaddress
import re
import ssl
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from tictally_recorder.hubs.recorder_device import Announcement, announcement
from tictally_recorder.hubs.site_device import SiteDevice
from tictally_recorder.sinks.influxdb.config import Buckets, Target
from tictally_shared import calendar
from tictally_shared.frames import KEY
from tictally_shared.home_assistant import PREFIX as PREFIX_OF_HUBS
from tictally_shared.home_assistant import Language
from tictally_shared.settings_sources import (
    Given,
    SettingsError,
    checked_base_topic,
    checked_host,
    checked_name,
    gather,
    host_key,
)
from tictally_shared.topics import Topics

PREFIX: Final = "TICTALLY_"
_OFF: Final = "off"
_BY_TOKEN: Final = "token"  # noqa: S105 - a word
_TOKEN_CHARACTERS: Final = 16

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_PREFIX_OF_BUCKETS: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_MOST_DAYS: Final = 36_500
_Days = Annotated[int, Field(ge=0, le=_MOST_DAYS)]


def _authority(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise ValueError(f"{path} holds no certificate in PEM form") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    return path


def _edges(value: object) -> object:
    if value == "all":
        return ()
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",")]
    if not isinstance(value, list | tuple) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError("give all, or names separated by commas")
    return tuple(dict.fromkeys(checked_name(name) for name in value))


def _token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if len(text) < _TOKEN_CHARACTERS or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"a token is {_TOKEN_CHARACTERS} characters or more, without spaces")
    return token


def _words(value: object) -> object:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


def _host_name(text: str) -> str:
    return checked_host(text).lower()


def _networks(value: object) -> object:
    """`off` and `token` are themselves, everything else is ranges of addresses."""
    if value in {_OFF, _BY_TOKEN}:
        return value
    words = _words(value)
    if not isinstance(words, tuple | list) or not words:
        raise ValueError("give off, token, or ranges of addresses separated by commas: 192.168.1.0/24")
    try:
        return tuple(ipaddress.ip_network(word) for word in words)
    except ValueError as error:
        raise ValueError(f"{error}; a range is such as 192.168.1.0/24") from None


def _prms(value: object) -> object:
    pairs = value
    if isinstance(value, str):
        pairs = {prm.strip(): site.strip() for prm, _, site in (word.partition("=") for word in value.split(","))}
    if not isinstance(pairs, dict):
        raise ValueError("give pairs: 12345678901234=021900000002, several with commas")  # noqa: TRY004 - pydantic's
    for prm, site in pairs.items():
        if not (isinstance(prm, str) and prm.isdigit() and isinstance(site, str) and KEY.fullmatch(site)):
            raise ValueError(f"{str(prm)[:20]!r} has no site; give pairs: 12345678901234=021900000002")
    return pairs


def _url(text: str) -> str:
    found = urlsplit(text)
    if found.scheme not in {"http", "https"} or not found.hostname:
        raise ValueError("give it as http://host:8086")
    if found.username is not None or found.query or found.fragment:
        raise ValueError("give host, port and path only; the token has a setting of its own")
    return text.rstrip("/")


def _prefix(text: str) -> str:
    if not _PREFIX_OF_BUCKETS.fullmatch(text):
        raise ValueError("give a name of letters, digits, - and _ that begins with a letter")
    return text


def _timezone(text: str) -> str:
    return calendar.zone(text).key


class Settings(BaseModel):
    """What the recorder is told, checked.

    Attributes:
        name: of this recorder in its topics.
        mqtt_host: name or address of the broker.
        mqtt_port: of the broker; one that speaks TLS mostly listens on 8883.
        mqtt_username: None: the broker is not told any.
        mqtt_password: None: the broker is not told any.
        mqtt_ca: certificate that the broker's must be signed by; where it is set the connection is TLS, else it is not.
        base_topic: what every topic begins with.
        ledger: path of the ledger's file.
        edges: names of the edges whose frames are recorded; none: all of them.
        timezone: whose days, months and years answers are told by; a name of the tz database.
        idle_minutes: after so long without a frame stored, health says that the recorder is idle.
        discovery: below which topic hubs look for announcements of devices; `off`: none is made.
        language: of the names that hubs show.
        tariffs: folder of the user's own price lists; None: `tariffs` beside the ledger.
        contracts: file that says which tariff a site was on; None: `contracts.toml` beside the ledger.
        backup: folder that a backup is put into every night; None: none is made.
        backup_hour: the local hour at which it is made.
        influxdb_url: the InfluxDB that the ledger is copied to; None: to none.
        influxdb_org: name of the organization there.
        influxdb_token: that may read and write in the buckets and run the tasks; None: the setup token does it.
        influxdb_setup_token: that may make buckets and tasks; None: the other one tries.
        influxdb_ca: certificate that InfluxDB's must be signed by; None: one that the system knows.
        influxdb_prefix: what the names of buckets begin with.
        influxdb_raw_days: how long every frame is kept; 0: for ever. So the others.
        influxdb_minute_days: how long a row a minute is kept.
        influxdb_hour_days: how long a row an hour is kept.
        influxdb_ledger_days: how long quarters, days and cost are kept.
        http: `off`: the API is not there.
        http_host: the address that it listens at; where it is not this machine's own, others can reach it.
        http_port: that it listens at.
        http_token: what a request must bear that writes, or that reads where reads are behind it.
        http_reads: `open`, or `token`: reading needs the token.
        http_names: names by which the API is called beside this machine's own, such as a proxy's.
        meterit: whether devices may hand in readings: `off`, by `token`, or from these ranges of addresses.
        prms: number of a delivery point → site, for the clients of Conso API.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, AfterValidator(checked_name)]
    mqtt_host: Annotated[str, AfterValidator(checked_host)] = "localhost"
    mqtt_port: Annotated[int, Field(ge=1, le=65535)] = 1883
    mqtt_username: str | None = None
    mqtt_password: SecretStr | None = None
    mqtt_ca: Annotated[Path, AfterValidator(_authority)] | None = None
    base_topic: Annotated[str, AfterValidator(checked_base_topic)] = "tictally"
    ledger: Path
    edges: Annotated[tuple[str, ...], BeforeValidator(_edges)] = ()
    timezone: Annotated[str, AfterValidator(_timezone)] = "Europe/Paris"
    idle_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    discovery: Annotated[str, AfterValidator(checked_base_topic)] = PREFIX_OF_HUBS
    language: Language = "fr"
    tariffs: Path | None = None
    contracts: Path | None = None
    backup: Path | None = None
    backup_hour: Annotated[int, Field(ge=0, le=23)] = 4
    influxdb_url: Annotated[str, AfterValidator(_url)] | None = None
    influxdb_org: Annotated[str, Field(min_length=1)] | None = None
    influxdb_token: SecretStr | None = None
    influxdb_setup_token: SecretStr | None = None
    influxdb_ca: Annotated[Path, AfterValidator(_authority)] | None = None
    influxdb_prefix: Annotated[str, AfterValidator(_prefix)] = "tictally"
    influxdb_raw_days: _Days = 30
    influxdb_minute_days: _Days = 365
    influxdb_hour_days: _Days = 0
    influxdb_ledger_days: _Days = 0
    http: Literal["on", "off"] = "on"
    http_host: Annotated[str, AfterValidator(checked_host)] = "127.0.0.1"
    http_port: Annotated[int, Field(ge=1, le=65535)] = 8780
    http_token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    http_reads: Literal["open", "token"] = "open"
    http_names: Annotated[tuple[Annotated[str, AfterValidator(_host_name)], ...], BeforeValidator(_words)] | None = None
    meterit: Annotated[Literal["off", "token"] | tuple[Network, ...], BeforeValidator(_networks)] = "off"
    prms: Annotated[Mapping[str, str], BeforeValidator(_prms)] | None = None

    @property
    def topics(self) -> Topics:
        """The topics below the base."""
        return Topics(self.base_topic)

    @property
    def announcement(self) -> Announcement | None:
        """How the recorder is announced to hubs, or None."""
        if self.discovery == _OFF:
            return None
        own_version, has_sink = version("tictally-recorder"), self.influxdb is not None
        return announcement(self.name, self.topics, self.discovery, self.language, own_version, has_sink=has_sink)

    @property
    def site_device(self) -> SiteDevice | None:
        """How sites are announced to hubs, or None."""
        if self.discovery == _OFF:
            return None
        availability = self.topics.recorder(self.name, "availability")
        return SiteDevice(self.topics, self.discovery, self.language, version("tictally-recorder"), availability)

    @property
    def tariffs_folder(self) -> Path:
        """Where the user's own price lists lie."""
        return self.ledger.parent / "tariffs" if self.tariffs is None else self.tariffs

    @property
    def contracts_file(self) -> Path:
        """Where the contracts stand."""
        return self.ledger.parent / "contracts.toml" if self.contracts is None else self.contracts

    @property
    def influxdb(self) -> Target | None:
        """The InfluxDB that the ledger is copied to, or None."""
        token = self.influxdb_token or self.influxdb_setup_token
        if self.influxdb_url is None or self.influxdb_org is None or token is None:
            return None
        return Target(
            self.influxdb_url,
            self.influxdb_org,
            token.get_secret_value(),
            None if self.influxdb_setup_token is None else self.influxdb_setup_token.get_secret_value(),
            self.influxdb_ca,
            Buckets.of(
                self.influxdb_prefix,
                self.influxdb_raw_days,
                self.influxdb_minute_days,
                self.influxdb_hour_days,
                self.influxdb_ledger_days,
            ),
        )

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return calendar.zone(self.timezone)


def load(
    environ: Mapping[str, str],
    *,
    hostname: str,
    read: Callable[[str], str],
    config: str | None = None,
    ledger: str | None = None,
) -> Settings:
    """The settings that environment, files and command line amount to.

    Args:
        environ: the environment.
        hostname: this machine's, from which the recorder gets its name where none is set.
        read: the text of a file.
        config: `--config`, which comes before `TICTALLY_CONFIG`.
        ledger: `--ledger`, which comes before every other source.

    Raises:
        SettingsError: one of them is wrong; it is named as the user wrote it.
    """
    given = gather(PREFIX, tuple(Settings.model_fields), environ, read, config=config)
    if ledger is not None:
        given["ledger"] = Given(ledger, "--ledger")
    given.setdefault("name", Given(host_key(hostname), "the host's name"))
    if "ledger" not in given:
        given["ledger"] = Given(_default_ledger(environ), f"{PREFIX}LEDGER")
    try:
        settings = Settings.model_validate({name: setting.value for name, setting in given.items()})
    except ValidationError as error:
        problem = error.errors()[0]
        # A validator's own ValueError comes with its sentence in the context; pydantic puts words before it elsewhere.
        sentence = problem.get("ctx", {}).get("error", problem["msg"])
        raise SettingsError(f"{given[str(problem['loc'][0])].written}: {sentence}") from None
    for name in ("http_reads", "meterit"):
        if getattr(settings, name) == _BY_TOKEN and settings.http_token is None:
            raise SettingsError(f"{given[name].written}: there is no token; set {PREFIX}HTTP_TOKEN")
    _check_influxdb(settings)
    return settings


def _check_influxdb(settings: Settings) -> None:
    """What belongs together is there together."""
    here = settings.influxdb_url, settings.influxdb_org, settings.influxdb_token or settings.influxdb_setup_token
    if any(here):
        for name, value in zip(("URL", "ORG", "TOKEN"), here, strict=True):
            if not value:
                raise SettingsError(f"{PREFIX}INFLUXDB_{name}: it is missing, and without it nothing can be copied")
    raw, minute = settings.influxdb_raw_days or _MOST_DAYS, settings.influxdb_minute_days or _MOST_DAYS
    if minute < raw:
        raise SettingsError(
            f"{PREFIX}INFLUXDB_MINUTE_DAYS: minutes are made of raw frames and must stay as long, {raw} days at least"
        )


def _default_ledger(environ: Mapping[str, str]) -> str:
    """Where a user's state lies (XDG Base Directory Specification, `XDG_STATE_HOME`)."""
    state = environ.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):
        home = environ.get("HOME", "")
        if not home:
            raise SettingsError(f"{PREFIX}LEDGER: say where the ledger lies; there is no home folder to put it in")
        state = f"{home}/.local/state"
    return f"{state}/tictally/ledger.sqlite"
