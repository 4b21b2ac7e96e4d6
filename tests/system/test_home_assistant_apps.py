"""The apps of Home Assistant: their descriptions, and how options and the hub's broker become settings."""

import importlib.util
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from pydantic import SecretStr

from devel.apps import folders
from devel.apps.supervisor import TOKEN, Supervisor
from tictally_edge.features import SourceSettings
from tictally_edge.features import load as load_edge
from tictally_edge.settings import Settings as EdgeSettings
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.features import HttpSettings
from tictally_recorder.features import load as load_recorder
from tictally_recorder.notifications.settings import NotifySettings
from tictally_recorder.settings import Settings as RecorderSettings
from tictally_recorder.sinks.influxdb.settings import InfluxdbSettings
from tictally_shared.settings import Origins, read_file

ROOT = Path(__file__).parent.parent.parent
APPS = ROOT / "deploy" / "home-assistant"
BROKER = {"host": "core-mosquitto", "port": 1883, "username": "addons", "password": "secret"}


def start_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("start", APPS / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


start = start_module()


def described(app: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((APPS / app / "config.yaml").read_text())
    return found


def container(folder: Path, supervisor: str, options: Mapping[str, object], devices: tuple[str, ...] = ()) -> object:
    """An app's container, with these options and serial devices."""
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "options.json").write_text(json.dumps({"language": "en", **options}))
    (folder / "by-id").mkdir(exist_ok=True)
    for name in devices:
        (folder / "by-id" / name).touch()
    return start.App(
        data=folder / "data",
        share=folder / "share" / "tictally",
        runtime=folder / "run",
        devices=folder / "by-id",
        examples=APPS,
        supervisor=supervisor,
        environ={"SUPERVISOR_TOKEN": TOKEN, "PATH": "/bin"},
    )


@pytest.fixture(scope="module")
def supervisor() -> Iterator[str]:
    with Supervisor(BROKER) as running:
        yield running.url


@pytest.fixture(scope="module")
def without_broker() -> Iterator[str]:
    with Supervisor(None) as running:
        yield running.url


@pytest.mark.parametrize("app", folders.APPS)
def test_every_option_is_named_in_both_languages_and_has_a_default_that_its_schema_knows(app: str) -> None:
    config = described(app)
    assert set(config["options"]) <= set(config["schema"])
    for language in ("en", "fr"):
        words = yaml.safe_load((APPS / app / "translations" / f"{language}.yaml").read_text())
        assert set(words["configuration"]) == set(config["schema"])
        for name, kind in config["schema"].items():
            if isinstance(kind, list) and isinstance(kind[0], dict):
                assert set(words["configuration"][name]["fields"]) == set(kind[0])
        assert set(words.get("network", {})) == set(config.get("ports", {}))


@pytest.mark.parametrize("app", folders.APPS)
def test_an_app_has_the_programs_version_and_all_files_that_the_hub_shows(app: str) -> None:
    version = tomllib.loads((ROOT / app / "pyproject.toml").read_text())["project"]["version"]
    assert described(app)["version"] == version
    for name in ("DOCS.md", "CHANGELOG.md", "README.md", "icon.png", "logo.png", "apparmor.txt"):
        assert (APPS / app / name).stat().st_size > 0
    assert f"profile {described(app)['slug']} " in (APPS / app / "apparmor.txt").read_text()


def test_the_hub_finds_two_apps_in_the_repository_and_no_other_description() -> None:
    """Its store takes every config.yaml, .yml and .json for an app."""
    listed = [each for each in ROOT.glob("**/config.*") if each.suffix in {".yaml", ".yml", ".json"}]
    ours = [
        each
        for each in listed
        if not any(part.startswith(".") or part == "dist" for part in each.relative_to(ROOT).parts)
    ]
    assert sorted(ours) == [APPS / app / "config.yaml" for app in folders.APPS]
    assert yaml.safe_load((ROOT / "repository.yaml").read_text())["name"] == "tictally"


def edge_settings(app: object) -> EdgeSettings:
    return load_edge(Origins(start.edge_environment(app), read_file, None), hostname="x")


def recorder_settings(app: object) -> RecorderSettings:
    return load_recorder(Origins(start.recorder_environment(app), read_file, None), hostname="x")


def test_an_edge_needs_no_options(tmp_path: Path, supervisor: str) -> None:
    devices = ("usb-FTDI_FT230X_Basic_UART_DK0E5QGH-if00-port0", "usb-ITEAD_SONOFF_Zigbee_3.0_USB_Dongle_Plus_V2-if00")
    got = edge_settings(container(tmp_path, supervisor, {}, devices))
    assert got.section(SourceSettings).port == str(tmp_path / "by-id" / devices[0])
    assert (got.mqtt.host, got.mqtt.port, got.mqtt.username) == ("core-mosquitto", 1883, "addons")
    assert got.mqtt.password == SecretStr("secret")
    assert (got.name, got.language, got.state, got.mqtt.ca) == (
        "home-assistant",
        "en",
        tmp_path / "data" / "journal",
        None,
    )
    assert got.journal == tmp_path / "run" / "journal"


@pytest.mark.parametrize(
    ("options", "port"),
    [
        ({"port": "/dev/serial/by-id/usb-x"}, "/dev/serial/by-id/usb-x"),
        ({"source": "socket://192.168.1.20:2000", "port": "/dev/ttyUSB0"}, "socket://192.168.1.20:2000"),
        ({"settings": ["TICTALLY_EDGE_PORT=rfc2217://box:1"], "port": "/dev/ttyUSB0"}, "rfc2217://box:1"),
    ],
)
def test_the_chosen_source_is_taken(tmp_path: Path, supervisor: str, options: dict[str, object], port: str) -> None:
    assert edge_settings(container(tmp_path, supervisor, options)).section(SourceSettings).port == port


@pytest.mark.parametrize(
    ("devices", "words"),
    [
        ((), "No serial port for the meter was found"),
        (("usb-Silicon_Labs_Sonoff_Zigbee_3.0_USB-if00",), "No serial port for the meter was found"),
        (("usb-Nabu_Casa_ZWA-2_9C139E-if00", "usb-Nabu_Casa_SkyConnect_v1.0-if00"), "No serial port for the meter"),
        (("usb-FTDI_FT230X_1", "usb-1a86_USB2.0-Serial"), "Several serial ports are possible; choose the meter's"),
    ],
)
def test_without_the_only_possible_port_the_log_names_the_option(
    tmp_path: Path, supervisor: str, devices: tuple[str, ...], words: str
) -> None:
    with pytest.raises(start.StartError, match=words):
        start.edge_environment(container(tmp_path, supervisor, {}, devices))


def test_without_a_broker_the_log_says_what_to_install(tmp_path: Path, without_broker: str) -> None:
    for app in (container(tmp_path, without_broker, {}), container(tmp_path, "http://127.0.0.1:9", {})):
        with pytest.raises(start.StartError, match=r"Install the app “Mosquitto broker”.*TICTALLY_MQTT_HOST="):
            start.recorder_environment(app)
    own = {"settings": ["TICTALLY_MQTT_HOST=nas", "TICTALLY_MQTT_PASSWORD=a=b"]}
    got = recorder_settings(container(tmp_path, without_broker, own))
    assert (got.mqtt.host, got.mqtt.username, got.mqtt.password) == ("nas", None, SecretStr("a=b"))


def test_a_recorder_needs_no_options(tmp_path: Path, supervisor: str) -> None:
    app = container(tmp_path, supervisor, {"statistics": True})
    got = recorder_settings(app)
    http = got.section(HttpSettings)
    assert (http.host, http.port, http.reads, str(http.ingress[0])) == ("0.0.0.0", 8780, "token", "172.30.32.2/32")  # noqa: S104
    assert got.ledger == tmp_path / "data" / "ledger.sqlite"
    assert got.contracts == tmp_path / "share" / "tictally" / "contracts.toml"
    folders_there = sorted(each.name for each in (tmp_path / "share" / "tictally").iterdir())
    assert folders_there == ["backups", "home-assistant", "import", "tariffs"]
    environ = start.recorder_environment(app)
    assert environ["TICTALLY_HOME_ASSISTANT_STATISTICS_URL"] == f"{supervisor}/core"
    assert environ["TICTALLY_HOME_ASSISTANT_STATISTICS_TOKEN"] == TOKEN
    assert recorder_settings(app).section(HttpSettings).token == http.token  # kept over starts
    assert (tmp_path / "data" / "token").stat().st_mode & 0o077 == 0


def test_statistics_are_a_choice_and_influxdb_needs_its_address(tmp_path: Path, supervisor: str) -> None:
    options = {"statistics": False, "influxdb_url": "http://nas:8086", "influxdb_org": "home", "influxdb_token": "t"}
    app = container(tmp_path, supervisor, options)
    assert not [each for each in start.recorder_environment(app) if "STATISTICS" in each]
    influx = recorder_settings(app).section(InfluxdbSettings)
    assert (influx.url, influx.org, influx.token) == ("http://nas:8086", "home", SecretStr("t"))


def test_notifications_go_to_the_targets_of_the_options(tmp_path: Path, supervisor: str) -> None:
    targets = ["ntfy://my-topic", "mailto://zoe:secret@example.org?to=zoe,max@example.org"]
    options = {"notify": targets, "notify_summary": "monthly", "notify_budget": 120.5}
    got = recorder_settings(container(tmp_path, supervisor, options)).section(NotifySettings)
    assert (got.urls, got.summary, got.budget) == (tuple(targets), "monthly", Decimal("120.5"))
    nothing = recorder_settings(container(tmp_path, supervisor, {"notify": []})).section(NotifySettings)
    assert (nothing.urls, nothing.summary, nothing.budget) == ((), "off", None)


@pytest.mark.parametrize("option", ["influxdb_token", "token", "notify"])
def test_a_secret_is_not_shown_in_the_options(option: str) -> None:
    (kind,) = kinds if isinstance(kinds := described("recorder")["schema"][option], list) else [kinds]
    assert kind.startswith("password")


@pytest.mark.parametrize("script", ["deploy/home-assistant/install", "devel/wheelhouse"])
def test_an_image_has_the_packages_of_every_option_and_import(script: str) -> None:
    """Nobody can add a package to an image."""
    project = tomllib.loads((ROOT / "recorder" / "pyproject.toml").read_text())["project"]
    needed = set(project["optional-dependencies"]) - {"parquet"}  # large, and only for an export
    assert set(re.findall(r"--extra ([\w-]+)", (ROOT / script).read_text())) == needed


@pytest.mark.parametrize(
    ("version", "address"),
    [
        ("2025.4.4", "homeassistant://hassio/ingress/local_tictally"),
        ("2026.1.3", "homeassistant://hassio/ingress/local_tictally"),
        ("2026.2.0", "homeassistant://app/local_tictally"),
        ("2026.11.0b3", "homeassistant://app/local_tictally"),
        ("landingpage", "homeassistant://app/local_tictally"),
        (None, "homeassistant://app/local_tictally"),
    ],
)
def test_devices_link_to_the_page_within_the_hub(tmp_path: Path, version: str | None, address: str) -> None:
    """Its port is closed."""
    with Supervisor(BROKER, version=version) as running:
        app = container(tmp_path, running.url, {})
        assert recorder_settings(app).page_url == address
        own = {"settings": ["TICTALLY_PAGE_URL=http://nas.local:8780"]}
        assert recorder_settings(container(tmp_path, running.url, own)).page_url == "http://nas.local:8780"


CONTRACTS = [
    {"tariff": "edf-bleu-base", "power": 6, "from": "2024-01-01"},
    {"tariff": "edf-bleu-hphc", "power": 9, "from": "2025-03-10", "off_peak": "22:00-06:00, 13:00-15:00"},
]


def test_contracts_of_the_options_are_read(tmp_path: Path, supervisor: str) -> None:
    got = recorder_settings(container(tmp_path, supervisor, {"contracts": CONTRACTS}))
    assert got.contracts is not None
    watched = WatchedTerms(got.contracts, tmp_path / "tariffs", got.zone)
    watched.look([])
    assert watched.problem is None
    assert watched.terms is not None
    first, second = watched.terms.contracts.all
    assert (first.tariff, str(first.start), second.tariff) == ("edf-bleu-base", "2024-01-01", "edf-bleu-hphc")
    assert [first.power_kva, second.power_kva, len(second.off_peak)] == [6, 9, 1]


def test_a_file_of_the_users_own_has_precedence(
    tmp_path: Path, supervisor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app = container(tmp_path, supervisor, {"contracts": CONTRACTS})
    start.recorder_environment(app)
    own = tmp_path / "share" / "tictally" / "contracts.toml"
    own.write_text("")
    assert recorder_settings(app).contracts == own
    assert re.search("contracts.toml takes precedence", capsys.readouterr().out)


def test_a_backup_that_cannot_be_restored_stops_the_start_with_a_sentence(tmp_path: Path, supervisor: str) -> None:
    app = container(tmp_path, supervisor, {})
    environ = os.environ | start.recorder_environment(app)
    (tmp_path / "data" / "backup").mkdir()
    (tmp_path / "data" / "backup" / "ledger.backup").write_bytes(b"not a backup")
    with pytest.raises(start.StartError, match="could not be restored, and the app does not start without it"):
        start._restore(app, environ)
    assert not (tmp_path / "data" / "ledger.sqlite").exists()


def test_blueprints_and_dashboard_are_where_the_user_reaches_them(tmp_path: Path, supervisor: str) -> None:
    app = container(tmp_path, supervisor, {})
    for _ in range(2):
        start.recorder_environment(app)
        made = tmp_path / "share" / "tictally" / "home-assistant"
        names = {path.name for path in (APPS / "blueprints").glob("*.yaml")}
        assert {path.name for path in (made / "blueprints").iterdir()} == names
        assert "binary_sensor.tictally_recorder_home_assistant_connected" in (made / "dashboard.yaml").read_text()
        (made / "dashboard.yaml").write_text("of an earlier version")


def test_a_full_share_does_not_stop_the_recorder(
    tmp_path: Path, supervisor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app = container(tmp_path, supervisor, {})
    (tmp_path / "share" / "tictally").mkdir(parents=True)
    (tmp_path / "share" / "tictally" / "home-assistant").write_text("no folder")
    assert start.recorder_environment(app)["TICTALLY_LEDGER"]
    assert "blueprints and dashboard could not be written" in capsys.readouterr().out


def test_an_apps_folder_is_complete(tmp_path: Path) -> None:
    """The supervisor builds with this folder alone."""
    for folder in folders.write(tmp_path):
        dockerfile = (folder / "Dockerfile").read_text()
        assert "ARG SOURCE=source\n" in dockerfile
        for path in re.findall(r"/source/(\S+)", dockerfile):
            assert (folder / "source" / path).exists()
        assert (folder / "source" / "uv.lock").exists()
    assert len([*tmp_path.glob("**/config.yaml")]) == 2
