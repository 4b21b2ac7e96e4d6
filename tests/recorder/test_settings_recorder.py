"""The recorder's settings: which values are accepted and which rejected, with which message."""

from pathlib import Path

import pytest

from tictally_recorder.features import (
    ConsoSettings,
    HttpSettings,
    MeteritSettings,
    load,
)
from tictally_recorder.hubs.recorder_device import Announcement, announcement_of
from tictally_recorder.settings import SERVICE_FILE, SERVICE_LEDGER, Settings
from tictally_recorder.sinks.influxdb.config import Target
from tictally_recorder.sinks.influxdb.settings import InfluxdbSettings
from tictally_shared.settings import EnvironmentFile, Origins, read_file
from tictally_shared.settings_error import SettingsError

HOME = {"HOME": "/home/me"}
INFLUX = {
    "TICTALLY_INFLUXDB_URL": "https://nas:8086/",
    "TICTALLY_INFLUXDB_ORG": "home",
    "TICTALLY_INFLUXDB_TOKEN": "every-day",
}


def settings(environ: dict[str, str], *, config: str | None = None, ledger: str | None = None) -> Settings:
    return load(Origins(HOME | environ, read_file, config), hostname="NAS.lan", ledger=ledger)


def test_nothing_set_is_enough() -> None:
    got = settings({})
    assert (got.name, got.mqtt.host, got.mqtt.port, got.base_topic, got.timezone) == (
        "nas",
        "localhost",
        1883,
        "tictally",
        "Europe/Paris",
    )
    assert (got.mqtt.username, got.mqtt.password, got.mqtt.ca, got.edges) == (None, None, None, ())
    assert got.zone.key == "Europe/Paris"
    assert (got.idle_minutes, got.discovery, got.language) == (10, "homeassistant", "fr")


def announced(environ: dict[str, str]) -> Announcement | None:
    return announcement_of(settings(environ), {})


def influxdb(environ: dict[str, str]) -> Target | None:
    return settings(environ).section(InfluxdbSettings).target


def test_discovery_is_below_a_prefix_or_off() -> None:
    made = announced({"TICTALLY_DISCOVERY": "ha/discovery"})
    assert made is not None
    assert (made.topic, made.birth) == ("ha/discovery/device/tictally_recorder_nas/config", "ha/discovery/status")
    assert announced({"TICTALLY_DISCOVERY": "off"}) is None


@pytest.mark.parametrize(
    ("environ", "ledger"),
    [
        ({}, "/home/me/.local/state/tictally/ledger.sqlite"),
        ({"XDG_STATE_HOME": "/state"}, "/state/tictally/ledger.sqlite"),
        ({"XDG_STATE_HOME": "relative"}, "/home/me/.local/state/tictally/ledger.sqlite"),
        ({"TICTALLY_LEDGER": "/data/l.sqlite", "XDG_STATE_HOME": "/state"}, "/data/l.sqlite"),
    ],
)
def test_the_ledgers_path_is_the_configured_one_or_in_the_state_folder(environ: dict[str, str], ledger: str) -> None:
    assert settings(environ).ledger == Path(ledger)


def test_tariffs_and_contracts_are_beside_the_ledger_unless_configured() -> None:
    beside = settings({"TICTALLY_LEDGER": "/data/l.sqlite"})
    assert (beside.tariffs_folder, beside.contracts_file) == (Path("/data/tariffs"), Path("/data/contracts.toml"))
    configured = settings({"TICTALLY_TARIFFS": "/etc/lists", "TICTALLY_CONTRACTS": "/etc/c.toml"})
    assert (configured.tariffs_folder, configured.contracts_file) == (Path("/etc/lists"), Path("/etc/c.toml"))


def test_no_home_folder_is_needed_where_the_ledger_is_configured() -> None:
    got = load(Origins({"TICTALLY_LEDGER": "/data/l.sqlite"}, lambda _: ""), hostname="nas")
    assert got.ledger == Path("/data/l.sqlite")


def test_the_ledger_of_the_command_line_has_precedence() -> None:
    assert settings({"TICTALLY_LEDGER": "/data/l.sqlite"}, ledger="/other").ledger == Path("/other")


@pytest.mark.parametrize(
    ("text", "edges"),
    [("all", ()), ("cellar", ("cellar",)), ("cellar, attic,cellar", ("cellar", "attic"))],
)
def test_edges_are_all_or_names(text: str, edges: tuple[str, ...]) -> None:
    assert settings({"TICTALLY_EDGES": text}).edges == edges


def test_a_file_has_the_same_settings_as_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "tictally.toml"
    file.write_text('name = "box"\nmqtt_port = 1884\nedges = ["cellar", "attic"]\nmqtt_password = "letmein"\n')
    got = settings({"TICTALLY_CONFIG": str(file)})
    assert (got.name, got.mqtt.port, got.edges) == ("box", 1884, ("cellar", "attic"))
    assert got.mqtt.password is not None
    assert got.mqtt.password.get_secret_value() == "letmein"
    assert "letmein" not in repr(got)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"TICTALLY_MQTT_PORT": "mqtt"}, "TICTALLY_MQTT_PORT must be an integer, not 'mqtt'"),
        ({"TICTALLY_MQTT_PORT": "0"}, "TICTALLY_MQTT_PORT must be 1 or more, not '0'"),
        ({"TICTALLY_MQTT_PORT": "70000"}, "TICTALLY_MQTT_PORT must be 65535 or less, not '70000'"),
        ({"TICTALLY_NAME": "My NAS"}, "TICTALLY_NAME: 'My NAS' is not 1 to 32 of a-z, 0-9 and -"),
        ({"TICTALLY_NAME": "edge"}, "TICTALLY_NAME: 'edge' is not 1 to 32 of a-z, 0-9 and -"),
        ({"TICTALLY_MQTT_HOST": "mqtt://nas"}, "TICTALLY_MQTT_HOST: give the host's name alone, without mqtt://"),
        ({"TICTALLY_MQTT_HOST": "a b"}, "TICTALLY_MQTT_HOST: 'a b' is not the name or address of a host"),
        ({"TICTALLY_MQTT_HOST": "x" * 64}, "TICTALLY_MQTT_HOST: 'xxx"),
        ({"TICTALLY_MQTT_CA": "/absent.pem"}, "TICTALLY_MQTT_CA: /absent.pem cannot be read: No such file"),
        ({"TICTALLY_MQTT_CA": __file__}, f"TICTALLY_MQTT_CA: {__file__} holds no certificate"),
        ({"TICTALLY_BASE_TOPIC": "a/+/b"}, "TICTALLY_BASE_TOPIC: base topic 'a/+/b' is not"),
        ({"TICTALLY_IDLE_MINUTES": "0"}, "TICTALLY_IDLE_MINUTES must be 1 or more, not '0'"),
        ({"TICTALLY_DISCOVERY": "a/#"}, "TICTALLY_DISCOVERY: base topic 'a/#' is not"),
        ({"TICTALLY_LANGUAGE": "de"}, "TICTALLY_LANGUAGE must be fr or en, not 'de'"),
        ({"TICTALLY_EDGES": "cellar,,"}, "TICTALLY_EDGES: '' is not 1 to 32"),
        ({"TICTALLY_EDGES": "Cellar"}, "TICTALLY_EDGES: 'Cellar' is not 1 to 32"),
        ({"TICTALLY_INFLUXDB_URL": "nas:8086"}, "TICTALLY_INFLUXDB_URL: give it as http://host:8086"),
        ({"TICTALLY_INFLUXDB_URL": "http://me:x@nas"}, "TICTALLY_INFLUXDB_URL: give host, port and path only"),
        ({"TICTALLY_INFLUXDB_URL": "http://nas:8086"}, "TICTALLY_INFLUXDB_ORG: it is missing"),
        ({"TICTALLY_PVPC_URL": "esios"}, "TICTALLY_PVPC_URL: give it as https://host"),
        ({"TICTALLY_PVPC_URL": "https://mirror:99999"}, "TICTALLY_PVPC_URL: give it as https://host"),
        ({"TICTALLY_ENEDIS_URL": "https://me:x@host"}, "TICTALLY_ENEDIS_URL: give host, port and path only"),
        (INFLUX | {"TICTALLY_INFLUXDB_TOKEN": ""}, "TICTALLY_INFLUXDB_TOKEN: it is missing"),
        ({"TICTALLY_INFLUXDB_TOKEN": "t"}, "TICTALLY_INFLUXDB_URL: it is missing"),
        (INFLUX | {"TICTALLY_INFLUXDB_PREFIX": 'a"b'}, "TICTALLY_INFLUXDB_PREFIX: give a name of letters"),
        (INFLUX | {"TICTALLY_INFLUXDB_RAW_DAYS": "-1"}, "TICTALLY_INFLUXDB_RAW_DAYS must be 0 or more, not '-1'"),
        (INFLUX | {"TICTALLY_INFLUXDB_MINUTE_DAYS": "7"}, "TICTALLY_INFLUXDB_MINUTE_DAYS: minutes are made of raw"),
        (INFLUX | {"TICTALLY_INFLUXDB_RAW_DAYS": "0"}, "TICTALLY_INFLUXDB_MINUTE_DAYS: minutes are made of raw"),
        ({"TICTALLY_TIMEZONE": "Europe/Lyon"}, "TICTALLY_TIMEZONE: 'Europe/Lyon' is not a time zone"),
        ({"TICTALLY_MQTT_PASSWORD_FILE": "/absent"}, "TICTALLY_MQTT_PASSWORD_FILE: /absent cannot be read"),
        ({"HOME": ""}, "TICTALLY_LEDGER is not set; there is no home folder"),
    ],
)
def test_a_wrong_setting_is_named_as_it_was_written(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings(environ)
    assert str(raised.value).startswith(sentence)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ('mqtt_port = "x"', "mqtt_port in {file} must be an integer, not 'x'"),
        ("edges = 3", "edges in {file}: give all, or names separated by commas"),
        ("edges = []", "edges in {file}: give all, or names separated by commas"),
        ("name = 3", "name in {file} must be a string, not 3"),
        ("ledger = 3", "ledger in {file} must be a path, not 3"),
        ("[mqtt]\nport = 3", "mqtt in {file} is not a setting; there are: backup, backup_hour, base_topic, commit_s"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(tmp_path: Path, toml: str, sentence: str) -> None:
    file = tmp_path / "tictally.toml"
    file.write_text(toml)
    with pytest.raises(SettingsError) as raised:
        settings({}, config=str(file))
    assert str(raised.value).startswith(sentence.format(file=file))


def test_nothing_is_replicated_without_a_configured_target() -> None:
    assert influxdb({}) is None


def test_an_influxdb_has_two_tokens_at_most_and_shows_none(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("may-set-up\n")
    target = influxdb(INFLUX | {"TICTALLY_INFLUXDB_SETUP_TOKEN_FILE": str(file)})
    assert target is not None
    assert (target.url, target.org, target.token, target.setup_token) == (
        "https://nas:8086",
        "home",
        "every-day",
        "may-set-up",
    )
    assert [(each.name, each.days) for each in target.buckets] == [
        ("tictally_raw", 30),
        ("tictally_minute", 365),
        ("tictally_hour", 0),
        ("tictally", 0),
    ]
    assert "every-day" not in repr(target)
    assert "may-set-up" not in repr(target)


def test_the_setup_token_is_used_for_everything_where_it_is_the_only_one() -> None:
    alone = {"TICTALLY_INFLUXDB_SETUP_TOKEN": "x", "TICTALLY_INFLUXDB_TOKEN": ""}
    target = influxdb({key: value for key, value in (INFLUX | alone).items() if value})
    assert target is not None
    assert (target.token, target.setup_token) == ("x", "x")


def test_http_listens_on_the_loopback_interface_by_default() -> None:
    got = settings({})
    http = got.section(HttpSettings)
    assert (http.switch, http.host, http.port) == ("on", "127.0.0.1", 8780)
    assert (http.reads, got.section(MeteritSettings).access, http.token) == ("open", "off", None)


def test_the_http_settings_are_read() -> None:
    token = "a-token-of-20-letters"  # noqa: S105
    got = settings(
        {
            "TICTALLY_HTTP_TOKEN": token,
            "TICTALLY_HTTP_READS": "token",
            "TICTALLY_HTTP_NAMES": "Energy.example.org, other.example",
            "TICTALLY_METERIT": "192.168.1.0/24, fd00::/8",
            "TICTALLY_PRMS": "12345678901234=021900000002, 12345678901235=021900000003",
        }
    )
    assert got.section(HttpSettings).names == ("energy.example.org", "other.example")
    assert [str(each) for each in got.section(MeteritSettings).access] == ["192.168.1.0/24", "fd00::/8"]
    assert got.section(ConsoSettings).prms == {"12345678901234": "021900000002", "12345678901235": "021900000003"}
    assert token not in repr(got)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"TICTALLY_HTTP_READS": "token"}, "TICTALLY_HTTP_READS: there is no token; set TICTALLY_HTTP_TOKEN"),
        ({"TICTALLY_METERIT": "token"}, "TICTALLY_METERIT: there is no token; set TICTALLY_HTTP_TOKEN"),
        ({"TICTALLY_HTTP_TOKEN": "short"}, "TICTALLY_HTTP_TOKEN: a token is 16 characters or more, without spaces"),
        ({"TICTALLY_HTTP_PORT": "0"}, "TICTALLY_HTTP_PORT must be 1 or more, not '0'"),
        (
            {"TICTALLY_METERIT": "192.168.1.7/24"},
            "TICTALLY_METERIT: '192.168.1.7/24' is an address in a range; give the range",
        ),
        ({"TICTALLY_METERIT": ","}, "TICTALLY_METERIT: give off, token, or ranges of addresses"),
        ({"TICTALLY_PRMS": "12345678901234"}, "TICTALLY_PRMS: '12345678901234' has no site"),
        ({"TICTALLY_HTTP_PATH": "tictally"}, "TICTALLY_HTTP_PATH: 'tictally' is no path such as /tictally"),
        ({"TICTALLY_HTTP_PATH": "/a//b"}, "TICTALLY_HTTP_PATH: '/a//b' is no path such as /tictally"),
        ({"TICTALLY_HTTP_PATH": "/../x"}, "TICTALLY_HTTP_PATH: '/../x' is no path such as /tictally"),
        (
            {"TICTALLY_HTTP_INGRESS": "supervisor"},
            "TICTALLY_HTTP_INGRESS: 'supervisor' is not a range of addresses such as 192.168.1.0/24",
        ),
        (
            {"TICTALLY_HTTP_INGRESS": "172.30.32.2/23"},
            "TICTALLY_HTTP_INGRESS: '172.30.32.2/23' is an address in a range",
        ),
        (
            {"TICTALLY_HTTP_FRAME_ANCESTORS": "home.example"},
            "TICTALLY_HTTP_FRAME_ANCESTORS: 'home.example' is no origin",
        ),
    ],
)
def test_an_unusable_http_setting_is_named(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(environ)
    assert str(caught.value).startswith(sentence)


def test_the_value_of_a_secret_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text("mqtt_password = 12345\n")
    with pytest.raises(SettingsError) as raised:
        settings({}, config=str(file))
    assert str(raised.value) == f"mqtt_password in {file} must be a string"


def test_with_the_services_file_the_ledger_is_the_services() -> None:
    unit = (Path(__file__).parent.parent.parent / "deploy/systemd/tictally-recorder.service").read_text()
    assert f"\nEnvironment=TICTALLY_LEDGER={SERVICE_LEDGER}\n" in unit
    service = EnvironmentFile(str(SERVICE_FILE), {"TICTALLY_MQTT_HOST": "nas.local"})
    got = load(Origins(HOME, read_file, service=service), hostname="nas")
    assert (got.ledger, got.mqtt.host) == (Path(SERVICE_LEDGER), "nas.local")
    assert f"\nEnvironmentFile={SERVICE_FILE}\n" in unit
    other = load(Origins(HOME | {"TICTALLY_LEDGER": "/data/l.sqlite"}, read_file, service=service), hostname="nas")
    assert other.ledger == Path("/data/l.sqlite")


SHARED = {"TICTALLY_EDGE_PORT": "/dev/ttyUSB0", "TICTALLY_EDGE_MQTT_PASSWORD": "x", "TICTALLY_EDGE_NAME": "pi"}


@pytest.mark.parametrize(
    ("environ", "warnings"),
    [
        (
            {"TICTALLY_LEGDER": "/x"},
            ["TICTALLY_LEGDER is not a setting; did you mean TICTALLY_LEDGER?"],
        ),
        (
            {"TICTALLY_EDGE_MQTT_PASSWORD": "x"},
            ["TICTALLY_EDGE_MQTT_PASSWORD is not a setting of this program; did you mean TICTALLY_MQTT_PASSWORD?"],
        ),
        (
            {"TICTALLY_HTTP_TOKEN_FIEL": "x"},
            ["TICTALLY_HTTP_TOKEN_FIEL is not a setting; did you mean TICTALLY_HTTP_TOKEN_FILE?"],
        ),
        (SHARED, []),
        ({"TICTALLY_BACKUP_FOLDER": "/mnt", "TICTALLY_HOST": "nas", "TICTALLY_CHAOS_SEED": "7"}, []),
    ],
)
def test_an_unknown_variable_is_a_warning(environ: dict[str, str], warnings: list[str]) -> None:
    assert list(settings(environ).warnings) == warnings
