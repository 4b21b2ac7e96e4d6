"""Folders of the apps with the source inside, for the `addons` share of a Home Assistant: no address is needed."""

import re
import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
APPS: Final = ("edge", "recorder")
_DEPLOY: Final = ROOT / "deploy" / "home-assistant"
_FOLDERS: Final = ("shared", "edge", "recorder", "deploy/docker", "deploy/home-assistant/blueprints")
# No description of an app: the supervisor would find it a second time.
_FILES: Final = (
    *("pyproject.toml", "uv.lock", "README.md", "LICENSE"),
    *(
        f"deploy/home-assistant/{name}"
        for name in ("start.py", "install", "backup-pre", "backup-post", "dashboard.yaml")
    ),
)
_BUILT: Final = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist", ".*")


def slug(app: str) -> str:
    """The name of an app's folder, which is its slug."""
    lines = (_DEPLOY / app / "config.yaml").read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix("slug: ") for line in lines if line.startswith("slug: "))


def write(folder: Path, machines: tuple[str, ...] = ()) -> list[Path]:
    """Write both apps' folders, in place of earlier ones.

    Args:
        folder: that gets them.
        machines: `amd64`, `arm64`, `armv7`: whose wheels of dist/wheelhouse are added, so that no network is needed.

    Raises:
        OSError: a folder cannot be written.
    """
    made = []
    for app in APPS:
        target = folder / slug(app)
        source = target / "source"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(_DEPLOY / app, target)
        for name in _FOLDERS:
            shutil.copytree(ROOT / name, source / name, ignore=_BUILT)
        for name in _FILES:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
        for wheels in (ROOT / "dist" / "wheelhouse" / f"{app}-{machine}" for machine in machines):
            if wheels.is_dir():
                shutil.copytree(wheels, source / "dist" / "wheelhouse" / wheels.name)
        dockerfile = target / "Dockerfile"
        text = dockerfile.read_text(encoding="utf-8")
        dockerfile.write_text(re.sub(r"(?m)^ARG SOURCE=.*$", "ARG SOURCE=source", text), encoding="utf-8")
        made.append(target)
    return made
