"""What is kept of answers is bounded by how many there are, whatever is asked."""

from datetime import date, timedelta

from tictally_recorder.api.period_cache import Period, PeriodCache, States

FIRST = date(2026, 3, 1)
STATES = States(
    "a site", {FIRST + timedelta(days=n): 7 for n in range(31)}, (FIRST, date(2026, 3, 31)), date(2026, 4, 1)
)
DAY = Period(FIRST, FIRST + timedelta(days=1))


def test_what_was_asked_for_longest_ago_is_worked_out_again() -> None:
    cache: PeriodCache[str] = PeriodCache(3)
    worked: list[str] = []

    def ask(about: str) -> list[str]:
        def work(begin: date, _end: date) -> dict[date, str]:
            worked.append(about)
            return {begin: about}

        return cache.fill(about, [DAY], STATES, work, str)

    for about in ("a", "b", "c", "a", "d", "a", "b"):
        assert ask(about) == [about]
    assert worked == ["a", "b", "c", "d", "b"]
