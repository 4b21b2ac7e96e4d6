"""What a changed setting leaves retained on a real broker: nothing."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import real_edge
from real_broker import Hub, Mosquitto
from real_edge import Process

from tictally_edge.home_assistant.edge_device import DiscoverySettings
from tictally_edge.publishing.presence import BrokerPresence, Presence
from tictally_edge.publishing.presence_file import PresenceFile
from tictally_edge.topics.naming import Naming
from tictally_shared.topics import Topics

NUMBER = "021861000001"
METER, EDGE = f"homeassistant/device/tictally_{NUMBER}/config", "homeassistant/device/tictally_edge_pi/config"
SIM = f"sim:hphc?mode=standard&number={NUMBER}"
WITHIN_S = 60.0


@pytest.fixture
def edges() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for each in started:
        each.end()


def run_until(edges: list[Process], folder: Path, broker: Mosquitto, *topics: str, **settings: str) -> Process:
    """An edge with settings, once these topics are retained."""
    edge = real_edge.edge(folder, SIM, broker.port, **settings)
    edges.append(edge)
    edge.start()
    wait_for(broker, lambda found: set(topics) <= found)
    return edge


def retained(broker: Mosquitto) -> set[str]:
    """All topics that are retained on the broker."""
    with Hub(broker.port) as hub:
        hub.subscribe("#")
        return hub.retained()


def wait_for(broker: Mosquitto, holds: Callable[[set[str]], bool]) -> set[str]:
    end = time.monotonic() + WITHIN_S
    while not holds(found := retained(broker)):
        assert time.monotonic() < end, sorted(found)
    return found


# Settings before, settings after, and what is retained before and not after.
CHANGES: dict[str, tuple[dict[str, str], dict[str, str], list[str]]] = {
    "the delivery point is switched off": (
        {"prm": "true"},
        {},
        [f"tictally/{NUMBER}/PRM"],
    ),
    "discovery is switched off": (
        {},
        {"discovery": "off"},
        [METER, EDGE],
    ),
    "another discovery prefix": (
        {},
        {"discovery": "ha"},
        [METER, EDGE],
    ),
    "an alias instead of the number": (
        {},
        {"meter": "house"},
        [METER, f"tictally/{NUMBER}/EAST"],
    ),
    "another alias": (
        {"meter": "flat"},
        {"meter": "house"},
        ["homeassistant/device/tictally_flat/config", "tictally/flat/SMAXSN/time", "tictally/flat/availability"],
    ),
    "another name": (
        {},
        {"name": "cellar"},
        [EDGE, "tictally/edge/pi/health", "tictally/edge/pi/availability"],
    ),
    "another base topic": (
        {"base_topic": "linky"},
        {},
        ["linky/edge/pi/health", "linky/edge/pi/availability", f"linky/{NUMBER}/EAST", f"linky/{NUMBER}/period"],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_a_setting_removes_is_cleared(
    case: str, tmp_path: Path, own_broker: Mosquitto, edges: list[Process]
) -> None:
    before, after, gone = CHANGES[case]
    run_until(edges, tmp_path, own_broker, *gone, **before).stop()
    roots = {topic.rsplit("/", 1)[0] for topic in gone if topic.startswith(("linky", "tictally/flat", "tictally/edge"))}
    edge = run_until(edges, tmp_path, own_broker, **after)
    found = wait_for(own_broker, lambda there: there.isdisjoint(gone))
    assert [topic for topic in found if any(topic.startswith(f"{root}/") for root in roots)] == []
    assert any(topic.endswith("/EAST") for topic in wait_for(own_broker, lambda there: len(there) > 20))
    assert edge.stop() == 0


def test_discovery_that_is_off_clears_what_nobody_remembers(
    tmp_path: Path, own_broker: Mosquitto, edges: list[Process]
) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    run_until(edges, tmp_path / "a", own_broker, METER, EDGE).stop()
    run_until(edges, tmp_path / "b", own_broker, discovery="off")
    wait_for(own_broker, lambda there: there.isdisjoint({METER, EDGE}))


def test_topics_that_another_edge_publishes_by_now_are_left_alone(
    tmp_path: Path, own_broker: Mosquitto, edges: list[Process]
) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    run_until(edges, tmp_path / "a", own_broker, "tictally/flat/EAST", meter="flat", name="one").stop()
    run_until(edges, tmp_path / "b", own_broker, "tictally/flat/EAST", meter="flat", name="two", interval_s="1")
    run_until(edges, tmp_path / "a", own_broker, "tictally/house/EAST", meter="house", name="one")
    time.sleep(8.0)
    assert {"tictally/flat/EAST", "tictally/flat/availability"} <= retained(own_broker)
    remembered = json.loads((tmp_path / "a" / "journal" / "published.json").read_text())
    assert {each["name"] for each in remembered} == {"one", "house"}


class _Memory:
    def __init__(self, *known: Presence) -> None:
        self.known, self.saved = frozenset(known), 0

    def load(self) -> frozenset[Presence]:
        return self.known

    def save(self, known: frozenset[Presence]) -> None:
        self.known, self.saved = known, self.saved + 1


def presence(memory: _Memory, key: str | None = None, prefix: str | None = "homeassistant") -> BrokerPresence:
    announcing = None if prefix is None else DiscoverySettings(prefix, "fr", "1")
    return BrokerPresence(Naming(Topics(), "pi", key), announcing, memory)


def test_an_earlier_meter_of_the_same_line_stays_offline_and_is_not_cleared() -> None:
    old = Presence("tictally", "021861000009", "homeassistant")
    some = presence(_Memory(old))
    some.enter_meter(NUMBER)
    some.connected()
    assert some.read(0.0) == []


def test_what_cannot_be_cleared_is_tried_three_times_on_a_connection_and_again_on_the_next() -> None:
    memory = _Memory(Presence("tictally", "flat", None, is_alias=True))
    some = presence(memory, key="house")
    for connection in range(2):
        some.connected()
        for n in range(3):
            assert some.read(n * 10.0) == ["tictally/flat/+", "tictally/flat/+/time"], connection
            some.note("tictally/flat/EAST", b"5", is_retained=True)
            assert [each.topic for each in some.clear(n * 10.0 + 7)] == ["tictally/flat/EAST"]
        assert some.read(100.0) == []
    some.connected()
    some.read(0.0)
    assert some.clear(7.0) == []
    assert {each.name for each in memory.known} == {"pi"}


def test_a_meter_that_is_known_only_later_is_read_in_a_round_of_its_own() -> None:
    some = presence(_Memory(), prefix=None)
    some.connected()
    assert some.read(0.0) == [EDGE]
    some.enter_meter(NUMBER)
    assert some.clear(7.0) == []
    assert some.read(7.0) == [METER]
    some.note(METER, b"{}", is_retained=True)
    assert [each.topic for each in some.clear(14.0)] == [METER]


def test_names_are_written_only_when_they_change(tmp_path: Path) -> None:
    memory = _Memory()
    presence(memory)
    presence(memory)
    assert memory.saved == 1
    file = PresenceFile([tmp_path / "new", tmp_path / "disk"])
    file.save(memory.known)
    (tmp_path / "new" / "published.json").write_text("[1, {}, {")
    assert file.load() == memory.known
