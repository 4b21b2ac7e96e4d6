"""A Linky that another program publishes: its messages through a broker to the ledger, and to a cost worked by hand."""

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from published_meters import NUMBER, PUBLISHED, ZIGBEE2MQTT_HPHC, ZIGBEE2MQTT_TEMPO, Message, as_json
from real_broker import Hub, Mosquitto
from recording import Recorder

from tictally_edge.features import settings_with
from tictally_edge.service import Edge
from tictally_recorder.cli.app import main
from tictally_recorder.ledger import LedgerReader
from tictally_shared.labels import LABELS, Kind

APART_S = 0.9  # fields that come one by one belong together for less
SIGHTINGS = 4


def edge(folder: Path, port: str, broker_port: int, stopping: threading.Event, **more: object) -> Edge:
    settings = settings_with(
        name=more.pop("name", "pi"),
        journal=folder / "journal",
        port=port,
        clock="trust",
        mqtt={"host": "127.0.0.1", "port": broker_port},
        **more,
    )
    return Edge(settings, stopping.is_set)


@contextmanager
def running(edges: Iterable[Edge], stopping: threading.Event) -> Iterator[None]:
    threads = [threading.Thread(target=each.run) for each in edges]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(20)


def again(messages: Sequence[Message], n: int) -> Iterator[Message]:
    """The same messages once more; a space distinguishes them from doubled ones."""
    return ((topic, payload + b" " * n) for topic, payload in messages)


def newest(ledger: Path) -> dict[str, dict[str, int | str]]:
    """What the newest frame of each meter has."""
    with LedgerReader.open(ledger) as reader:
        meters = {meter.key: meter.id for site in reader.sites() for meter in site.meters}
        found = {name: reader.newest_frame(number) for name, number in meters.items()}
    return {name: each[1] for name, each in found.items() if each is not None}


def test_every_publishers_registers_end_in_the_ledger(tmp_path: Path, broker: Mosquitto) -> None:
    stopping = threading.Event()
    cases = {f"{int(NUMBER) + n:012d}": published for n, published in enumerate(PUBLISHED.values())}
    edges = [
        edge(
            tmp_path / name,
            f"mqtt:///{name}?{published.options.replace(NUMBER, name)}",
            broker.port,
            stopping,
            name=name,
            base_topic="published",
        )
        for name, published in cases.items()
    ]
    with Recorder(tmp_path, broker.port, "published") as recorder, Hub(broker.port) as hub:
        hub.subscribe("published/recorder/nas/availability")
        hub.wait_for("published/recorder/nas/availability", "online")
        with running(edges, stopping):
            for name in cases:  # what is retained comes again
                hub.subscribe(f"published/edge/{name}/availability")
                hub.wait_for(f"published/edge/{name}/availability", "online")
            time.sleep(APART_S)  # each has subscribed to its source
            for n in range(SIGHTINGS):
                for name, published in cases.items():
                    for topic, payload in again(published.messages, n):
                        hub.publish(f"{name}/{topic}", payload.replace(NUMBER[1:].encode(), name[1:].encode()))
                time.sleep(APART_S)
            recorder.wait_until(lambda counts: counts.frames >= 2 * len(cases))
        stored = newest(recorder.ledger)
    expected = {
        name: {label: value for label, value in published.values.items() if LABELS[label].kind is Kind.REGISTER}
        for name, published in cases.items()
    }
    got = {name: {label: stored.get(name, {}).get(label) for label in values} for name, values in expected.items()}
    assert got == expected
    assert len(expected) >= 20


class PastClock:
    """Sets this process's wall clock back; an edge begins at each of some moments."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._right_ns, self._offset_ns = time.time_ns, 0
        monkeypatch.setattr(time, "time_ns", lambda: self._right_ns() + self._offset_ns)

    def set(self, moment: str) -> None:
        self._offset_ns = int(datetime.fromisoformat(moment).timestamp() * 1e9) - self._right_ns()


def tiers(*kwh: str) -> dict[str, object]:
    """Registers in kWh as Zigbee2MQTT has them, and their sum."""
    registers: dict[str, object] = {f"current_tier{n}_summ_delivered": float(each) for n, each in enumerate(kwh, 1)}
    return registers | {"current_summ_delivered": float(sum(Decimal(each) for each in kwh))}


@dataclass(frozen=True)
class Day:
    """A day by a ZLinky.

    Attributes:
        tariff: of the contract, at 6 kVA.
        body: of the messages, beside the registers.
        registers: by moment; around midnight nothing is consumed.
        energy: register → Wh.
        cost: each row's amount, and their sum.
    """

    tariff: str
    body: Mapping[str, object]
    registers: Mapping[str, Mapping[str, object]]
    energy: Mapping[str, int]
    cost: Sequence[str]


DAYS = [
    # 3.000 kWh x 0.1635 = 0.4905; 5.177 kWh x 0.2081 = 1.0773; 15.74 / 30 = 0.5247; together 2.0925.
    Day(
        "edf-bleu-hphc",
        ZIGBEE2MQTT_HPHC,
        {
            "2025-09-15T23:59:30+02:00": tiers("11706.031", "15839.900"),
            "2025-09-16T00:00:30+02:00": tiers("11706.031", "15839.900"),
            "2025-09-16T06:00:00+02:00": tiers("11708.142", "15839.900"),
            "2025-09-16T22:00:00+02:00": tiers("11708.142", "15845.077"),
            "2025-09-16T23:59:30+02:00": tiers("11709.031", "15845.077"),
            "2025-09-17T00:00:30+02:00": tiers("11709.031", "15845.077"),
        },
        {"EAST": 8177, "EASF01": 3000, "EASF02": 5177},
        ["0.49", "1.08", "0.52", "2.09"],
    ),
    # A white day until 06:00, then a red one.
    # 2.088 kWh x 0.1391 = 0.2904; 0.911 kWh x 0.1460 = 0.1330; 4.103 kWh x 0.6468 = 2.6538; 15.50 / 30 = 0.5167.
    Day(
        "edf-bleu-tempo",
        ZIGBEE2MQTT_TEMPO,
        {
            "2025-11-18T23:59:30+01:00": tiers("9340.7", "5508.8", "334.412", "794.7", "159.3", "356.7"),
            "2025-11-19T00:00:30+01:00": tiers("9340.7", "5508.8", "334.412", "794.7", "159.3", "356.7"),
            "2025-11-19T06:00:00+01:00": tiers("9340.7", "5508.8", "336.5", "794.7", "159.3", "356.7"),
            "2025-11-19T22:00:00+01:00": tiers("9340.7", "5508.8", "336.5", "794.7", "159.3", "360.803"),
            "2025-11-19T23:59:30+01:00": tiers("9340.7", "5508.8", "336.5", "794.7", "160.211", "360.803"),
            "2025-11-20T00:00:30+01:00": tiers("9340.7", "5508.8", "336.5", "794.7", "160.211", "360.803"),
        },
        {"EAST": 7102, "EASF03": 2088, "EASF05": 911, "EASF06": 4103},
        ["0.29", "0.13", "2.65", "0.52", "3.59"],
    ),
]


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.tariff)
def test_a_day_by_a_zlinky_ends_in_the_cost_worked_by_hand(
    tmp_path: Path,
    broker: Mosquitto,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    day: Day,
) -> None:
    base = day.tariff
    topic = f"{base}/zigbee2mqtt/Lixee"
    clock, frames = PastClock(monkeypatch), 0
    with Recorder(tmp_path, broker.port, base) as recorder, Hub(broker.port) as hub:
        hub.subscribe(f"{base}/#")
        hub.wait_for(f"{base}/recorder/nas/availability", "online")
        for moment, registers in day.registers.items():
            clock.set(moment)
            stopping = threading.Event()
            with running([edge(tmp_path, f"mqtt:///{topic}", broker.port, stopping, base_topic=base)], stopping):
                hub.wait_for(f"{base}/edge/pi/availability", "online")
                time.sleep(0.3)  # it has subscribed to its source
                for n in range(3):  # the meter's number is accepted on its third sighting
                    hub.publish(*as_json(topic, {**day.body, **registers, "linkquality": n}))
                frames += 3
                recorder.wait_until(lambda counts, frames=frames: counts.frames >= frames)  # type: ignore[misc]
    (tmp_path / "contracts.toml").write_text(f'[[contract]]\ntariff = "{base}"\npower = 6\nfrom = 2025-01-01\n')
    monkeypatch.setenv("TICTALLY_LEDGER", str(recorder.ledger))
    first, after = list(day.registers)[1][:10], list(day.registers)[-1][:10]
    assert main(["cost", "--from", first, "--to", after, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [each["rounded"] for each in shown if each["rounded"] != "0.00"] == day.cost
    assert {each["quality"] for each in shown} == {"measured"}
    assert main(["energy", "--from", first, "--to", after, "--json"]) == 0
    counted = {each["register"]: each["energy"] for each in json.loads(capsys.readouterr().out) if each["energy"]}
    assert counted == day.energy
