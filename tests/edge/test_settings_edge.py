"""The edge's settings: what is accepted, what is rejected, in which words."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tictally_edge.features import SourceSettings, load
from tictally_edge.settings import SERVICE_FILE, Settings
from tictally_edge.sources.serial_port import SerialSettings
from tictally_shared.labels import Mode
from tictally_shared.settings import EnvironmentFile, Origins, read_file
from tictally_shared.settings_error import SettingsError

PORT = {"TICTALLY_EDGE_PORT": "/dev/ttyUSB0"}


def settings(environ: dict[str, str], config: str | None = None) -> Settings:
    return load(Origins(PORT | environ, read_file, config), hostname="Pi-Cellar.lan")


def test_a_port_is_enough() -> None:
    got = settings({})
    assert (got.name, got.mqtt.host, got.mqtt.port, got.base_topic) == ("pi-cellar", "localhost", 1883, "tictally")
    mode, framing = got.section(SourceSettings).fixed_mode, got.section(SerialSettings).framing
    assert (mode, framing, got.meter, got.prm, got.interval_s) == (None, "8N1", None, False, 5.0)


JOURNALS = [
    ({}, "/run/tictally-edge/journal"),
    ({"RUNTIME_DIRECTORY": "/run/edge"}, "/run/edge/journal"),
    ({"XDG_RUNTIME_DIR": "/run/user/1000"}, "/run/user/1000/journal"),
    ({"TICTALLY_EDGE_JOURNAL": "/j", "RUNTIME_DIRECTORY": "/run/edge"}, "/j"),
]


@pytest.mark.parametrize(("environ", "journal"), JOURNALS)
def test_the_journal_lies_in_memory_unless_it_is_reported_where(environ: dict[str, str], journal: str) -> None:
    assert settings(environ).journal == Path(journal)


def test_a_file_and_secret_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text('mode = "historique"\nmqtt_port = 8883\nprm = true\n')
    (tmp_path / "secret").write_text("pass word\n")
    secret = {"TICTALLY_EDGE_MQTT_PASSWORD_FILE": str(tmp_path / "secret")}
    got = settings(secret, config=str(tmp_path / "edge.toml"))
    assert got.mqtt.password is not None
    assert got.mqtt.password.get_secret_value() == "pass word"
    assert (got.section(SourceSettings).fixed_mode, got.mqtt.port, got.prm) == (Mode.HISTORIQUE, 8883, True)
    assert "pass word" not in repr(got)


WRONG = {
    "a port that names nothing": (
        {"TICTALLY_EDGE_PORT": "http://x"},
        "TICTALLY_EDGE_PORT: 'http://x' begins with http",
    ),
    "a mode": (
        {"TICTALLY_EDGE_MODE": "modern"},
        "TICTALLY_EDGE_MODE must be auto, historique or standard, not ",
    ),
    "a name with a slash": ({"TICTALLY_EDGE_NAME": "a/b"}, "TICTALLY_EDGE_NAME: 'a/b' is not 1 to 32 of a-z"),
    "a delivery point": (
        {"TICTALLY_EDGE_METER": "12345678901234"},
        "TICTALLY_EDGE_METER: 14 digits are the number of a ",
    ),
    "a reserved name": ({"TICTALLY_EDGE_METER": "edge"}, "TICTALLY_EDGE_METER: 'edge' is not 1 to 32 of a-z"),
    "a port number": ({"TICTALLY_EDGE_MQTT_PORT": "0"}, "TICTALLY_EDGE_MQTT_PORT must be 1 or more, not '0'"),
    "a wildcard": ({"TICTALLY_EDGE_BASE_TOPIC": "a/#"}, "TICTALLY_EDGE_BASE_TOPIC: base topic 'a/#' is not"),
    "a host with a scheme": ({"TICTALLY_EDGE_MQTT_HOST": "mqtt://nas"}, "TICTALLY_EDGE_MQTT_HOST: give the host"),
    "a certificate that is not there": (
        {"TICTALLY_EDGE_MQTT_CA": "/none.pem"},
        "TICTALLY_EDGE_MQTT_CA: /none.pem cannot",
    ),
    "a secret file that is not there": (
        {"TICTALLY_EDGE_MQTT_PASSWORD_FILE": "/none"},
        "TICTALLY_EDGE_MQTT_PASSWORD_FILE: /none cannot be read: No such file",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_one_sentence_that_names_it(case: str) -> None:
    environ, sentence = WRONG[case]
    with pytest.raises(SettingsError) as caught:
        settings(environ)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_the_command_stops_with_the_sentence_and_status_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tictally_edge", "run"], capture_output=True, text=True, check=False, env={}
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "tictally-edge: TICTALLY_EDGE_PORT is not set; set it to the meter's serial device, for example "
        "/dev/serial/by-id/usb-… (ls /dev/serial/by-id)\n"
    )


def test_an_option_of_a_recording_that_there_is_not_stops_the_start(tmp_path: Path) -> None:
    environ = {"TICTALLY_EDGE_PORT": "sim:hphc?colour=red", "TICTALLY_EDGE_JOURNAL": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "tictally_edge", "run"], capture_output=True, text=True, check=False, env=environ
    )
    assert done.returncode == 2
    assert done.stderr.startswith("tictally-edge: TICTALLY_EDGE_PORT: sim: has no option 'colour'; there are ")


def test_decoding_prints_a_line_a_frame_and_the_sums(tmp_path: Path) -> None:
    path = tmp_path / "line.bin"
    path.write_bytes(b"\x02\nADSC\t021961000001\tX\r\nEAST\t000000001\tP\r\x03")
    for source, given in ((str(path), b""), ("-", path.read_bytes())):
        done = subprocess.run(
            [sys.executable, "-m", "tictally_edge", "decode", source], input=given, capture_output=True, check=False
        )
        assert done.stdout.count(b"\n") == 1
        assert done.stderr.startswith(b"1 frames (1 complete), 2 groups; rejected: ")
        assert done.returncode == 0


def test_a_file_without_frames_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("milk, bread\n")
    done = subprocess.run(
        [sys.executable, "-m", "tictally_edge", "decode", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    sentence = f"tictally-edge: no TIC frames found in {path}; is it a recording of a TIC line?"
    assert done.stderr.splitlines()[-1] == sentence


@pytest.mark.parametrize("command", [("decode", "-"), ("run",), ("simulate", "--capture", "/none"), ("doctor",)])
def test_every_command_warns_once_of_a_misspelt_setting(command: tuple[str, ...]) -> None:
    environ = {"TICTALLY_EDGE_PROT": "sim:hphc"}
    done = subprocess.run(
        [sys.executable, "-m", "tictally_edge", *command],
        input="",
        capture_output=True,
        text=True,
        check=False,
        env=environ,
    )
    warning = "tictally-edge: warning: TICTALLY_EDGE_PROT is not a setting; did you mean TICTALLY_EDGE_PORT?"
    assert done.stderr.splitlines().count(warning) == 1
    assert done.stdout == ""


@pytest.mark.parametrize("command", [("run",), ("doctor", "--listen", "1")])
def test_a_simulated_meter_of_an_unknown_option_is_reported_by_run_and_doctor(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    environ = {"TICTALLY_EDGE_PORT": "sim:hcc", "TICTALLY_EDGE_JOURNAL": str(tmp_path), "TICTALLY_EDGE_MQTT_PORT": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tictally_edge", *command], capture_output=True, text=True, check=False, env=environ
    )
    assert done.returncode in (1, 2)
    assert "sim:hcc: unknown tariff option 'hcc'; use base, hphc, tempo or ejp" in done.stdout + done.stderr


def test_a_file_that_cannot_be_read_is_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tictally_edge", "decode", "/none"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "tictally-edge: /none cannot be read: No such file or directory\n")


def test_with_the_services_file_journal_and_state_are_the_services() -> None:
    unit = (Path(__file__).parent.parent.parent / "deploy/systemd/tictally-edge.service").read_text()
    assert f"\nEnvironmentFile={SERVICE_FILE}\n" in unit
    for setting, folder, name in (("Runtime", "/run", "journal"), ("State", "/var/lib", "state")):
        made = re.search(rf"^{setting}Directory=(.+)$", unit, re.MULTILINE)
        assert made is not None
        service = EnvironmentFile(str(SERVICE_FILE), PORT)
        got = load(Origins({"XDG_RUNTIME_DIR": "/run/user/0"}, read_file, service=service), hostname="pi")
        assert getattr(got, name) == Path(folder) / made[1] / "journal"


@pytest.mark.parametrize(
    ("environ", "warnings"),
    [
        (
            {"TICTALLY_MQTT_PASSWORD": "x"},
            ["TICTALLY_MQTT_PASSWORD is not a setting of this program; did you mean TICTALLY_EDGE_MQTT_PASSWORD?"],
        ),
        (
            {"TICTALLY_EDGE_METTER": "x"},
            ["TICTALLY_EDGE_METTER is not a setting; did you mean TICTALLY_EDGE_METER?"],
        ),
        ({"TICTALLY_MQTT_HOST": "nas", "TICTALLY_LEDGER": "/data/ledger.sqlite"}, []),
    ],
)
def test_a_variable_that_is_no_setting_is_a_warning(environ: dict[str, str], warnings: list[str]) -> None:
    assert list(settings(environ).warnings) == warnings
