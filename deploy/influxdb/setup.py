"""Sets InfluxDB up for the recorder and for Grafana: `setup` in deploy/compose.yaml, once at each `up`.

What is there already stays: the first user, buckets and tasks (by `tictally sink setup`), and tokens as long as they
allow what they should. InfluxDB invents the text of a token itself, so they are written where their readers find them.
Each file belongs to its reader's group, and nobody else may read it.

An InfluxDB that is away ends this without complaint where the tokens are there: it never holds up the ledger.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_TOKENS: Final = Path("/run/tokens")
# Who reads a token, and what it may do with buckets and tasks. A run of a task for late frames is asked for by writing.
_READERS: Final[dict[str, tuple[int, dict[str, tuple[str, ...]]]]] = {
    "recorder": (10883, {"buckets": ("read", "write"), "tasks": ("read", "write")}),
    "grafana": (472, {"buckets": ("read",)}),
}
_WAIT_S: Final = 240.0
_ANSWER_WITHIN_S: Final = 30.0
_PAGE: Final = 100

Json = dict[str, Any]
Permission = tuple[str, str, str]


class SetupError(Exception):
    """A problem that needs attention, with a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Server:
    """InfluxDB's HTTP interface.

    Attributes:
        url: where it is.
        token: that may do everything.
        org: the organisation's name.
    """

    url: str
    token: str
    org: str

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """One question and its answer.

        Raises:
            SetupError: it refuses.
            OSError: it is not there.
        """
        request = urllib.request.Request(  # noqa: S310 - the address is our own setting
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Token {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_WITHIN_S) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            detail = error.read(1000).decode("utf-8", "replace")
            raise SetupError(f"InfluxDB answers {method} {path} with {error.code}: {detail.strip()}") from None
        decoded: Json = json.loads(text) if text else {}
        return decoded

    def list(self, kind: str) -> list[Json]:
        """All that there is of a kind, of this organisation."""
        query = urllib.parse.urlencode({"org": self.org, "limit": _PAGE})
        found: list[Json] = self.ask("GET", f"/api/v2/{kind}?{query}")[kind]
        return found

    def wait(self, within_s: float) -> bool:
        """True as soon as it is up, False where it has not come in time."""
        end = time.monotonic() + within_s
        while True:
            try:
                self.ask("GET", "/health")
            except (OSError, SetupError):
                if time.monotonic() > end:
                    return False
                time.sleep(1)
            else:
                return True


def make_first_user(server: Server, password: str) -> None:
    """The first user, the organisation and the token that may do everything, where nobody has been there yet."""
    if not server.ask("GET", "/api/v2/setup")["allowed"]:
        return
    # InfluxDB requires a bucket as well; `tictally sink setup` creates the ones in use.
    first = {
        "username": "tictally",
        "password": password,
        "org": server.org,
        "bucket": "tictally",
        "token": server.token,
    }
    server.ask("POST", "/api/v2/setup", first)
    log("InfluxDB has its first user, tictally")


def settle_token(server: Server, reader: str, folder: Path = _TOKENS) -> None:
    """The token of one reader: written anew where there is none, or it does not allow what it should.

    A token cannot be changed. The one before goes when this runs again: until it is started anew its reader uses it.
    """
    group, may = _READERS[reader]
    file = folder / reader
    org_id = server.ask("GET", f"/api/v2/orgs?{urllib.parse.urlencode({'org': server.org})}")["orgs"][0]["id"]
    wanted = {
        (action, kind, each["id"])
        for kind, actions in may.items()
        for each in server.list(kind)
        if each.get("type") != "system"
        for action in actions
    }
    ours = [each for each in server.list("authorizations") if each["description"] == _description(reader)]
    written = file.read_text("utf-8").strip() if file.exists() else ""
    current = next((each for each in ours if written and each["token"] == written and _allows(each) == wanted), None)
    if current is None:
        permissions = [
            {"action": action, "resource": {"type": kind, "id": id_, "orgID": org_id}}
            for action, kind, id_ in sorted(wanted)
        ]
        body = {"orgID": org_id, "description": _description(reader), "permissions": permissions}
        write(file, server.ask("POST", "/api/v2/authorizations", body)["token"], group)
        log(f"InfluxDB has a new token for {reader}: {len(permissions)} permissions")
        return
    for each in ours:
        if each is not current:
            server.ask("DELETE", f"/api/v2/authorizations/{each['id']}")


def write(file: Path, token: str, group: int) -> None:
    """A file that its owner and one group can read."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(f"{token}\n")
    os.chown(new, -1, group)
    new.chmod(0o640)
    new.replace(file)


def main(environ: Mapping[str, str]) -> int:
    """Everything, in order; the exit status."""
    token = Path(environ["TICTALLY_INFLUXDB_SETUP_TOKEN_FILE"]).read_text("utf-8").strip()
    password = Path(environ["INFLUXDB_PASSWORD_FILE"]).read_text("utf-8").strip()
    server = Server(environ["TICTALLY_INFLUXDB_URL"], token, environ["TICTALLY_INFLUXDB_ORG"])
    are_there = all((_TOKENS / reader).exists() for reader in _READERS)
    try:
        if not server.wait(_WAIT_S):
            raise SetupError(f"InfluxDB does not answer at {server.url}")  # noqa: TRY301 - reported in one place
        make_first_user(server, password)
        # Its output is in this log too. If it fails, the recorder runs without InfluxDB and reports that itself.
        subprocess.run(["tictally", "sink", "setup"], check=False)  # noqa: S607
        for reader in _READERS:
            settle_token(server, reader)
    except (SetupError, OSError) as error:
        log(f"{error}{'; the tokens of an earlier time stay' if are_there else ''}")
        return 0 if are_there else 1
    return 0


def log(sentence: str) -> None:
    """To the container's log."""
    sys.stderr.write(f"{sentence}\n")


def _description(reader: str) -> str:
    return f"tictally: {reader}"


def _allows(authorization: Json) -> set[Permission]:
    return {
        (each["action"], each["resource"]["type"], each["resource"].get("id", ""))
        for each in authorization["permissions"]
    }


if __name__ == "__main__":
    sys.exit(main(os.environ))
