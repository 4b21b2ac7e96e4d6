"""The sources of settings, and the message about a wrong one."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tictally_shared.settings import Given, Origins, Program, ProgramSettings, Section
from tictally_shared.settings.checks import host_key
from tictally_shared.settings.loading import _sources
from tictally_shared.settings.sources import read_file
from tictally_shared.settings_error import SettingsError
from tictally_shared.topics import is_name


class Broker(BaseModel):
    port: int = 1883
    password: str = ""


class Settings(ProgramSettings):
    name: str = ""
    mqtt: Annotated[Broker, Section("mqtt_")] = Broker()


PROGRAM = Program("T_", "T_EDGE_")
FILES = {
    "/run/secrets/password": "from secret\n",
    "/etc/t.toml": 'mqtt_password = "from config"\nmqtt_port = 1884\n',
    "/etc/other.toml": 'name = "other"\n',
    "/etc/broken.toml": "mqtt_port = \n",
    "/etc/typo.toml": "mqtt_prot = 1884\n",
    "/etc/nested.toml": "[mqtt]\nport = 1884\n",
}


def read(path: str) -> str:
    if path == "/etc/latin":
        return b"\xe9".decode()
    try:
        return FILES[path]
    except KeyError:
        raise FileNotFoundError(2, "No such file or directory", path) from None


def gather(
    environ: dict[str, str], read: Callable[[str], str] = read, *, config: str | None = None
) -> dict[str, Given]:
    found: dict[str, Any] = {}
    written: dict[str, str] = {}
    for source in _sources(Settings, PROGRAM, Origins(environ, read, config)):
        source._set_current_state(found)  # as pydantic-settings does
        found = {**source(), **found}
        written |= source.written
    return {name: Given(value, written[name]) for name, value in found.items()}


@pytest.mark.parametrize(
    ("environ", "config", "expected"),
    [
        ({}, None, {}),
        ({"T_MQTT_PORT": "1"}, None, {"mqtt_port": Given("1", "T_MQTT_PORT")}),
        ({"T_MQTT_PORT": ""}, None, {}),
        ({"T_MQTT_PORT": "", "T_MQTT_PORT_FILE": ""}, None, {}),
        ({"T_UNKNOWN": "x", "OTHER": "y"}, None, {}),
        (
            {"T_MQTT_PASSWORD_FILE": "/run/secrets/password"},
            None,
            {"mqtt_password": Given("from secret", "T_MQTT_PASSWORD_FILE")},
        ),
        (
            {"T_MQTT_PASSWORD_FILE": "/run/secrets/password", "T_MQTT_PASSWORD": "from environment"},
            None,
            {"mqtt_password": Given("from environment", "T_MQTT_PASSWORD")},
        ),
        (
            {"T_MQTT_PASSWORD_FILE": "/run/secrets/password", "T_CONFIG": "/etc/t.toml"},
            None,
            {
                "mqtt_password": Given("from secret", "T_MQTT_PASSWORD_FILE"),
                "mqtt_port": Given(1884, "mqtt_port in /etc/t.toml"),
            },
        ),
        ({"T_CONFIG": "/etc/t.toml"}, "/etc/other.toml", {"name": Given("other", "name in /etc/other.toml")}),
        (
            {"T_MQTT_PASSWORD_FILE": "/absent", "T_MQTT_PASSWORD": "x"},
            None,
            {"mqtt_password": Given("x", "T_MQTT_PASSWORD")},
        ),
    ],
)
def test_environment_comes_before_secret_file_before_configuration(
    environ: dict[str, str], config: str | None, expected: dict[str, Given]
) -> None:
    assert gather(environ, config=config) == expected


@pytest.mark.parametrize(
    ("environ", "config", "sentence"),
    [
        ({"T_NAME_FILE": "/absent"}, None, "T_NAME_FILE: /absent cannot be read: No such file or directory"),
        ({"T_NAME_FILE": "/etc/latin"}, None, "T_NAME_FILE: /etc/latin is not text in UTF-8"),
        ({"T_CONFIG": "/absent"}, None, "T_CONFIG: /absent cannot be read: No such file or directory"),
        ({}, "/absent", "--config: /absent cannot be read: No such file or directory"),
        (
            {},
            "/etc/broken.toml",
            "--config: /etc/broken.toml, line 1: there is no value after = (text needs quotes): mqtt_port =",
        ),
        (
            {},
            "/etc/typo.toml",
            "mqtt_prot in /etc/typo.toml is not a setting; did you mean mqtt_port?",
        ),
        (
            {},
            "/etc/nested.toml",
            "mqtt in /etc/nested.toml is not a setting; there are: mqtt_password, mqtt_port, name",
        ),
    ],
)
def test_a_wrong_source_is_named_as_it_was_written(environ: dict[str, str], config: str | None, sentence: str) -> None:
    with pytest.raises(SettingsError) as raised:
        gather(environ, config=config)
    assert str(raised.value) == sentence


def test_a_secret_file_is_not_read_where_nothing_names_it() -> None:
    def never(path: str) -> NoReturn:
        raise AssertionError(path)

    assert gather({"T_NAME": "x"}, never) == {"name": Given("x", "T_NAME")}


@pytest.mark.parametrize(
    ("hostname", "key"),
    [
        ("nas", "nas"),
        ("NAS-Cellar.lan", "nas-cellar"),
        ("raspberry_pi 4", "raspberry-pi-4"),
        ("élan", "lan"),
        ("", "host"),
        ("...", "host"),
        ("a" * 31 + "-b", "a" * 31),
        ("edge", "host-edge"),
    ],
)
def test_a_hosts_name_becomes_a_name_of_ours(hostname: str, key: str) -> None:
    assert host_key(hostname) == key


@given(st.text(max_size=80))
def test_any_hosts_name_becomes_a_possible_name(hostname: str) -> None:
    assert is_name(host_key(hostname))


def test_a_file_with_a_byte_order_mark_is_read_as_without_it(tmp_path: Path) -> None:
    found = []
    for mark in ("", "\ufeff"):
        config, secret = tmp_path / "t.toml", tmp_path / "password"
        config.write_text(f"{mark}mqtt_port = 1884\n", encoding="utf-8")
        secret.write_text(f"{mark}secret\n", encoding="utf-8")
        settings = gather({"T_MQTT_PASSWORD_FILE": str(secret)}, read_file, config=str(config))
        found.append({name: str(each.value).strip() for name, each in settings.items()})
    assert found[0] == found[1]
    assert "secret" in str(found[1])
