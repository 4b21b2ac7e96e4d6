"""What a real edge announces on a real broker, and when it does so again."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import real_edge
from real_broker import Hub, Mosquitto
from real_edge import Process

NUMBER, OTHER = "021861000001", "031976000002"
METER = f"homeassistant/device/tictally_{NUMBER}/config"
EDGE = "homeassistant/device/tictally_edge_pi/config"


@pytest.fixture
def edges() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for each in started:
        each.end()


@pytest.fixture
def hub(own_broker: Mosquitto) -> Iterator[Hub]:
    with Hub(own_broker.port) as client:
        client.subscribe("homeassistant/#")
        yield client


def start(edges: list[Process], folder: Path, port: str, broker: Mosquitto, **settings: str) -> Process:
    folder.mkdir(exist_ok=True)
    edge = real_edge.edge(folder, port, broker.port, **settings)
    edges.append(edge)
    edge.start()
    return edge


def sim(contract: str, mode: str = "historique", number: str = NUMBER) -> str:
    return f"sim:{contract}?mode={mode}&number={number}"


def announced(hub: Hub, topic: str = METER) -> dict[str, Any]:
    """The next announcement on a topic; what clears it is passed over."""
    while not (payload := hub.wait_for(topic, within_s=60)):
        pass
    body: dict[str, Any] = json.loads(payload)
    return body


def test_meter_and_edge_are_announced_and_again_when_a_hub_is_born(
    tmp_path: Path, own_broker: Mosquitto, hub: Hub, edges: list[Process]
) -> None:
    start(edges, tmp_path / "pi", sim("hphc"), own_broker)
    edge, meter = announced(hub, EDGE), announced(hub)
    assert {"connected", "backlog", "signal_quality"} <= edge["components"].keys()
    assert {"hchc", "hchp", "papp", "overload"} <= meter["components"].keys()
    assert [each["topic"] for each in meter["availability"]] == [
        "tictally/edge/pi/availability",
        f"tictally/{NUMBER}/availability",
    ]
    hub.publish("homeassistant/status", "offline", "online")
    assert (announced(hub, EDGE), announced(hub)) == (edge, meter)


def test_a_broker_that_has_forgotten_everything_is_reported_again(
    tmp_path: Path, own_broker: Mosquitto, hub: Hub, edges: list[Process]
) -> None:
    start(edges, tmp_path / "pi", sim("hphc"), own_broker)
    meter = announced(hub)
    own_broker.stop(signal.SIGKILL)
    (own_broker.folder / "mosquitto.db").unlink(missing_ok=True)
    own_broker.start()
    with Hub(own_broker.port) as late:
        late.subscribe("#")
        assert announced(late) == meter
        late.wait_for(f"tictally/{NUMBER}/HCHP", within_s=60)
        assert late.wait_for(f"tictally/{NUMBER}/overload", within_s=60) == "OFF"


def test_an_edge_that_comes_back_to_another_contract_takes_back_what_is_no_more(
    tmp_path: Path, own_broker: Mosquitto, hub: Hub, edges: list[Process]
) -> None:
    edge = start(edges, tmp_path / "pi", sim("hphc"), own_broker)
    before = announced(hub)["components"]
    edge.stop(signal.SIGKILL)
    start(edges, tmp_path / "pi", sim("tempo"), own_broker)
    while "bbrhcjb" not in (components := announced(hub)["components"]):
        pass
    assert components["hchc"] == components["hchp"] == {"platform": "sensor"}
    for key in ("papp", "iinst", "overload", "available_power"):
        assert components[key] == before[key]


def test_an_edge_that_has_lost_its_memory_reads_what_stands_before_it_announces(
    tmp_path: Path, own_broker: Mosquitto, hub: Hub, edges: list[Process]
) -> None:
    edge = start(edges, tmp_path / "pi", sim("hphc") + "&phases=3", own_broker)  # slow frames: three take over 4 s
    assert "hchc" in announced(hub)["components"]
    edge.stop(signal.SIGKILL)
    shutil.rmtree(tmp_path / "pi" / "journal")
    start(edges, tmp_path / "pi", sim("tempo") + "&phases=3", own_broker)
    while "bbrhcjb" not in (components := announced(hub)["components"]):
        pass
    assert components["hchc"] == {"platform": "sensor"}


def test_an_edge_that_does_not_hear_a_meter_any_more_does_not_take_it_back_from_the_one_that_does(
    tmp_path: Path, own_broker: Mosquitto, hub: Hub, edges: list[Process]
) -> None:
    meter = real_edge.meter(tmp_path, "--number", NUMBER)
    edges.append(meter)
    meter.start()
    meter.wait_for_output("line")
    old = start(edges, tmp_path / "old", str(tmp_path / "line"), own_broker, name="old")
    announced(hub)
    assert (
        meter.stop() == 0
    )  # takes its port away; a meter that is killed leaves a name that may come to mean another's
    old.wait_for_output("the meter is offline", within_s=60)
    start(edges, tmp_path / "new", sim("hphc", mode="standard"), own_broker, name="new")
    while "new" not in announced(hub)["availability"][0]["topic"]:
        pass
    own_broker.stop()  # everybody connects again, the old edge too
    own_broker.start()
    with Hub(own_broker.port) as late:
        late.subscribe(f"tictally/{NUMBER}/availability")
        late.subscribe("tictally/edge/old/availability")
        late.subscribe(METER)
        late.wait_for("tictally/edge/old/availability", "online", within_s=60)
        late.publish("homeassistant/status", "online")
        assert "tictally/edge/new/availability" in json.dumps(announced(late))
        late.publish("end", "end")
        late.subscribe("end")
        with pytest.raises(AssertionError) as seen:
            late.wait_for("end", within_s=5)
    assert "edge/old" not in str(seen.value).replace("tictally/edge/old/availability', 'online'", "")
    assert "offline" not in str(seen.value)


def test_two_edges_and_two_meters_do_not_meet(
    tmp_path: Path, own_broker: Mosquitto, hub: Hub, edges: list[Process]
) -> None:
    start(edges, tmp_path / "pi", sim("hphc"), own_broker)
    start(edges, tmp_path / "attic", sim("base", number=OTHER), own_broker, name="attic", language="en")
    other = f"homeassistant/device/tictally_{OTHER}/config"
    with Hub(own_broker.port) as second:
        second.subscribe("homeassistant/#")
        bodies = [announced(hub), announced(second, other)]
    ids = [{each["unique_id"] for each in body["components"].values()} for body in bodies]
    assert ids[0].isdisjoint(ids[1])
    assert bodies[0]["device"]["identifiers"] != bodies[1]["device"]["identifiers"]
    assert [body["components"]["papp"]["name"] for body in bodies] == ["Puissance apparente", "Apparent power"]


def test_an_edge_with_a_key_and_without_announcements_shows_neither(
    tmp_path: Path, own_broker: Mosquitto, hub: Hub, edges: list[Process]
) -> None:
    start(edges, tmp_path / "a", sim("hphc"), own_broker, name="a", meter="maison")
    maison = announced(hub, "homeassistant/device/tictally_maison/config")
    assert NUMBER not in json.dumps(maison)
    start(edges, tmp_path / "b", sim("hphc", number=OTHER), own_broker, name="b", discovery="off")
    with Hub(own_broker.port) as late:
        late.subscribe("#")
        late.wait_for(f"tictally/{OTHER}/period", within_s=60)
        hub.publish("homeassistant/device/end/config", "end")
    with pytest.raises(AssertionError, match="no message") as nothing:
        hub.wait_for(f"homeassistant/device/tictally_{OTHER}/config", within_s=5)
    assert "tictally_edge_b" not in str(nothing.value)
