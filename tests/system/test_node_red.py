"""The flow for Node-RED: of topics that there are, and, where Node-RED is installed, with what it shows."""

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from real_broker import Hub, Mosquitto

from demo.broker import free_port
from devel import topics_reference
from devel.child_process import ChildProcess

FLOW = topics_reference.PAGE.parent / "node-red-flow.json"
START_WITHIN_S, WITHIN_S = 60.0, 60.0
LIMIT_VA = 6000
# Meter → the power, period and state that its probing shows.
PROBES = {
    "probe-1": ["1 VA", "P", "OVERLOAD"],
    "probe-2": ["1 VA", "P", "well"],
    "probe-3": ["", "", "offline"],
}


def flow() -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = json.loads(FLOW.read_text(encoding="utf-8"))
    return nodes


def test_every_topic_of_the_flow_is_in_the_reference() -> None:
    topics = [node["topic"] for node in flow() if node["type"] == "mqtt in"]
    assert {"tictally/+/SINSTS", "tictally/+/period"} <= set(topics)
    there_are = {topic.replace("<meter>", "+") for topic in topics_reference.topics()}
    assert [topic for topic in topics if topic not in there_are] == []


def test_every_wire_of_the_flow_ends_at_a_node() -> None:
    nodes = {node["id"] for node in flow()}
    ends = {end for node in flow() for output in node.get("wires", []) for end in output}
    assert ends
    assert ends <= nodes


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    mosquitto = Mosquitto(folder)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


@pytest.fixture
def page(broker: Mosquitto, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Node-RED with the flow; returns the text of its page, empty while there is none."""
    folder, port = tmp_path / "node-red", free_port()
    folder.mkdir()
    nodes = flow()
    for node in nodes:
        if node["type"] == "mqtt-broker":
            node |= {"broker": "127.0.0.1", "port": str(broker.port)}
        if node["type"] == "tab":
            node["env"] = [{"name": "ALARM_VA", "value": str(LIMIT_VA), "type": "num"}]
    (folder / "flows.json").write_text(json.dumps(nodes), encoding="utf-8")
    settings = {"uiHost": "127.0.0.1", "uiPort": port, "flowFile": "flows.json", "credentialSecret": False}
    (folder / "settings.js").write_text(f"module.exports = {json.dumps(settings)}", encoding="utf-8")
    process = ChildProcess(
        "Node-RED", ["node-red", "--userDir", str(folder)], folder / "output", {**os.environ, "TZ": "UTC"}, folder
    )
    process.start()

    def shown() -> str:
        assert process.pid is not None, process.output
        try:
            with urlopen(f"http://127.0.0.1:{port}/tictally", timeout=WITHIN_S) as answer:
                return str(answer.read().decode())
        except URLError:  # not started yet
            return ""

    yield shown
    with suppress(TimeoutError):
        process.stop(timeout_s=WITHIN_S)


def rows(text: str) -> dict[str, list[str]]:
    """Meter → what the page shows of it: power, period, energy, state."""
    found = [row.split("<td>")[1:] for row in re.findall(r"<tr class=.*?</tr>", text)]
    return {cells[0]: [cell.removesuffix("</tr>") for cell in cells[1:]] for cells in found}


def wait_for(page: Callable[[], str], expected: dict[str, list[str]]) -> None:
    """Wait until the page shows this of these meters."""
    end = time.monotonic() + WITHIN_S
    while any((shown := rows(page())).get(meter) != row for meter, row in expected.items()):
        assert time.monotonic() < end, f"{shown} is not {expected}"
        time.sleep(0.1)


def show(hub: Hub, meter: str, **written: object) -> None:
    for name, value in written.items():
        hub.publish(f"tictally/{meter}/{name}", str(value))


def wait_until_it_listens(hub: Hub, page: Callable[[], str]) -> None:
    """Publish values of probe meters until each topic of the test has reached the flow.

    Node-RED subscribes to one topic after the other, and misses what was published before.
    """
    end = time.monotonic() + START_WITHIN_S
    for wh in count(1):
        show(hub, "probe-1", availability="online", period="P", SINSTS=1, overload="ON", EAST=wh)
        show(hub, "probe-2", availability="online", period="P", PAPP=1, HCHC=wh)
        show(hub, "probe-3", availability="offline", HCHP=wh)
        shown = rows(page())
        counted = [row[2] != "0.000 kWh" for row in shown.values()]
        if {meter: [row[0], row[1], row[3]] for meter, row in shown.items()} == PROBES and all(counted):
            return
        assert time.monotonic() < end, shown
        time.sleep(0.1)


@pytest.mark.skipif(shutil.which("node-red") is None, reason="node-red is not on PATH")
def test_the_flow_shows_each_meters_power_period_energy_and_alarm(broker: Mosquitto, page: Callable[[], str]) -> None:
    standard, historique = "021961000001", "cellar"
    with Hub(broker.port) as hub:
        wait_until_it_listens(hub, page)
        show(hub, standard, availability="online", period="HP BLEU", SINSTS=3900, overload="OFF", EAST=1000)
        show(hub, historique, availability="online", period="HC", PAPP=220, overload="OFF", HCHC=500, HCHP=800)
        show(hub, standard, EAST=2250)
        show(hub, historique, HCHC=507, HCHP=840)
        calm = {
            standard: ["3900 VA", "HP BLEU", "1.250 kWh", "well"],
            historique: ["220 VA", "HC", "0.047 kWh", "well"],
        }
        wait_for(page, calm)

        show(hub, standard, overload="ON")
        show(hub, historique, PAPP=LIMIT_VA + 10)
        alarmed = {
            standard: ["3900 VA", "HP BLEU", "1.250 kWh", "OVERLOAD"],
            historique: [f"{LIMIT_VA + 10} VA", "HC", "0.047 kWh", "OVERLOAD"],
        }
        wait_for(page, alarmed)

        show(hub, standard, overload="OFF")
        show(hub, historique, PAPP=220)
        wait_for(page, calm)

        show(hub, historique, HCHC="", HCHP=2, availability="offline")  # another contract, another meter
        show(hub, historique, HCHP=5)
        wait_for(page, calm | {historique: ["", "HC", "0.050 kWh", "offline"]})
