"""An edge as a device of a hub."""

import json
from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

from tictally_edge.home_assistant.edge_device import edge_components, edge_device
from tictally_edge.publishing.health import HealthReport, LineCounts, health_json
from tictally_shared.home_assistant import Language, discovery_json
from tictally_shared.topics import Topics

LANGUAGES: tuple[Language, ...] = ("fr", "en")


def announced(edge: str = "pi-cellar", language: Language = "fr") -> dict[str, dict[str, object]]:
    topics = Topics("home")
    message = discovery_json(edge_device(edge, topics, "1.2.3", language), edge_components(edge, topics, language))
    components: dict[str, dict[str, object]] = json.loads(message)["components"]
    return components


def test_the_device_is_the_edges_own() -> None:
    device = edge_device("pi-cellar", Topics("home"), "1.2.3", "en")
    assert (device.id, device.name, device.version) == ("tictally_edge_pi-cellar", "tictally edge pi-cellar", "1.2.3")
    assert device.availability == ("home/edge/pi-cellar/availability",)


def test_an_edge_that_is_gone_is_shown_as_such_and_what_it_reported_is_not_shown() -> None:
    components = announced()
    assert components["connected"]["availability"] == []
    assert [key for key, each in components.items() if "availability" in each] == ["connected"]
    assert {each["state_topic"] for key, each in components.items() if key != "connected"} == {
        "home/edge/pi-cellar/health"
    }
    assert all("expire_after" in each for key, each in components.items() if key != "connected")


def test_everything_shown_is_reported_in_a_health_message() -> None:
    nothing: dict[str, Any] = {field.name: 0 for field in fields(HealthReport)}
    report = HealthReport(**nothing | {"last": {}})
    entity = json.loads(health_json("b" * 16, {}, {}, LineCounts(), report))
    for key, each in announced().items():
        if key != "connected":
            assert any(f".get('{name}')" in str(each["value_template"]) for name in entity), key


def test_two_edges_on_one_broker_share_nothing() -> None:
    one, other = announced("one"), announced("other")
    for name in ("unique_id", "default_entity_id", "state_topic"):
        assert {each[name] for each in one.values()}.isdisjoint(each[name] for each in other.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entity_has_a_name_of_its_own(language: Language) -> None:
    assert set(Counter(str(each["name"]) for each in announced(language=language).values()).values()) == {1}


def test_what_statistics_hang_on_is_the_same_in_each_language() -> None:
    french, english = (
        {key: {**each, "name": ""} for key, each in announced(language=language).items()} for language in LANGUAGES
    )
    assert french == english


def test_only_what_has_no_class_has_an_icon() -> None:
    assert all(("icon" in each) != ("device_class" in each) for each in announced().values())
