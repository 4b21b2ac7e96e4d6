"""Seven years of a LinkyStat dump as statistics of a real Home Assistant, read back equal, twice in a row.

Runs where Home Assistant is installed: `hass` on PATH, or the command in `TICTALLY_HASS`.
"""

import shutil
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import hass
import pytest
from hass import HomeAssistant
from imported_files import PARIS
from ledger_building import METER
from linkystat_dump import YearsOfHours, dump, history, seven_years
from observation_building import hours as imported_hours
from observation_building import put

from tictally_recorder.cli.app import main
from tictally_recorder.features import settings_with
from tictally_recorder.ledger import Ledger
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.home_assistant.client import Client, StoredRow
from tictally_recorder.sinks.home_assistant.delivery import Delivery
from tictally_recorder.sinks.home_assistant.plugin import NAME, HomeAssistantStatistics
from tictally_recorder.sinks.home_assistant.settings import StatisticsSettings
from tictally_recorder.sinks.protocol import SinkContext

pytestmark = pytest.mark.skipif(not hass.command(), reason="Home Assistant is not installed, nor in TICTALLY_HASS")

HOUR_MS = 3_600_000
ENTITY = "sensor.linky_east"
CONTRACTS = """
[[contract]]
tariff = "edf-bleu-hphc"
power = 6
from = 2019-01-01
"""


@dataclass
class Stage:
    """A ledger with the dump, and the Home Assistant that it is replicated to."""

    folder: Path
    home: HomeAssistant
    truth: YearsOfHours
    token: str
    entities: str = ""
    sent: list[int] = field(default_factory=list)

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.sqlite"

    @property
    def settings(self) -> Settings:
        return settings_with(
            name="nas",
            ledger=self.ledger,
            language="en",
            contracts=self.folder / "contracts.toml",
            tariffs=self.folder / "tariffs",
            home_assistant_statistics_url=f"http://127.0.0.1:{self.home.port}",
            home_assistant_statistics_token=self.token,
            home_assistant_statistics_entities=self.entities,
        )

    def replicate(self) -> int:
        """Replicate all; returns how many rows were sent for it."""
        self.sent.clear()
        with Ledger.open(self.ledger) as ledger:
            ledger.use_sinks([NAME])
        sink = HomeAssistantStatistics().open(SinkContext(self.settings, lambda _: False, deque()))
        while not sink.step():
            pass
        sink.close()
        return sum(self.sent)

    def rows(self, key: str, unit: str = "kWh") -> dict[int, StoredRow]:
        """A statistic as Home Assistant reads it back."""
        target = self.settings.section(StatisticsSettings).target
        assert target is not None
        name = key if "." in key else f"tictally:{METER}_{key}"
        client = Client(target)
        try:
            return client.rows({name: unit}, 0, self.truth.at(self.truth.hours + 2000)).get(name, {})
        finally:
            client.close()


@pytest.fixture(scope="module")
def whole_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("statistics")
    (folder / "hass").mkdir()
    truth = seven_years()
    path = dump(folder, history(truth.rows))
    ledger = folder / "ledger.sqlite"
    Ledger.open(ledger).close()
    assert main(["import", str(path), "--site", METER, "--ledger", str(ledger)]) == 0
    (folder / "contracts.toml").write_text(CONTRACTS)
    home = HomeAssistant(folder / "hass")
    try:
        home.start()
        token = home.ask("auth/long_lived_access_token", client_name="tictally", lifespan=30)
        yield Stage(folder, home, truth, token)
    finally:
        home.stop()


@pytest.fixture
def stage(whole_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    deliver = Delivery.deliver

    def counted(*about: object) -> int:
        whole_stage.sent.append(deliver(*about))  # type: ignore[arg-type]
        return whole_stage.sent[-1]

    monkeypatch.setattr(Delivery, "deliver", counted)
    before = len(whole_stage.home.complaints)
    yield whole_stage
    assert whole_stage.home.complaints[before:] == []
    whole_stage.entities = ""


def changes(rows: dict[int, StoredRow], before: float | None = None) -> dict[int, float]:
    """What each hour counted, rounded to the Wh; the first one too, where the sum before it is given."""
    sums = sorted((hour_ms, row.sum or 0.0) for hour_ms, row in rows.items())
    if before is not None:
        sums.insert(0, (0, before))
    return {hour_ms: round(total - before, 3) for (_, before), (hour_ms, total) in pairwise(sums)}


def test_seven_years_are_read_back_equal_twice_in_a_row(stage: Stage) -> None:
    truth = stage.truth
    assert stage.replicate() > 3 * truth.hours
    by_period = {key: stage.rows(f"consumption_{key}") for key in ("hc", "hp")}
    total, cost = stage.rows("consumption"), stage.rows("cost", "EUR")
    for at, key in enumerate(("hc", "hp")):
        found = changes(by_period[key])
        for hour in truth.known[1:]:
            assert found[truth.at(hour)] == (truth.registers[hour + 1][at] - truth.registers[hour][at]) / 1000
    assert monthly(total, truth) == monthly_registers(truth)
    assert len(cost) > 50_000
    # And again, from nothing remembered: nothing has to be sent, and nothing has changed.
    shutil.copy(stage.ledger, stage.folder / "kept.sqlite")
    with Ledger.open(stage.ledger) as ledger:
        ledger.use_sinks([])
    assert stage.replicate() == 0
    assert {key: stage.rows(f"consumption_{key}") for key in ("hc", "hp")} == by_period
    assert (stage.rows("consumption"), stage.rows("cost", "EUR")) == (total, cost)


def test_a_correction_is_sent_on_and_an_entitys_history_leads_up_to_its_own(stage: Stage) -> None:
    stage.entities = f"{METER}_consumption={ENTITY}"
    own_ms = stage.truth.at(10_000)
    stage.home.ask(
        "recorder/import_statistics",
        metadata=metadata(stage.home),
        stats=[{"start": datetime.fromtimestamp(own_ms / 1000, UTC).isoformat(), "state": 40.0, "sum": 3.0}],
    )
    assert stage.replicate() >= 9_990
    before = stage.rows(ENTITY)
    assert before[own_ms].sum == 3.0
    found = changes(before)
    for hour in (each for each in stage.truth.known[1:] if 0 < each < 10_000):
        (hc, hp), (hc_before, hp_before) = stage.truth.registers[hour + 1], stage.truth.registers[hour]
        assert found[stage.truth.at(hour)] == (hc + hp - hc_before - hp_before) / 1000
    assert stage.replicate() == 0
    last = stage.truth.at(stage.truth.hours - 1)
    sum_before = stage.rows("consumption_hc")[last].sum
    # A year before them arrives: everything after it is moved.
    put(stage.ledger, imported_hours(stage.truth.at(-3), 500, 600, 700))
    assert stage.replicate() > 0
    assert stage.rows(ENTITY)[own_ms] == before[own_ms]
    assert changes(stage.rows(ENTITY))[stage.truth.at(-2)] == 0.6
    assert stage.rows("consumption_hc")[last].sum == sum_before


def test_what_was_sent_is_removed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.replicate()
    for name, value in {
        "LEDGER": str(stage.ledger),
        "HOME_ASSISTANT_STATISTICS_URL": f"http://127.0.0.1:{stage.home.port}",
        "HOME_ASSISTANT_STATISTICS_TOKEN": stage.token,
    }.items():
        monkeypatch.setenv(f"TICTALLY_{name}", value)
    assert main(["sink", "remove", "--sink", NAME]) == 0
    assert not [each for each in stage.home.statistic_ids if each.startswith("tictally:")]


def metadata(home: HomeAssistant) -> dict[str, object]:
    mean: dict[str, object] = {"mean_type": 0, "unit_class": "energy"} if home.year >= 2026 else {"has_mean": False}
    about: dict[str, object] = {
        "statistic_id": ENTITY,
        "source": "recorder",
        "name": None,
        "unit_of_measurement": "kWh",
    }
    return about | {"has_sum": True} | mean


def monthly(rows: dict[int, StoredRow], truth: YearsOfHours) -> dict[str, float]:
    """Local month → kWh, from the second hour on."""
    sums: dict[str, int] = defaultdict(int)
    for hour_ms, kwh in changes(rows, 0.0).items():
        if truth.at(0) < hour_ms < truth.at(truth.hours):
            sums[f"{datetime.fromtimestamp(hour_ms / 1000, UTC).astimezone(PARIS):%Y-%m}"] += round(kwh * 1000)
    return {month: wh / 1000 for month, wh in sums.items()}


def monthly_registers(truth: YearsOfHours) -> dict[str, float]:
    """Local month → kWh by the registers; what the hour of the exchange counted is unknown."""
    sums: dict[str, int] = defaultdict(int)
    for hour in range(1, truth.hours):
        month = f"{datetime.fromtimestamp(truth.at(hour) / 1000, UTC).astimezone(PARIS):%Y-%m}"
        if hour != truth.exchanged:
            sums[month] += sum(truth.registers[hour + 1]) - sum(truth.registers[hour])
    return {month: wh / 1000 for month, wh in sums.items()}
