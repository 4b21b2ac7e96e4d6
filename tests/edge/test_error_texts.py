"""What a user reads after a mistake: what happened, where, and what to do; no words of a library."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import make_certificate
from real_broker import Mosquitto

from tictally_edge.__main__ import main

PHRASES_OF_LIBRARIES = ("is not a valid", "invalid literal", "[Errno", "Traceback", "NoneType", "Could not open port")


def edge(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """A command that ends by itself; its exit code and standard error."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "TICTALLY_EDGE_JOURNAL": str(folder / "journal")}
    environ |= {f"TICTALLY_EDGE_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "tictally_edge", *arguments]
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert not any(phrase in done.stderr for phrase in PHRASES_OF_LIBRARIES), done.stderr
    return done.returncode, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "junk.bin").write_bytes(bytes((n * 2654435761 >> 7) & 0xFF for n in range(4000)))
    (tmp_path / "text.txt").write_text("hello world, this is no recording\n" * 100)
    (tmp_path / "empty.bin").touch()
    (tmp_path / "folder").mkdir()
    return tmp_path


Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """As `edge`, in this process: what needs no settings differs in nothing else."""
    monkeypatch.chdir(folder)

    def run(*arguments: str) -> tuple[int, str]:
        code, error = main([*arguments]), capsys.readouterr().err
        assert not any(phrase in error for phrase in PHRASES_OF_LIBRARIES), error
        return code, error

    return run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--contract", "hchp"), "unknown tariff option 'hchp'; use base, hphc, tempo or ejp"),
        (("--mode", "standart"), "'standart' is neither historique nor standard"),
        (("--start", "21/11/2026"), "'21/11/2026' is not a date with time and offset from UTC, such as 2026-11-21T08"),
        (("--start", "2026-11-21"), "'2026-11-21' is not a date with time and offset"),
        (("--overload", "a", "b"), "'a' is not a number of seconds above zero"),
        (("--interval", "-1"), "'-1' is not a number above zero"),
        (("--flip", "2"), "'2' is not a probability from 0 to 1"),
        (("--capture", "none.bin"), "none.bin cannot be read: No such file"),
        (("--capture", "folder"), "folder cannot be read: Is a directory"),
        (("--capture", "junk.bin"), "no TIC frames found in junk.bin; is it a recording of a TIC line?"),
        (("--capture", "empty.bin"), "no TIC frames found in empty.bin"),
        (("--truth", "/nowhere/truth"), "/nowhere/truth: No such file"),
        (("--link", "/nowhere/link"), "/nowhere/link: No such file"),
    ],
)
def test_a_mistake_of_simulate_is_one_sentence_with_a_remedy(
    command: Command, arguments: tuple[str, ...], words: str
) -> None:
    code, error = command("simulate", *arguments)
    assert code in {1, 2}
    assert words in error
    assert error.splitlines()[-1].startswith("tictally-edge")


@pytest.mark.parametrize(
    ("port", "words"),
    [
        ("sim:hchp", "unknown tariff option 'hchp'"),
        ("sim:hphc?mode=standart", "mode='standart' is neither historique nor standard"),
        ("sim:hphc?phases=two", "phases='two' is not an integer"),
        ("sim:hphc?seed=x", "seed='x' is not an integer"),
        ("sim:hphc?interval=x", "interval='x' is not a number of seconds"),
        ("sim:hphc?ago=x", "ago='x' is not a number of seconds"),
        ("file:none.bin", "none.bin cannot be read: No such file"),
        ("file:junk.bin", "no TIC frames found in junk.bin"),
        ("file:junk.bin?pace=fast", "no TIC frames found in junk.bin"),
        ("file:junk.bin?loop=yes", "no TIC frames found in junk.bin"),
        ("file:text.txt", "no TIC frames found in text.txt"),
        ("file:empty.bin", "no TIC frames found in empty.bin"),
        ("file:folder", "folder cannot be read: Is a directory"),
        ("socket://127.0.0.1", "lacks host or port; give socket://host:port"),
        ("socket://:4000", "lacks host or port; give socket://host:port"),
        ("rfc2217://nas:x", "lacks host or port; give rfc2217://host:port"),
    ],
)
def test_a_source_that_is_none_ends_the_edge_with_one_sentence(folder: Path, port: str, words: str) -> None:
    code, error = edge(folder, "run", PORT=port)
    assert code in {1, 2}
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("file", ["junk.bin", "text.txt", "empty.bin"])
def test_decoding_what_is_no_recording_fails(command: Command, file: str) -> None:
    code, error = command("decode", file)
    assert code == 1
    assert f"no TIC frames found in {file}; is it a recording of a TIC line?" in error


@pytest.mark.parametrize(
    ("setting", "place", "words"),
    [
        ("JOURNAL", "text.txt", "the journal text.txt cannot be used: a file stands in its place"),
        ("JOURNAL", "text.txt/journal", "a file stands in its place"),
        ("JOURNAL", "/proc/journal", "the journal /proc/journal cannot be used: it cannot be created there"),
    ],
)
def test_a_journal_that_cannot_be_used_names_its_setting(folder: Path, setting: str, place: str, words: str) -> None:
    code, error = edge(folder, "run", **{"PORT": "sim:base", setting: place})
    assert code == 1
    assert words in error
    assert f"TICTALLY_EDGE_{setting} names another folder" in error


def test_a_copy_on_disk_that_cannot_be_made_is_reported_at_the_start(folder: Path) -> None:
    line = reason(folder, "STATE", STATE=str(folder / "text.txt"))
    assert "the journal's copy on disk" in line
    assert "cannot be used: a file stands in its place; TICTALLY_EDGE_STATE names another folder." in line


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_journal_without_permission_says_so(folder: Path) -> None:
    (folder / "owned").mkdir(mode=0o700)
    folder.chmod(0o755)
    # All is imported before: the other user may not read this project.
    program = (
        "import os, sys, tictally_edge.commands, tictally_edge.service; from tictally_edge.__main__ import main; "
        "os.setuid(65534); sys.exit(main(['run']))"
    )
    environ = {"TICTALLY_EDGE_PORT": "sim:base", "TICTALLY_EDGE_JOURNAL": str(folder / "owned" / "journal")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, cwd="/", capture_output=True, text=True, check=False, timeout=60
    )
    assert "cannot be used: this user may not write there; TICTALLY_EDGE_JOURNAL names another folder" in done.stderr


def reason(folder: Path, words: str = "cannot be reached", **settings: str) -> str:
    """The first line of the log with some words: why the broker cannot be reached."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "TICTALLY_EDGE_JOURNAL": str(folder / "journal")}
    environ |= {"TICTALLY_EDGE_PORT": "sim:base"} | {f"TICTALLY_EDGE_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "tictally_edge", "run"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if words in line:
                    return line
        finally:
            process.kill()
    raise AssertionError("it ended")


def test_an_unknown_host_is_named_as_such(tmp_path: Path) -> None:
    assert "The broker broker.invalid:1883 cannot be reached: there is no host of that name. Retrying." in reason(
        tmp_path, MQTT_HOST="broker.invalid"
    )


def test_a_certificate_that_does_not_fit_says_how(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "server")
    other, _ = make_certificate(tmp_path, "other")
    for name in ("tls", "plain"):
        (tmp_path / name).mkdir()
    extra = f"allow_anonymous true\ncertfile {certificate}\nkeyfile {key}"
    brokers = Mosquitto(tmp_path / "tls", extra=extra), Mosquitto(tmp_path / "plain")
    for each in brokers:
        each.start()
    tls, plain = (str(each.port) for each in brokers)
    try:
        named = reason(tmp_path, MQTT_HOST="localhost", MQTT_PORT=tls, MQTT_CA=str(certificate))
        assert "cannot be reached: its certificate is for another name; set the host to the name in it" in named
        signed = reason(tmp_path, MQTT_HOST="127.0.0.1", MQTT_PORT=tls, MQTT_CA=str(other))
        assert "its certificate is not signed by the CA certificate that is set" in signed
        assert "it does not answer with TLS" in reason(
            tmp_path, MQTT_HOST="127.0.0.1", MQTT_PORT=plain, MQTT_CA=str(certificate)
        )
        assert "is TLS set on both sides?" in reason(
            tmp_path, "without an answer", MQTT_HOST="127.0.0.1", MQTT_PORT=tls
        )
    finally:
        for each in brokers:
            each.stop()


def test_a_wrong_password_names_the_settings(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    (tmp_path / "passwords").touch(mode=0o600)
    broker = Mosquitto(tmp_path / "broker", extra=f"password_file {tmp_path / 'passwords'}\nallow_anonymous false")
    broker.start()
    try:
        line = reason(tmp_path, "rejects this edge", MQTT_HOST="127.0.0.1", MQTT_PORT=str(broker.port))
    finally:
        broker.stop()
    assert "Not authorized; check TICTALLY_EDGE_MQTT_USERNAME and TICTALLY_EDGE_MQTT_PASSWORD_FILE. Retrying." in line
