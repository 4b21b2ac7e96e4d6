"""A household on PVPC from the service to the bill, over days of 25 and of 23 hours, each hour worked by hand."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from ledger_building import METER
from local_service import LocalService, Reply
from observation_building import energy, put
from pvpc_household import CONTRACT, TARIFF, publish

from tictally_recorder.cli.app import main
from tictally_recorder.cost.proration import to_cents
from tictally_recorder.features import settings_with
from tictally_recorder.fetch import FetchError
from tictally_recorder.jobs import JobContext
from tictally_recorder.ledger import Ledger
from tictally_recorder.providers.pvpc.answers import MADRID
from tictally_recorder.providers.pvpc.job import PvpcJob
from tictally_recorder.translations import ENGLISH
from tictally_shared.calendar import day_bounds_ms

HOUR_MS: Final = 3_600_000
AUTUMN, SPRING = date(2021, 10, 31), date(2022, 3, 27)
Home = tuple[Path, LocalService]


def hours_of(day: date) -> list[int]:
    return list(range(*day_bounds_ms(day, MADRID), HOUR_MS))


def price(number: int) -> int:
    """EUR a MWh of an hour, counted from local midnight; one of them is negative."""
    return 100 + 10 * number if number != 3 else -50


def used(number: int) -> int:
    """Wh of an hour: whole ones in each quarter."""
    return 400 + 40 * number


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A ledger that knows each hour's energy of both days, a contract, and a service that has their prices."""
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "LEDGER": str(tmp_path / "ledger.sqlite"),
        "TIMEZONE": "Europe/Madrid",
        "LANGUAGE": "en",
    }.items():
        monkeypatch.setenv(f"TICTALLY_{name}", value)
    Ledger.open(tmp_path / "ledger.sqlite").close()
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "es-pvpc.toml").write_text(TARIFF)
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    for day in (AUTUMN, SPRING):
        put(tmp_path / "ledger.sqlite", [energy(at, 60, used(n)) for n, at in enumerate(hours_of(day))], site=METER)
    with LocalService().running() as service:
        for day in (AUTUMN, SPRING):
            publish(service, day, [price(n) for n in range(len(hours_of(day)))])
        yield tmp_path, service


def fetch(home: Home, day: date) -> str:
    """What the job does before the prices of the next day are expected."""
    folder, service = home
    settings = settings_with(
        name="nas",
        ledger=folder / "ledger.sqlite",
        pvpc_zone="peninsula",
        pvpc_since=day,
        pvpc_url=service.url,
    )
    afternoon = datetime(day.year, day.month, day.day, 17, 30, tzinfo=UTC)
    context = JobContext(int(afternoon.timestamp()) * 1000, is_scheduled=True)
    return ENGLISH.phrase(PvpcJob(settings, pause_s=0.0).run(context))


def rows(capsys: pytest.CaptureFixture[str], day: date, *command: str) -> Any:  # noqa: ANN401 - any JSON
    capsys.readouterr()
    main([*command, "--from", str(day), "--to", str(day + timedelta(days=1)), "--json"])
    return json.loads(capsys.readouterr().out)


def cost(capsys: pytest.CaptureFixture[str], day: date) -> Decimal | None:
    found = [row for row in rows(capsys, day, "cost") if row["kind"] == "energy"]
    amounts = [row["amount"] for row in found]
    return sum(map(Decimal, amounts), Decimal(0)) if amounts and None not in amounts else None


def by_hand(prices: list[int]) -> Decimal:
    return sum((Decimal(used(n)) * each / 1_000_000 for n, each in enumerate(prices)), Decimal(0))


@pytest.mark.parametrize(("day", "hours"), [(AUTUMN, 25), (SPRING, 23)])
def test_a_day_is_priced_hour_by_hour_and_billed(
    home: Home, capsys: pytest.CaptureFixture[str], day: date, hours: int
) -> None:
    prices = [price(n) for n in range(hours)]
    assert cost(capsys, day) is None
    assert fetch(home, day).startswith(f"{hours} hours added, 0 corrected")
    assert cost(capsys, day) == by_hand(prices)
    bill = json.dumps(rows(capsys, day, "bill"))
    assert str(to_cents(by_hand(prices) + Decimal("0.10"))) in bill


@pytest.mark.parametrize(("day", "hours"), [(AUTUMN, 25), (SPRING, 23)])
def test_a_comparison_prices_each_hour_and_knows_no_day_without_prices(
    home: Home, capsys: pytest.CaptureFixture[str], day: date, hours: int
) -> None:
    fetch(home, day)
    (offer,) = [each for each in rows(capsys, day, "compare") if each["tariff"] == "es-pvpc"]
    assert Decimal(offer["amount"]) == by_hand([price(n) for n in range(hours)]) + Decimal("0.10")
    assert (offer["energy_wh"], offer["days"]) == ({"TOTAL": sum(used(n) for n in range(hours))}, 1)
    assert offer["amount"] == offer["actual"]
    other = SPRING if day == AUTUMN else AUTUMN
    (offer,) = [each for each in rows(capsys, other, "compare") if each["tariff"] == "es-pvpc"]
    assert (offer["amount"], offer["quality"]) == (None, "unknown")
    assert [each["code"] for each in offer["reasons"]] == ["no_prices_then"]


def test_the_service_down_wrong_late_and_corrected(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    service, day, path = home[1], AUTUMN, f"/archives/70/download_json?locale=es&date={AUTUMN}"
    good, prices = service.replies[path], [price(n) for n in range(25)]
    publish(service, day, [])  # late
    late = service.replies[path]
    for reply in (Reply(status=503), Reply(b"<html>"), late):
        service.replies[path] = reply
        with pytest.raises(FetchError):
            fetch(home, day)
        assert cost(capsys, day) is None
    service.replies[path] = good
    fetch(home, day)
    assert cost(capsys, day) == by_hand(prices)
    for wrong in (prices[:24], [*prices[:24], 10_000]):
        publish(service, day, wrong)
        with pytest.raises(FetchError):
            fetch(home, day)
        assert cost(capsys, day) == by_hand(prices)
    prices[20] += 5
    publish(service, day, prices)
    assert fetch(home, day).startswith("0 hours added, 1 corrected")
    assert cost(capsys, day) == by_hand(prices)
