"""The production that an inverter publishes: powers and counters as energy by quarter-hour, and bad values."""

import json
import logging
from pathlib import Path

import pytest
from ledger_building import NOON_MS, frame, message
from real_broker import Hub, Mosquitto
from recorder_loop import turn
from recording import Recorder
from recording import frame as recorded_frame

from tictally_recorder.features import settings_with
from tictally_recorder.ledger import Ledger, LedgerReader, Produced
from tictally_recorder.providers.production.settings import STATE
from tictally_recorder.providers.production.topic import QuarterProduction, TopicProduction, production_topic

MINUTE = 60_000
QUARTER = 15 * MINUTE
START = NOON_MS // QUARTER * QUARTER
FIRST = START // QUARTER
WATT = 1000
KWH = 1_000_000


def produced(*readings: tuple[float, float], is_energy: bool) -> dict[int, tuple[int, bool]]:
    """Quarter-hour → thousandths of a Wh, and whether they are estimated; of readings at minutes."""
    quarters = QuarterProduction(is_energy)
    for minute, value in readings:
        quarters.add(START + round(minute * MINUTE), value)
    return {number - FIRST: (each.milliwatt_hours, each.is_estimated) for number, each in quarters.finished().items()}


def test_a_power_holds_until_the_next_value() -> None:
    # 400 W for 5 minutes and 1000 W for 10, then 1000 W for 3 and 0 W for 12.
    found = produced((0, 400 * WATT), (5, 1000 * WATT), (18, 0), (30, 0), is_energy=False)
    assert found == {0: (200_000, False), 1: (50_000, False)}


def test_a_power_that_is_not_heard_for_long_is_unknown_and_not_constant() -> None:
    assert produced((0, 400 * WATT), (20, 400 * WATT), (45, 400 * WATT), is_energy=False) == {0: (100_000, False)}


@pytest.mark.parametrize(("following", "known"), [(80, 40), (400, 1)])
def test_an_inverter_that_sleeps_produces_nothing_and_a_silent_one_is_unknown(following: int, known: int) -> None:
    found = produced((0, 0), (600, following * WATT), is_energy=False)
    assert found == dict.fromkeys(range(known), (0, False))


def test_a_counters_energy_is_exact_and_beyond_half_an_hour_spread() -> None:
    found = produced((0, 5 * KWH), (15, 5.3 * KWH), (75, 6.3 * KWH), (77, 6.4 * KWH), (90, 6.5 * KWH), is_energy=True)
    assert found == {0: (300_000, False), **dict.fromkeys(range(1, 5), (250000, True)), 5: (200_000, False)}
    assert sum(each for each, _ in found.values()) == round(1.5 * KWH)


def test_a_counter_that_begins_again_each_day_loses_nothing() -> None:
    assert produced((0, 12.3 * KWH), (10, 0), (15, 0.2 * KWH), is_energy=True) == {0: (200_000, False)}


def test_a_counter_read_as_zero_for_once_counts_nothing_twice() -> None:
    found = produced((0, 5000 * KWH), (5, 0), (10, 5000.1 * KWH), (15, 5000.2 * KWH), is_energy=True)
    assert found == {0: (200_000, False)}


def test_a_value_that_no_home_can_produce_is_ignored_until_it_is_confirmed() -> None:
    quarters = QuarterProduction(is_energy=True)
    problems = [
        quarters.add(START + minute * MINUTE, value * KWH)
        for minute, value in [
            (0, 100),
            (5, 39_000),
            (10, 100.1),
            (15, 100.2),
            (20, 40_000),
            (25, 40_000.1),
            (30, 40_000.2),
        ]
    ]
    reason = "the counter moved by more than a home can produce"
    assert problems == [None, reason, None, None, reason, None, None]
    assert quarters.finished() == {FIRST: Produced(200_000)}  # what the exchange hid is unknown
    assert QuarterProduction(is_energy=True).add(START, -1) == "a counter is never negative"
    assert QuarterProduction(is_energy=False).add(START, 200_000 * WATT) == "no home produces that"
    # An inverter draws a little at night.
    assert QuarterProduction(is_energy=False).add(START, -20 * WATT) is None


def test_a_late_or_repeated_value_changes_nothing() -> None:
    assert produced((0, KWH), (15, 2 * KWH), (15, 9 * KWH), (7, 3 * KWH), is_energy=True) == {0: (KWH, False)}


def test_what_is_remembered_goes_on_after_a_restart_and_what_cannot_be_read_does_not() -> None:
    one = QuarterProduction(is_energy=True)
    one.add(START, KWH)
    one.add(START + 5 * MINUTE, 1.1 * KWH)
    two = QuarterProduction.restored(one.remembered(), is_energy=True)
    two.add(START + 15 * MINUTE, 1.3 * KWH)
    assert two.finished() == {FIRST: Produced(300_000)}
    for text in (None, "{", "[]", '{"is_energy": true}', '{"is_energy": true, "parts": 1, "readings": []}'):
        assert QuarterProduction.restored(text, is_energy=True) == QuarterProduction(is_energy=True)
    assert QuarterProduction.restored(one.remembered(), is_energy=False).newest is None  # another unit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.store([message(frame(1, NOON_MS, {"EAST": 1}))])
    return tmp_path / "ledger.sqlite"


def sensor(ledger: Ledger, path: Path, **settings: object) -> TopicProduction:
    own = {f"production_{name}": value for name, value in settings.items()}
    found = production_topic(settings_with(name="nas", ledger=path, production_topic="solar", **own), ledger)
    assert found is not None
    return found


def test_each_quarter_hour_is_stored_once_it_is_known_and_a_restart_continues(path: Path) -> None:
    with Ledger.open(path) as ledger:
        assert production_topic(settings_with(name="nas", ledger=path), ledger) is None
        for minutes in (range(0, 22, 2), range(22, 47, 2)):
            topic = sensor(ledger, path, topic_key="aenergy.total", unit="Wh")
            for minute in minutes:
                payload = json.dumps({"aenergy": {"total": 1000 + 10 * minute}}).encode()
                topic.on_message(payload, START + minute * MINUTE)
                topic.run(turn(now_ms=START + minute * MINUTE))
    with LedgerReader.open(path) as reader:
        assert reader.production(START, START + 9 * QUARTER) == {FIRST + n: Produced(150_000) for n in range(3)}
        assert reader.newest_production() == FIRST + 2
        assert json.loads(reader.get_value(STATE) or "")["readings"][0] == [START + 46 * MINUTE, 1_460_000]


@pytest.mark.parametrize(
    ("unit", "payload", "milli"),
    [
        ("W", b"250", 250_000),
        ("W", b"250,5 W", 250_500),
        ("kW", b"0.25", 250_000),
        ("Wh", b"9", 9000),
        ("kWh", b"1.5 kWh", 1_500_000),
    ],
)
def test_units_are_as_the_setting_has_them(path: Path, unit: str, payload: bytes, milli: int) -> None:
    with Ledger.open(path) as ledger:
        topic = sensor(ledger, path, unit=unit)
        topic.on_message(payload, START)
        topic.run(turn(now_ms=START))
        assert json.loads(ledger.get_value(STATE) or "")["readings"][0] == [START, milli]


def test_a_bad_value_is_reported_and_an_absent_one_is_not(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Ledger.open(path) as ledger, caplog.at_level(logging.WARNING):
        topic = sensor(ledger, path, topic_key="power")
        for payload in (b"unavailable", b'{"power": "3 kW"}', b'{"voltage": 230}', b'{"power": true}', b"\xff"):
            topic.on_message(payload, START)
        topic.on_message(b'{"power": 2000000}', START)
        topic.run(turn(now_ms=START))
    logged = " ".join(caplog.messages)
    assert "no number under power in a message on solar" in logged
    assert "unavailable" not in logged
    with LedgerReader.open(path) as reader:
        assert reader.production(0, 2**50) == {}


@pytest.mark.parametrize("settings", [{"topic": "solar/#"}, {"topic": "solar", "unit": "MW"}, {"direction": "both"}])
def test_settings_that_mean_nothing_are_refused(path: Path, settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="ProductionSettings"):
        settings_with(name="nas", ledger=path, **{f"production_{name}": value for name, value in settings.items()})


def test_the_recorder_reads_the_topic_beside_the_temperature_of_the_same_message(
    tmp_path: Path, broker: Mosquitto
) -> None:
    topic = f"{tmp_path.name}/roof"
    settings = {
        "TICTALLY_PRODUCTION_TOPIC": topic,
        "TICTALLY_PRODUCTION_TOPIC_KEY": "power",
        "TICTALLY_WEATHER_TOPIC": topic,
        "TICTALLY_WEATHER_TOPIC_KEY": "temperature",
    }
    recorder = Recorder(tmp_path, broker.port, "roof", settings=settings)
    with Hub(broker.port) as hub, recorder:
        recorder.wait_for_log("connected to the broker")
        hub.publish(topic, b'{"power": "much"}')
        hub.publish("roof/edge/cellar/frame", recorded_frame(1))
        recorder.wait_for_log(f"no number under power in a message on {topic}")
        recorder.wait_for_log(f"no temperature in °C under temperature in a message on {topic}")
        assert recorder.wait_until(lambda counts: counts.frames == 1).rejected == {}
