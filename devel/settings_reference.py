"""Writes docs/settings.md: every setting of both programs with its default and meaning, from the classes themselves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from tictally_edge.features import all_settings as edge_settings
from tictally_edge.settings import PROGRAM as EDGE
from tictally_edge.settings import SERVICE_FILE as EDGE_FILE
from tictally_edge.settings import SERVICE_JOURNAL, SERVICE_STATE
from tictally_recorder.features import all_settings as recorder_settings
from tictally_recorder.settings import PROGRAM as RECORDER
from tictally_recorder.settings import SERVICE_FILE as RECORDER_FILE
from tictally_recorder.settings import SERVICE_LEDGER
from tictally_shared.settings.sections import Setting, settings_in

PAGE: Final = Path(__file__).parent.parent / "docs" / "settings.md"

_INTRODUCTION: Final = f"""# Settings

Generated from the code by `./run settings`.

Both programs read environment variables: those of the recorder begin with `TICTALLY_`, those of the edge with
`TICTALLY_EDGE_`. An empty variable counts as unset. In order of precedence:

| source | example |
|---|---|
| command line, the ledger only | `--ledger /srv/ledger.sqlite` |
| environment | `TICTALLY_MQTT_HOST=nas.local` |
| a file with the value, for secrets | `TICTALLY_MQTT_PASSWORD_FILE=/etc/tictally/password` |
| the file of the systemd service, the same two forms | `{RECORDER_FILE}`, `{EDGE_FILE}` |
| TOML, named by `--config FILE` or `TICTALLY_CONFIG` | `mqtt_host = "nas.local"` |

Names in TOML are in lower case and without the prefix. The edge's TOML file is named by `TICTALLY_EDGE_CONFIG`.

Every command reads the service's file, so that `tictally energy` asks the service's ledger and `tictally-edge doctor`
examines the service's line. It is skipped where your user may not read it, and where `--config` or `TICTALLY_CONFIG`
names other settings. A secret file that only the service's user may read is left out. With the service's file, ledger
and journal lie where the service has them: `{SERVICE_LEDGER}`, `{SERVICE_JOURNAL}`, `{SERVICE_STATE}`.

A wrong value stops the start with a message that names the setting as you wrote it. A variable that begins with the
prefix and is no setting is reported in the log and by `doctor`, with the nearest setting; it never stops a program.
What a container platform sets for a service of such a name is ignored: `TICTALLY_MQTT_PORT=tcp://10.0.0.7:1883`.
A simulated meter has options of its own: [simulator.md](simulator.md).
"""


def page() -> str:
    """The page."""
    parts = [_INTRODUCTION, "## The recorder: `tictally`\n", *_sections(recorder_settings(), RECORDER.prefix)]
    return "\n".join([*parts, "## The edge: `tictally-edge`\n", *_sections(edge_settings(), EDGE.prefix)])


def _sections(model: type[BaseModel], prefix: str) -> Iterator[str]:
    groups: dict[str, list[Setting]] = {}
    for setting in settings_in(model).values():
        groups.setdefault(setting.path[0] if len(setting.path) > 1 else "", []).append(setting)
    for key, settings in groups.items():
        caption = f"{_summary(model.model_fields[key].annotation)}\n\n" if key else ""
        rows = "\n".join(_row(each, prefix) for each in settings)
        yield f"{caption}| variable | default | meaning |\n|---|---|---|\n{rows}\n"


def _row(setting: Setting, prefix: str) -> str:
    return f"| `{prefix}{setting.name.upper()}` | {_default(setting.field)} | {_meaning(setting, prefix)} |"


def _summary(model: object) -> str:
    return (getattr(model, "__doc__", None) or "").strip().partition("\n")[0]


def _default(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "default" in extra:
        return str(extra["default"])
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ({}, (), ""):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(setting: Setting, prefix: str) -> str:
    text = (setting.field.description or "").replace("|", "\\|")
    is_secret = SecretStr in getattr(setting.field.annotation, "__args__", (setting.field.annotation,))
    return f"{text} Secret: use `{prefix}{setting.name.upper()}_FILE`." if is_secret else text


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
