"""The statistics of a real Home Assistant come into the ledger as it has them.

Runs where Home Assistant is installed: `hass` on PATH, or the command in `TICTALLY_HASS`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hass
import pytest
from hass import HomeAssistant

from tictally_recorder.features import settings_with
from tictally_recorder.fetch import FetchError
from tictally_recorder.imports.home_assistant_service import fetch_statistics
from tictally_recorder.imports.home_assistant_statistics import HomeAssistantSettings
from tictally_recorder.ledger import IntervalEnergy

pytestmark = pytest.mark.skipif(not hass.command(), reason="Home Assistant is not installed, nor in TICTALLY_HASS")

PRM = "09111642617347"
SERIES = f"linky:{PRM}"
START = datetime(2025, 10, 25, 22, tzinfo=UTC)  # over a clock change
HOURS = 72


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    folder = tmp_path_factory.mktemp("hass")
    found = HomeAssistant(folder)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def settings(home: HomeAssistant, token: str | None = None) -> HomeAssistantSettings:
    about = {"home_assistant_url": f"http://127.0.0.1:{home.port}", "home_assistant_token": token or home._token}
    return settings_with(name="nas", ledger=Path("none.sqlite"), **about).section(HomeAssistantSettings)


def watt_hours(hour: int) -> int:
    return 100 + 37 * hour % 900


def fill(home: HomeAssistant) -> None:
    """What ha-linky writes: external statistics in kWh, an hour each."""
    total, rows = 0, []
    for hour in range(HOURS):
        total += watt_hours(hour)
        rows.append({"start": (START + timedelta(hours=hour)).isoformat(), "state": total / 1000, "sum": total / 1000})
    is_newer = home.year >= 2026
    kind = {"mean_type": 0, "unit_class": "energy"} if is_newer else {"has_mean": False}
    about = {"statistic_id": SERIES, "source": "linky", "name": "Linky", "unit_of_measurement": "kWh", "has_sum": True}
    home.ask("recorder/import_statistics", metadata={**about, **kind}, stats=rows)
    period = {"start_time": START.isoformat(), "statistic_ids": [SERIES], "period": "hour", "types": ["sum"]}

    def is_written() -> bool:
        return len(home.ask("recorder/statistics_during_period", **period).get(SERIES, ())) == HOURS

    home.wait_until(is_written, "wrote the statistics")


def test_its_statistics_are_fetched_as_it_has_them(home: HomeAssistant) -> None:
    fill(home)
    found = fetch_statistics(settings(home), START, START + timedelta(hours=HOURS))
    assert found.delivery_point == PRM
    energies = [each for each in found.observations if isinstance(each, IntervalEnergy)]
    start_ms = round(START.timestamp() * 1000)
    # The first hour's sum has none before it.
    assert [(each.start_ms, each.end_ms) for each in energies] == [
        (start_ms + hour * 3_600_000, start_ms + (hour + 1) * 3_600_000) for hour in range(1, HOURS)
    ]
    assert [each.watt_minutes for each in energies] == [watt_hours(hour) * 60 for hour in range(1, HOURS)]
    with pytest.raises(FetchError, match="denies access"):
        fetch_statistics(settings(home, "no token"), START, START + timedelta(hours=HOURS))
