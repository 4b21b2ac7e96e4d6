"""Whatever a service answers instead of its data is refused: nothing is overwritten, and the next run tries again."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from cost_building import PARIS
from local_service import LocalService, Reply

from tictally_recorder.features import settings_with
from tictally_recorder.fetch import client as fetch_client
from tictally_recorder.jobs import JobState
from tictally_recorder.jobs.job import Job
from tictally_recorder.jobs.runner import JobRunner
from tictally_recorder.jobs.schedule import Schedule
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.cre.files import RESOURCES
from tictally_recorder.providers.cre.job import CreJob
from tictally_recorder.providers.pvpc.job import PvpcJob
from tictally_recorder.providers.spot.job import SpotJob
from tictally_recorder.providers.tempo.job import TempoJob
from tictally_recorder.providers.weather.job import WeatherJob
from tictally_recorder.settings import Settings
from tictally_shared.calendar import day_bounds_ms

NOW: Final = datetime(2026, 11, 24, 21, 0, tzinfo=PARIS)
NOW_MS: Final = int(NOW.timestamp() * 1000)
TODAY: Final = NOW.date()
HOUR_MS: Final = 3_600_000
Query = Mapping[str, str]


def hours_of(day: date) -> range:
    return range(*day_bounds_ms(day, PARIS), HOUR_MS)


def archive(query: Query) -> str:
    day = date.fromisoformat(query["date"])
    rows = [{"Dia": f"{day:%d/%m/%Y}", "Hora": f"{n:02}-{n + 1:02}", "PCB": "100,00", "CYM": "90"} for n in range(24)]
    return json.dumps({"PVPC": rows})


def esios(query: Query) -> str:
    times = [
        datetime.fromtimestamp(ms / 1000, PARIS).isoformat()
        for ms in hours_of(date.fromisoformat(query["start_date"][:10]))
    ]
    return json.dumps({"indicator": {"values": [{"value": 100.0, "datetime": at, "geo_id": 8741} for at in times]}})


def charts(query: Query) -> str:
    times = [ms // 1000 for ms in hours_of(date.fromisoformat(query["start"]))]
    return json.dumps({"unix_seconds": times, "price": [100.0] * len(times), "unit": "EUR / MWh"})


def entsoe(query: Query) -> str:
    moments = (datetime.strptime(f"{query[each]}Z", "%Y%m%d%H%M%z") for each in ("periodStart", "periodEnd"))
    start, end = (f"{each:%Y-%m-%dT%H:%MZ}" for each in moments)
    zone = "".join(f"<{way}_Domain.mRID>10YFR-RTE------C</{way}_Domain.mRID>" for way in ("in", "out"))
    points = "".join(f"<Point><position>{n}</position><price.amount>100.0</price.amount></Point>" for n in range(1, 25))
    return f"""<?xml version="1.0" encoding="utf-8"?><Publication_MarketDocument xmlns="urn:a"><TimeSeries>{zone}
    <currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>
    <Period><timeInterval><start>{start}</start><end>{end}</end></timeInterval><resolution>PT60M</resolution>{points}
    </Period></TimeSeries></Publication_MarketDocument>"""


SEASON: Final = [date(2026, 9, 1) + timedelta(days=n) for n in range((TODAY - date(2026, 9, 1)).days + 2)]


def mirror(_: Query) -> str:
    return json.dumps([{"dateJour": str(day), "codeJour": 1} for day in SEASON])


def rte(query: Query) -> str:
    if not query:
        return '{"access_token": "of-today"}'
    starts = [datetime(day.year, day.month, day.day, tzinfo=PARIS).isoformat() for day in SEASON]
    return json.dumps({"tempo_like_calendars": {"values": [{"start_date": at, "value": "BLUE"} for at in starts]}})


def weather(query: Query) -> str:
    first = date.fromisoformat(query.get("start_date", str(TODAY - timedelta(days=10))))
    last = date.fromisoformat(query.get("end_date", str(TODAY)))
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    times = [start + timedelta(hours=n) for n in range(((last - first).days + 1) * 24)]
    hourly = {"time": [f"{at:%Y-%m-%dT%H:%M}" for at in times], "temperature_2m": [100.0 / 10] * len(times)}
    return json.dumps({"utc_offset_seconds": 0, "hourly": hourly})


HEAD: Final = "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;PART_VARIABLE_HT;PART_VARIABLE_TTC\r\n"
NEW: Final = f"{HEAD}01/02/2027;;6;138;190,38;0,1412;0,2065\r\n"
COLOURS: Final = [f"{half}{colour}" for colour in ("Bleu", "Blanc", "Rouge") for half in ("HC", "HP")]
# What is bundled as well: nothing new.
OTHERS: Final = {
    "edf-bleu-hphc": (("HC", "HP"), "135,6;189,99;0,1063;0,1635;0,1434;0,2081"),
    "edf-bleu-tempo": (
        COLOURS,
        "133,20;186,46;0,0727;0,1232;0,0945;0,1494;0,0859;0,1391;0,1142;0,173;0,0917;0,146;0,509;0,6468",
    ),
}


def cre(path: str) -> str:
    tariff = next(each for each, resource in RESOURCES.items() if path == f"/{resource}")
    if tariff not in OTHERS:
        return NEW
    periods, amounts = OTHERS[tariff]
    names = ";".join(f"PART_VARIABLE_{each}_HT;PART_VARIABLE_{each}_TTC" for each in periods)
    head = HEAD.replace("PART_VARIABLE_HT;PART_VARIABLE_TTC", names)
    return f"{head}01/08/2025;31/01/2026;6;{amounts}\r\n"


@dataclass(frozen=True)
class Provider:
    """A job, what its service answers, and the settings that make it ask a local one."""

    make: Callable[[Settings], Job]
    answer: Callable[[Query], str]
    settings: Mapping[str, object]

    def body(self, path: str) -> bytes:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return (cre(parts.path) if self.make is CreJob else self.answer(query)).encode()


def pvpc(settings: Settings) -> Job:
    return PvpcJob(settings, pause_s=0.0)


def spot(settings: Settings) -> Job:
    return SpotJob(settings, pause_s=0.0)


PROVIDERS: Final = {
    "PVPC's archive": Provider(pvpc, archive, {"pvpc_zone": "peninsula", "pvpc_url": "URL"}),
    "PVPC's API": Provider(pvpc, esios, {"pvpc_zone": "peninsula", "pvpc_url": "URL", "pvpc_token": "of-mine"}),
    "Energy-Charts": Provider(spot, charts, {"spot_source": "energy-charts", "spot_energy_charts_url": "URL"}),
    "ENTSO-E": Provider(spot, entsoe, {"spot_source": "entsoe", "spot_entsoe_url": "URL", "spot_token": "of-mine"}),
    "the mirror of Tempo": Provider(TempoJob, mirror, {"tempo_source": "mirror", "tempo_mirror_url": "URL"}),
    "RTE": Provider(
        TempoJob,
        rte,
        {"tempo_source": "rte", "tempo_rte_url": "URL", "tempo_rte_id": "me", "tempo_rte_secret": "secret"},
    ),
    "the CRE": Provider(CreJob, lambda _: NEW, {"cre_updates": "take", "cre_url": "URL"}),
    "Open-Meteo": Provider(
        lambda settings: WeatherJob(settings, pause_s=0.0),
        weather,
        {
            "weather_latitude": 48.9,
            "weather_longitude": 2.3,
            "weather_since": TODAY - timedelta(days=20),
            "weather_archive_url": "URL",
            "weather_forecast_url": "URL",
        },
    ),
}


class Answers:
    """What the local service answers to any path."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.damage: Callable[[bytes], Reply] = Reply

    def get(self, path: str, _default: Reply) -> Reply:
        return self.damage(self.provider.body(path))


class Home:
    """A job that has done its work, and what it stored."""

    def __init__(self, folder: Path, provider: Provider, url: str) -> None:
        self.ledger = folder / "ledger.sqlite"
        Ledger.open(self.ledger).close()
        about = {name: url if value == "URL" else value for name, value in provider.settings.items()}
        self.settings = settings_with(name="nas", ledger=self.ledger, **about)
        job = provider.make(self.settings)
        self.runner = JobRunner("job", job, Schedule(job.schedule, PARIS), JobState())

    def run(self) -> bool:
        return self.runner.poll(NOW_MS, is_forced=True)

    def stored(self) -> object:
        files = {each.name: each.read_bytes() for each in sorted(self.settings.tariffs_folder.glob("*"))}
        with LedgerReader.open(self.ledger) as reader:
            return files, reader.temperatures("any", 0, 2**50)


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> Provider:
    return PROVIDERS[request.param]


@pytest.fixture
def answers(provider: Provider) -> Iterator[tuple[Answers, str]]:
    found, server = Answers(provider), LocalService()
    server.replies = found  # type: ignore[assignment]  # it only gets from it
    with server.running():
        yield found, server.url


@pytest.fixture
def home(tmp_path: Path, provider: Provider, answers: tuple[Answers, str]) -> Home:
    return Home(tmp_path, provider, answers[1])


def zipped(body: bytes) -> Reply:
    return Reply(body, headers={"Content-Encoding": "gzip"})


def changed(change: Callable[[str], str]) -> Callable[[bytes], Reply]:
    return lambda body: Reply(change(body.decode()).encode())


def of_lists(body: str, change: Callable[[list[Any]], list[Any]]) -> str:
    """JSON whose lists are changed."""

    def walk(value: object) -> object:
        if isinstance(value, dict):
            return {name: walk(each) for name, each in value.items()}
        return change(value) if isinstance(value, list) else value

    return json.dumps(walk(json.loads(body))) if body[0] in "[{" else body[: len(body) * 3 // 4]


DAMAGES: Final[dict[str, Callable[[bytes], Reply]]] = {
    "HTML": lambda _: Reply(b"<!DOCTYPE html>\n<html><body>maintenance</body></html>"),
    "nothing": lambda _: Reply(b""),
    "null": lambda _: Reply(b"[null]"),
    "compressed and cut off": lambda body: zipped(gzip.compress(body)[:-12]),
    "compressed and damaged": lambda body: zipped(gzip.compress(body)[:20] + b"x" * 40),
    "not compressed as announced": zipped,
    "compressed from a huge one": lambda _: zipped(gzip.compress(b" " * 9_000_000)),
    "compressed otherwise": lambda body: Reply(body, headers={"Content-Encoding": "br"}),
    "huge": lambda _: Reply(b" " * 9_000_000),
    "cut off": lambda body: Reply(body[: len(body) * 3 // 4]),
    "a redirection to itself": lambda _: Reply(status=302, headers={"Location": "/"}),
    "an error": lambda _: Reply(status=500),
    "a part of the day": changed(lambda body: of_lists(body, lambda values: values[:10])),
    "none of the day": changed(lambda body: of_lists(body, lambda _: [])),
    "other names": changed(
        lambda body: body.replace('": ', 'X": ').replace("DATE_", "DATUM_").replace("<Point>", "<Points>")
    ),
    "another year": changed(
        lambda body: body.replace("2026", "2025").replace("17", "14") if "DATE_" not in body else ""
    ),
    "a price of 10 EUR": changed(
        lambda body: (
            body.replace("100.0", "10000.0")
            .replace("100,00", "10000,00")
            .replace("0,2065", "10,2065")
            .replace('"BLUE"', '"RED"')
            .replace('r": 1}', 'r": 3}')
            .replace("10.0", "1000.0")
        )
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_answer_that_cannot_be_right_changes_nothing_and_is_asked_for_again(
    home: Home, provider: Provider, answers: tuple[Answers, str], damage: str
) -> None:
    assert home.run()
    before = home.stored()
    assert before not in ({}, ({}, {}))
    answers[0].damage = DAMAGES[damage]
    if provider.make is TempoJob and damage == "a part of the day":  # of the season, whose other days are known
        assert home.run()
        assert home.stored() == before
        return
    assert not home.run()
    problem = home.runner.state.problem
    assert problem is not None
    assert problem.code in ProblemCode
    assert problem.code is not ProblemCode.JOB_FAILED
    assert home.runner.state.is_failing(NOW_MS) or problem.code in _LATE
    assert home.stored() == before
    answers[0].damage = Reply
    assert home.run()
    assert home.stored() == before


_LATE: Final = {ProblemCode.PRICES_NOT_PUBLISHED, ProblemCode.COLOUR_NOT_PUBLISHED}


@pytest.mark.parametrize("status", [403, 429])
def test_a_service_that_refuses_this_client_is_left_alone_for_a_day(
    home: Home, answers: tuple[Answers, str], status: int
) -> None:
    answers[0].damage = lambda _: Reply(status=status, headers={"Retry-After": "60"})
    assert not home.run()
    state = home.runner.state
    assert state.problem is not None
    assert (state.problem.code, state.problem.parameters["status"]) == (ProblemCode.FETCH_BANNED, status)
    finished_ms = state.runs[-1].finished_ms
    assert state.retry_ms is not None
    assert state.retry_ms >= finished_ms + 24 * HOUR_MS
    assert home.runner.next_poll_ms(finished_ms) == state.retry_ms
    assert state.is_failing(finished_ms)


def test_a_service_whose_clock_is_a_year_off_is_not_believed(
    home: Home, answers: tuple[Answers, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.run()
    before = home.stored()
    with monkeypatch.context() as patch:
        patch.setattr(fetch_client, "_CLOCK_TOLERANCE_S", -1.0)  # as if every answer were too far off
        assert not home.run()
    problem = home.runner.state.problem
    assert problem is not None
    assert problem.code is ProblemCode.FETCH_CLOCK
    assert home.stored() == before
    assert answers[0].damage is Reply


def test_a_byte_order_mark_is_no_damage(home: Home, answers: tuple[Answers, str]) -> None:
    assert home.run()
    before = home.stored()
    answers[0].damage = lambda body: Reply(b"\xef\xbb\xbf" + body)
    assert home.run()
    assert home.stored() == before


def test_a_compressed_answer_is_read(home: Home, answers: tuple[Answers, str]) -> None:
    answers[0].damage = lambda body: zipped(gzip.compress(body))
    assert home.run()
    assert home.stored() != ({}, {})
