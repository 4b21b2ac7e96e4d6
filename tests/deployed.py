"""A box as deploy/init makes it, and a mosquitto with the deployment's own configuration."""

import base64
import hashlib
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from real_broker import COMMON, Mosquitto

from demo.broker import free_port

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
WITNESS = "witness"
PASSWORD = "of-the-tests-own"  # noqa: S105 - a user that only the tests' broker has


@dataclass
class Box:
    """A folder in which deploy/init has run, or will."""

    folder: Path

    def init(self, *arguments: str, fails: bool = False) -> str:
        """Run it; its output, or its errors where it is to fail."""
        done = subprocess.run(
            [DEPLOY / "init", *arguments, "--folder", self.folder, "--keep-owner"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def set_up(self, *more: str) -> None:
        """A box of the name nas that has the dongle itself."""
        own = ("--host", "nas", "--address", "127.0.0.1", "--device", "sim:hphc?mode=standard")
        self.init(*own, "--meter", "021900000001", *more)

    @property
    def local(self) -> Path:
        return self.folder / "local"

    @property
    def ca(self) -> Path:
        return self.local / "ca.pem"

    def password(self, user: str) -> str:
        return (self.local / "secrets" / f"{user}-password").read_text().strip()

    def add_witness(self) -> None:
        """A user who may do everything, which no box has: through it the tests see the effect of an attempt."""
        salt = bytes(12)
        digest = hashlib.sha512(PASSWORD.encode() + salt).digest()
        line = f"{WITNESS}:$6${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"
        with (self.local / "mosquitto" / "passwords").open("a") as passwords:
            passwords.write(line)
        with (self.local / "mosquitto" / "acl").open("a") as acl:
            acl.write(f"\nuser {WITNESS}\ntopic readwrite #\ntopic readwrite $SYS/#\n")


@dataclass
class DeployedMosquitto(Mosquitto):
    """The broker of deploy/compose.yaml: its configuration word for word, but for places and ports.

    `port` is the one without TLS.
    """

    box: Box = field(default_factory=lambda: Box(Path()))
    tls_port: int = 0

    def _lines(self) -> list[str]:
        self.tls_port = self.tls_port or free_port()
        (self.folder / "common").mkdir(exist_ok=True)
        shutil.copy(COMMON, self.folder / "common")
        text = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text()
        for original, replacement in {
            "/mosquitto/common": f"{self.folder}/common",
            "/mosquitto/data/": f"{self.folder}/",
            "/mosquitto/local": f"{self.box.local}/mosquitto",
            "listener 1883": f"listener {self.port} 127.0.0.1",
            "listener 8883": f"listener {self.tls_port} 127.0.0.1",
        }.items():
            assert original in text
            text = text.replace(original, replacement)
        return [text, "user root"]
