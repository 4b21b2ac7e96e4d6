"""meterit's prices: the current one from PVPC, and fetched at once by the jobs of the running recorder."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from api_serving import TOKEN, Served
from local_service import LocalService, Reply

from tictally_recorder.jobs import JobScheduler
from tictally_recorder.providers.pvpc.answers import MADRID, DayOfPrices
from tictally_recorder.providers.pvpc.settings import PvpcZone

AUTHORIZATION = f"Bearer {TOKEN}"


def archive(day: date, price: str) -> bytes:
    hours = range(len(DayOfPrices(day, PvpcZone.PENINSULA).hours_ms))
    rows = [{"Dia": f"{day:%d/%m/%Y}", "Hora": f"{hour:02}-{hour + 1:02}", "PCB": price, "CYM": "1"} for hour in hours]
    return json.dumps({"PVPC": rows}).encode()


class Esios:
    """The public archive of today and tomorrow."""

    def __init__(self, service: LocalService) -> None:
        self.service = service
        self.today = datetime.now(MADRID).date()

    def publish(self, price: str) -> None:
        for day in (self.today, self.today + timedelta(days=1)):
            self.answer(day, Reply(archive(day, price)))

    def answer(self, day: date, reply: Reply) -> None:
        self.service.replies[f"/archives/70/download_json?locale=es&date={day}"] = reply


@pytest.fixture
def esios() -> Iterator[Esios]:
    with LocalService().running() as running:
        yield Esios(running)


@pytest.fixture
def served(tmp_path: Path, esios: Esios) -> Iterator[Served]:
    """A server with the machine's clock and running jobs, and without contracts."""
    settings = {"meterit": "token", "pvpc_zone": "peninsula", "pvpc_url": esios.service.url, "pvpc_since": esios.today}
    with Served(tmp_path, settings, contracts="", now=datetime.now(MADRID)) as found:
        jobs = found.context.jobs = JobScheduler(found.context.settings, found.ledger.get_value)
        with jobs.running():
            yield found


def force(served: Served) -> tuple[int, str]:
    answer = served.get("/meterit/force_get_prices", authorization=AUTHORIZATION)
    return answer.status_code, answer.json()["message"]


def price(served: Served) -> str | None:
    found: str | None = served.get("/meterit/current_price", authorization=AUTHORIZATION).json()["price"]
    return found


def test_prices_are_really_fetched_and_shown(served: Served, esios: Esios) -> None:
    esios.publish("123,40")
    assert price(served) is None
    assert force(served) == (200, "OK")
    assert price(served) == "0.1234"
    asked = len(esios.service.requests)
    assert asked >= 1
    assert force(served) == (200, "OK")
    assert len(esios.service.requests) == asked  # they were fetched just now


def test_a_refused_answer_is_reported_and_the_price_stays(served: Served, esios: Esios) -> None:
    esios.publish("123,40")
    force(served)
    jobs = served.context.jobs
    assert jobs is not None
    esios.answer(esios.today, Reply(archive(esios.today, "99.999,0")))
    jobs.request("pvpc").result(20)
    status, message = force(served)
    assert (status, "99.999 EUR a kWh" in message) == (502, True), message
    assert price(served) == "0.1234"


def test_a_service_that_refuses_requests_is_left_alone(served: Served, esios: Esios) -> None:
    esios.answer(esios.today, Reply(status=429))
    for _ in range(2):
        status, message = force(served)
        assert (status, "the next one is made in a day" in message) == (502, True), message
    assert len(esios.service.requests) == 1
