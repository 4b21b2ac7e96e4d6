"""Logging: a message that repeats is logged seldom, and counted."""

import logging

import pytest

from tictally_shared.runtime.log import ChangeLogger, RateLimitedLogger, RecentLog

LOG = logging.getLogger("words")


def test_a_message_is_logged_at_once_and_then_once_a_minute_with_its_count(caplog: pytest.LogCaptureFixture) -> None:
    limited_log = RateLimitedLogger(LOG)
    for now_s in (0.0, 1.0, 30.0, 59.9, 60.0, 61.0):
        limited_log.log("it rains", now_s)
    limited_log.log("it snows", 61.0)
    assert [record.getMessage() for record in caplog.records] == [
        "it rains",
        "it rains (repeated 3 times since last logged)",
        "it snows",
    ]


def test_messages_that_never_repeat_do_not_fill_the_memory() -> None:
    limited_log = RateLimitedLogger(LOG)
    for number in range(2000):
        limited_log.log(f"client {number} left", float(number))
        limited_log.log(f"client {number} left", float(number))
    assert len(limited_log._last_s) + len(limited_log._suppressed) < 1000


def test_a_lasting_problem_is_logged_once_and_again_after_it_was_solved(caplog: pytest.LogCaptureFixture) -> None:
    change_log = ChangeLogger(LOG)
    for problem in ("no route", "no route", "refused", "refused", "no route"):
        change_log.warning(problem)
    change_log.reset()
    change_log.warning("no route")
    assert [record.getMessage() for record in caplog.records] == ["no route", "refused", "no route", "no route"]


def test_the_newest_lines_are_kept_without_their_tracebacks() -> None:
    kept = RecentLog()
    for number in range(1100):
        record = LOG.makeRecord(LOG.name, logging.INFO, "file", 1, "line %d", (number,), None)
        record.created = float(number)
        kept.handle(record)
    assert [line.message for line in kept.since(1_098_000)] == ["line 1099", "line 1098"]
    assert len(kept.since(0)) == 1000
    long = LOG.makeRecord(LOG.name, logging.ERROR, "file", 1, "x" * 5000, (), None)
    kept.handle(long)
    (newest, *_) = kept.since(0)
    assert (newest.level, len(newest.message)) == ("ERROR", 2000)
