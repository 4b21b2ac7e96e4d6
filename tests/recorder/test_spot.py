"""Day-ahead spot prices: documents of ENTSO-E and Energy-Charts, the job against a local server, and what cost reads.

The documents are made here in the form of the recorded ones; neither service could be reached.
"""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from local_service import LocalService, Reply

from tictally_recorder.features import settings_with
from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.jobs import JobContext, JobError, enabled_jobs
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.spot import energy_charts, entsoe
from tictally_recorder.providers.spot.job import SpotJob
from tictally_recorder.providers.spot.market_day import MARKET_TIME
from tictally_recorder.providers.spot.settings import SpotZone
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.series import read_series
from tictally_recorder.translations import ENGLISH
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms

TODAY = date(2026, 10, 24)  # the day before the clocks go back
SUNDAY = date(2026, 10, 25)
AFTERNOON_MS = int(datetime(2026, 10, 24, 13, 20, tzinfo=MARKET_TIME).timestamp() * 1000)
FR, BE = "10YFR-RTE------C", "10YBE----------2"
HOUR_MS = 4 * QUARTER_MS


def utc(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%dT%H:%MZ}"


def points(prices: dict[int, str]) -> str:
    return "".join(
        f"<Point><position>{n}</position><price.amount>{price}</price.amount></Point>" for n, price in prices.items()
    )


def series(  # noqa: PLR0913 - parts of a document that tests change
    day: date = SUNDAY,
    *,
    prices: dict[int, str] | None = None,
    step: str = "PT15M",
    eic: str = FR,
    sequence: str = "",
    hours: int | None = None,
    unit: str = "MWH",
) -> str:
    start_ms, end_ms = day_bounds_ms(day, MARKET_TIME)
    if hours is not None:
        end_ms = start_ms + hours * HOUR_MS
    order = "classificationSequence_AttributeInstanceComponent.position"
    return f"""<TimeSeries><mRID>1</mRID><contract_MarketAgreement.type>A01</contract_MarketAgreement.type>
      <in_Domain.mRID codingScheme="A01">{eic}</in_Domain.mRID>
      <out_Domain.mRID codingScheme="A01">{eic}</out_Domain.mRID>
      <currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>{unit}</price_Measure_Unit.name>
      {f"<{order}>{sequence}</{order}>" if sequence else ""}<curveType>A03</curveType>
      <Period><timeInterval><start>{utc(start_ms)}</start><end>{utc(end_ms)}</end></timeInterval>
        <resolution>{step}</resolution>{points({1: "80.12"} if prices is None else prices)}</Period></TimeSeries>"""


def document(*found: str, namespace: str = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3") -> Answer:
    body = f'<?xml version="1.0" encoding="utf-8"?>\n<Publication_MarketDocument xmlns="{namespace}"><mRID>a</mRID>'
    return Answer("entsoe", f"{body}{''.join(found)}</Publication_MarketDocument>".encode())


NOTHING = b"""<Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:8:0">
<Reason><code>999</code><text>No matching data found</text></Reason></Acknowledgement_MarketDocument>"""


def read(answer: Answer, day: date = SUNDAY, zone: SpotZone = SpotZone.FR) -> dict[int, Decimal]:
    return entsoe.read_prices(answer, day, zone)


def test_points_that_are_left_out_repeat_the_price_before() -> None:
    prices = read(document(series(prices={1: "80.12", 3: "-1.5", 100: "90"})))
    start_ms, end_ms = day_bounds_ms(SUNDAY, MARKET_TIME)
    assert list(prices) == list(range(start_ms, end_ms, QUARTER_MS))
    assert len(prices) == 100
    assert [prices[start_ms + n * QUARTER_MS] for n in (0, 1, 2, 98, 99)] == [
        Decimal(each) for each in ("0.08012", "0.08012", "-0.0015", "-0.0015", "0.09")
    ]


def test_hours_of_former_years_hold_for_their_quarters() -> None:
    day = date(2025, 3, 30)  # of 23 hours
    prices = read(document(series(day, step="PT60M", prices={1: "10", 2: "20"}), namespace="urn:another:9:9"), day)
    start_ms = day_bounds_ms(day, MARKET_TIME)[0]
    assert len(prices) == 92
    assert [prices[start_ms + n * QUARTER_MS] for n in (3, 4)] == [Decimal("0.01"), Decimal("0.02")]


def test_of_several_auctions_the_coupled_markets_quarters_are_taken() -> None:
    found = [
        series(prices={1: "1"}, sequence="2"),
        series(prices={1: "2"}, step="PT60M", sequence="1"),
        series(prices={1: "3"}, sequence="1"),
        series(TODAY, prices={1: "4"}, sequence="1"),
    ]
    assert set(read(document(*found)).values()) == {Decimal("0.003")}


def test_a_day_without_prices_yet_has_none() -> None:
    assert read(Answer("entsoe", NOTHING)) == {}
    assert energy_charts.read_prices(Answer("charts", b"null"), SUNDAY) == {}
    unpublished = charts(SUNDAY, prices=[None] * 100)
    assert energy_charts.read_prices(Answer("charts", unpublished), SUNDAY) == {}


WRONG_ENTSOE: dict[str, tuple[Answer, ProblemCode]] = {
    "HTML": (Answer("entsoe", b"<!DOCTYPE html><html></html>"), ProblemCode.FETCH_NOT_XML),
    "no XML": (Answer("entsoe", b'{"a": 1}'), ProblemCode.FETCH_NOT_XML),
    "entities": (Answer("entsoe", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), ProblemCode.FETCH_NOT_XML),
    "half a day": (document(series(hours=12)), ProblemCode.PRICES_INCOMPLETE),
    "another zone": (document(series(eic=BE)), ProblemCode.PRICES_WITHOUT_ZONE),
    "doubled hours": (document(series(), series()), ProblemCode.PRICES_TWICE),
    "a point twice": (
        document(series().replace("</Period>", points({1: "9"}) + "</Period>")),
        ProblemCode.PRICES_TWICE,
    ),
    "10 EUR a kWh": (document(series(prices={1: "10000"})), ProblemCode.PRICE_IMPLAUSIBLE),
    "another day": (document(series(TODAY)), ProblemCode.PRICES_OF_ANOTHER_DAY),
    "another year": (document(series(date(2025, 10, 26))), ProblemCode.PRICES_OF_ANOTHER_DAY),
    "another element": (
        document(series().replace("price.amount", "amount")),
        ProblemCode.FETCH_UNEXPECTED,
    ),
    "by the kWh": (document(series(unit="KWH")), ProblemCode.FETCH_UNEXPECTED),
    "no number": (document(series(prices={1: "much"})), ProblemCode.FETCH_UNEXPECTED),
    "another step": (document(series(step="PT7M")), ProblemCode.FETCH_UNEXPECTED),
    "more points than quarters": (document(series(prices={1: "1", 101: "2"})), ProblemCode.FETCH_UNEXPECTED),
    "no first point": (document(series(prices={2: "1"})), ProblemCode.PRICES_INCOMPLETE),
    "nothing": (document(), ProblemCode.FETCH_UNEXPECTED),
    "another refusal": (Answer("entsoe", NOTHING.replace(b"999", b"A59")), ProblemCode.FETCH_UNEXPECTED),
    "another document": (Answer("entsoe", b"<Balancing_MarketDocument/>"), ProblemCode.FETCH_UNEXPECTED),
}


@pytest.mark.parametrize("case", WRONG_ENTSOE)
def test_a_wrong_document_is_refused(case: str) -> None:
    answer, code = WRONG_ENTSOE[case]
    with pytest.raises(FetchError) as caught:
        read(answer)
    assert caught.value.problem.code is code


def charts(day: date, *, step_ms: int = QUARTER_MS, prices: list[Any] | None = None, **other: object) -> bytes:
    times = [ms // 1000 for ms in range(*day_bounds_ms(day, MARKET_TIME), step_ms)]
    body = {"unix_seconds": times, "price": prices or [100.0] * len(times), "unit": "EUR / MWh", "deprecated": False}
    return json.dumps(body | other).encode()


WRONG_CHARTS: dict[str, tuple[bytes, ProblemCode]] = {
    "HTML": (b"<html></html>", ProblemCode.FETCH_NOT_JSON),
    "nothing": (b"", ProblemCode.FETCH_NOT_JSON),
    "a list": (b"[]", ProblemCode.FETCH_UNEXPECTED),
    "half a day": (charts(SUNDAY, prices=[100.0] * 50 + [None] * 50), ProblemCode.PRICES_INCOMPLETE),
    "another day": (charts(TODAY), ProblemCode.PRICES_OF_ANOTHER_DAY),
    "doubled hours": (charts(SUNDAY, unix_seconds=[1_792_879_200] * 100), ProblemCode.PRICES_TWICE),
    "10 EUR a kWh": (charts(SUNDAY, prices=[10_000] * 100), ProblemCode.PRICE_IMPLAUSIBLE),
    "by the kWh": (charts(SUNDAY, unit="EUR / kWh"), ProblemCode.FETCH_UNEXPECTED),
    "other names": (charts(SUNDAY).replace(b'"price"', b'"prices"'), ProblemCode.FETCH_UNEXPECTED),
    "fewer prices": (charts(SUNDAY, prices=[1.0]), ProblemCode.FETCH_UNEXPECTED),
    "no number": (charts(SUNDAY, prices=["much"] * 100), ProblemCode.FETCH_UNEXPECTED),
    "no time": (charts(SUNDAY, unix_seconds=["now"] * 100), ProblemCode.FETCH_UNEXPECTED),
}


@pytest.mark.parametrize("case", WRONG_CHARTS)
def test_a_wrong_answer_is_refused(case: str) -> None:
    body, code = WRONG_CHARTS[case]
    with pytest.raises(FetchError) as caught:
        energy_charts.read_prices(Answer("charts", body), SUNDAY)
    assert caught.value.problem.code is code


@pytest.fixture
def service() -> Iterator[LocalService]:
    with LocalService().running() as running:
        yield running


class Household:
    """The job of a household that asks Energy-Charts for four days, one of which has 25 hours."""

    def __init__(self, folder: Path, service: LocalService, **settings: object) -> None:
        since = TODAY - timedelta(days=2)
        values = {"spot_source": "energy-charts", "spot_since": since, "spot_energy_charts_url": service.url}
        urls = {"spot_entsoe_url": service.url}
        self.settings = settings_with(name="nas", ledger=folder / "ledger.sqlite", **(values | urls | settings))
        self.job = SpotJob(self.settings, pause_s=0.0)
        self.service = service
        self.file = folder / "tariffs" / "spot-fr.csv"
        self.context = JobContext(AFTERNOON_MS, is_scheduled=True)
        for days in range(-2, 2):
            self.publish(TODAY + timedelta(days=days))

    def publish(self, day: date, body: bytes | None = None) -> None:
        self.service.replies[f"/price?bzn=FR&start={day}&end={day}"] = Reply(charts(day) if body is None else body)


def test_the_afternoon_fetches_tomorrow_and_the_days_that_are_missing(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    varied = [100.0] * 4 + [10.0, 20.0, 30.0, 40.0] + [100.0] * 92
    home.publish(SUNDAY, charts(SUNDAY, prices=varied))
    home.publish(TODAY - timedelta(days=1), charts(TODAY - timedelta(days=1), step_ms=HOUR_MS, prices=[50.0] * 24))
    assert ENGLISH.phrase(home.job.run(home.context)) == "97 hours added, 0 corrected in spot-fr.csv"
    rows = home.file.read_text().splitlines()
    assert rows[0] == "start,price,minutes"
    assert rows[-27:-21] == [
        "2026-10-25T01:00+02:00,0.01,15",
        "2026-10-25T01:15+02:00,0.02,15",
        "2026-10-25T01:30+02:00,0.03,15",
        "2026-10-25T01:45+02:00,0.04,15",
        "2026-10-25T02:00+02:00,0.1,60",
        "2026-10-25T02:00+01:00,0.1,60",
    ]
    assert len(rows) == 1 + 97 + 3
    series = read_series(home.file.read_text(), "")
    assert series.price(AFTERNOON_MS - 24 * HOUR_MS) == Decimal("0.05")
    written = home.file.read_bytes()
    assert ENGLISH.phrase(home.job.run(home.context)) == "0 hours added, 0 corrected in spot-fr.csv"
    assert home.file.read_bytes() == written


def test_a_corrected_quarter_replaces_itself_only(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    home.job.run(home.context)
    before = {step.start_ms: step.price for step in read_series(home.file.read_text(), "").steps}
    home.publish(TODAY, charts(TODAY, prices=[100.0] * 9 + [-5.0] + [100.0] * 86))
    assert ENGLISH.phrase(home.job.run(home.context)) == "0 hours added, 1 corrected in spot-fr.csv"
    start_ms = day_bounds_ms(TODAY, MARKET_TIME)[0]
    series = read_series(home.file.read_text(), "")
    changed = [at for at in before if series.price(at) != before[at]]
    assert changed == []  # of the hour's first quarter, which stays
    assert [series.price(start_ms + n * QUARTER_MS) for n in (8, 9, 10)] == [
        Decimal("0.1"),
        Decimal("-0.005"),
        Decimal("0.1"),
    ]


@pytest.mark.parametrize("body", [b"<html>", charts(TODAY, prices=[1.0] * 40 + [None] * 56), charts(SUNDAY)])
def test_a_wrong_answer_overwrites_nothing_and_the_next_run_tries_again(
    tmp_path: Path, service: LocalService, body: bytes
) -> None:
    home = Household(tmp_path, service)
    home.job.run(home.context)
    before = home.file.read_bytes()
    home.publish(TODAY, body)
    for _ in range(2):
        with pytest.raises(FetchError):
            home.job.run(home.context)
    assert home.file.read_bytes() == before
    home.publish(TODAY)
    assert ENGLISH.phrase(home.job.run(home.context)) == "0 hours added, 0 corrected in spot-fr.csv"


def test_tomorrow_may_be_late_and_is_asked_for_again(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    del service.replies[f"/price?bzn=FR&start={SUNDAY}&end={SUNDAY}"]  # a 404
    with pytest.raises(FetchError) as caught:
        home.job.run(home.context)
    assert (caught.value.problem.code, caught.value.is_normal) == (ProblemCode.PRICES_NOT_PUBLISHED, True)
    assert "newest_day" not in home.context.memory
    home.publish(SUNDAY)
    home.job.run(home.context)
    assert home.context.memory["newest_day"] == str(SUNDAY)


def test_tomorrow_is_fetched_when_it_appears_also_where_the_schedule_was_earlier(
    tmp_path: Path, service: LocalService
) -> None:
    home = Household(tmp_path, service)
    home.context.now_ms -= 2 * HOUR_MS  # 13:20 two time zones further east
    home.job.run(home.context)
    assert home.context.memory["newest_day"] == str(TODAY)
    later = JobContext(AFTERNOON_MS, is_scheduled=False, memory=home.context.memory)
    assert home.job.check(later)
    home.job.run(later)
    assert not home.job.check(later)


def test_with_a_token_entsoe_is_asked_and_the_token_is_nowhere_else(
    tmp_path: Path, service: LocalService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    home = Household(
        tmp_path,
        service,
        spot_source="entsoe",
        spot_zone="BE",
        spot_token="secret",  # noqa: S106 - of the test
        spot_since=TODAY,
    )
    bounds = {TODAY: ("202610232200", "202610242200"), SUNDAY: ("202610242200", "202610252300")}
    for day, (start, end) in bounds.items():
        query = f"documentType=A44&in_Domain={BE}&out_Domain={BE}&periodStart={start}&periodEnd={end}"
        service.replies[f"/api?securityToken=secret&{query}"] = Reply(
            document(series(day, eic=BE)).body, headers={"ETag": '"1"'}
        )
    assert ENGLISH.phrase(home.job.run(home.context)) == "49 hours added, 0 corrected in spot-be.csv"
    assert "secret" not in caplog.text + json.dumps(home.context.memory)


def test_entsoe_without_a_token_asks_nobody(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service, spot_source="entsoe")
    with pytest.raises(JobError) as caught:
        home.job.run(home.context)
    assert caught.value.problem.code is ProblemCode.ENTSOE_NOT_CONFIGURED
    assert service.requests == []


def test_the_internet_can_be_forbidden(tmp_path: Path, service: LocalService) -> None:
    assert "spot" in enabled_jobs(Household(tmp_path, service).settings)
    assert "spot" not in enabled_jobs(Household(tmp_path, service, fetch="off").settings)
    assert "spot" not in enabled_jobs(settings_with(name="nas", ledger=tmp_path / "ledger.sqlite"))


def test_a_tariff_makes_its_prices_of_the_file_by_its_formula(tmp_path: Path, service: LocalService) -> None:
    home = Household(tmp_path, service)
    home.job.run(home.context)
    (home.file.parent / "spot.toml").write_text(
        'id = "spot"\nsupplier = "A cooperative"\nnames.en = "Spot"\ncurrency = "EUR"\nseries = "spot-fr.csv"\n'
        '[[version]]\nfrom = 2026-01-01\nconfidence = "own"\nsource = "contract"\nsubscription = "10"\n'
        'formula = { factor = "1.05", margin = "0.02", taxes = "1.2" }\n'
    )
    price = load_catalogue(home.file.parent).series["spot"].price(AFTERNOON_MS)
    assert price == (Decimal("0.1") * Decimal("1.05") + Decimal("0.02")) * Decimal("1.2")
