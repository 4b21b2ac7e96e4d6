"""The blueprints in a real Home Assistant, through a day whose states are set by hand.

Runs where Home Assistant is installed: `hass` on PATH, or the command in `TICTALLY_HASS`.
"""

import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hass
import pytest
import yaml  # type: ignore[import-untyped]
from hass import HomeAssistant

from devel.topics_reference import entities
from tictally_recorder.hubs.site_publisher import SITE_TOPICS

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "deploy" / "home-assistant" / "blueprints"
BLUEPRINTS = sorted(FOLDER.glob("*.yaml"))
NAMES = ("boiler", "boiler_by_price", "warned", "red", "standby", "silent")
SHORT = {"seconds": 1}


def automation(blueprint: str, **inputs: object) -> dict[str, object]:
    return {"use_blueprint": {"path": f"tictally/{blueprint}.yaml", "input": inputs}}


def counting(name: str) -> list[dict[str, object]]:
    return [{"action": "counter.increment", "target": {"entity_id": f"counter.{name}"}}]


def configuration() -> str:
    by_price = {"entity_id": "input_boolean.boiler_by_price"}
    automations = [
        automation("water_heater", heater={"entity_id": "input_boolean.boiler"}, period="sensor.period"),
        automation("water_heater", heater=by_price, mode="cheapest", cheapest="sensor.cheapest"),
        automation("overload_warning", available_power="sensor.left", duration=SHORT, do=counting("warned")),
        automation("red_day_tomorrow", colour="sensor.colour", do=counting("red")),
        automation("standby_rises", trend="sensor.trend", do=counting("standby")),
        automation("meter_silent", connection=["binary_sensor.line"], duration=SHORT, do=counting("silent")),
    ]
    helpers = {"input_boolean": dict.fromkeys(NAMES[:2]), "counter": dict.fromkeys(NAMES[2:])}
    return str(yaml.safe_dump({**helpers, "automation": automations}))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    if not hass.command():
        pytest.skip("Home Assistant is not installed, nor in TICTALLY_HASS")
    folder = tmp_path_factory.mktemp("hass")
    shutil.copytree(FOLDER, folder / "blueprints" / "automation" / "tictally")
    home = HomeAssistant(folder, more=configuration())
    home.start()
    yield home
    home.stop()


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Knows Home Assistant's tag for an input."""


_Loader.add_constructor("!input", lambda _, node: {"input": node.value})


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_every_input_is_used_and_every_used_input_exists(path: Path) -> None:
    content = yaml.load(path.read_text(), _Loader)  # noqa: S506 - safe but for one tag
    used: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            if set(value) == {"input"} and isinstance(value["input"], str):
                used.add(value["input"])
            for each in value.values():
                collect(each)
        elif isinstance(value, list):
            for each in value:
                collect(each)

    collect({key: value for key, value in content.items() if key != "blueprint"})
    assert used == set(content["blueprint"]["input"])


def test_the_dashboard_shows_entities_that_are_announced() -> None:
    shown = set(re.findall(r"\w+\.tictally_\w+", (FOLDER.parent / "dashboard.yaml").read_text()))
    assert len(shown) > 10
    site = {f"sensor.tictally_site_021900000002_{key}" for key in SITE_TOPICS}
    meter = {f"{each.platform}.tictally_021900000002_{key}" for key, each in entities().items()}
    assert shown - site - meter == {"binary_sensor.tictally_recorder_nas_connected"}
    assert shown >= {f"sensor.tictally_021900000002_{key}" for key in ("active_power", "sinsts", "papp", "grid_power")}


def test_a_card_of_the_dashboard_is_hidden_where_its_entity_does_not_exist() -> None:
    """The hub takes the state of an entity that does not exist for unknown."""
    every_meter = ("active_power", "available_power", "overload", "east")
    cards = [card for section in dashboard()["views"][0]["sections"] for card in section["cards"]]
    for card in cards:
        ids = [card["entity"]] if "entity" in card else card.get("entities", [])
        for each in (one["entity"] if isinstance(one, dict) else one for one in ids):
            if "_site_" in each or not each.endswith(every_meter):
                hidden = {"condition": "state", "entity": each, "state_not": ["unknown", "unavailable"]}
                assert card["visibility"] == [hidden]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER.parent / "dashboard.yaml").read_text())
    return found


def show(home: HomeAssistant, **states: str) -> None:
    """Set states of entities, `_` for the dot after the domain."""
    for name, state in states.items():
        domain = "binary_sensor" if name == "line" else "sensor"
        home.set_state(f"{domain}.{name}", state)


def value(home: HomeAssistant, entity: str) -> str:
    return str(home.states[entity]["state"])


def until(home: HomeAssistant, entity: str, wanted: str) -> None:
    home.wait_until(lambda: value(home, entity) == wanted, f"showed {entity} as {wanted}")


def test_the_boiler_heats_in_off_peak_hours_alone(home: HomeAssistant) -> None:
    for period, expected in (("HP", "off"), ("HC", "on"), ("unknown", "on"), ("HP BLEU", "off"), ("HC ROUGE", "on")):
        show(home, period=period)
        until(home, "input_boolean.boiler", expected)
    show(home, period="HEURES PLEINES")
    until(home, "input_boolean.boiler", "off")


def test_the_boiler_heats_in_the_cheapest_hours_alone(home: HomeAssistant) -> None:
    now = datetime.now(UTC)
    for start, expected in ((now - timedelta(hours=1), "on"), (now + timedelta(hours=1), "off"), (now, "on")):
        show(home, cheapest=start.isoformat(timespec="seconds"))
        until(home, "input_boolean.boiler_by_price", expected)
    # The end of the three hours comes by the clock alone: templates with the time are evaluated every minute.
    show(home, cheapest=(now - timedelta(hours=3) + timedelta(seconds=70)).isoformat(timespec="seconds"))
    home.wait_until(lambda: value(home, "input_boolean.boiler_by_price") == "off", "stopped after three hours", 150)


CASES: list[tuple[str, str, list[str], list[str]]] = [
    ("warned", "left", ["3000", "600"], ["400"]),
    ("red", "colour", ["unknown", "BLEU", "unavailable"], ["ROUGE"]),
    ("standby", "trend", ["5", "unavailable", "-3"], ["31.5"]),
    ("silent", "line", ["on", "unavailable", "on"], ["off"]),
]


@pytest.mark.parametrize(("name", "entity", "quiet", "loud"), CASES)
def test_it_acts_once_when_there_is_reason(
    home: HomeAssistant, name: str, entity: str, quiet: list[str], loud: list[str]
) -> None:
    for state in quiet:
        show(home, **{entity: state})
    time.sleep(1.5)  # longer than the duration: nothing was to happen
    assert value(home, f"counter.{name}") == "0"
    for state in (*quiet[:2], *loud) if name == "red" else loud:
        show(home, **{entity: state})
    home.wait_until(lambda: value(home, f"counter.{name}") == "1", f"acted on {entity}")


def test_nothing_is_complained_about(home: HomeAssistant) -> None:
    """But for entities that this test only creates after the start, where a hub remembers its own."""
    lines = [line for line in home.output.splitlines() if "automation" in line or "blueprint" in line]
    assert [line for line in lines if re.search("WARNING|ERROR", line) and "unknown entity" not in line] == []
