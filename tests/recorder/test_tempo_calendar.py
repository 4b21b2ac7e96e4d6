"""Tempo's colours: the bundled history, files of days, seasons; and the job that fetches them from a local server."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from local_service import LocalService, Reply

from tictally_recorder.calendars.tempo import (
    CalendarFileError,
    bundled_tempo,
    days,
    implausible,
    load_tempo,
    read_days,
    season,
    write_days,
)
from tictally_recorder.features import settings_with
from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.jobs import JobContext, JobError, enabled_jobs
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.tempo.answers import PARIS, read_mirror, read_rte
from tictally_recorder.providers.tempo.job import TempoJob
from tictally_recorder.translations import ENGLISH
from tictally_shared.status_register import Colour

SHARED = Path(__file__).parents[3] / "shared" / "data" / "tempo"
TODAY = date(2026, 11, 30)
NOON_MS = int(datetime(2026, 11, 30, 12, 0, tzinfo=PARIS).timestamp() * 1000)
CODES = {Colour.BLEU: 1, Colour.BLANC: 2, Colour.ROUGE: 3}


def test_the_bundled_history_has_every_day_and_the_days_of_each_season() -> None:
    colours = bundled_tempo().colours
    assert list(colours) == list(days(date(2019, 9, 1), date(2026, 4, 21)))
    counts = Counter((season(day)[0].year, colour) for day, colour in colours.items())
    assert [counts[year, Colour.ROUGE] for year in range(2019, 2026)] == [18, 22, 22, 22, 22, 22, 22]
    assert [counts[year, Colour.BLANC] for year in range(2019, 2026)] == [47, 43, 43, 43, 43, 43, 38]
    assert implausible(colours) is None
    assert {source.confidence for source in bundled_tempo().sources.values()} == {"secondary"}


@pytest.mark.skipif(not SHARED.exists(), reason="no list of colours here")
@pytest.mark.parametrize("name", ["tempo_days.csv", "tempo_days_2025_26.csv"])
def test_the_bundled_history_is_the_collected_one(name: str) -> None:
    collected = read_days((SHARED / name).read_text())
    assert {day: bundled_tempo().colours[day] for day in collected} == collected


def test_days_left_count_from_the_day_after() -> None:
    assert bundled_tempo().days_left(date(2024, 12, 31)) == {
        Colour.BLEU: sum(bundled_tempo().colours[d] is Colour.BLEU for d in days(date(2025, 1, 1), date(2025, 8, 31))),
        Colour.BLANC: sum(
            bundled_tempo().colours[d] is Colour.BLANC for d in days(date(2025, 1, 1), date(2025, 8, 31))
        ),
        Colour.ROUGE: sum(
            bundled_tempo().colours[d] is Colour.ROUGE for d in days(date(2025, 1, 1), date(2025, 8, 31))
        ),
    }
    assert bundled_tempo().days_left(date(2026, 11, 1)) is None


@pytest.mark.parametrize(
    ("day", "colour"),
    [
        (date(2026, 11, 29), Colour.ROUGE),  # a Sunday
        (date(2026, 11, 28), Colour.ROUGE),  # a Saturday
        (date(2026, 10, 30), Colour.ROUGE),  # before November
        (date(2026, 11, 29), Colour.BLANC),  # a Sunday
    ],
)
def test_a_colour_on_a_day_that_cannot_have_it_is_implausible(day: date, colour: Colour) -> None:
    assert implausible({day: colour}) == (day, colour)


def test_more_red_days_than_a_season_has_are_implausible() -> None:
    weekdays = [day for day in days(date(2026, 11, 2), date(2026, 12, 31)) if day.weekday() < 5]
    assert implausible(dict.fromkeys(weekdays[:22], Colour.ROUGE)) is None
    assert implausible(dict.fromkeys(weekdays[:23], Colour.ROUGE)) == (weekdays[22], Colour.ROUGE)


def test_days_are_written_as_they_are_read() -> None:
    colours = {TODAY: Colour.BLANC, date(2026, 11, 29): Colour.BLEU}
    assert read_days(write_days(colours)) == colours
    assert read_days("\ufeff" + write_days(colours)) == colours


@pytest.mark.parametrize(
    "text", ["2026-11-21;blue", "2026-11-31,blue", "2026-11-21,green", "2026-11-21,blue\n2026-11-21,red"]
)
def test_a_wrong_line_is_named(text: str) -> None:
    with pytest.raises(CalendarFileError, match="line"):
        read_days(text)


def test_fetched_days_go_before_the_bundled_ones(tmp_path: Path) -> None:
    assert load_tempo(tmp_path / "missing") == bundled_tempo()
    (tmp_path / "tempo-days.csv").write_text("date,color\n2025-01-01,white\n2026-11-30,red\n")
    calendar = load_tempo(tmp_path)
    assert (calendar.colours[date(2025, 1, 1)], calendar.colours[TODAY]) == (Colour.BLANC, Colour.ROUGE)
    assert calendar.sources[TODAY].name == "fetched"
    (tmp_path / "tempo-days.csv").write_text("what?\n")
    with pytest.raises(CalendarFileError, match="line 1"):
        load_tempo(tmp_path)


def mirror(colours: dict[date, Colour | None]) -> bytes:
    rows = [
        {"dateJour": str(day), "codeJour": CODES.get(c, 0) if c else 0, "periode": ""} for day, c in colours.items()
    ]
    return json.dumps(rows).encode()


WRONG_MIRROR = [
    b"<html>",
    b'{"error": 1}',
    b"[1]",
    b'[{"dateJour": "2026-11-30", "codeJour": 7}]',
    b'[{"dateJour": "2026-11-30", "codeJour": true}]',
    b'[{"dateJour": "30/11/2026", "codeJour": 1}]',
    b'[{"dateJour": "2026-11-30", "codeJour": 1}, {"dateJour": "2026-11-30", "codeJour": 2}]',
    b'[{"dateJour": "2026-11-29", "codeJour": 3}]',
]


@pytest.mark.parametrize("body", WRONG_MIRROR)
def test_a_wrong_answer_of_the_mirror_is_refused(body: bytes) -> None:
    with pytest.raises(FetchError):
        read_mirror(Answer("mirror", body))


def rte(*values: dict[str, str]) -> bytes:
    return json.dumps({"tempo_like_calendars": {"values": values}}).encode()


OTHER_DAYS = [
    rte({"start_date": text, "value": "BLUE"})
    for text in ("2026-11-30", "2026-11-30T00:00:00", "2026-11-30T00:00:00Z", "2026-11-30T06:00:00+01:00")
]


def test_days_of_rte_run_from_midnight_and_a_missing_value_is_blue() -> None:
    body = rte({"start_date": "2026-11-30T00:00:00+01:00", "value": "RED"}, {"start_date": "2026-11-30T23:00:00Z"})
    assert read_rte(Answer("rte", body)) == {TODAY: Colour.ROUGE, date(2026, 12, 1): Colour.BLEU}


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", rte({"start_date": "soon"}), rte({"start_date": "2026-11-30", "value": "GREEN"}), *OTHER_DAYS],
)
def test_a_wrong_answer_of_rte_is_refused(body: bytes) -> None:
    with pytest.raises(FetchError):
        read_rte(Answer("rte", body))


@pytest.mark.skipif(not SHARED.exists(), reason="no recorded answer of RTE here")
def test_a_recorded_answer_of_rte() -> None:
    found = read_rte(Answer("rte", (SHARED / "rte_tempo_like_calendars.json").read_bytes()))
    assert found == {date(2023, 3, 1): Colour.ROUGE, date(2023, 3, 2): Colour.ROUGE}
    assert {day: bundled_tempo().colours[day] for day in found} == found


@pytest.fixture
def service() -> Iterator[LocalService]:
    with LocalService().running() as running:
        yield running


def job(folder: Path, service: LocalService, **settings: object) -> TempoJob:
    values = {"tempo_source": "mirror", "tempo_mirror_url": service.url, "tempo_rte_url": service.url} | settings
    return TempoJob(settings_with(name="nas", ledger=folder / "ledger.sqlite", **values))


def publish(service: LocalService, until: date, red: date | None = None) -> None:
    colours: dict[date, Colour | None] = dict.fromkeys(days(date(2026, 9, 1), until), Colour.BLEU)
    colours |= dict.fromkeys(days(until + timedelta(days=1), date(2027, 8, 31)), None)
    if red is not None:
        colours[red] = Colour.ROUGE
    service.replies["/api/joursTempo?periode=2026-2027"] = Reply(mirror(colours))


def run(of: TempoJob, now_ms: int = NOON_MS) -> str:
    return ENGLISH.phrase(of.run(JobContext(now_ms, is_scheduled=True)))


def test_the_mirror_gives_the_season_and_tomorrow(tmp_path: Path, service: LocalService) -> None:
    publish(service, TODAY + timedelta(days=1), red=TODAY)
    assert run(job(tmp_path, service)) == "92 days added to tempo-days.csv"
    calendar = load_tempo(tmp_path / "tariffs")
    assert (calendar.colours[TODAY], calendar.days_left(TODAY)) == (
        Colour.ROUGE,
        {Colour.BLEU: 274 - 21 - 43, Colour.BLANC: 43, Colour.ROUGE: 21},
    )
    assert run(job(tmp_path, service)) == "0 days added to tempo-days.csv"


def test_a_colour_that_is_not_published_yet_is_normal(tmp_path: Path, service: LocalService) -> None:
    publish(service, TODAY)
    with pytest.raises(FetchError) as caught:
        run(job(tmp_path, service))
    assert (caught.value.problem.code, caught.value.is_normal) == (ProblemCode.COLOUR_NOT_PUBLISHED, True)
    assert load_tempo(tmp_path / "tariffs").colours[TODAY] is Colour.BLEU
    assert run(job(tmp_path, service), NOON_MS - 2 * 3600_000) == "0 days added to tempo-days.csv"


def test_an_implausible_colour_changes_nothing(tmp_path: Path, service: LocalService) -> None:
    publish(service, TODAY + timedelta(days=1))
    run(job(tmp_path, service))
    before = (tmp_path / "tariffs" / "tempo-days.csv").read_bytes()
    publish(service, TODAY + timedelta(days=1), red=date(2026, 11, 29))
    with pytest.raises(FetchError):
        run(job(tmp_path, service))
    assert (tmp_path / "tariffs" / "tempo-days.csv").read_bytes() == before


def test_a_file_that_cannot_be_used_is_not_changed(tmp_path: Path, service: LocalService) -> None:
    publish(service, TODAY + timedelta(days=1))
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "tempo-days.csv").write_text("what?\n")
    with pytest.raises(JobError, match="cannot be used and is not changed"):
        run(job(tmp_path, service))
    assert (tmp_path / "tariffs" / "tempo-days.csv").read_text() == "what?\n"


def test_rte_needs_an_application_and_gets_its_token(tmp_path: Path, service: LocalService) -> None:
    with pytest.raises(JobError, match="TICTALLY_TEMPO_RTE_ID"):
        run(job(tmp_path, service, tempo_source="rte"))
    service.replies["/token/oauth/"] = Reply(b'{"access_token": "of-today", "expires_in": 7200}')
    path = (
        "/open_api/tempo_like_supply_contract/v1/tempo_like_calendars"
        "?start_date=2026-09-01T00%3A00%3A00%2B02%3A00&end_date=2026-12-02T00%3A00%3A00%2B01%3A00"
    )
    values = [{"start_date": f"{day}T00:00:00+01:00", "value": "BLUE"} for day in (TODAY, TODAY + timedelta(days=1))]
    service.replies[path] = Reply(rte(*values))
    own = job(tmp_path, service, tempo_source="rte", tempo_rte_id="me", tempo_rte_secret="secret")  # noqa: S106
    assert run(own) == "2 days added to tempo-days.csv"
    token, calendar = service.requests
    assert token.headers["authorization"] == "Basic bWU6c2VjcmV0"
    assert calendar.headers["authorization"] == "Bearer of-today"
    service.replies["/token/oauth/"] = Reply(b'{"error": "x"}')
    with pytest.raises(FetchError, match="it has no access_token"):
        run(own)


def test_colours_are_fetched_only_where_a_source_is_set(tmp_path: Path, service: LocalService) -> None:
    ledger = tmp_path / "ledger.sqlite"
    assert "tempo" not in enabled_jobs(settings_with(name="nas", ledger=ledger))
    assert "tempo" in enabled_jobs(settings_with(name="nas", ledger=ledger, tempo_source="mirror"))
    assert "tempo" not in enabled_jobs(settings_with(name="nas", ledger=ledger, tempo_source="rte", fetch="off"))
    assert service.requests == []
