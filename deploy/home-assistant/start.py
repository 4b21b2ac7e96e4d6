"""Starts edge or recorder in an app of Home Assistant: the app's options and the hub's broker become its settings.

`start.py edge` and `start.py recorder` run in the app's container, where the supervisor has written the options to
/data/options.json. An option is the setting of the same purpose; `settings` has any other, `NAME=value`, and wins.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_SUPERVISOR: Final = "http://supervisor"
# The supervisor's fixed address in the network of apps, from which ingress comes:
# https://developers.home-assistant.io/docs/apps/presentation#ingress
_INGRESS: Final = "172.30.32.2"
# Earlier ones show an app's page below another path: https://github.com/home-assistant/core/pull/161264
_APP_PANEL_SINCE: Final = (2026, 2)
_RECORDER: Final = "home-assistant"
# By which the recorder knows that what its page would write there is overwritten at the next start.
_MADE: Final = "# tictally: made from the options of the app\n"
_LEDGER_WITHIN_S: Final = 120
_BACKUP: Final = "backup/ledger.backup"  # made by `backup-pre`
# Serial devices that are radios: opening one would disturb the hub's Zigbee, Thread or Z-Wave network.
_RADIO: Final = re.compile(
    r"zigbee|z[-_]?wave|zwa|thread|connect_zb|sky_?connect|conbee|raspbee|sonoff|slzb|smlight|zzh|ezsp|aeotec|aeon|"
    r"nabu_?casa|electrolama|zig-?star|dresden|razberry|rfxcom|rflink|bluetooth|gps|modem",
    re.IGNORECASE,
)
_NO_PORT: Final = {
    "fr": "Aucun port série pour le compteur n'a été trouvé. Branchez l'adaptateur TIC, ou choisissez-le dans l'option "
    "« Port série ».",
    "en": "No serial port for the meter was found. Plug the TIC adapter in, or choose it in the option “Serial port”.",
}
_SEVERAL_PORTS: Final = {
    "fr": "Plusieurs ports série sont possibles ; choisissez celui du compteur dans l'option « Port série » : {}",
    "en": "Several serial ports are possible; choose the meter's in the option “Serial port”: {}",
}
_NO_BROKER: Final = {
    "fr": "Home Assistant n'a pas de broker MQTT. Installez l'application « Mosquitto broker », ou indiquez le vôtre "
    "dans « Autres réglages » : {}MQTT_HOST=…",
    "en": "Home Assistant has no MQTT broker. Install the app “Mosquitto broker”, or name yours in "
    "“Other settings”: {}MQTT_HOST=…",
}
_OWN_CONTRACTS: Final = {
    "fr": "Le fichier {} prime sur les contrats des options.",
    "en": "The file {} takes precedence over the contracts of the options.",
}
_NOT_RESTORED: Final = {
    "fr": "La sauvegarde {} n'a pas pu être restaurée, et l'application ne démarre pas sans elle.",
    "en": "The backup {} could not be restored, and the app does not start without it.",
}


class StartError(Exception):
    """The program cannot start; the message is for the app's log."""


@dataclass(frozen=True)
class App:
    """Where an app finds its things; other places in tests.

    Attributes:
        data: folder of the app alone, part of the hub's backups.
        share: folder that the user reaches, of the recorder.
        runtime: folder in memory.
        devices: folder of the serial devices by their ids.
        examples: folder with blueprints and dashboard.
        supervisor: address of its API.
        environ: of the container.
    """

    data: Path = Path("/data")
    share: Path = Path("/share/tictally")
    runtime: Path = Path("/tmp/tictally")  # noqa: S108 - a memory file system of this container alone
    devices: Path = Path("/dev/serial/by-id")
    examples: Path = Path("/opt/tictally/app/home-assistant")
    supervisor: str = _SUPERVISOR
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def options(self) -> dict[str, Any]:
        """The options that the user chose."""
        found: dict[str, Any] = json.loads((self.data / "options.json").read_text(encoding="utf-8"))
        return found


def edge_environment(app: App) -> dict[str, str]:
    """The edge's environment.

    Raises:
        StartError: there is no broker, or it is open which port is the meter's.
    """
    options, prefix = app.options, "TICTALLY_EDGE_"
    language = options.get("language", "fr")
    app.runtime.mkdir(parents=True, exist_ok=True)
    settings = {
        "LANGUAGE": language,
        "NAME": options.get("name") or "home-assistant",
        "STATE": str(app.data / "journal"),
    }
    own = _own_settings(options)
    if f"{prefix}PORT" not in own:
        settings["PORT"] = options.get("source") or options.get("port") or _found_port(app, language)
    environ = {**app.environ, **_prefixed(prefix, settings | _broker(app, own, prefix, language)), **own}
    return environ | {"RUNTIME_DIRECTORY": str(app.runtime), "STATE_DIRECTORY": str(app.data)}


def recorder_environment(app: App) -> dict[str, str]:
    """The recorder's environment; makes the folders that the user puts files into.

    Raises:
        StartError: there is no broker.
    """
    options, prefix = app.options, "TICTALLY_"
    language = options.get("language", "fr")
    for folder in (app.runtime, *(app.share / name for name in ("backups", "import", "tariffs"))):
        folder.mkdir(parents=True, exist_ok=True)
    _offer_examples(app)
    settings = {
        "LANGUAGE": language,
        "NAME": _RECORDER,
        "LEDGER": str(app.data / "ledger.sqlite"),
        "CONTRACTS": str(_contracts(app, options.get("contracts") or [], language)),
        "TARIFFS": str(app.share / "tariffs"),
        "BACKUP": str(app.share / "backups"),
        "HTTP_HOST": "0.0.0.0",  # noqa: S104 - the network of apps; no other machine reaches it unless the user opens it
        "HTTP_PORT": "8780",
        "HTTP_INGRESS": _INGRESS,
        "HTTP_READS": "token",
        "HTTP_TOKEN": options.get("token") or _made_token(app.data / "token"),
    }
    if page_url := _page_url(app):
        settings["PAGE_URL"] = page_url
    token = app.environ.get("SUPERVISOR_TOKEN", "")
    hub = {"URL": f"{app.supervisor}/core", "TOKEN": token} if token else {}
    settings |= {f"HOME_ASSISTANT_{name}": value for name, value in hub.items()}
    if options.get("statistics"):
        settings |= {f"HOME_ASSISTANT_STATISTICS_{name}": value for name, value in hub.items()}
    settings |= {
        f"INFLUXDB_{name}": options[f"influxdb_{name.lower()}"]
        for name in ("URL", "ORG", "TOKEN")
        if options.get(f"influxdb_{name.lower()}")
    }
    notify = {"TARGETS": "\n".join(options.get("notify") or ())}
    notify |= {name: str(options.get(f"notify_{name.lower()}") or "") for name in ("SUMMARY", "BUDGET")}
    settings |= {f"NOTIFY_{name}": value for name, value in notify.items() if value}
    own = _own_settings(options)
    return {**app.environ, **_prefixed(prefix, settings | _broker(app, own, prefix, language)), **own}


def _offer_examples(app: App) -> None:
    """Put blueprints and dashboard of this version where the user can copy them from."""
    target = app.share / "home-assistant"
    dashboard = (app.examples / "dashboard.yaml").read_text(encoding="utf-8")
    named = dashboard.replace("tictally_recorder_nas_", f"tictally_recorder_{_RECORDER.replace('-', '_')}_")
    try:
        (target / "blueprints").mkdir(parents=True, exist_ok=True)
        for blueprint in (app.examples / "blueprints").glob("*.yaml"):
            shutil.copyfile(blueprint, target / "blueprints" / blueprint.name)
        (target / "dashboard.yaml").write_text(named, encoding="utf-8")
    except OSError as error:  # a full disk must not stop the recorder for the sake of examples
        _print(f"blueprints and dashboard could not be written: {target}: {error.strerror}")


def _own_settings(options: Mapping[str, Any]) -> dict[str, str]:
    pairs = (str(line).partition("=") for line in options.get("settings") or ())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _prefixed(prefix: str, settings: Mapping[str, str]) -> dict[str, str]:
    return {f"{prefix}{name}": value for name, value in settings.items()}


def _broker(app: App, own: Mapping[str, str], prefix: str, language: str) -> dict[str, str]:
    """The broker of the options, else the hub's."""
    if f"{prefix}MQTT_HOST" in own:
        return {}
    service = _service(app, "mqtt")
    if service is None:
        raise StartError(_NO_BROKER[language].format(prefix))
    found = {"MQTT_HOST": service["host"], "MQTT_PORT": str(service["port"])}
    found |= {f"MQTT_{name.upper()}": service[name] for name in ("username", "password") if service.get(name)}
    if service.get("ssl"):
        found["MQTT_CA"] = "/etc/ssl/certs/ca-certificates.crt"
    return found


def _service(app: App, name: str) -> dict[str, Any] | None:
    """A service that the supervisor knows, or None."""
    data = _supervised(app, f"/services/{name}")
    return data if data.get("host") and data.get("port") else None


def _page_url(app: App) -> str | None:
    """Where the hub shows the page, since its port is closed; None where the supervisor does not answer."""
    slug = _supervised(app, "/addons/self/info").get("slug")
    if not slug:
        return None
    version = re.match(r"(\d+)\.(\d+)", str(_supervised(app, "/info").get("homeassistant")))
    is_old = version is not None and tuple(map(int, version.groups())) < _APP_PANEL_SINCE
    return f"homeassistant://{'hassio/ingress' if is_old else 'app'}/{slug}"


def _supervised(app: App, path: str) -> dict[str, Any]:
    """What the supervisor's API has at a path; empty where it has nothing."""
    headers = {"authorization": f"Bearer {app.environ.get('SUPERVISOR_TOKEN', '')}"}
    request = urllib.request.Request(f"{app.supervisor}{path}", headers=headers)  # noqa: S310 - http
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            body = json.load(answer)
    except (OSError, ValueError):  # no such service, no supervisor
        return {}
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def _found_port(app: App, language: str) -> str:
    """The only serial device that may be the meter's."""
    found = sorted(app.devices.iterdir()) if app.devices.is_dir() else []
    possible = [each for each in found if not _RADIO.search(each.name)]
    if not possible:
        raise StartError(_NO_PORT[language])
    if len(possible) > 1:
        raise StartError(_SEVERAL_PORTS[language].format(", ".join(map(str, possible))))
    return str(possible[0])


def _contracts(app: App, contracts: Iterable[Mapping[str, Any]], language: str) -> Path:
    """The file of the contracts: the user's own, else one that is made from the options."""
    own, made = app.share / "contracts.toml", app.data / "contracts.toml"
    contracts = list(contracts)
    if own.exists() or not contracts:
        if contracts:
            _print(_OWN_CONTRACTS[language].format(own))
        return own
    made.write_text("\n".join([_MADE, *map(_contract_toml, contracts)]), encoding="utf-8")
    return made


def _contract_toml(contract: Mapping[str, Any]) -> str:
    lines = ["[[contract]]", f"from = {contract['from']}"]
    # JSON's strings are TOML's, but for the characters beyond the first 65 536, which need not be escaped.
    lines += [
        f"{key} = {json.dumps(contract[key], ensure_ascii=False)}"
        for key in ("site", "tariff", "power")
        if contract.get(key)
    ]
    hours = [each.strip() for each in re.split("[,;]", contract.get("off_peak") or "") if each.strip()]
    if hours:
        lines.append(f"off_peak = {json.dumps(hours)}")
    return "\n".join(lines) + "\n"


def _made_token(path: Path) -> str:
    """A token that nobody needs to know while only ingress asks; kept, so that a page on the port stays usable."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text(encoding="ascii").strip()


def _restore(app: App, environ: Mapping[str, str]) -> None:
    """After the hub restored its backup, which has no ledger but a consistent backup of it.

    Raises:
        StartError: it cannot be restored; an empty ledger must not take its place.
    """
    backup = app.data / _BACKUP
    if backup.exists() and not (app.data / "ledger.sqlite").exists():
        command = [sys.executable, "-m", "tictally_recorder", "restore", str(backup)]
        if subprocess.run(command, env=environ, check=False).returncode:  # noqa: S603 - its message is in the log
            raise StartError(_NOT_RESTORED[app.options.get("language", "fr")].format(backup))


def _import_in_background(app: App, environ: Mapping[str, str]) -> None:
    """Import the files of the user's folder, each alone; those that were imported before change nothing."""
    files = sorted(
        each for each in (app.share / "import").iterdir() if each.is_file() and not each.name.startswith(".")
    )
    if not files or os.fork():
        return
    if os.fork():  # the importing process becomes the child of the container's init, which waits for it
        os._exit(0)
    deadline_s = time.monotonic() + _LEDGER_WITHIN_S
    while not (app.data / "ledger.sqlite").exists() and time.monotonic() < deadline_s:
        time.sleep(1)
    for file in files:
        subprocess.run([sys.executable, "-m", "tictally_recorder", "import", file], env=environ, check=False)  # noqa: S603
    os._exit(0)


def _print(message: str) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


def main(program: str) -> None:
    """Become the program."""
    app = App()
    try:
        environ = edge_environment(app) if program == "edge" else recorder_environment(app)
        if program == "recorder":
            _restore(app, environ)
    except StartError as error:
        _print(str(error))
        sys.exit(1)
    if program == "recorder":
        _import_in_background(app, environ)
    command = {"edge": ("tictally_edge", "run"), "recorder": ("tictally_recorder", "record")}[program]
    os.execvpe(sys.executable, [sys.executable, "-m", *command], environ)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1])
