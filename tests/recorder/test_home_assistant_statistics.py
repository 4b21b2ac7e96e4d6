"""The ledger's hours as statistics of a Home Assistant, a fake one: a local server in its form."""

import shutil
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from cost_building import PARIS, SURPLUS_FILE
from fake_home_assistant import HOUR_MS, OLD, FakeHomeAssistant
from ledger_building import DAY_MS, METER, NOON_MS
from observation_building import energy, hours, put, store, undo

from tictally_recorder.cli.app import main
from tictally_recorder.cost import terms_watcher
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.cost.terms import load_terms
from tictally_recorder.features import settings_with
from tictally_recorder.ledger import Ledger, LedgerReader, Outbox, refill_sinks
from tictally_recorder.problem import ProblemCode
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.home_assistant import delivery
from tictally_recorder.sinks.home_assistant.plugin import NAME, HomeAssistantStatistics
from tictally_recorder.sinks.protocol import Sink, SinkContext, SinkError
from tictally_recorder.sinks.registry import configured
from tictally_recorder.tariffs.catalogue import TariffCatalogue, load_catalogue
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import local_day
from tictally_shared.settings_error import SettingsError

FIRST_MS = NOON_MS - 13 * HOUR_MS  # 2026-11-21 00:00 in Paris
HOURS = 50
CONTRACTS = """
[[contract]]
tariff = "edf-bleu-hphc"
power = 6
from = 2020-01-01
[[contract]]
tariff = "surplus"
from = 2020-01-01
"""


def is_peak(hour: int) -> bool:
    return 6 <= hour % 24 < 22


def wh(hour: int) -> tuple[int, int]:
    """What an hour consumes and injects."""
    return 300 + 70 * (hour % 5), 40 * (hour % 3)


def readings(first: int = 0, last: int = HOURS - 1) -> dict[int, Mapping[str, int | str]]:
    """Frames at the ends of the hours from one to another; the first hour's start has one too."""
    off_peak, peak, injected = 1_000_000, 2_000_000, 50_000
    found: dict[int, Mapping[str, int | str]] = {}
    for hour in range(last + 1):
        if hour >= first:
            found[FIRST_MS + hour * HOUR_MS] = shown(hour, off_peak, peak, injected)
        consumed, sold = wh(hour)
        off_peak, peak = off_peak + consumed * (not is_peak(hour)), peak + consumed * is_peak(hour)
        injected += sold
        if hour >= first:
            found[FIRST_MS + (hour + 1) * HOUR_MS - 1000] = shown(hour, off_peak, peak, injected)
    return found


def shown(hour: int, off_peak: int, peak: int, injected: int) -> dict[str, int | str]:
    """A frame's values."""
    names: dict[str, int | str] = {"NGTF": "H PLEINE/CREUSE", "NTARF": f"{1 + is_peak(hour):02d}"}
    return names | {"EASF01": off_peak, "EASF02": peak, "EAST": off_peak + peak, "EAIT": injected}


def total(kind: int, end: int, first: int = 0) -> float:
    """The sum in kWh that hours [first, end) counted."""
    return sum(wh(hour)[kind] for hour in range(first, end)) / 1000


@dataclass
class Stage:
    """A ledger and the fake Home Assistant that it is replicated to."""

    folder: Path
    home: FakeHomeAssistant
    entities: str = ""
    by: str = "period"
    sinks: list[Sink] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.folder / "ledger.sqlite"

    @property
    def settings(self) -> Settings:
        return settings_with(
            name="nas",
            ledger=self.path,
            language="en",
            contracts=self.folder / "contracts.toml",
            tariffs=self.folder / "tariffs",
            home_assistant_statistics_url=self.home.url,
            home_assistant_statistics_token="long-lived",  # noqa: S106 - the fake's
            home_assistant_statistics_entities=self.entities,
            home_assistant_statistics_by=self.by,
        )

    def open(self) -> Sink:
        with Ledger.open(self.path) as ledger:
            ledger.use_sinks([NAME])
        sink = HomeAssistantStatistics().open(SinkContext(self.settings, lambda _: False, deque()))
        self.sinks.append(sink)
        return sink

    def replicate(self) -> int:
        """Replicate all; returns how many rows were sent for it."""
        before = sum(self.home.imported)
        sink = self.open()
        finish(sink)
        sink.close()
        with LedgerReader.open(self.path) as reader:
            assert next(each for each in reader.sinks() if each.name == NAME).is_done
        return sum(self.home.imported) - before

    def sums(self, key: str) -> list[float]:
        return self.home.sums(f"tictally:{METER}_{key}")


@cache
def read_tariffs(folder: Path) -> TariffCatalogue:
    return load_catalogue(folder)


def catalogue(folder: Path) -> TariffCatalogue:
    """The tariffs of a folder, which no test changes, read once."""
    return read_tariffs(folder.resolve())


def finish(sink: Sink) -> None:
    while not sink.step():
        pass


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger and its tariffs."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "tariffs").mkdir()
    (folder / "tariffs" / "surplus.toml").write_text(SURPLUS_FILE)
    store(folder / "ledger.sqlite", readings())
    return folder


@pytest.fixture
def stage(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(terms_watcher, "load_catalogue", catalogue)
    (tmp_path / "tariffs").symlink_to(template / "tariffs")
    shutil.copy(template / "ledger.sqlite", tmp_path)
    (tmp_path / "contracts.toml").write_text(CONTRACTS)
    with FakeHomeAssistant().running() as home:
        stage = Stage(tmp_path, home)
        yield stage
        for sink in stage.sinks:
            sink.close()


def test_every_hour_is_summed_up_by_period_and_injection(stage: Stage) -> None:
    stage.replicate()
    ends = range(1, HOURS + 1)
    assert stage.sums("consumption") == [total(0, end) for end in ends]
    assert stage.sums("injection") == [total(1, end) for end in ends]
    peak = [sum(wh(hour)[0] for hour in range(end) if is_peak(hour)) / 1000 for end in ends]
    assert stage.sums("consumption_hp") == peak
    rows = stage.home.rows[f"tictally:{METER}_consumption_hc"]
    assert sorted(rows) == [FIRST_MS + hour * HOUR_MS for hour in range(HOURS)]
    assert stage.home.metadata[f"tictally:{METER}_consumption_hc"] == {
        "statistic_id": f"tictally:{METER}_consumption_hc",
        "source": "tictally",
        "name": f"Consumption HC ({METER})",
        "unit_of_measurement": "kWh",
        "has_sum": True,
        "mean_type": 0,
        "unit_class": "energy",
    }


def test_cost_with_subscription_and_income_add_up_to_the_days(stage: Stage) -> None:
    stage.replicate()
    with LedgerReader.open(stage.path) as reader:
        (site,) = reader.sites()
        settings = stage.settings
        terms = load_terms(settings.contracts_file, settings.tariffs_folder, [site], PARIS).terms
        first = local_day(FIRST_MS, settings.zone)
        rows = cost_of(reader, SiteDays(site, first, local_day(FIRST_MS + DAY_MS, settings.zone), settings.zone), terms)
    price = {row.period: row.price for row in rows if row.direction is Direction.CONSUMPTION}
    subscription = sum((row.amount or Decimal(0) for row in rows if row.period is None), Decimal(0))
    expected, paid = [], Decimal(0)
    for hour in range(24):
        paid += wh(hour)[0] * (price["HP" if is_peak(hour) else "HC"] or Decimal(0)) / 1000 + subscription / 24
        expected.append(paid)
    assert stage.sums("cost")[:24] == pytest.approx([float(each) for each in expected], abs=1e-6)
    assert stage.sums("cost")[23] == pytest.approx(
        float(sum(row.amount or 0 for row in rows if row.amount and row.amount > 0))
    )
    assert stage.sums("income") == pytest.approx([total(1, end) * 0.04 for end in range(1, HOURS + 1)], abs=1e-6)
    assert stage.home.metadata[f"tictally:{METER}_cost"]["unit_of_measurement"] == "EUR"
    assert stage.home.metadata[f"tictally:{METER}_cost"]["unit_class"] is None


def test_off_peak_hours_that_end_within_an_hour_divide_its_cost(stage: Stage) -> None:
    stage.path.unlink()
    Ledger.open(stage.path).close()
    put(stage.path, [energy(FIRST_MS + n * HOUR_MS // 2, 30, 100 + 10 * (n % 7)) for n in range(48)])
    off_peak = 'off_peak = ["22:30-06:30"]\nfrom = 2020-01-01'
    (stage.folder / "contracts.toml").write_text(CONTRACTS.replace("from = 2020-01-01", off_peak, 1))
    stage.replicate()
    with LedgerReader.open(stage.path) as reader:
        (site,) = reader.sites()
        settings = stage.settings
        terms = load_terms(settings.contracts_file, settings.tariffs_folder, [site], PARIS).terms
        day = local_day(FIRST_MS, settings.zone)
        rows = cost_of(reader, SiteDays(site, day, day + timedelta(days=1), settings.zone), terms)
    price = {row.period: row.price or Decimal(0) for row in rows}
    subscription = sum((row.amount or Decimal(0) for row in rows if row.period is None), Decimal(0)) / 24
    assert stage.sums("cost")[23] == pytest.approx(float(sum(row.amount or 0 for row in rows)), abs=1e-6)
    before, after = stage.sums("cost")[5:7]  # the hour of 6:00, of which half is off-peak
    assert after - before == pytest.approx(
        float(subscription + (150 * price["HC"] + 160 * price["HP"]) / 1000), abs=2e-6
    )


def test_energy_by_register(stage: Stage) -> None:
    stage.by = "register"
    stage.replicate()
    assert stage.sums("register_east") == stage.sums("consumption")
    assert stage.sums("register_eait") == stage.sums("injection")
    assert f"tictally:{METER}_register_easf02" in stage.home.rows
    assert f"tictally:{METER}_consumption_hp" not in stage.home.rows


@pytest.mark.parametrize("version", [OLD, "dev"])
def test_both_descriptions_of_a_statistic_are_accepted(stage: Stage, version: str) -> None:
    stage.home.version = version
    stage.replicate()
    assert ("has_mean" in stage.home.metadata[f"tictally:{METER}_cost"]) == (version == OLD)


def test_a_version_that_wants_the_other_description_gets_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tictally_recorder.sinks.home_assistant.client._MEAN_TYPE_SINCE", (2025, 1))
    stage.home.version = OLD
    stage.replicate()
    assert stage.sums("consumption")[-1] == total(0, HOURS)


def test_replicating_again_sends_nothing(stage: Stage) -> None:
    assert stage.replicate() > HOURS * 5
    before = {name: dict(rows) for name, rows in stage.home.rows.items()}
    assert stage.replicate() == 0
    refill_sinks(stage.path, [NAME], 0, 2**62)
    assert stage.replicate() == 0
    assert stage.home.rows == before


def test_new_hours_continue_the_sums(stage: Stage) -> None:
    stage.replicate()
    store(stage.path, readings(HOURS, HOURS + 4), first_seq=100)
    assert 0 < stage.replicate() < 2 * HOURS
    assert stage.sums("consumption")[-1] == total(0, HOURS + 5)


def test_a_changed_hour_changes_all_later_sums(stage: Stage) -> None:
    stage.replicate()
    before = stage.sums("consumption")
    # The first hour counted nothing until its last minute: its quarter-hours differ, and no hour does.
    store(stage.path, {FIRST_MS + HOUR_MS // 2: {"EAST": 3_000_000}}, first_seq=200)
    stage.replicate()
    assert stage.sums("consumption") == before
    # A meter's earlier hours arrive late: every sum grows by them.
    put(stage.path, hours(FIRST_MS - 3 * HOUR_MS, 500, 600, 700))
    stage.replicate()
    assert stage.sums("consumption")[:4] == [0.5, 1.1, 1.8, pytest.approx(1.8 + total(0, 1))]
    assert stage.sums("consumption")[-1] == pytest.approx(1.8 + total(0, HOURS))


def test_late_frames_divide_a_gap_as_if_they_had_come_in_time(stage: Stage) -> None:
    stage.replicate()
    whole = {name: dict(rows) for name, rows in stage.home.rows.items()}
    stage.path.unlink()
    stage.home.rows.clear()
    stage.home.metadata.clear()
    frames = readings()
    late = {at: values for at, values in frames.items() if 10 <= (at - FIRST_MS) / HOUR_MS < 20}
    store(stage.path, {at: values for at, values in frames.items() if at not in late})
    stage.replicate()
    assert stage.home.rows != whole
    store(stage.path, late, first_seq=500)
    stage.replicate()
    assert stage.home.rows == whole


def test_what_was_undone_counts_nothing(stage: Stage) -> None:
    run = put(stage.path, hours(FIRST_MS - 3 * HOUR_MS, 500, 600, 700))
    stage.replicate()
    undo(stage.path, run)
    stage.replicate()
    assert stage.sums("consumption")[:4] == [0.0, 0.0, 0.0, total(0, 1)]
    assert stage.sums("consumption")[-1] == total(0, HOURS)


def test_a_day_of_which_an_amount_is_unknown_has_no_cost(stage: Stage) -> None:
    (stage.folder / "contracts.toml").write_text(CONTRACTS.replace("from = 2020-01-01", "from = 2026-11-22", 1))
    stage.replicate()
    assert min(stage.home.rows[f"tictally:{METER}_cost"]) == FIRST_MS + DAY_MS
    assert len(stage.sums("income")) == HOURS


def test_a_file_of_contracts_that_is_broken_takes_no_cost_away(stage: Stage) -> None:
    stage.replicate()
    before = {name: dict(rows) for name, rows in stage.home.rows.items()}
    (stage.folder / "contracts.toml").write_text("[[contract]")
    refill_sinks(stage.path, [NAME], 0, 2**62)
    with pytest.raises(SinkError, match=r"contracts\.toml"):
        finish(stage.open())
    assert stage.home.rows == before
    (stage.folder / "contracts.toml").write_text(CONTRACTS)
    assert stage.replicate() == 0


def test_an_outage_loses_nothing(stage: Stage) -> None:
    port, stage.home.port = stage.home.port, 1
    sink = stage.open()
    stage.home.port = port
    with pytest.raises(SinkError) as caught:
        sink.step()
    assert caught.value.problem.code is ProblemCode.SERVICE_UNREACHABLE
    sink.close()
    stage.replicate()
    assert stage.sums("consumption")[-1] == total(0, HOURS)


def test_a_home_assistant_that_was_emptied_or_restored_is_filled_again(stage: Stage) -> None:
    stage.replicate()
    whole = {name: dict(rows) for name, rows in stage.home.rows.items()}
    stage.home.rows.clear()
    stage.home.metadata.clear()
    stage.replicate()
    assert stage.home.rows == whole
    for rows in stage.home.rows.values():  # an older backup of it
        for hour in range(5, HOURS):
            del rows[FIRST_MS + hour * HOUR_MS]
    stage.replicate()
    assert stage.home.rows == whole


def test_rows_are_read_back_until_they_are_there(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.home.late = 3
    stage.replicate()
    assert stage.sums("consumption")[-1] == total(0, HOURS)
    stage.home.loses = True
    monkeypatch.setattr(delivery, "_STORED_WITHIN_S", 0.0)
    store(stage.path, readings(HOURS, HOURS + 4), first_seq=100)
    with pytest.raises(SinkError, match=r"accepted hours of .* but does not show them after 0 s"):
        stage.replicate()


@pytest.mark.parametrize(
    ("accepted", "is_admin", "code"),
    [
        ("another", True, ProblemCode.HOME_ASSISTANT_DENIES_ACCESS),
        ("long-lived", False, ProblemCode.HOME_ASSISTANT_NOT_ADMINISTRATOR),
    ],
)
def test_a_token_that_may_not_is_reported(stage: Stage, accepted: str, is_admin: bool, code: ProblemCode) -> None:
    stage.home.accepted, stage.home.is_admin = accepted, is_admin
    with pytest.raises(SinkError) as caught:
        finish(stage.open())
    assert caught.value.problem.code is code
    assert "long-lived one" in str(caught.value) or "administrator" in str(caught.value)


def test_a_new_ledger_continues_the_sums_of_a_lost_one(stage: Stage) -> None:
    stage.replicate()
    stage.path.unlink()
    store(stage.path, readings(HOURS, HOURS + 2))
    stage.replicate()
    assert stage.sums("consumption") == pytest.approx([total(0, end) for end in range(1, HOURS + 4)])


ENTITY = "sensor.linky_east"
PAIR = f"{METER}_consumption={ENTITY}"
OWN = 20
"""The entity's own first hour."""


@pytest.mark.parametrize(("unit", "factor"), [("kWh", 1), ("Wh", 1000)])
def test_the_history_of_an_entity_leads_up_to_its_own_first_hour(stage: Stage, unit: str, factor: int) -> None:
    stage.entities = PAIR
    own = [0.2 * factor, 1.0 * factor]
    stage.home.own(ENTITY, FIRST_MS + OWN * HOUR_MS, own, 3000.0 * factor, unit)
    stage.replicate()
    sums = stage.home.sums(ENTITY)
    assert len(sums) == OWN + 2
    assert sums[OWN:] == own
    differences = [after - before for before, after in pairwise(sums[: OWN + 1])]
    assert differences == pytest.approx([wh(hour)[0] / 1000 * factor for hour in range(1, OWN + 1)])
    states = [row[1] for _, row in sorted(stage.home.rows[ENTITY].items())]
    assert states[OWN - 1] == pytest.approx((3000.2 - wh(OWN)[0] / 1000) * factor)
    assert f"tictally:{METER}_consumption" not in stage.home.rows
    assert stage.sums("consumption_hp")[-1] > 0
    assert stage.replicate() == 0


def test_a_correction_moves_the_history_and_not_the_entitys_own_hours(stage: Stage) -> None:
    stage.entities = PAIR
    stage.home.own(ENTITY, FIRST_MS + OWN * HOUR_MS, [0.2], 3000.0)
    stage.replicate()
    before = stage.home.sums(ENTITY)
    put(stage.path, hours(FIRST_MS - 2 * HOUR_MS, 500, 600))
    stage.replicate()
    after = stage.home.sums(ENTITY)
    assert after[2:] == before
    assert after[2] - after[0] == pytest.approx(0.6 + total(0, 1))


@pytest.mark.parametrize(
    ("pair", "unit", "code"),
    [
        (PAIR, None, ProblemCode.HOME_ASSISTANT_ENTITY_WITHOUT_STATISTICS),
        (PAIR, "EUR", ProblemCode.HOME_ASSISTANT_ENTITY_IN_OTHER_UNIT),
        (f"{METER}_cost={ENTITY}", "kWh", ProblemCode.HOME_ASSISTANT_ENTITY_IN_OTHER_UNIT),
        (f"{METER}_consumption_hn={ENTITY}", "kWh", ProblemCode.HOME_ASSISTANT_NO_SUCH_STATISTIC),
        (f"other={ENTITY}", "kWh", ProblemCode.HOME_ASSISTANT_NO_SUCH_STATISTIC),
    ],
)
def test_an_entity_that_cannot_have_it_is_reported_and_holds_up_nothing_else(
    stage: Stage, pair: str, unit: str | None, code: ProblemCode
) -> None:
    stage.entities = pair
    if unit is not None:
        stage.home.own(ENTITY, FIRST_MS + OWN * HOUR_MS, [0.2], 3000.0, unit)
    with pytest.raises(SinkError) as caught:
        finish(stage.open())
    assert caught.value.problem.code is code
    assert stage.sums("consumption_hp")[-1] > 0


def test_the_command_removes_what_it_sent_and_only_that(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.entities = PAIR
    stage.home.own(ENTITY, FIRST_MS + OWN * HOUR_MS, [0.2, 0.5], 3000.0)
    stage.home.own("sensor.other", FIRST_MS, [1.0], 0.0)
    stage.replicate()
    for name, value in {
        "LEDGER": str(stage.path),
        "HOME_ASSISTANT_STATISTICS_URL": stage.home.url,
        "HOME_ASSISTANT_STATISTICS_TOKEN": "long-lived",
        "HOME_ASSISTANT_STATISTICS_ENTITIES": PAIR,
    }.items():
        monkeypatch.setenv(f"TICTALLY_{name}", value)
    with Ledger.open(stage.path):
        assert main(["sink", "remove", "--sink", NAME]) != 0
        assert "stop the recorder" in capsys.readouterr().err.lower()
    assert main(["sink", "remove", "--sink", NAME]) == 0
    said = capsys.readouterr().out
    assert f"removed tictally:{METER}_cost" in said
    assert f"cleared the history of {ENTITY} before its own first hour" in said
    assert {*stage.home.rows} == {ENTITY, "sensor.other"}
    assert stage.home.sums(ENTITY) == [0.2] * (OWN + 1) + [0.5]
    assert main(["sink", "remove", "--sink", NAME]) == 0
    assert capsys.readouterr().out.endswith("nothing to remove\n")
    stage.replicate()  # and it begins anew where it is used again
    assert len(stage.sums("injection")) == HOURS
    assert stage.home.sums(ENTITY)[0] < 0


def test_status_doctor_and_setup_show_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.replicate()
    monkeypatch.setenv("TICTALLY_LEDGER", str(stage.path))
    monkeypatch.setenv("TICTALLY_HOME_ASSISTANT_STATISTICS_URL", stage.home.url)
    monkeypatch.setenv("TICTALLY_HOME_ASSISTANT_STATISTICS_TOKEN", "wrong")
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    assert main(["sink", "status"]) == 1
    assert "rejects the token" in capsys.readouterr().err
    monkeypatch.setenv("TICTALLY_HOME_ASSISTANT_STATISTICS_TOKEN", "long-lived")
    assert main(["sink", "status"]) == 0
    assert "Every frame has been replicated." in capsys.readouterr().out
    assert main(["sink", "setup", "--new-token", str(stage.folder / "token")]) == 1
    assert "only in your profile" in capsys.readouterr().err
    assert main(["sink", "refill"]) == 0
    assert capsys.readouterr().out == "Home Assistant: replication complete.\n"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"url": "http://home:8123"}, "home_assistant_statistics_token"),
        ({"token": "abc"}, "home_assistant_statistics_url"),
        ({"url": "home:8123", "token": "abc"}, "give it as http://host:8123"),
        ({"entities": "sensor.x"}, "give it as"),
        ({"entities": "a=sensor.x, b=sensor.x"}, r"sensor\.x is in it twice"),
        ({"by": "colour"}, "period"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], problem: str, tmp_path: Path) -> None:
    from tictally_recorder.features import load  # noqa: PLC0415
    from tictally_shared.settings import Origins, read_file  # noqa: PLC0415

    environ = {f"TICTALLY_HOME_ASSISTANT_STATISTICS_{name.upper()}": value for name, value in settings.items()}
    with pytest.raises(SettingsError, match=f"(?i){problem}"):
        load(Origins({"HOME": str(tmp_path), **environ}, read_file), hostname="nas")


def test_it_is_configured_by_its_address(stage: Stage) -> None:
    assert [(each.name, each.destination(stage.settings)) for each in configured(stage.settings)] == [
        (NAME, stage.home.url)
    ]
    with Ledger.open(stage.path) as ledger:
        ledger.use_sinks([NAME])
        box = Outbox.open(stage.path, NAME)
        box.skip_frames()
        assert box.frames(10) == []
        box.close()
