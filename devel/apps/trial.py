"""Both apps under a Docker engine, with stand-ins of the supervisor's API and ingress, and a real broker.

Home Assistant's network of apps is imitated: this machine has the supervisor's address in it.
"""

import json
import os
import shutil
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from zoneinfo import ZoneInfo

from devel.apps import folders
from devel.apps.ingress import COOKIE, SESSION, Ingress
from devel.apps.supervisor import TOKEN, Supervisor
from devel.child_process import ChildProcess
from devel.stack.box import StackError, run, until

if TYPE_CHECKING:
    from collections.abc import Callable

_SUPERVISOR: Final = "172.30.32.2"
_NETWORK: Final = "tictally-apps"
_MQTT_PORT: Final = 21883
_USER, _PASSWORD = "addons", "a-secret-of-the-hub"
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "aarch64", "armv7l": "armv7"}
_CONTRACT: Final = {"tariff": "edf-bleu-hphc", "power": 6, "from": "2024-01-01"}
_DAY: Final = datetime(2025, 3, 30, tzinfo=ZoneInfo("Europe/Paris"))  # a day of 23 hours
_HALF_HOURS: Final = 46
_POWER_W: Final = 500
_ENEDIS: Final = """\
Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Etape metier;Unite;Pas en minutes
09111642617347;Courbe de charge;30/03/2025;30/03/2025;Energie active;Consommation;Comptage Brut;W;
Horodate;Valeur""".splitlines()  # noqa: E501 - the file's own line


class Trial:
    """Runs both apps from `__enter__` to `__exit__`.

    Args:
        folder: an empty one, for their data.
        apps: with the apps' folders.

    Attributes:
        steps: name and function of each, in order; a function returns its figures.
    """

    def __init__(self, folder: Path, apps: Path) -> None:
        self._folder = folder
        self._apps = apps
        password = folder / "password"
        run("mosquitto_passwd", "-b", "-c", password, _USER, _PASSWORD)
        configuration = folder / "mosquitto.conf"
        lines = (
            f"listener {_MQTT_PORT} {_SUPERVISOR}",
            f"password_file {password}",
            "allow_anonymous false",
            "user root",
        )
        configuration.write_text("\n".join(lines), encoding="ascii")
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") or "mosquitto"
        self._broker = ChildProcess("mosquitto", [program, "-c", str(configuration)], folder / "mosquitto.log")
        self.steps: list[tuple[str, Callable[[], str]]] = [
            ("images", self._build),
            ("packages of all options", self._packages),
            ("started by options alone", self._start),
            ("frames stored", self._frames),
            ("page by ingress, not without", self._ingress),
            ("a file that was put there", self._import),
            ("backup of the running ledger", self._backup),
            ("restored, the same figures", self._restore),
            ("memory", self._memory),
        ]

    def __enter__(self) -> Self:
        run("docker", "network", "create", "--subnet", "172.30.32.0/23", "--gateway", _SUPERVISOR, _NETWORK)
        self._broker.start()
        mqtt = {"host": _SUPERVISOR, "port": _MQTT_PORT, "username": _USER, "password": _PASSWORD}
        self._supervisor = Supervisor(mqtt, (_SUPERVISOR, 80))
        self._supervisor.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run("docker", "rm", "--force", *map(_container, folders.APPS), is_checked=False)
        self._supervisor.__exit__(kind, error, trace)
        self._broker.stop()
        run("docker", "network", "rm", _NETWORK, is_checked=False)

    def _build(self) -> str:
        arch = _ARCHITECTURES[os.uname().machine]
        base = os.environ.get("TICTALLY_PYTHON_IMAGE")
        options = ["--build-arg", f"BASE={base}"] if base else []
        for app in folders.APPS:
            named = ["--build-arg", "BUILD_VERSION=0", "--build-arg", f"BUILD_ARCH={arch}", "--tag", _container(app)]
            run("docker", "build", *named, *options, self._apps / folders.slug(app))
        sizes = [
            int(run("docker", "image", "inspect", "--format", "{{.Size}}", _container(app))) for app in folders.APPS
        ]
        return ", ".join(f"{app} {size / 1e6:.0f} MB" for app, size in zip(folders.APPS, sizes, strict=True))

    def _packages(self) -> str:
        names = ("apprise", "openpyxl", "websockets")
        code = "; ".join(f"import {each}" for each in names)
        run("docker", "run", "--rm", "--entrypoint", "python3", _container("recorder"), "-c", code)
        return ", ".join(names)

    def _start(self) -> str:
        self._run("edge", {"source": "sim:hphc?mode=standard", "language": "en"}, self._folder / "edge")
        self._run("recorder", {"contracts": [_CONTRACT], "language": "en"}, self._folder / "recorder")
        took_s = until(lambda: all(self._health(app) == "healthy" for app in folders.APPS), "both healthy")
        return f"healthy after {took_s:.0f} s"

    def _frames(self) -> str:
        took_s = until(lambda: bool(self._api("/api/v1/sites")["items"]), "a site in the ledger")
        return f"first site after {took_s:.0f} s"

    def _ingress(self) -> str:
        for path, token in (("/api/v1/sites", None), ("/metrics", None), ("/api/v1/sites", "x" * 20)):
            status = _status(f"http://{self._address('recorder')}:8780{path}", token)
            _require(status == HTTPStatus.UNAUTHORIZED, f"{path} without ingress answers {status}")
        with Ingress(f"http://{self._address('recorder')}:8780") as ingress:
            page = _get(ingress.address).decode()
            _require('src="page/' in page and 'src="/' not in page, "the page's addresses are absolute")
            _require(_status(ingress.address, None) == HTTPStatus.UNAUTHORIZED, "ingress without a session answers")
            return f"{len(page)} bytes of page"

    def _import(self) -> str:
        moments = (_DAY.astimezone(UTC) + timedelta(minutes=30 * n) for n in range(1, _HALF_HOURS + 1))
        powers = [f"{each.astimezone(_DAY.tzinfo).isoformat()};{_POWER_W}" for each in moments]
        path = self._folder / "recorder-share" / "tictally" / "import" / "enedis.csv"
        path.write_text("\n".join([*_ENEDIS, *powers]), encoding="utf-8-sig")
        run("docker", "restart", _container("recorder"))
        took_s = until(lambda: self._energy() == _POWER_W * _HALF_HOURS // 2, "the energy of the imported day")
        return f"23 hours of 500 W: {self._energy()} Wh, {took_s:.0f} s after a restart"

    def _backup(self) -> str:
        run("docker", "exec", _container("recorder"), "/opt/tictally/app/backup-pre")
        excluded = _excluded()
        target = self._folder / "restored"
        for path in sorted((self._folder / "recorder").rglob("*")):
            if path.is_file() and not any(fnmatch(str(path), pattern) for pattern in excluded):
                copy = target / path.relative_to(self._folder / "recorder")
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)
        run("docker", "exec", _container("recorder"), "/opt/tictally/app/backup-post")
        _require(not (self._folder / "recorder" / "backup" / "ledger.backup").exists(), "backup-post left the backup")
        _require(not [*target.glob("ledger.sqlite*")], "the running ledger's files were copied")
        return (
            f"{(target / 'backup' / 'ledger.backup').stat().st_size} bytes, {len([*target.rglob('*')])} files in /data"
        )

    def _restore(self) -> str:
        energy, cost = self._energy(), self._cost()
        run("docker", "rm", "--force", _container("recorder"))
        self._run("recorder", {"contracts": [_CONTRACT], "language": "en"}, self._folder / "restored")
        until(lambda: self._health("recorder") == "healthy", "the restored recorder healthy")
        took_s = until(lambda: (self._energy(), self._cost()) == (energy, cost), "the figures of before")
        return f"{energy} Wh and {len(cost)} rows of cost, {took_s:.0f} s after it was healthy"

    def _memory(self) -> str:
        format_ = "{{.Name}} {{.MemUsage}}"
        lines = run("docker", "stats", "--no-stream", "--format", format_, *map(_container, folders.APPS)).splitlines()
        return ", ".join(line.partition(" / ")[0].removeprefix("tictally-app-") for line in lines)

    def _run(self, app: str, options: dict[str, object], data: Path) -> None:
        """As the supervisor runs it: options in /data, its token, memory for /tmp."""
        data.mkdir(exist_ok=True)
        (data / "options.json").write_text(json.dumps(options), encoding="utf-8")
        share = self._folder / "recorder-share"
        share.mkdir(exist_ok=True)
        mounts = ["--volume", f"{data}:/data", "--tmpfs", "/tmp"]  # noqa: S108 - the container's
        if app == "recorder":
            mounts += ["--volume", f"{share}:/share"]
        place = ["--network", _NETWORK, "--add-host", f"supervisor:{_SUPERVISOR}", "--init", "--name", _container(app)]
        run("docker", "run", "--detach", *place, *mounts, "--env", f"SUPERVISOR_TOKEN={TOKEN}", _container(app))

    def _health(self, app: str) -> str:
        return run("docker", "inspect", "--format", "{{.State.Health.Status}}", _container(app)).strip()

    def _address(self, app: str) -> str:
        pattern = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return run("docker", "inspect", "--format", pattern, _container(app)).strip()

    def _api(self, path: str) -> dict[str, Any]:
        """An answer of the recorder, as ingress' user gets it; empty while it does not answer."""
        try:
            with Ingress(f"http://{self._address('recorder')}:8780") as ingress:
                answer: dict[str, Any] = json.loads(_get(f"{ingress.address}{path[1:]}"))
                return answer
        except OSError:
            return {"items": []}

    def _cost(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._api("/api/v1/cost?from=2025-03-30&to=2025-03-31")["items"]
        return rows

    def _energy(self) -> int:
        rows = self._api("/api/v1/use?from=2025-03-30&to=2025-03-31&by=day")["items"]
        return sum(row["consumption_wh"] or 0 for row in rows)


def _excluded() -> list[str]:
    """`backup_exclude` of the recorder's description."""
    text = (folders.ROOT / "deploy" / "home-assistant" / "recorder" / "config.yaml").read_text(encoding="utf-8")
    lines = text.partition("backup_exclude:\n")[2].splitlines()
    return [json.loads(line.removeprefix("  - ")) for line in lines if line.startswith('  - "')]


def _container(app: str) -> str:
    return f"tictally-app-{app}"


def _get(address: str) -> bytes:
    request = urllib.request.Request(address, headers={"cookie": f"{COOKIE}={SESSION}"})  # noqa: S310 - http
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content


def _status(address: str, token: str | None) -> int:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _require(holds: object, sentence: str) -> None:
    if not holds:
        raise StackError(sentence)
