"""The reference of topics is what the code makes, and the other pages name nothing that it does not have."""

import re
from collections.abc import Iterable  # noqa: TC003 - of a local
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devel import entities_reference, topics_reference
from tictally_edge.decoding.decoder import Decoder
from tictally_edge.home_assistant.edge_device import DiscoverySettings, edge_components
from tictally_edge.pipeline import Pipeline
from tictally_edge.publishing.meter_publisher import MeterPublisher
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import with_parity
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.topics.naming import Naming
from tictally_recorder.hubs.site_device import ENTITIES, SiteDevice
from tictally_recorder.hubs.site_publisher import SITE_TOPICS
from tictally_recorder.hubs.site_state import CONSUMPTION_NAMES, INJECTION_NAMES, STANDBY_NAMES
from tictally_shared.home_assistant import Component, read_discovery
from tictally_shared.labels import Mode
from tictally_shared.topics import Topics

DOCS = topics_reference.PAGE.parent
NUMBER, EDGE, RECORDER = "021900000002", "pi-cellar", "nas"
PAGES = sorted(DOCS.glob("*.md"))


def in_reference(topic: str) -> bool:
    names = (
        (f"site/{NUMBER}", "site/<site>"),
        (NUMBER, "<meter>"),
        (f"edge/{EDGE}", "edge/<edge>"),
        (f"recorder/{RECORDER}", "recorder/<name>"),
    )
    device_names = (
        (f"site_{NUMBER}", "site_<site>"),
        (f"edge_{EDGE}", "edge_<edge>"),
        (f"recorder_{RECORDER}", "recorder_<name>"),
    )
    for name, placeholder in (*names, *device_names):
        topic = topic.replace(name, placeholder)
    return topic in topics_reference.topics()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_the_page_is_what_the_code_makes() -> None:
    assert text_of(topics_reference.PAGE) == topics_reference.page(), "run ./run topics"


def test_names_and_states_in_french_are_what_the_code_makes() -> None:
    assert text_of(entities_reference.PAGE) == entities_reference.page(), "run ./run topics"


@pytest.mark.parametrize("contract", SimulatedContract)
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("phases", [1, 3])
def test_every_topic_of_an_edge_is_in_the_reference(contract: SimulatedContract, mode: Mode, phases: int) -> None:
    start = datetime(2026, 1, 13, 12, tzinfo=UTC)
    meter = SimulatedMeter(contract, mode, start=start, phases=phases, producer=mode is Mode.STANDARD, number=NUMBER)
    decoder, pipeline = Decoder(), Pipeline()
    topics = MeterPublisher(Naming(Topics(), EDGE, prm=True), NUMBER, DiscoverySettings("homeassistant", "en", "1"))
    published = {
        each.topic
        for n in range(8)
        for frame in decoder.feed(with_parity(meter.frame()), n * 2.0)
        for reading in pipeline.add(frame)
        for each in topics.publish(reading.validated, n * 2.0, None, is_read=True)
    }
    assert f"homeassistant/device/tictally_{NUMBER}/config" in published
    assert [topic for topic in sorted(published) if not in_reference(topic)] == []


def test_every_topic_of_a_site_is_in_the_reference() -> None:
    output = [Topics().site(NUMBER, name) for name in SITE_TOPICS]
    assert {*CONSUMPTION_NAMES, *STANDBY_NAMES, *INJECTION_NAMES} <= set(SITE_TOPICS)
    assert {entity.key for entity in ENTITIES} <= {topic.split("/")[-1] for topic in output}
    assert [topic for topic in output if not in_reference(topic)] == []


@pytest.mark.parametrize("page", [*PAGES, DOCS.parent / "README.md"], ids=lambda page: page.name)
def test_no_page_names_an_unknown_topic(page: Path) -> None:
    kinds = rf"tictally/edge/|tictally/recorder/|tictally/site/|tictally/{NUMBER}/|homeassistant/device/"
    named = re.findall(rf"\b(?:{kinds})[\w/-]++(?![#<…])", text_of(page))
    assert [topic for topic in named if not in_reference(topic)] == []


def test_the_openhab_page_uses_only_known_topics_and_shows_every_channel() -> None:
    text = text_of(DOCS / "openhab.md")
    taken = re.findall(r'(?:state|availability)Topic="([^"]+)"', text)
    assert taken
    assert [topic for topic in taken if not in_reference(topic)] == []
    channels = re.findall(r"Type \w+ +: (\w+)", text)
    assert sorted(channels) == sorted(re.findall(r'channel="mqtt:topic:tictally:\w+:(\w+)"', text))


@pytest.mark.parametrize("page", ["home-assistant.md", "home-assistant-fr.md"])
def test_the_home_assistant_page_names_only_known_entities(page: str) -> None:
    programs: dict[str, Iterable[Component]] = {
        f"recorder_{RECORDER}": topics_reference.recorder_components("en"),
        f"edge_{EDGE}": edge_components(EDGE, Topics(), "en"),
    }
    site = read_discovery(SiteDevice(Topics(), "", "en", "1", "").payload(NUMBER, CONSUMPTION_NAMES, "EUR").encode())
    assert site is not None
    programs[f"site_{NUMBER}"] = site.components.values()
    keys = topics_reference.entities()
    ids = {f"{each.platform}.tictally_{NUMBER}_{key}" for key, each in keys.items()}
    ids |= {
        f"{each.platform}.tictally_{name}_{each.key}".replace("-", "_")
        for name, those in programs.items()
        for each in those
    }
    text = text_of(DOCS / page)
    named = re.findall(rf"\b(?:binary_)?sensor\.tictally_(?:{NUMBER}|recorder|edge|site)_\w+", text)
    assert named
    assert [name for name in named if name not in ids and not name.endswith(NUMBER + "_")] == []
    in_tables = re.findall(r"`([a-z]+(?:_[a-z]+)?\d*)`", "".join(re.findall(r"^\|.*$", text, re.MULTILINE)))
    assert in_tables
    others = {entity.key for entity in ENTITIES}.union(each.key for those in programs.values() for each in those)
    assert [key for key in in_tables if key not in keys and key not in others] == []
