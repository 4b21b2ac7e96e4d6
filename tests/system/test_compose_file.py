"""deploy/compose.yaml as Compose understands it: every service is confined, and two ports are published to others."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from deployed import DEPLOY, ROOT, Box

from tictally_edge.features import all_settings as edge_settings
from tictally_recorder.features import all_settings as recorder_settings
from tictally_recorder.settings import PROGRAM
from tictally_shared.settings.sections import settings_in

MIB = 1024 * 1024
PUBLISHED = {"mosquitto": 8883, "grafana": 3000, "recorder": 8780}


def compose() -> list[str]:
    """`docker-compose`, or Compose as a part of docker; nothing where there is neither."""
    if (found := shutil.which("docker-compose")) is not None:
        return [found]
    if (docker := shutil.which("docker")) is None:
        return []
    known = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    return [docker, "compose"] if known.returncode == 0 else []


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All profiles, for a box with a dongle."""
    return configured(tmp_path_factory.mktemp("box"), {})


def configured(folder: Path, shown: Mapping[str, str]) -> dict[str, Any]:
    """What Compose makes of the file, with these lines in .env."""
    if not (command := compose()):
        pytest.skip("Compose is not installed")
    box = Box(folder / "deploy")
    box.folder.mkdir()
    shutil.copy(DEPLOY / "compose.yaml", box.folder)
    box.set_up("--address", "192.0.2.7")
    with (box.folder / ".env").open("a") as env:
        env.writelines(f"{name}={value}\n" for name, value in shown.items())
    done = subprocess.run(
        [*command, "--file", box.folder / "compose.yaml", "--profile", "*", "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home())},
    )
    assert (done.returncode, done.stderr) == (0, "")
    config: dict[str, Any] = json.loads(done.stdout)
    return config


@pytest.fixture
def services(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = config["services"]
    assert sorted(found) == ["edge", "grafana", "influxdb", "mosquitto", "recorder", "setup"]
    return found


def test_every_service_is_confined(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert "privileged" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}, name
        assert service["pids_limit"] > 0, name
        assert service["restart"] == ("no" if name == "setup" else "unless-stopped"), name


def test_no_service_is_root(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        if "build" in service:
            dockerfile = (ROOT / service["build"]["dockerfile"]).read_text()
            (user,) = re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE)
        else:
            user = service["user"]
        assert int(user.partition(":")[0]) > 0, name


def test_limits_of_memory_sum_up_to_one_gigabyte(services: dict[str, dict[str, Any]]) -> None:
    assert sum(int(service["mem_limit"]) for name, service in services.items() if name != "setup") == 1024 * MIB


def test_only_the_broker_by_tls_and_grafana_are_published_and_only_in_the_lan(
    services: dict[str, dict[str, Any]],
) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert {name: [port["target"] for port in ports] for name, ports in published.items()} == {
        name: [port] for name, port in PUBLISHED.items()
    }
    assert services["recorder"]["environment"]["TICTALLY_HTTP_READS"] == "token", "the page is behind a password too"
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"192.0.2.7"}


def test_images_of_others_are_of_one_version_and_one_content(services: dict[str, dict[str, Any]]) -> None:
    images = [service["image"] for service in services.values() if not service["image"].startswith("tictally-")]
    assert len(images) == 3
    assert all(re.fullmatch(r"[a-z/-]+:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", image) for image in images), images
    bases = {service["build"]["args"]["BASE"] for service in services.values() if "build" in service}
    assert all(re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", base) for base in bases), bases


def test_our_images_have_the_version_of_the_wheels(services: dict[str, dict[str, Any]]) -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "edge" / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    ours = {service["image"] for service in services.values() if service["image"].startswith("tictally-")}
    assert ours == {f"tictally-edge:{version[1]}", f"tictally-recorder:{version[1]}"}


def test_no_secret_is_in_an_environment(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for variable in service.get("environment", {}):
            is_secret = re.search("PASSWORD|TOKEN", variable) is not None
            assert not is_secret or variable.endswith("_FILE"), f"{name}: {variable}"


@pytest.mark.parametrize(
    ("name", "prefix", "known"),
    [
        ("edge", "TICTALLY_EDGE_", set(settings_in(edge_settings()))),
        ("recorder", "TICTALLY_", set(settings_in(recorder_settings()))),
        ("setup", "TICTALLY_", set(settings_in(recorder_settings()))),
    ],
)
def test_a_service_has_only_existing_settings(
    services: dict[str, dict[str, Any]], name: str, prefix: str, known: set[str]
) -> None:
    others = {each for each in PROGRAM.other_variables if not each.startswith(prefix) or prefix == "TICTALLY_"}
    shown = [
        variable
        for variable in services[name]["environment"]
        if variable.startswith(prefix) and variable not in others and not is_of_edge(variable, name)
    ]
    assert {each.removeprefix(prefix).removesuffix("_FILE").lower() for each in shown} <= known


def is_of_edge(variable: str, service: str) -> bool:
    """The file .env is shared: its lines for the edge reach the recorder too, which leaves them to it."""
    return service != "edge" and variable.startswith("TICTALLY_EDGE_")


def test_any_setting_in_env_reaches_its_program_unless_it_is_fixed(tmp_path: Path) -> None:
    names = {"recorder": ("TICTALLY_", recorder_settings()), "edge": ("TICTALLY_EDGE_", edge_settings())}
    every = {prefix + name.upper() for prefix, settings in names.values() for name in settings_in(settings)}
    fixed = fixed_settings()
    free = every - fixed - {"TICTALLY_NAME"}
    services = configured(tmp_path, {name: f"value-of-{name}" for name in every - {"TICTALLY_NAME"}})["services"]
    for name, (prefix, settings) in names.items():
        environ = services[name]["environment"]
        for each in (prefix + setting.upper() for setting in settings_in(settings)):
            assert (environ.get(each) == f"value-of-{each}") == (each in free), each


def fixed_settings() -> set[str]:
    """As deploy/init reports them."""
    command = f". {DEPLOY}/lib/settings.sh; fixed_settings"
    lines = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[0] for line in lines}


def test_contracts_and_tariffs_are_in_a_folder_of_the_box(services: dict[str, dict[str, Any]]) -> None:
    recorder = services["recorder"]
    (folder,) = [each["source"] for each in recorder["volumes"] if each["target"] == "/etc/tictally"]
    assert folder.endswith("/deploy/local/recorder")
    environ = recorder["environment"]
    assert environ["TICTALLY_CONTRACTS"] == "/etc/tictally/contracts.toml"
    assert environ["TICTALLY_TARIFFS"] == "/etc/tictally/tariffs"
    assert not environ["TICTALLY_STATE"].startswith(environ["TICTALLY_LEDGER"].rpartition("/")[0])


def test_variables_in_env_reach_the_recorder(tmp_path: Path) -> None:
    shown = {
        "TICTALLY_TIMEZONE": "Europe/Madrid",
        "TICTALLY_HTTP_READS": "token",
        "TICTALLY_HTTP_NAMES": "energy.example.org",
        "TICTALLY_METERIT": "token",
        "TICTALLY_PRMS": "12345678901234=house",
        "TICTALLY_BACKUP_HOUR": "3",
        "TICTALLY_BACKUP_FOLDER": "/mnt/usb/tictally",
    }
    recorder = configured(tmp_path, shown)["services"]["recorder"]
    environ = recorder["environment"]
    assert environ["TICTALLY_BACKUP"] == "/backup"
    assert {name: environ[name] for name in shown} == shown
    assert [each["source"] for each in recorder["volumes"] if each["target"] == "/backup"] == ["/mnt/usb/tictally"]


def test_without_a_folder_for_backups_none_are_made(services: dict[str, dict[str, Any]]) -> None:
    assert services["recorder"]["environment"]["TICTALLY_BACKUP"] == ""


def test_influxdb_is_reached_from_nowhere_but_its_own_network(config: dict[str, Any]) -> None:
    assert list(config["services"]["influxdb"]["networks"]) == ["database"]
    assert config["networks"]["database"]["internal"]
