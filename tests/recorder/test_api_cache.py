"""The result cache is bounded by a number of entries, whatever is requested."""

from datetime import date, timedelta
from pathlib import Path

from ledger_building import frame, message

from tictally_recorder.api.params import DayRange
from tictally_recorder.api.period_cache import DayStates, PeriodCache, PeriodQuery
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_shared.calendar import By, zone

FIRST = date(2026, 3, 1)
STATES = DayStates(
    "a site", {FIRST + timedelta(days=n): 7 for n in range(31)}, (FIRST, date(2026, 3, 31)), date(2026, 4, 1)
)
DAY = DayRange(FIRST, FIRST + timedelta(days=1))


def test_the_least_recently_used_result_is_computed_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger, LedgerReader.open(path) as reader:
        ledger.store([message(frame(1, 1_772_000_000_000, {"EAST": 1}))])
        (site,) = reader.sites()
        cache: PeriodCache[str] = PeriodCache(3, str)
        computed: list[str] = []

        def ask(topic: str) -> list[str]:
            def compute(days: DayRange) -> dict[date, str]:
                computed.append(topic)
                return {days.first: topic}

            query = PeriodQuery(site, topic, DAY, By.DAY, zone("Europe/Paris"), STATES.today)
            return cache.fill(reader, query, compute, STATES)[0]

        for topic in ("a", "b", "c", "a", "d", "a", "b"):
            assert ask(topic) == [topic]
        assert computed == ["a", "b", "c", "d", "b"]
