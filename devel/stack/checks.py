"""What is looked at, one function a promise; each returns its figures, or raises StackError."""

import json
import os
import re
import sqlite3
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Final

from devel.stack.box import NAME, Box, StackError, forget_memory, run, until
from devel.stack.line import SimulatedDongle

_ALWAYS: Final = ("mosquitto", "influxdb", "recorder", "edge")
_RECORDER_UID: Final = 10883
_HASHES: Final = re.compile(r"\$6\$[^$]+\$(\S+)")


def check(holds: object, sentence: str) -> None:
    """Raises StackError with the sentence, where it does not hold."""
    if not holds:
        raise StackError(sentence)


def init(box: Box, device: str, meter: str) -> str:
    """The box's own set-up, and that it changes nothing when it is run again."""
    box.init("--host", NAME, "--address", "127.0.0.1", "--device", device, "--meter", meter, "--without-grafana")
    before = _contents(box)
    box.init()
    check(_contents(box) == before, "deploy/init has changed something when it was run again")
    return f"{len(before)} files"


def up(box: Box) -> str:
    """As documented: one command, and everyone is healthy."""
    warned = box.compose("config", "--quiet")
    check(not warned, f"Compose warns: {warned}")
    box.compose("up", "--detach", "--build")
    took_s = box.until_healthy(*_ALWAYS)
    check(box.containers()["setup"]["State"]["ExitCode"] == 0, box.compose("logs", "setup"))
    return f"after {took_s:.0f} s"


def up_again(box: Box) -> str:
    """No container is made anew, and tokens stay."""
    before, tokens = _ids(box), _contents(box)
    box.compose("up", "--detach")
    after = _ids(box)
    check(all(before[each] == after[each] for each in _ALWAYS), "a container was made anew")
    check(_contents(box) == tokens, "a token or a secret has changed")
    return "same containers, same tokens"


def confined(box: Box) -> str:
    """As the engine sees it, and as it is inside."""
    for service, record in box.containers().items():
        host, user = record["HostConfig"], record["Config"]["User"]
        check(host["ReadonlyRootfs"], f"{service} may write to its root")
        check(host["CapDrop"] == ["ALL"] and not host["CapAdd"], f"{service} has capabilities")
        check(host["SecurityOpt"] == ["no-new-privileges:true"], f"{service} may gain privileges")
        check(user.split(":")[0] not in {"", "0", "root"}, f"{service} runs as root")
        check(host["Memory"], f"{service} has no limit of memory")
    for service in _ALWAYS:
        status = box.compose("exec", "-T", service, "cat", "/proc/self/status")
        check(re.search(r"^CapEff:\s0+$", status, re.MULTILINE), f"{service} has capabilities inside")
        check("\nUid:\t0\t" not in status, f"{service} is root inside")
        wrote = box.compose("exec", "-T", service, "sh", "-c", ": 2>&1 >/written || echo refused", is_checked=False)
        check("refused" in wrote or "Read-only" in wrote, f"{service} could write to its root")
    ports = {
        f"{binding['HostIp']}:{inside}"
        for record in box.containers().values()
        for inside, bindings in record["NetworkSettings"]["Ports"].items()
        for binding in bindings or ()
    }
    check(ports == {"127.0.0.1:8883/tcp", "127.0.0.1:8780/tcp"}, f"published: {ports}")
    return "no root, read-only, no capability; 8883 and the page's 8780 alone are published"


def secrets_hidden(box: Box) -> str:
    """In no log, no configuration, no environment, no layer of an image."""
    secrets = [
        path.read_text().strip() for path in (*(box.local / "secrets").iterdir(), *(box.local / "tokens").iterdir())
    ]
    secrets += _HASHES.findall((box.local / "mosquitto" / "passwords").read_text())
    ours = [
        record["Config"]["Image"]
        for record in box.containers().values()
        if record["Config"]["Image"].startswith("tictally-")
    ]
    places = {
        "docker inspect": json.dumps(box.containers()),
        "logs": box.compose("logs", "--no-color"),
        "compose config": box.compose("config"),
        "docker history": "".join(run("docker", "history", "--no-trunc", image) for image in set(ours)),
        "environment": "".join(box.compose("exec", "-T", service, "cat", "/proc/1/environ") for service in _ALWAYS),
        "command lines": run("ps", "-eo", "args"),
    }
    for place, text in places.items():
        check(not any(secret in text for secret in secrets), f"a secret shows in {place}")
    with tempfile.TemporaryDirectory() as folder:
        for image in set(ours):
            run("docker", "save", "--output", f"{folder}/image.tar", image)
            layers = Path(f"{folder}/image.tar").read_bytes()
            check(not any(secret.encode() in layers for secret in secrets), f"a secret is in a layer of {image}")
    return f"{len(secrets)} secrets, {len(places) + 1} places"


def tokens(box: Box) -> str:
    """The recorder's reads and writes, Grafana's only reads, neither makes a bucket."""
    codes = {}
    for reader in ("recorder", "grafana"):
        token = (box.local / "tokens" / reader).read_text().strip()
        codes[reader] = [
            int(box.python("recorder", _ASK.format(token=token, path=path, data=data)))
            for path, data in (
                ("/api/v2/buckets", None),
                ("/api/v2/write?org=tictally&bucket=tictally&precision=s", "stack_test value=1i 1700000000"),
                ("/api/v2/buckets", '{"orgID": "ORG", "name": "rogue"}'),
                ("/api/v2/authorizations", None),
            )
        ]
    may = {reader: [code < HTTPStatus.BAD_REQUEST for code in each] for reader, each in codes.items()}
    check(may["recorder"][:3] == [True, True, False], f"the recorder's token: {codes['recorder']}")
    check(may["grafana"][:3] == [True, False, False], f"Grafana's token: {codes['grafana']}")
    return f"list, write, make a bucket, list tokens: {codes}"


_ASK: Final = """
import json, urllib.request as r, urllib.error as e
at, who = "http://influxdb:8086", {{"Authorization": "Token {token}"}}
org = json.load(r.urlopen(r.Request(at + "/api/v2/buckets", headers=who)))["buckets"][0]["orgID"]
data = {data!r} and {data!r}.replace("ORG", org).encode()
q = r.Request(at + "{path}", data=data, headers=who)
try: print(r.urlopen(q, timeout=20).status)
except e.HTTPError as error: print(error.code)
"""


def edge_elsewhere(box: Box) -> str:
    """One command, and an edge from outside comes in by TLS with what it printed."""
    box.init("edge", "elsewhere", "--meter", "house")
    box.compose("kill", "--signal", "HUP", "mosquitto")
    handed = box.local / "clients" / "edge-elsewhere"
    port = box.compose("port", "mosquitto", "8883").strip().rpartition(":")[2]
    environ = dict(
        line.split("=", 1) for line in (handed / "edge.env").read_text().splitlines() if line[:1] not in {"#", ""}
    )
    environ |= {
        "TICTALLY_EDGE_PORT": "sim:hphc?mode=historique",
        "TICTALLY_EDGE_MQTT_HOST": "127.0.0.1",
        "TICTALLY_EDGE_MQTT_PORT": port,
        "TICTALLY_EDGE_MQTT_CA": "/handed/ca.pem",
        "TICTALLY_EDGE_MQTT_PASSWORD_FILE": "/handed/edge-password",
        "TICTALLY_EDGE_CLOCK": "trust",
        "TICTALLY_EDGE_JOURNAL": "/tmp/journal",  # noqa: S108 - inside a container
    }
    name = f"{box.project}-elsewhere"
    options = [word for key, value in environ.items() for word in ("--env", f"{key}={value}")]
    image = box.containers()["edge"]["Config"]["Image"]
    run(
        "docker",
        "run",
        "--detach",
        "--name",
        name,
        "--network",
        "host",
        "--user",
        "0",
        "--volume",
        f"{handed}:/handed:ro",
        *options,
        image,
    )
    try:
        took_s = until(
            lambda: (
                "site house: meter house"
                in box.compose(
                    "exec", "-T", "--env", "TICTALLY_LANGUAGE=en", "recorder", "tictally", "doctor", is_checked=False
                )
            ),
            "its frames in the ledger",
        )
        output = run("docker", "logs", name)
    finally:
        run("docker", "rm", "--force", name, is_checked=False)
    check("refuse" not in output, output)
    return f"its frames are in the ledger after {took_s:.0f} s"


def hub(box: Box) -> str:
    """One command, and it hears the meter, and neither frames nor anything it may not."""
    box.init("hub", "ha")
    box.compose("kill", "--signal", "HUP", "mosquitto")
    password = (box.local / "clients" / "hub-ha" / "password").read_text().strip()
    program = _HEAR.format(password=password)
    heard = set(json.loads(box.python("recorder", program)))
    check(any(topic.endswith("/EAST") for topic in heard), f"the hub hears {sorted(heard)[:5]} …")
    check(not any(topic.endswith(("/frame", "/resend")) for topic in heard), "the hub hears frames")
    box.init("remove", "hub", "ha")
    return f"{len(heard)} topics"


_HEAR: Final = """
import json, time, paho.mqtt.client as m
c = m.Client(m.CallbackAPIVersion.VERSION2, protocol=m.MQTTv5); c.username_pw_set("hub-ha", {password!r}); heard = set()
c.on_connect = lambda *a: c.subscribe("#", 1); c.on_message = lambda _c, _d, x: heard.add(x.topic)
c.connect("mosquitto"); c.loop_start(); time.sleep(6); print(json.dumps(sorted(heard)))
"""


def page_token(box: Box) -> str:
    """Reads require the token that deploy/init has made; with a line in .env they are open."""
    token = (box.local / "secrets" / "http-token").read_text().strip()
    codes = box.page("/api/v1/sites"), box.page("/api/v1/sites", f"{token}x"), box.page("/api/v1/sites", token)
    box.set_to("TICTALLY_HTTP_READS", "open")
    box.compose("up", "--detach")
    box.until_healthy(*_ALWAYS)
    answered = *codes, box.page("/api/v1/sites")
    check(answered == (401, 401, 200, 200), f"answered: {answered}")
    return f"without, wrong, right, open: {answered}"


def backup_and_back(box: Box) -> str:
    """Into a folder of the box that the recorder may write, by a line in .env; and a ledger made anew from it."""
    folder = box.folder / "elsewhere"
    folder.mkdir(mode=0o700)
    os.chown(folder, _RECORDER_UID, _RECORDER_UID)
    box.set_to("TICTALLY_BACKUP_FOLDER", str(folder))
    box.compose("up", "--detach")
    box.until_healthy(*_ALWAYS)
    box.until_stored()
    box.compose("exec", "-T", "recorder", "tictally", "backup")
    (backup,) = folder.glob("*.backup")
    frames = box.frames()
    box.compose("stop", "recorder")
    box.compose("run", "--rm", "--no-deps", "-T", "recorder", "restore", f"/backup/{backup.name}")
    box.compose("up", "--detach")
    box.until_healthy(*_ALWAYS)
    took_s = box.until_stored()
    until(lambda: _missing_findings(box) == 0, "no frame is missing")
    check(box.frames() >= frames, f"there were {frames} frames, there are {box.frames()}")
    return f"{backup.stat().st_size} bytes of {frames} frames; the next after {took_s:.0f} s, none missing"


def dongle(box: Box, line: SimulatedDongle) -> str:
    """Unplugged, then plugged as a new device under the old name."""
    line.unplug()
    until(
        lambda: "no such device" in box.compose("logs", "edge") or "is gone" in box.compose("logs", "edge"), "noticed"
    )
    restarts = box.containers()["edge"]["RestartCount"]
    line.plug()
    took_s = box.until_stored()
    check(box.containers()["edge"]["RestartCount"] == restarts, "the edge was restarted for it")
    check(box.state("edge") == "healthy", "the edge is not healthy")
    return f"frames again after {took_s:.0f} s, same container"


def broker_restarted(box: Box) -> str:
    """Everything finds it again."""
    box.compose("restart", "mosquitto")
    return f"frames again after {box.until_stored():.0f} s"


def broker_killed(box: Box) -> str:
    """By SIGKILL inside, as when memory runs out: it is started again by its policy, and nothing is lost."""
    _kill_from_outside(box, "mosquitto")
    took_s = box.until_stored()
    box.until_healthy(*_ALWAYS)
    until(lambda: _missing_findings(box) == 0, "no frame is missing")
    return f"frames again after {took_s:.0f} s, none missing"


def influxdb_away(box: Box) -> str:
    """The ledger goes on, and `up` is not held up."""
    box.compose("kill", "influxdb")
    took_s = box.until_stored()
    box.compose("start", "influxdb")
    box.until_healthy("influxdb")
    return f"5 frames meanwhile, in {took_s:.0f} s"


def hanging(box: Box) -> str:
    """A program that is stopped is ended by its health check, and started again."""
    restarts = {each: box.containers()[each]["RestartCount"] for each in ("edge", "recorder")}
    for service in restarts:
        run("kill", "-STOP", _pid_of_program(box, service))
    took_s = until(
        lambda: all(box.containers()[each]["RestartCount"] > n for each, n in restarts.items()),
        "both started again",
        300,
    )
    box.until_healthy(*restarts)
    until(lambda: _missing_findings(box) == 0, "no frame is missing")
    return f"both were started again within {took_s:.0f} s"


def edge_killed(box: Box) -> str:
    """By SIGKILL: its journal is still in memory when its container is started again."""
    before = box.compose("exec", "-T", "edge", "ls", "-i", f"/run/memory/tictally-edge-{NAME}/tail").split()[0]
    run("kill", "-KILL", _pid_of_program(box, "edge"))
    box.until_stored()
    after = box.compose("exec", "-T", "edge", "ls", "-i", f"/run/memory/tictally-edge-{NAME}/tail").split()[0]
    until(lambda: _missing_findings(box) == 0, "no frame is missing")
    return "same journal" if before == after else "its journal was sealed and goes on"


def memory(box: Box) -> str:
    """What each takes, of what it may."""
    lines = box.compose("stats", "--no-stream", "--format", "json").splitlines()
    return "; ".join(f"{each['Name'].split('-')[-2]} {each['MemUsage']}" for each in map(json.loads, lines))


def upgrade(box: Box) -> str:
    """The documented commands: another image of ours, made by the same words."""
    before = _ids(box)
    box.init()
    box.compose("build", "--no-cache")
    box.compose("up", "--detach", "--force-recreate")
    box.until_healthy(*_ALWAYS)
    took_s = box.until_stored()
    check(all(before[each] != now for each, now in _ids(box).items()), "a container is the old one")
    until(lambda: _missing_findings(box) == 0, "no frame is missing")
    return f"frames again after {took_s:.0f} s, none missing"


def move(box: Box, other: Box) -> str:
    """A backup as documented, brought to another box, where frames go on behind those that were."""
    archive = other.folder / "backup"
    archive.mkdir()
    box.compose("stop")
    for service, folder in _KEPT.items():
        pack = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "tar", service, "-C", folder, "-cz", ".")
        (archive / service).write_bytes(box.compose_bytes(*pack))
    run("tar", "-C", box.folder, "-czf", archive / "box.tar.gz", ".env", "local")
    forget_memory()  # another machine has another one: the edge finds its journal in its folder on disk
    run("tar", "-C", other.folder, "-xzf", archive / "box.tar.gz")
    other.init()
    for service, folder in _KEPT.items():
        unpack = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "tar", service, "-C", folder, "-xpz")
        other.compose_bytes(*unpack, stdin=(archive / service).read_bytes())
    with tempfile.TemporaryDirectory() as before:
        run("tar", "-C", before, "-xzf", archive / "recorder")
        frames, boots = _frames_and_boots(Path(before) / "ledger.sqlite")
    other.compose("up", "--detach")
    other.until_healthy(*_ALWAYS)
    check(other.frames() >= frames, f"there were {frames} frames, there are {other.frames()}")
    took_s = other.until_stored()
    until(lambda: _missing_findings(other) == 0, "no frame is missing")
    other.compose("stop", "recorder")
    other.compose("cp", "recorder:/var/lib/tictally", str(archive / "after"))
    check(_frames_and_boots(archive / "after" / "ledger.sqlite")[1] == boots, "the edge's journal has not come along")
    return f"{frames} frames moved, the next after {took_s:.0f} s, none missing"


_KEPT: Final = {
    "recorder": "/var/lib/tictally",
    "influxdb": "/var/lib/influxdb2",
    "edge": "/var/lib/tictally-edge",
}


def _frames_and_boots(ledger: Path) -> tuple[int, int]:
    """How many frames there are, and of how many lives of journals."""
    with sqlite3.connect(ledger) as connection:
        sql = "SELECT sum(last - first + 1), count(DISTINCT boot) FROM frame_number WHERE status = 1"
        frames, boots = connection.execute(sql).fetchone()
    return int(frames), int(boots)


def _contents(box: Box) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(box.local.rglob("*")) if path.is_file()}


def _ids(box: Box) -> dict[str, str]:
    return {service: record["Id"] for service, record in box.containers().items() if service != "setup"}


def _pid_of_program(box: Box, service: str) -> str:
    """On this machine: the child of the container's first process."""
    first = box.containers()[service]["State"]["Pid"]
    return run("ps", "--ppid", str(first), "-o", "pid=").split()[0]


def _kill_from_outside(box: Box, service: str) -> None:
    run("kill", "-KILL", str(box.containers()[service]["State"]["Pid"]))


def _missing_findings(box: Box) -> int:
    """Number of findings of the recorder's doctor about missing frames."""
    findings = json.loads(box.compose("exec", "-T", "recorder", "tictally", "doctor", "--json", is_checked=False))
    return len([each for each in findings if "missing" in json.dumps(each)])
