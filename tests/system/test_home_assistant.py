"""The entities that a real Home Assistant creates for a meter, without complaints, and how they change.

Runs where Home Assistant is installed: `hass` on PATH, or the command in `TICTALLY_HASS`.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hass
import pytest
import real_edge
from cost_building import PARIS, SURPLUS_FILE
from hass import HomeAssistant
from real_broker import Hub, Mosquitto
from recording import Recorder

from devel.child_process import ChildProcess
from tictally_edge.simulator.peakdays import tempo_colour
from tictally_recorder.calendars.tempo import FETCHED_NAME, write_days
from tictally_shared.status_register import Colour

pytestmark = pytest.mark.skipif(not hass.command(), reason="Home Assistant is not installed, nor in TICTALLY_HASS")

COLOURS = ("BLEU", "BLANC", "ROUGE")


@dataclass
class MeterLine:
    """A simulated meter that takes orders, and the edge that reads it."""

    number: str
    meter: ChildProcess
    edge: real_edge.Process

    def order(self, order: str) -> None:
        self.meter.write_line(order)

    def entity(self, key: str) -> str:
        """The unique id of one of the meter's entities."""
        return f"tictally_{self.number}_{key}"

    @property
    def connected(self) -> str:
        """The unique id of the edge's own."""
        return f"tictally_edge_pi-{self.number[-3:]}_connected"


@dataclass
class Stage:
    """A broker, Home Assistant, and lines whose meters and edges have names of their own."""

    folder: Path
    broker: Mosquitto
    home: HomeAssistant
    lines: list[MeterLine]

    def line(self, number: str, *options: str, language: str = "fr", **settings: str) -> MeterLine:
        folder = self.folder / number
        folder.mkdir()
        link = folder / "line"
        command = [
            *(sys.executable, "-m", "tictally_edge", "simulate", "--orders", "--link", str(link)),
            *("--number", number, *options),
            *(part for name, value in settings.items() for part in (f"--{name}", value)),
        ]
        meter = ChildProcess("meter", command, folder / "meter.log", takes_input=True)
        meter.start()
        edge = real_edge.edge(folder, str(link), self.broker.port, name=f"pi-{number[-3:]}", language=language)
        line = MeterLine(number, meter, edge)
        self.lines.append(line)
        self.home.wait_until(link.exists, "had a line to read")
        with Hub(self.broker.port) as hub:  # learned in an earlier life: else powers are unknown for minutes
            for name in ("power_factor", "power_factor_injection"):
                hub.publish(f"tictally/{number}/{name}", "0.9", retain=True)
        edge.start()
        return line

    def end_lines(self) -> None:
        for line in self.lines:
            line.edge.end()
            line.meter.kill()
        self.lines.clear()


@pytest.fixture(scope="module")
def whole_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("home")
    for part in ("mosquitto", "hass"):
        (folder / part).mkdir()
    broker, home = Mosquitto(folder / "mosquitto"), HomeAssistant(folder / "hass")
    broker.start()
    try:
        home.start()
        home.add_broker(broker.port)
        yield Stage(folder, broker, home, [])
    finally:
        home.stop()
        broker.stop()


@pytest.fixture
def stage(whole_stage: Stage) -> Iterator[Stage]:
    yield whole_stage
    whole_stage.end_lines()


@pytest.fixture
def home(stage: Stage) -> Iterator[HomeAssistant]:
    before = len(stage.home.complaints)
    yield stage.home
    assert stage.home.complaints[before:] == []


# Number → the meter, the language, and by key: device class, unit, state class and name.
APPEARANCES: dict[str, tuple[dict[str, str], str, dict[str, tuple[str | None, ...]]]] = {
    "021961000011": (
        {"contract": "hphc", "mode": "standard"},
        "fr",
        {
            "east": ("energy", "kWh", "total_increasing", "Énergie soutirée"),
            "easf01": ("energy", "kWh", "total_increasing", "Énergie heures creuses"),
            "sinsts": ("apparent_power", "VA", "measurement", "Puissance apparente"),
            "available_power": ("apparent_power", "VA", "measurement", "Puissance disponible"),
            "active_power": ("power", "W", "measurement", "Puissance active estimée"),
            "power_factor": ("power_factor", None, "measurement", "Facteur de puissance"),
            "period": ("enum", None, None, "Période tarifaire"),
            "overload": ("problem", None, None, "Dépassement de puissance"),
            "smaxsn_time": ("timestamp", None, None, "Heure de la puissance maximale du jour"),
            "cutoff": ("enum", None, None, "Organe de coupure"),
        },
    ),
    "021961000012": (
        {"contract": "tempo", "mode": "standard", "phases": "3"},
        "en",
        {
            "easf06": ("energy", "kWh", "total_increasing", "Energy peak red"),
            "urms3": ("voltage", "V", "measurement", "RMS voltage phase 3"),
            "colour_today": ("enum", None, None, "Tempo colour today"),
            "contact": (None, None, None, "Dry contact"),
        },
    ),
    "021961000013": (
        {"contract": "base", "mode": "historique"},
        "en",
        {
            "base": ("energy", "kWh", "total_increasing", "Energy base"),
            "papp": ("apparent_power", "VA", "measurement", "Apparent power"),
            "active_power": ("power", "W", "measurement", "Estimated active power"),
            "subscription_share": (None, "%", "measurement", "Subscribed power used"),
        },
    ),
}


@pytest.mark.parametrize("number", APPEARANCES)
def test_a_meter_appears_with_classes_units_and_names(stage: Stage, home: HomeAssistant, number: str) -> None:
    settings, language, expected = APPEARANCES[number]
    line = stage.line(number, language=language, **settings)
    home.wait_for_values(*map(line.entity, expected))
    shown = {key: (home.state(line.entity(key)) or {})["attributes"] for key in expected}
    keys = ("device_class", "unit_of_measurement", "state_class", "friendly_name")
    assert {key: tuple(about.get(key) for key in keys) for key, about in shown.items()} == {
        key: (*about[:3], f"Linky {number} {about[3]}") for key, about in expected.items()
    }


@pytest.mark.parametrize(
    ("number", "mode", "least"), [("021961000021", "standard", 25), ("021961000022", "historique", 15)]
)
def test_every_entity_that_is_not_disabled_has_a_value(
    stage: Stage, home: HomeAssistant, number: str, mode: str, least: int
) -> None:
    line = stage.line(number, contract="tempo", mode=mode)
    home.wait_for_values(line.entity("period"))
    enabled = [key for key, each in entities(home, line).items() if each["disabled_by"] is None]
    assert len(enabled) > least
    home.wait_for_values(*enabled)


def test_registers_are_usable_in_the_energy_dashboard(stage: Stage, home: HomeAssistant) -> None:
    line = stage.line("021961000031", "--producer", start="2026-06-21T13:00:00+02:00")
    registers = [line.entity(key) for key in ("easf01", "easf02", "east", "eait")]
    home.wait_for_values(*registers, line.entity("grid_power"))
    power = home.entity_id(line.entity("grid_power"))
    assert (home.state(line.entity("grid_power")) or {})["attributes"]["quality"] == "estimated"
    *consumption, total, injection = map(home.entity_id, registers)
    assert home.statistic_ids >= {*consumption, total, injection}
    for register in (*consumption, injection):
        home.import_statistics(register, 1.0)
    home.import_statistics(power, 1.0, "W")
    home.wait_until(
        lambda: home.energy_problems(consumption, [injection], power=power) == [], "took the registers and the power"
    )


COST = {
    "cost_today": ("monetary", "EUR", "total", "Cost today"),
    "cost_month": ("monetary", "EUR", "total", "Cost this month"),
    "energy_month": ("energy", "kWh", None, "Consumption this month"),
    "cost_total": ("monetary", "EUR", "total", "Total cost"),
    "income_total": ("monetary", "EUR", "total", "Total income"),
    "price": (None, "EUR/kWh", "measurement", "Price per kWh"),
    "price_injection": (None, "EUR/kWh", "measurement", "Price per injected kWh"),
    "period": (None, None, None, "Tariff period"),
    "subscription": ("monetary", "EUR", None, "Monthly subscription"),
    "tariff": (None, None, None, "Tariff"),
    "tariff_age": ("duration", "d", "measurement", "Tariff age"),
    "quality": ("enum", None, None, "Cost quality"),
}
PAGE = "homeassistant://app/local_tictally"  # as the app has it; others have an http address
SETTINGS = {"TICTALLY_EDGES": "pi-081", "TICTALLY_LANGUAGE": "en", "TICTALLY_PAGE_URL": PAGE, "TICTALLY_NAME": "nas"}
CONTRACTS = """
[[contract]]
tariff = "edf-bleu-hphc"
power = 9
from = 2020-01-01
[[contract]]
tariff = "surplus"
from = 2020-01-01
"""


def test_cost_and_price_appear_and_are_used_by_the_energy_dashboard(stage: Stage, home: HomeAssistant) -> None:
    number = "021961000081"
    line = stage.line(number, "--producer", contract="hphc")
    folder = stage.folder / "cost"
    (folder / "tariffs").mkdir(parents=True)
    (folder / "tariffs" / "surplus.toml").write_text(SURPLUS_FILE)
    (folder / "contracts.toml").write_text(CONTRACTS)
    with Recorder(folder, stage.broker.port, settings=SETTINGS):
        site = {key: f"tictally_site_{number}_{key}" for key in COST}
        reason = f"tictally_site_{number}_reason"
        home.wait_for_values(line.entity("east"), *site.values(), within_s=90)
        shown = {key: (home.state(unique_id) or {})["attributes"] for key, unique_id in site.items()}
        keys = ("device_class", "unit_of_measurement", "state_class", "friendly_name")
        assert {key: tuple(about.get(key) for key in keys) for key, about in shown.items()} == {
            key: (*about[:3], f"Energy cost {number} {about[3]}") for key, about in COST.items()
        }
        devices = {
            each["identifiers"][0][1]: each for each in home.ask("config/device_registry/list") if each["identifiers"]
        }
        ways = {f"tictally_site_{number}": "tictally_recorder_nas", f"tictally_{number}": "tictally_edge_pi-081"}
        assert {each: devices[each]["via_device_id"] for each in ways} == {
            each: devices[via]["id"] for each, via in ways.items()
        }
        assert devices[f"tictally_site_{number}"]["configuration_url"] == PAGE
        paid = home.value(site["cost_today"])
        assert paid is not None
        assert float(paid) > 0
        east, price, total = map(home.entity_id, (line.entity("east"), site["price"], site["cost_total"]))
        month = home.entity_id(site["cost_month"])
        assert home.statistic_ids >= {price, total, month}
        assert str(shown["cost_month"]["last_reset"])[8:19] == "01T00:00:00"
        home.import_statistics(east, 1.0)
        home.import_statistics(total, 1.0, "EUR")
        home.wait_until(lambda: home.energy_problems([east], price=price) == [], "took the price")
        home.wait_until(lambda: home.energy_problems([east], total=total) == [], "took the total")
        # An unknown value is shown as unknown, never as zero.
        (folder / "contracts.toml").write_text("[[contract]]")
        home.wait_for(site["cost_today"], None)
        why = f"{folder / 'contracts.toml'}, line 1, cannot be used"
        home.wait_until(lambda: (home.value(reason) or "").startswith(why), "showed why")
    home.wait_until(lambda: home.value(site["price"]) is None, "saw that the recorder is gone")


OUTLOOK = {
    "price": (None, "EUR/kWh", "measurement", "Price per kWh"),
    "next_price": (None, "EUR/kWh", "measurement", "Next price per kWh"),
    "next_price_at": ("timestamp", None, None, "Next price change"),
    "next_period": (None, None, None, "Next tariff period"),
    "next_period_at": ("timestamp", None, None, "Next tariff period starts"),
    "cheapest_3h": ("timestamp", None, None, "Cheapest three hours start"),
    "cheapest_3h_price": (None, "EUR/kWh", "measurement", "Cheapest three hours price"),
    "price_tomorrow": (None, "EUR/kWh", "measurement", "Mean price tomorrow"),
    "colour_tomorrow": ("enum", None, None, "Colour tomorrow"),
}


def test_prices_periods_and_colours_ahead_appear_for_a_tempo_household(stage: Stage, home: HomeAssistant) -> None:
    number = "021961000082"
    line = stage.line(number, contract="tempo")
    folder = stage.folder / "outlook"
    (folder / "tariffs").mkdir(parents=True)
    # The meter announces tomorrow's colour in the evening, a service hours before.
    today = datetime.now(PARIS).date()
    colours = {today + timedelta(days=n): Colour(tempo_colour(today + timedelta(days=n), seed=0)) for n in (-1, 0, 1)}
    (folder / "tariffs" / FETCHED_NAME).write_text(write_days(colours))
    (folder / "contracts.toml").write_text('[[contract]]\ntariff = "edf-bleu-tempo"\npower = 9\nfrom = 2020-01-01\n')
    with Recorder(folder, stage.broker.port, settings={"TICTALLY_EDGES": "pi-082", "TICTALLY_LANGUAGE": "en"}):
        site = {key: f"tictally_site_{number}_{key}" for key in OUTLOOK}
        home.wait_for_values(line.entity("east"), *site.values(), within_s=90)
        states = {key: home.state(unique_id) or {} for key, unique_id in site.items()}
        keys = ("device_class", "unit_of_measurement", "state_class", "friendly_name")
        assert {key: tuple(each["attributes"].get(name) for name in keys) for key, each in states.items()} == {
            key: (*about[:3], f"Energy cost {number} {about[3]}") for key, about in OUTLOOK.items()
        }
        shown = {key: each["state"] for key, each in states.items()}
        assert shown["colour_tomorrow"] == colours[today + timedelta(days=1)].name
        assert states["colour_tomorrow"]["attributes"]["options"] == list(COLOURS)
        assert shown["next_price_at"] == shown["next_period_at"] > datetime.now(UTC).isoformat()
        ahead = [states[key]["attributes"]["prices"] for key in ("price", "price_tomorrow")]
        prices = [each for day in ahead for each in day]
        # The three times of a day: until 06:00, until 22:00, and the rest of the day.
        assert [len(day) for day in ahead] == [3, 3]
        change = datetime.fromisoformat(shown["next_price_at"])
        begins = {datetime.fromisoformat(each["start"]): each for each in prices}
        assert (begins[change]["period"], float(begins[change]["price"])) == (
            shown["next_period"],
            float(shown["next_price"]),
        )
        cheapest = datetime.fromisoformat(shown["cheapest_3h"])
        assert cheapest + timedelta(hours=3) > datetime.now(UTC)
        assert float(shown["cheapest_3h_price"]) <= min(float(shown["price"]), float(shown["next_price"]))
        assert home.statistic_ids >= {home.entity_id(site[key]) for key in ("price", "next_price", "price_tomorrow")}


def test_an_overload_begins_and_ends(stage: Stage, home: HomeAssistant) -> None:
    lines = [
        stage.line("021961000041", mode="standard"),
        stage.line("021961000042", mode="historique"),
        stage.line("021961000043", mode="historique", phases="3"),
    ]
    for line in lines:
        home.wait_for(line.entity("overload"), "off", within_s=60)
        line.order("overload 20")
    for line in lines:
        home.wait_for(line.entity("overload"), "on")
    for line in lines:
        home.wait_for(line.entity("overload"), "off", within_s=60)


def test_a_killed_edge_makes_only_its_own_meter_unavailable(stage: Stage, home: HomeAssistant) -> None:
    line, other = stage.line("021961000051"), stage.line("021961000052", mode="historique")
    home.wait_for_values(line.entity("east"), other.entity("hchp"))
    home.wait_for(line.connected, "on")
    line.edge.stop(signal.SIGKILL)
    home.wait_for(line.connected, "off")
    home.wait_until(lambda: values(home, line) == {"unavailable"}, "showed the whole meter as unavailable")
    assert home.value(other.entity("hchp")) is not None
    assert home.value(other.connected) == "on"
    line.edge.start()
    home.wait_for_values(line.entity("east"))
    home.wait_for(line.connected, "on")


def test_a_broker_that_lost_everything_is_filled_again(stage: Stage, home: HomeAssistant) -> None:
    line = stage.line("021961000061")
    home.wait_for_values(line.entity("east"), line.entity("period"))
    before = known(home, line)
    stage.broker.stop(signal.SIGKILL)
    (stage.broker.folder / "mosquitto.db").unlink(missing_ok=True)
    home.wait_for(line.entity("east"), None)
    stage.broker.start()
    home.wait_for_values(line.entity("east"), line.entity("period"), within_s=60)
    assert known(home, line) == before
    home.stop()  # and what stands on the broker is enough for a hub that starts
    home.start()
    home.wait_for_values(line.entity("east"), line.entity("period"))
    assert known(home, line) == before


def test_another_contract_removes_obsolete_entities_and_keeps_history_of_the_others(
    stage: Stage, home: HomeAssistant
) -> None:
    line = stage.line("021961000071", mode="historique", contract="hphc")
    home.wait_for_values(line.entity("hchp"), line.entity("period"))
    before = known(home, line)
    line.order("contract tempo")
    home.wait_for_values(line.entity("bbrhpjr"), line.entity("colour_today"), within_s=60)
    home.wait_until(lambda: line.entity("hchp") not in home.entities, "forgot the old register")
    after = known(home, line)
    assert before.keys() - after.keys() == {line.entity("hchc"), line.entity("hchp")}
    assert all(after[unique_id] == number for unique_id, number in before.items() if unique_id in after)
    home.wait_until(lambda: (home.value(line.entity("period")) or "").endswith(COLOURS), "showed a Tempo period")


def test_another_language_changes_names_and_states_and_nothing_else(stage: Stage, home: HomeAssistant) -> None:
    """Also where the state that the hub shows is a word of the language before."""
    line = stage.line("021961000091", contract="ejp")
    home.wait_for(line.entity("peak_now"), "pas de pointe mobile", within_s=60)
    before = known(home, line)
    line.edge.stop()
    line.edge.environ["TICTALLY_EDGE_LANGUAGE"] = "en"
    line.edge.start()
    home.wait_for(line.entity("peak_now"), "no mobile peak", within_s=60)
    home.wait_for(line.entity("cutoff"), "closed")
    assert known(home, line) == before


def test_the_task_lists_the_entities_in_home_assistant() -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "devel.hass", "sim:ejp?mode=historique", "--language", "en"]
    environ = os.environ | {"COLUMNS": "200"}
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row[1]: row[2:] for line in done.stdout.splitlines() if len(row := [*map(str.strip, line.split("│"))]) > 2}
    assert rows["tictally_021961000001_ejphn"][:3] == ["Energy normal hours", "energy", "kWh"]
    assert rows["tictally_edge_pi_connected"][-2] == "on"


def entities(home: HomeAssistant, line: MeterLine) -> dict[str, dict[str, Any]]:
    return {key: each for key, each in home.entities.items() if key.startswith(line.entity(""))}


def values(home: HomeAssistant, line: MeterLine) -> set[str]:
    """The values of the meter's enabled entities."""
    states, its = home.states, [each["entity_id"] for each in entities(home, line).values()]
    return {states[entity_id]["state"] for entity_id in its if entity_id in states}


def known(home: HomeAssistant, line: MeterLine) -> dict[str, str]:
    """Unique id → the hub's own number for the entity, on which history hangs."""
    return {unique_id: str(each["id"]) for unique_id, each in entities(home, line).items()}
