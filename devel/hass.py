"""Shows what a real Home Assistant makes of a meter: its entities with class, unit and value, and its complaints.

With `--pictures FOLDER` it takes pictures of the dashboard and of the meter's page instead.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # with what the tests start, this starts too

import hass
import real_edge
from page_browsing import CHROMIUM
from real_broker import Mosquitto

from devel import hass_pictures

_STILL_S: Final = 6.0
_WITHIN_S: Final = 60.0
_WRONG_SETTING: Final = 2


@contextmanager
def home_with_meter(folder: Path, port: str, settings: dict[str, str]) -> Iterator[hass.HomeAssistant]:
    """A Home Assistant that hears an edge of its own.

    Args:
        folder: for everything that they keep.
        port: the edge's, `sim:tempo?mode=standard`.
        settings: the edge's others, in lower case.
    """
    with ExitStack() as stack:
        for part in ("mosquitto", "hass"):
            (folder / part).mkdir()
        broker, home = Mosquitto(folder / "mosquitto"), hass.HomeAssistant(folder / "hass")
        broker.start()
        stack.callback(broker.stop)
        edge = real_edge.edge(folder, port, broker.port, **settings)
        edge.start()
        stack.callback(edge.end)
        stack.callback(home.stop)
        home.start()
        home.add_broker(broker.port)
        yield home


def wait_until_still(home: hass.HomeAssistant) -> None:
    """Wait until the meter is there and no entity has come for some seconds."""
    known: set[str] = set()
    since = time.monotonic()
    end = since + _WITHIN_S
    while (now := time.monotonic()) < end and (now - since < _STILL_S or len({key.split("_")[1] for key in known}) < 2):  # noqa: PLR2004 - edge and meter
        if (found := set(home.entities)) != known:
            known, since = found, now
        time.sleep(0.5)


def table(home: hass.HomeAssistant) -> Table:
    """Every entity, a row each."""
    shown = Table("unique id", "name", "class", "unit", "category", "value")
    states = home.states
    for unique_id, entity in sorted(home.entities.items()):
        state: dict[str, Any] = states.get(entity["entity_id"], {"state": "(disabled)", "attributes": {}})
        about = state["attributes"]
        row = (
            unique_id,
            entity["original_name"],
            about.get("device_class"),
            about.get("unit_of_measurement"),
            entity["entity_category"],
        )
        shown.add_row(*(value or "" for value in row), str(state["state"]))
    return shown


def _take_pictures(target: Path) -> int:
    if CHROMIUM is None:
        sys.stderr.write("Chromium is not installed, nor on PATH\n")
        return _WRONG_SETTING
    with TemporaryDirectory(prefix="tictally-hass-") as folder:
        made = hass_pictures.take(Path(folder), target)
    sys.stdout.write("".join(f"{each}: {each.stat().st_size} bytes\n" for each in made))
    return 0


def main() -> int:
    """Show it.

    Returns:
        the exit status: 0, 1 where Home Assistant complained, 2 where it is not installed.
    """
    parser = argparse.ArgumentParser(prog="./run hass", description=__doc__)
    parser.add_argument("port", nargs="?", default="sim:tempo?mode=standard", help="of the edge (%(default)s)")
    parser.add_argument("--language", choices=("fr", "en"), default="fr")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="take the pictures of docs/, with Chromium")
    args = parser.parse_args()
    if not hass.command():
        sys.stderr.write("Home Assistant is not installed: put `hass` on PATH, or its command into TICTALLY_HASS\n")
        return _WRONG_SETTING
    if args.pictures is not None:
        return _take_pictures(args.pictures)
    with TemporaryDirectory(prefix="tictally-hass-") as folder:  # noqa: SIM117 - the folder goes last
        with home_with_meter(Path(folder), args.port, {"language": args.language}) as home:
            wait_until_still(home)
            console = Console()
            console.print(table(home))
            complaints = home.complaints
    for complaint in complaints:
        console.print(complaint, style="red")
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
