"""deploy/init: the files it creates, that it creates them once, and the questions it asks."""

import os
import pty
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from deployed import DEPLOY, ROOT, Box

from tictally_edge.features import load
from tictally_recorder.features import load as load_recorder
from tictally_shared.settings import Origins

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
PRM = "12345678901234"
BAD_ADDRESSES = [
    "999.1.1.1",
    "192.168.1.256",
    "192.168.1",
    "192.168.01.5",
    "0.0.0.0",  # noqa: S104 - no server binds to it
    "255.255.255.255",
    "239.1.2.3",
    "fe80::1",
    "nas.local",
    "192.168.1.20/24",
]
Snapshot = dict[str, tuple[bytes, int, int]]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def snapshot(box: Box) -> Snapshot:
    files = (path for path in sorted(box.folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(box.folder)): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in files
    }


def openssl(*arguments: str | Path) -> str:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True).stdout


def test_it_changes_nothing_when_it_is_run_again(box: Box) -> None:
    commands = [["edge", "pi", "--meter", "house"], ["hub", "ha"], ["hub", "node-red"]]
    box.set_up()
    output = [box.init(*command) for command in commands]
    before = snapshot(box)
    box.init()
    box.set_up()
    assert [box.init(*command) for command in commands] == output
    assert snapshot(box) == before


def test_each_secret_is_readable_by_its_user_alone_and_appears_nowhere_else(box: Box) -> None:
    box.set_up()
    output = box.init("edge", "pi", "--meter", "house") + box.init("hub", "ha") + box.init()
    open_to_all = {
        path for path in box.folder.rglob("*") if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o77
    }
    assert {path.name for path in open_to_all} == {".env", "ca.pem"}
    secrets = [path.read_text().strip() for path in (box.local / "secrets").iterdir()]
    assert len(secrets) == len(set(secrets)) == 9
    shown = output + (box.folder / ".env").read_text() + (box.local / "mosquitto" / "passwords").read_text()
    assert [secret for secret in secrets if secret in shown] == []
    assert min(map(len, secrets)) == 48


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_secret_belongs_to_the_user_that_its_container_runs_as(tmp_path: Path) -> None:
    own = ("--host", "nas", "--address", "127.0.0.1", "--device", "sim:base", "--meter", "house")
    subprocess.run([DEPLOY / "init", "--folder", tmp_path, *own], check=True, capture_output=True)
    owners = {path.name: path.stat().st_uid for path in (tmp_path / "local" / "secrets").iterdir()}
    assert owners == {
        "recorder-nas-password": 10883,
        "edge-nas-password": 10884,
        "influxdb-password": 10885,
        "influxdb-setup-token": 10885,
        "grafana-password": 472,
        "http-token": 10883,
        "health-password": 0,
    }
    of_broker = (tmp_path / "local" / "mosquitto").iterdir()
    assert {path.stat().st_uid for path in of_broker} == {1883}
    assert {(path.stat().st_uid, path.stat().st_mode & 0o777) for path in (tmp_path / "local" / "ca").iterdir()} == {
        (0, 0o600)
    }


def test_the_certificate_has_the_boxs_names_and_passes_strict_verification(box: Box) -> None:
    box.set_up()
    server = box.local / "mosquitto" / "server.pem"
    assert "DNS:nas, DNS:nas.local, IP Address:127.0.0.1" in openssl("x509", "-in", server, "-noout", "-text")
    assert openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", box.ca, server).endswith(": OK\n")


def test_a_certificate_near_its_end_is_renewed_and_its_authority_stays(box: Box) -> None:
    box.set_up()
    server, key = box.local / "mosquitto" / "server.pem", box.local / "mosquitto" / "server.key"
    names = "subjectAltName=DNS:nas,DNS:nas.local,IP:127.0.0.1"
    request = box.folder / "request"
    openssl("req", "-new", "-key", key, "-subj", "/CN=nas", "-addext", names, "-out", request)
    (box.folder / "names").write_text(names)
    signed = (
        "-CA",
        box.ca,
        "-CAkey",
        box.local / "ca" / "ca.key",
        "-extfile",
        box.folder / "names",
        "-set_serial",
        "7",
    )
    before = snapshot(box)
    for days, is_renewed in {"600": False, "500": True}.items():
        openssl("x509", "-req", "-in", request, *signed, "-days", days, "-out", server)
        old = server.read_bytes()
        box.init()
        assert (server.read_bytes() != old) == is_renewed
        after = snapshot(box)
        assert {name for name, of in after.items() if of[0] != before[name][0]} == {"local/mosquitto/server.pem"}


def test_another_name_or_address_renews_the_certificate_and_nothing_else(box: Box) -> None:
    box.set_up()
    before = snapshot(box)
    box.init("--host", "attic", "--address", "192.0.2.7")
    server = box.local / "mosquitto" / "server.pem"
    assert "DNS:attic, DNS:attic.local, IP Address:192.0.2.7" in openssl("x509", "-in", server, "-noout", "-text")
    changed = {name for name, of in snapshot(box).items() if of[0] != before[name][0]}
    assert changed == {"local/mosquitto/server.pem", ".env"}


def test_an_exchanged_meter_keeps_its_site(box: Box) -> None:
    box.set_up()
    box.init("edge", "pi", "--meter", "021900000007")
    box.init("edge", "pi", "--meter", "021900000008")
    acl = (box.local / "mosquitto" / "acl").read_text()
    of_edge, of_recorder = (re.search(rf"user {user}\n((?:topic .*\n)+)", acl) for user in ("edge-pi", "recorder-nas"))
    assert of_edge is not None
    assert of_recorder is not None
    assert "021900000007" not in of_edge[1]
    assert "tictally_site_021900000007/config" in of_recorder[1]


def test_an_unfinished_file_of_a_killed_run_is_no_user(box: Box) -> None:
    box.set_up()
    box.init("edge", "pi", "--meter", "021900000007")
    before = snapshot(box)
    (box.local / "names" / "edge" / "pi.new").write_text("02190")
    box.init()
    (box.local / "names" / "edge" / "pi.new").unlink()
    assert snapshot(box) == before


def test_the_users_lines_in_env_stay(box: Box) -> None:
    box.set_up()
    env = box.folder / ".env"
    env.write_text(f"# mine\n{env.read_text()}TICTALLY_GRAFANA_PORT=3001\nTICTALLY_LANGUAGE=en")
    box.init("--address", "192.0.2.7", "--device", "none", "--without-grafana")
    lines = env.read_text().splitlines()
    assert lines[0] == "# mine"
    assert {"TICTALLY_GRAFANA_PORT=3001", "TICTALLY_LANGUAGE=en", "TICTALLY_ADDRESS=192.0.2.7"} <= set(lines)
    assert {"TICTALLY_EDGE_PORT=", "COMPOSE_PROFILES="} <= set(lines)
    assert len({line.partition("=")[0] for line in lines}) == len(lines)


def test_a_site_of_a_ledger_from_elsewhere_may_be_announced(box: Box) -> None:
    box.set_up()
    rule = "topic readwrite homeassistant/device/tictally_site_021900000009/config\n"
    for _ in range(2):
        box.init("site", "021900000009")
        assert (box.local / "mosquitto" / "acl").read_text().count(rule) == 1
    assert '"a/b"' in box.init("site", "a/b", fails=True)


@pytest.mark.parametrize(
    ("host", "name", "reached"),
    [("nas.lan", "nas", "nas.lan"), ("recorder", "host-recorder", "recorder.local"), ("Nas.local", "nas", "nas.local")],
)
def test_the_hosts_name_and_address_are_valid_for_the_programs(box: Box, host: str, name: str, reached: str) -> None:
    own = ("--address", "192.0.2.7", "--device", "sim:base", "--meter", "house")
    box.init("--host", host, *own)
    assert f"TICTALLY_NAME={name}\n" in (box.folder / ".env").read_text()
    environ = {"TICTALLY_NAME": name, "TICTALLY_LEDGER": "ledger.sqlite"}
    assert load_recorder(Origins(environ, lambda _path: ""), hostname="other").name == name
    output = box.init("hub", "ha")
    assert f"{reached}, or 192.0.2.7" in output
    box.init("edge", "pi", "--meter", "021900000007")
    settings = (box.local / "clients" / "edge-pi" / "edge.env").read_text()
    assert f"TICTALLY_EDGE_MQTT_HOST={reached}\n" in settings
    assert f"DNS:{reached}" in openssl("x509", "-in", box.local / "mosquitto" / "server.pem", "-noout", "-text")
    before = snapshot(box)
    box.init()
    assert snapshot(box) == before


def test_containers_may_read_their_configuration_also_of_a_clone_that_is_its_owners_alone(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("local", ".env*")
    for name in ("deploy", "mosquitto"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for path in (tmp_path / "deploy").rglob("*"), (tmp_path / "mosquitto").rglob("*"):
        for each in path:
            each.chmod(each.stat().st_mode & 0o700)
    own = ("--host", "nas", "--address", "127.0.0.1", "--device", "none", "--keep-owner")
    subprocess.run([tmp_path / "deploy" / "init", *own], check=True, capture_output=True)
    for mounted in ("deploy/mosquitto/mosquitto.conf", "mosquitto/mosquitto.conf", "deploy/influxdb/setup.py"):
        assert (tmp_path / mounted).stat().st_mode & 0o444 == 0o444
    assert (tmp_path / "deploy" / "grafana" / "provisioning").stat().st_mode & 0o555 == 0o555
    assert (tmp_path / "deploy" / "local" / "secrets" / "http-token").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("meter", ["021900000007", "house"])
def test_the_settings_of_a_remote_edge_are_valid(box: Box, meter: str) -> None:
    box.set_up()
    box.init("edge", "pi", "--meter", meter)
    handed = box.local / "clients" / "edge-pi"
    lines = [line for line in (handed / "edge.env").read_text().splitlines() if line and not line.startswith("#")]
    environ = dict(line.split("=", 1) for line in lines)
    environ["TICTALLY_EDGE_MQTT_CA"] = str(handed / "ca.pem")
    settings = load(Origins(environ, lambda path: (handed / Path(path).name).read_text()), hostname="other")
    assert settings.mqtt.password is not None
    assert settings.mqtt.password.get_secret_value() == box.password("edge-pi")
    assert (settings.name, settings.mqtt.username, settings.mqtt.host) == ("pi", "edge-pi", "nas.local")
    assert settings.meter == (None if meter.isdecimal() else meter)
    assert len(environ) == len(lines) == (7 if meter.isdecimal() else 8)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--device", "none"], "--host"),
        (["--host", "nas"], "--device"),
        (["--host", "nas", "--device", "sim:base"], "--meter"),
        (["--host", "n as", "--device", "none"], "--host"),
        (["--host", "nas", "--device", "none", "--address", "nas.local"], "--address"),
        (["--host", "nas", "--device", "ttyUSB0"], "--device"),
        (["--host", "nas", "--device", "sim:base", "--meter", "edge"], "meter"),
        (["--host", "nas", "--device", "sim:base", "--meter", "A/#"], "meter"),
        (["--host", "nas", "--device", "sim:base$(id)", "--meter", "house"], "sim:base$(id)"),
        (["edge", "pi", "--meter", "house"], "deploy/init first"),
        (["--hots", "nas"], "--hots"),
    ],
)
def test_missing_and_wrong_arguments_are_named(box: Box, arguments: list[str], complaint: str) -> None:
    address = [] if "--address" in arguments else ["--address", "127.0.0.1"]
    assert complaint in box.init(*arguments, *address, fails=True)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["edge", "pi"], "--meter"),
        (["edge", "Pi", "--meter", "house"], '"Pi"'),
        (["edge", "pi", "--meter", "021900000001"], "the meter of the edge nas"),
        (["hub", "a/b"], '"a/b"'),
        (["remove", "hub", "nobody"], '"nobody"'),
        (["remove", "edge", ".."], '".."'),
        (["remove", "nas"], "remove edge NAME"),
    ],
)
def test_a_name_that_cannot_be_added_or_removed_changes_nothing(box: Box, arguments: list[str], complaint: str) -> None:
    box.set_up()
    before = snapshot(box)
    assert complaint in box.init(*arguments, fails=True)
    assert snapshot(box) == before


OWN = ["--host", "nas", "--device", "sim:base", "--meter", "house"]


@pytest.mark.parametrize(
    "arguments",
    [
        *([*OWN, "--address", address] for address in BAD_ADDRESSES),
        ["--host", "192.168.1.20", "--device", "none"],
        ["--host", "nas..lan", "--device", "none"],
        ["--host", "nas", "--device", "/etc/hostname", "--meter", "house"],
        ["--host", "nas", "--device", "sim:base$(id)", "--meter", "house"],
        ["--host", "nas", "--device", "sim:base", "--meter", PRM],
        ["--host", "nas", "--device", "sim:base", "--meter", "0219000000"],
        ["--host", "nas", "--device", "sim:base"],
        ["--device", "none"],
        ["edge", "pi", "--meter", "house"],
        ["hub", "ha"],
        ["site", "house"],
        ["--host", "nas", "edge", "pi", "--meter", "house"],
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing_behind(box: Box, arguments: list[str]) -> None:
    address = [] if "--address" in arguments else ["--address", "127.0.0.1"]
    assert box.init(*arguments, *address, fails=True).count("\n") == 1
    assert list(box.folder.iterdir()) == []


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_an_address_that_is_none_is_named(box: Box, address: str) -> None:
    assert f'--address: "{address}"' in box.init(*OWN, "--address", address, fails=True)


@pytest.mark.parametrize("command", [["edge", "pi", "--meter", PRM], ["site", PRM], ["--meter", PRM]])
def test_the_number_of_a_delivery_point_is_no_key(box: Box, command: list[str]) -> None:
    box.set_up()
    before = snapshot(box)
    assert "number of a delivery point (PRM)" in box.init(*command, fails=True)
    assert snapshot(box) == before


def test_settings_that_containers_have_fixed_are_reported(box: Box) -> None:
    box.set_up()
    with (box.folder / ".env").open("a") as env:
        env.write("TICTALLY_HTTP_PORT=9000\nTICTALLY_TIMEZONE=Europe/Madrid\nTICTALLY_EDGE_JOURNAL_MB=32\n")
    done = subprocess.run(
        [DEPLOY / "init", "--folder", box.folder, "--keep-owner"], capture_output=True, text=True, check=True
    )
    assert done.stderr == (
        f"{box.folder}/.env: TICTALLY_HTTP_PORT has no effect, compose.yaml sets it; set TICTALLY_PAGE_PORT instead\n"
    )


def test_it_prints_where_the_page_is(box: Box) -> None:
    own = ("--host", "nas", "--address", "192.0.2.7", "--device", "none")
    assert "http://192.0.2.7:8780/ is the page" in box.init(*own)


def test_contracts_have_a_folder_that_the_recorder_may_write(box: Box) -> None:
    box.set_up()
    assert stat.S_IMODE((box.local / "recorder" / "tariffs").stat().st_mode) == 0o755


def test_on_a_terminal_it_asks_for_host_device_and_meter_once(box: Box) -> None:
    answers = b"nas\nsim:base\n021900000001\n"
    command: list[str | Path] = [DEPLOY / "init", "--folder", box.folder, "--keep-owner", "--address", "127.0.0.1"]
    for asked in (3, 0):
        ours, its = pty.openpty()
        with subprocess.Popen(command, stdin=its, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as init:
            os.close(its)
            os.write(ours, answers)
            output, questions = init.communicate(timeout=60)
        os.close(ours)
        assert init.returncode == 0, questions
        assert b"ready" in output
        assert questions.count(b": ") == asked
    assert "TICTALLY_EDGE_PORT=sim:base" in (box.folder / ".env").read_text()


def test_generated_files_are_ignored_by_git() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"deploy/.env", "deploy/local/"} <= set(ignored)


@pytest.mark.parametrize("topic", ["#", "zigbee2mqtt/+", "$SYS/broker/uptime", "a\tb", "a" * 201, "a # the garden's"])
@pytest.mark.parametrize("name", ["TICTALLY_WEATHER_TOPIC", "TICTALLY_PRODUCTION_TOPIC"])
def test_a_wildcard_is_no_topic_of_a_sensor_and_changes_no_rights(box: Box, name: str, topic: str) -> None:
    box.set_up()
    acl = box.local / "mosquitto" / "acl"
    before = acl.read_bytes()
    with (box.folder / ".env").open("a") as settings:
        settings.write(f"{name}={topic}\n")
    for command in ((), ("hub", "ha")):
        assert f"{name} is not one topic" in box.init(*command, fails=True)
    assert acl.read_bytes() == before


def test_the_topic_of_a_temperature_may_be_quoted_and_is_forgotten_with_its_line(box: Box) -> None:
    box.set_up()
    acl, settings = box.local / "mosquitto" / "acl", box.folder / ".env"
    before, plain = acl.read_text(), settings.read_text()
    settings.write_text(f'{plain}TICTALLY_WEATHER_TOPIC="zigbee2mqtt/garden"\n')
    box.init()
    assert [line for line in acl.read_text().splitlines() if line not in before] == ["topic read zigbee2mqtt/garden"]
    settings.write_text(plain)
    box.init()
    assert acl.read_text() == before
