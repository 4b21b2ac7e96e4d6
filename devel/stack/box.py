"""A box: an empty folder that gets what the repository has of the deployment, and Compose there."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent.parent
# Names of the machine and of its edge in this run.
NAME: Final = "stack"
_MEMORY: Final = Path("/dev/shm") / f"tictally-edge-{NAME}"  # noqa: S108 - the machine's memory, where its journal is
_WITHIN_S: Final = 240.0


class StackError(Exception):
    """An expectation that does not hold, with a sentence for a person."""


def run(*command: str | Path, stdin: str = "", is_checked: bool = True) -> str:
    """A command's output, errors included.

    Raises:
        StackError: it failed.
    """
    done = subprocess.run(  # noqa: S603 - our own commands
        command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if is_checked and done.returncode:
        raise StackError(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stdout}")
    return done.stdout


def until(is_so: Callable[[], bool], what: str, within_s: float = _WITHIN_S) -> float:
    """How many seconds it took.

    Raises:
        StackError: it has not come to it in time.
    """
    start = time.monotonic()
    while not is_so():
        if time.monotonic() - start > within_s:
            raise StackError(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.5)
    return time.monotonic() - start


class Box:
    """One deployment, under a Compose project of its own.

    Attributes:
        folder: its `deploy/`.
        project: the name that its containers and volumes begin with.

    Args:
        folder: an empty one.
        project: no other box's.
    """

    def __init__(self, folder: Path, project: str) -> None:
        self.project = project
        for name in ("deploy", "mosquitto"):
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns(".env*", "local", "compose.override*")
            )
        shutil.copy(ROOT / ".dockerignore", folder)
        shutil.copytree(ROOT / "dist" / "wheelhouse", folder / "dist" / "wheelhouse")
        self.folder = folder / "deploy"

    @property
    def local(self) -> Path:
        """What deploy/init makes."""
        return self.folder / "local"

    def init(self, *arguments: str) -> str:
        """`deploy/init`."""
        return run(self.folder / "init", *arguments)

    def set_to(self, key: str, value: str) -> None:
        """A line of the user's own in .env."""
        with (self.folder / ".env").open("a") as env:
            env.write(f"{key}={value}\n")

    def page(self, path: str, token: str | None = None) -> int:
        """The status of an answer of the page's port, as whoever is at this box gets it."""
        place = self.compose("port", "recorder", "8780").strip()
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"http://{place}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def compose(self, *arguments: str, is_checked: bool = True) -> str:
        """`docker compose`, in this project."""
        file = self.folder / "compose.yaml"
        return run(
            "docker", "compose", "--project-name", self.project, "--file", file, *arguments, is_checked=is_checked
        )

    def compose_bytes(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """The same for what is no text; complaints are no part of it."""
        command = ("docker", "compose", "--project-name", self.project, "--file", self.folder / "compose.yaml")
        done = subprocess.run([*command, *arguments], input=stdin, capture_output=True, check=False)  # noqa: S603
        if done.returncode:
            raise StackError(f"{arguments} ended with {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    def containers(self) -> dict[str, dict[str, Any]]:
        """Service → its `docker inspect` record, the one-shot service included."""
        ids = self.compose("ps", "--all", "--quiet").split()
        records = json.loads(run("docker", "inspect", *ids))
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in records}

    def state(self, service: str) -> str:
        """`healthy`, `starting`, `unhealthy`, or what the container does."""
        state = self.containers()[service]["State"]
        health: str = state.get("Health", {}).get("Status") or state["Status"]
        return health

    def until_healthy(self, *services: str) -> float:
        """How many seconds it took until all of them were."""
        return until(lambda: all(self.state(each) == "healthy" for each in services), f"{services} healthy")

    def python(self, service: str, program: str) -> str:
        """What a few lines of Python print inside a container."""
        return self.compose("exec", "-T", service, "python3", "-c", program).strip()

    def frames(self) -> int:
        """How many frames are in the ledger."""
        sql = "SELECT coalesce(sum(last - first + 1), 0) FROM frame_number WHERE status = 1"
        path = "file:/var/lib/tictally/ledger.sqlite?mode=ro"
        return int(
            self.python(
                "recorder", f"import sqlite3; print(sqlite3.connect({path!r}, uri=True).execute({sql!r}).fetchone()[0])"
            )
        )

    def until_stored(self, more: int = 5) -> float:
        """How many seconds it took until so many more frames were in the ledger."""
        wanted = self.frames() + more
        return until(lambda: self.frames() >= wanted, f"{wanted} frames stored")

    def remove(self) -> None:
        """Containers, networks and volumes."""
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "10", is_checked=False)
        forget_memory()


def forget_memory() -> None:
    """As after a start of the machine."""
    shutil.rmtree(_MEMORY, ignore_errors=True)


def missing_engine() -> str:
    """What is missing to run containers here, or nothing."""
    docker = shutil.which("docker")
    if docker is None:
        return "docker is not installed"
    return "" if _succeeds(docker, "info") else "no Docker engine answers"


def why_not() -> str:
    """What is missing for a stack here, or nothing."""
    if missing := missing_engine():
        return missing
    if os.geteuid() != 0:
        return "it needs root, as deploy/init does"
    if not _succeeds("docker", "compose", "version"):
        return "Compose is not installed"
    if not (ROOT / "dist" / "wheelhouse").is_dir():
        return "there are no wheels: ./run wheelhouse"
    return ""


def _succeeds(*command: str) -> bool:
    return not subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603 - our own commands
