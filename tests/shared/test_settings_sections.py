"""Sections that features register: in loading, in errors, in hints; and the environment file of a service."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pytest
from pydantic import BaseModel, Field, model_validator

from tictally_shared.settings import EnvironmentFile, Given, Origins, Program, ProgramSettings, Sections, load_settings
from tictally_shared.settings_error import SettingError, SettingsError

PROGRAM = Program("T_", "T_EDGE_", frozenset({"T_DEPLOYED"}))
FILES = {"/run/token": "from file\n", "/etc/t.toml": 'post_url = "from toml"\nname = "from toml"\n'}


class Settings(ProgramSettings):
    name: str = "nobody"


class PostSettings(BaseModel):
    """A sink of a third party."""

    url: str | None = None
    token: str | None = None
    days: int = 7
    switch: str = Field(default="on", alias="post")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.url == "nowhere":
            raise SettingError("post_url", "nothing listens there")
        return self


def check(settings: ProgramSettings) -> None:
    if settings.section(PostSettings).days > 100:
        raise SettingError("post_days", "too long for this program")


def sections() -> Sections:
    found = Sections()
    found.register(PostSettings, "post_", check)
    return found


def read(path: str) -> str:
    if path == "/run/secret":
        raise PermissionError(13, "Permission denied")
    return FILES[path]


def load(environ: Mapping[str, str], service: EnvironmentFile | None = None, config: str | None = None) -> Settings:
    options = {"name": Given("option", "--name")} if "OPTION" in environ else {}
    return load_settings(Settings, sections(), PROGRAM, Origins(environ, read, config, service, options))


def test_a_registered_section_is_loaded_by_its_flat_names() -> None:
    got = load({"T_POST_URL": "here", "T_POST_TOKEN_FILE": "/run/token", "T_POST": "off"}).section(PostSettings)
    assert (got.url, got.token, got.switch, got.days) == ("here", "from file", "off", 7)
    assert load({}, config="/etc/t.toml").section(PostSettings).url == "from toml"


def test_an_unregistered_section_is_a_programming_error() -> None:
    class Other(BaseModel):
        x: int = 1

    with pytest.raises(LookupError, match="Other is not registered"):
        load({}).section(Other)


def test_two_settings_of_one_name_are_a_programming_error() -> None:
    class Clash(BaseModel):
        name: str = ""

    both = sections()
    both.register(Clash)
    with pytest.raises(ValueError, match="two settings are named name"):
        load_settings(Settings, both, PROGRAM, Origins({}, read))


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"T_POST_DAYS": "week"}, "T_POST_DAYS{place} must be an integer, not 'week'"),
        ({"T_POST_URL": "nowhere"}, "T_POST_URL{place}: nothing listens there"),
        ({"T_POST_DAYS": "101"}, "T_POST_DAYS{place}: too long for this program"),
    ],
)
def test_an_error_in_a_section_names_the_setting_as_written(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(environ)
    assert str(raised.value).startswith(message.format(place=""))
    service = EnvironmentFile("/etc/s.env", environ)
    with pytest.raises(SettingsError) as raised:
        load({}, service)
    assert str(raised.value).startswith(message.format(place=" in /etc/s.env"))


def test_a_misspelt_name_comes_with_the_error() -> None:
    with pytest.raises(SettingsError) as raised:
        load({"T_POST_DAYS": "week", "T_NMAE": "a"})
    assert raised.value.warnings == ("T_NMAE is not a setting; did you mean T_NAME?",)


def test_values_alone_make_settings_without_any_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "from environment")
    assert Settings().name == "nobody"
    assert Settings(name="given").name == "given"


SERVICE = EnvironmentFile("/etc/s.env", {"T_NAME": "service", "T_POST_URL": "service", "T_CONFIG": "/etc/t.toml"})


@pytest.mark.parametrize(
    ("environ", "config", "name", "url"),
    [
        ({}, None, "service", "service"),
        ({"T_NAME": "real"}, None, "real", "service"),
        ({"T_NAME": "real", "OPTION": "1"}, None, "option", "service"),
        ({"T_NAME_FILE": "/run/token"}, None, "from file", "service"),
        ({}, "/etc/t.toml", "from toml", "from toml"),
        ({"T_CONFIG": "/etc/t.toml"}, None, "from toml", "from toml"),
    ],
)
def test_the_services_file_comes_after_the_environment_and_not_beside_another_configuration(
    environ: dict[str, str], config: str | None, name: str, url: str
) -> None:
    got = load(environ, SERVICE, config)
    assert (got.name, got.section(PostSettings).url) == (name, url)


def test_the_services_file_may_name_a_configuration() -> None:
    service = EnvironmentFile("/etc/s.env", {"T_CONFIG": "/etc/t.toml"})
    assert load({}, service).name == "from toml"


def test_a_secret_of_the_service_that_this_user_may_not_read_is_a_warning_and_one_of_his_own_an_error() -> None:
    got = load({}, EnvironmentFile("/etc/s.env", {"T_POST_TOKEN_FILE": "/run/secret"}))
    assert got.section(PostSettings).token is None
    assert got.warnings == (
        "T_POST_TOKEN_FILE in /etc/s.env: /run/secret cannot be read: Permission denied; this command runs without it",
    )
    with pytest.raises(SettingsError, match="T_POST_TOKEN_FILE: /run/secret cannot be read"):
        load({"T_POST_TOKEN_FILE": "/run/secret"})


def test_an_environment_file_is_read_as_systemd_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "s.env"
    file.write_text('# a comment\nT_NAME=nas\nT_POST_URL="a b"\n\nT_PRICE=$5\n')
    got = EnvironmentFile.read(file)
    assert got is not None
    assert got.variables == {"T_NAME": "nas", "T_POST_URL": "a b", "T_PRICE": "$5"}
    assert EnvironmentFile.read(tmp_path / "absent.env") is None


def test_a_port_that_kubernetes_invented_is_ignored_with_a_warning() -> None:
    invented = {"T_POST_DAYS": "tcp://10.0.0.7:1883", "T_POST_DAYS_1883_TCP": "tcp://10.0.0.7:1883"}
    got = load(invented)
    assert got.section(PostSettings).days == 7
    assert any(each.startswith("T_POST_DAYS is tcp://10.0.0.7:1883, which a container") for each in got.warnings)
    with pytest.raises(SettingsError, match="T_POST_DAYS must be an integer"):
        load({"T_POST_DAYS": "tcp://10.0.0.7:1883"})


@pytest.mark.parametrize(
    ("environ", "warnings"),
    [
        ({"T_NAME": "a", "T_CONFIG": "/etc/t.toml", "T_DEPLOYED": "x", "OTHER": "y", "T_POST_TOKEN_FILE": ""}, ()),
        ({"T_NMAE": "a"}, ("T_NMAE is not a setting; did you mean T_NAME?",)),
        (
            {"T_POST_TOKN_FILE": "a"},
            ("T_POST_TOKN_FILE is not a setting; did you mean T_POST_TOKEN_FILE?",),
        ),
        (
            {"T_ZZZZZZ": "a"},
            ("T_ZZZZZZ is not a setting and has no effect; docs/settings.md lists the settings",),
        ),
    ],
)
def test_an_unknown_variable_is_reported_with_the_nearest_setting(
    environ: dict[str, str], warnings: tuple[str, ...]
) -> None:
    assert load(environ).warnings == warnings


def test_variables_of_a_container_platform_are_one_warning() -> None:
    invented = {
        "T_SERVICE_HOST": "10.0.0.7",
        "T_SERVICE_PORT": "8780",
        "T_PORT": "tcp://10.0.0.7:8780",
        "T_PORT_8780_TCP": "tcp://10.0.0.7:8780",
        "T_PORT_8780_TCP_PROTO": "tcp",
        "T_PORT_8780_TCP_ADDR": "10.0.0.7",
    }
    assert load(invented).warnings == (
        "T_PORT and 5 others are not among the settings: a container platform sets such variables",
    )


@pytest.mark.parametrize(
    ("environ", "warnings"),
    [
        ({"T_EDGE_PORT": "/dev/ttyUSB0", "T_EDGE_NAME": "pi"}, ()),
        ({"T_EDGE_NAME": "pi", "T_NAME": "nas"}, ()),
        ({"T_EDGE_NAME": "pi"}, ("T_EDGE_NAME is not a setting of this program; did you mean T_NAME?",)),
        (
            {"T_EDGE_POST_TOKEN_FILE": "/run/token"},
            ("T_EDGE_POST_TOKEN_FILE is not a setting of this program; did you mean T_POST_TOKEN_FILE?",),
        ),
    ],
)
def test_the_other_programs_variables_are_reported_only_where_it_cannot_be_meant(
    environ: dict[str, str], warnings: tuple[str, ...]
) -> None:
    assert load(environ).warnings == warnings
