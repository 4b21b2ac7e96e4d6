"""The retained topics of a meter, in the order in which hubs get them."""

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.home_assistant.edge_device import DiscoverySettings
from tictally_edge.publishing.meter_publisher import MeterPublisher
from tictally_edge.topics.naming import Naming
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.labels import Mode
from tictally_shared.topics import Topics

NUMBER = "021861000001"


def frame(optarif: str, ptec: str) -> ValidatedFrame:
    values: dict[str, int | str] = {"OPTARIF": optarif, "PTEC": ptec, "ISOUSC": 30, "PAPP": 500}
    decoded = DecodedFrame(Mode.HISTORIQUE, NUMBER, values, {}, True, {}, 4, 0, False, 0, 0.0)  # noqa: FBT003
    return ValidatedFrame(decoded, values, {}, {}, frozenset())


def test_values_come_before_the_announcement_that_explains_them_and_again_when_it_was_taken_in() -> None:
    topics = MeterPublisher(Naming(Topics(), "pi"), NUMBER, DiscoverySettings("homeassistant", "fr", "1"))
    shown: list[tuple[float, str, str]] = []
    frames = [frame("HC..", "HC..")] * 6 + [frame("BBR(", "HCJB")] * 6
    for n, each in enumerate(frames):
        shown += [(n * 1.5, one.topic, one.payload) for one in topics.publish(each, n * 1.5, None, is_read=n >= 2)]
    periods = [(at, payload) for at, topic, payload in shown if topic == f"tictally/{NUMBER}/period"]
    announced = [at for at, topic, _ in shown if topic.startswith("homeassistant/")]
    assert announced == [3.0, 12.0]  # what stood on the broker was waited for, then three frames of another contract
    assert periods == [(0.0, "HC"), (6.0, "HC"), (9.0, "HC BLEU"), (15.0, "HC BLEU")]


def relayed() -> MeterPublisher:
    """Of a meter that another program publishes, on whose topics an edge had published before."""
    topics = MeterPublisher(Naming(Topics(), "pi", has_labels=False), NUMBER, None)
    for name in ("PAPP", "SMAXSN/time", "period", "availability"):
        assert topics.note_retained(f"tictally/{NUMBER}/{name}", b"500") == []
    return topics


def published(topics: MeterPublisher, until_s: int) -> list[tuple[str, str]]:
    shown = [topics.publish(frame("HC..", "HC.."), float(at), None, is_read=True) for at in range(0, until_s, 30)]
    return [(each.topic, each.payload) for messages in shown for each in messages]


def test_labels_that_an_edge_left_behind_are_cleared_once_where_another_program_publishes_the_meter() -> None:
    topics = relayed()
    assert published(topics, 330) == []
    left = [f"tictally/{NUMBER}/{name}" for name in ("PAPP", "SMAXSN/time", "period")]
    assert published(topics, 1200) == [(topic, "") for topic in left]


def test_labels_that_another_edge_still_publishes_are_not_cleared() -> None:
    topics = relayed()
    topics.note_live(f"tictally/{NUMBER}/PAPP")
    assert published(topics, 1200) == []
