"""Hourly prices that the service published, on the page: the cost of a day of 25 hours, and why another has none."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from api_serving import METER, Served
from local_service import LocalService
from page_at import page_at, served_at
from playwright.sync_api import Browser
from pvpc_household import CONTRACT, TARIFF, publish

from tictally_recorder.cost.proration import to_cents
from tictally_recorder.features import settings_with
from tictally_recorder.jobs import JobContext
from tictally_recorder.providers.pvpc.answers import MADRID
from tictally_recorder.providers.pvpc.job import PvpcJob
from tictally_shared.calendar import day_bounds_ms
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

DAY = date(2021, 10, 31)
BEGIN_MS, END_MS = day_bounds_ms(DAY, MADRID)
HOURS = 25
QUARTER_MS = 900_000


def price(hour: int) -> int:
    """EUR a MWh; the second 02:00 of the clock change is another than the first."""
    return 150 + 20 * hour


def used(hour: int) -> int:
    """Wh of each quarter of an hour."""
    return 100 + 10 * hour


def frames() -> list[Frame]:
    """A frame each quarter-hour of the day, and of the first two hours after it."""
    found, register = [], 1_000_000
    for n, at_ms in enumerate(range(BEGIN_MS, END_MS + 2 * 3_600_000 + 1, QUARTER_MS)):
        values: dict[str, int | str] = {"EAST": register, "SINSTS": 400, "PREF": 5, "LTARF": "BASE", "STGE": "003A4401"}
        found.append(Frame(METER, "cellar", "a1" * 8, n + 1, at_ms, Mode.STANDARD, values))
        register += used(n // 4)
    return found


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Served]:
    """On the evening of the day after, of which no prices came."""
    now = datetime(2021, 11, 1, 2, 5, tzinfo=MADRID)
    with LocalService().running() as service:
        publish(service, DAY, [price(n) for n in range(HOURS)])
        settings = settings_with(
            name="nas", ledger=tmp_path / "ledger.sqlite", pvpc_zone="peninsula", pvpc_since=DAY, pvpc_url=service.url
        )
        (tmp_path / "tariffs").mkdir()
        afternoon = datetime(2021, 10, 31, 17, 30, tzinfo=UTC)
        PvpcJob(settings, pause_s=0.0).run(JobContext(int(afternoon.timestamp()) * 1000, is_scheduled=True))
    (tmp_path / "tariffs" / "own.toml").write_text(TARIFF)
    with served_at(tmp_path, now, frames(), contracts=CONTRACT) as served:
        yield served


def test_a_day_of_25_hours_costs_what_its_hours_do(household: Served, browser: Browser) -> None:
    by_hand = sum((Decimal(4 * used(n)) * price(n) / 1_000_000 for n in range(HOURS)), Decimal(0))
    expected = to_cents(by_hand + Decimal("3.10") / 31)
    with page_at(browser, household) as observed:
        observed.visit(f"{household.base}/#/month/2021-10")
        observed.page.get_by_text("Figures as a table").first.click()
        table = observed.page.locator("main table").first.inner_text().replace("\u00a0", " ")
        row = next(line for line in table.splitlines() if "31" in line)
        assert f"€{expected}" in row


def test_a_day_without_prices_is_unknown_on_the_page(household: Served, browser: Browser) -> None:
    with page_at(browser, household) as observed:
        observed.visit(f"{household.base}/#/month/2021-11")
        assert "unknown" in observed.page.locator("main").inner_text().lower()


def test_every_row_of_the_day_is_measured(household: Served) -> None:
    shown = household.items(f"/api/v1/cost?from={DAY}&to={DAY + timedelta(days=1)}&explain=true")
    assert {row["quality"] for row in shown} == {"measured"}
