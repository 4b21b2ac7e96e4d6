"""Jobs on the page: when each ran and runs next, and how that went, in the reader's language."""

import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from api_serving import Served, frames
from page_at import page_at, served_at
from page_browsing import PARIS
from playwright.sync_api import Browser

from tictally_recorder.jobs import JobRun, JobState
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.jobs.state import state_key
from tictally_recorder.ledger import SinkCounts
from tictally_recorder.problem import ProblemCode
from tictally_recorder.sinks.protocol import SinkState
from tictally_shared.phrase import Phrase

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=PARIS)
NOON_MS = int(NOW.timestamp() * 1000)
BANNED = Phrase(ProblemCode.FETCH_BANNED, {"service": "esios", "status": 429})


@pytest.fixture
def scheduled(tmp_path: Path) -> Iterator[Served]:
    served = served_at(tmp_path, NOW, frames(59))
    served.settings |= {"tempo_source": "mirror", "pvpc_zone": "peninsula"}
    with served:
        run = JobRun(
            NOON_MS - 3_600_000,
            NOON_MS - 3_599_000,
            Phrase(ResultCode.COLOURS_ADDED, {"count": 1, "file": "tempo-days.csv"}),
            None,
        )
        served.ledger.put_value(state_key("tempo"), JobState(NOON_MS - 3_599_000, runs=(run,)).to_json())
        failed = JobRun(NOON_MS, NOON_MS, None, BANNED)
        state = JobState(None, BANNED, NOON_MS + 86_400_000, runs=(failed,))
        served.ledger.put_value(state_key("pvpc"), state.to_json())
        yield served


SHOWN: dict[str, tuple[str, list[str], list[str]]] = {
    "en-GB": (
        "Jobs",
        ["Tempo colours", "5 11 * * *", "30 Mar 2026, 11:00", "succeeded 1 day added to tempo-days.csv"],
        ["PVPC prices", "esios refuses requests from here (HTTP 429); the next one is made in a day"],
    ),
    "fr-FR": (
        "Tâches",
        ["Couleurs Tempo", "5 11 * * *", "30 mars 2026, 11:00", "réussie 1 jour ajouté à tempo-days.csv"],
        ["Prix PVPC", "esios refuse nos requêtes (HTTP 429)\u00a0; prochain essai dans un jour"],
    ),
}


@pytest.mark.parametrize("locale", SHOWN)
def test_jobs_are_listed_with_their_last_and_next_run(scheduled: Served, browser: Browser, locale: str) -> None:
    heading, tempo, pvpc = SHOWN[locale]
    with page_at(browser, scheduled, locale=locale) as observed:
        observed.visit(f"{scheduled.base}/#/system")
        table = observed.page.get_by_role("table", name=heading)
        rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
    of_tempo, of_pvpc = sorted((row for row in rows if row[0] in {tempo[0], pvpc[0]}), key=lambda row: row[1])[::-1]
    assert of_tempo[:5] == [*tempo, tempo[2]]
    assert of_tempo[5].startswith("31")
    assert [of_pvpc[0], of_pvpc[3]] == pvpc
    assert (of_pvpc[4].isalnum(), of_pvpc[5]) == (False, of_pvpc[2].replace("30", "31", 1))


SYSTEM: dict[str, tuple[str, str, str]] = {
    "en-GB": ("Sinks", "Log of the last day", "InfluxDB at http://nas:8086 cannot be reached: refused"),
    "fr-FR": (
        "Réplication",
        "Journal des dernières 24 heures",
        "InfluxDB (http://nas:8086) est injoignable : refused",
    ),
}


@pytest.mark.parametrize("locale", SYSTEM)
def test_sinks_and_the_log_of_the_last_day_are_shown(scheduled: Served, browser: Browser, locale: str) -> None:
    of_sinks, of_log, problem = SYSTEM[locale]
    counts = SinkCounts("influxdb", 3, NOON_MS - 7_200_000, 4, 5, 0, 0, 0, 0, None)
    unreachable = Phrase(ProblemCode.INFLUX_UNREACHABLE, {"url": "http://nas:8086", "detail": "refused"})
    scheduled.broadcast.sinks = lambda _: [SinkState(counts, "InfluxDB", "http://nas:8086", unreachable)]
    for message, hours in (("of yesterday", 25), ("of today", 1)):
        line = logging.LogRecord("recorder", logging.WARNING, "file", 1, message, (), None)
        line.created = NOON_MS / 1000 - hours * 3600
        scheduled.broadcast.log.handle(line)
    with page_at(browser, scheduled, locale=locale) as observed:
        observed.visit(f"{scheduled.base}/#/system")
        tables = [observed.page.get_by_role("table", name=name) for name in (of_sinks, of_log)]
        ((sink,), (line_shown,)) = (
            [row.locator("th, td").all_inner_texts() for row in each.locator("tbody tr").all()] for each in tables
        )
    assert (problem in sink[1].replace("\u00a0", " "), sink[3:]) == (True, ["12", "0"])
    assert line_shown == ["11:00:00", "of today"]
