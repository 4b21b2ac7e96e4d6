"""Brings rows of statistics into Home Assistant: sends those that differ, and reads them back until they are there."""

import time
from collections.abc import Mapping
from typing import Final

from tictally_recorder.problem import ProblemCode
from tictally_recorder.sinks.home_assistant.client import Client, StoredRow
from tictally_recorder.sinks.home_assistant.statistic import StatisticForm
from tictally_recorder.sinks.protocol import SinkError, Wait
from tictally_shared.phrase import Phrase, Value
from tictally_shared.runtime.backoff import Backoff

_READ_AGAIN_S: Final = (0.2, 3.0)
# Without any row that is stored meanwhile: on a small machine a month of hours takes longer.
_STORED_WITHIN_S: Final = 60.0
# A unit that is converted twice may change the last digits.
_EXACT: Final = 1e-6
HOUR_MS: Final = 3_600_000

Rows = Mapping[StatisticForm, Mapping[int, StoredRow]]
"""Statistic → start of an hour, milliseconds since 1970 → its row."""


class Delivery:
    """Compares, sends and reads back.

    Args:
        client: of the Home Assistant.
        wait: sleeps until it is time to look again.
    """

    def __init__(self, client: Client, wait: Wait) -> None:
        self._client, self._wait = client, wait

    def stored(self, forms: Mapping[str, str], start_ms: int, end_ms: int) -> dict[str, dict[int, StoredRow]]:
        """What Home Assistant has in [start_ms, end_ms), by id and hour.

        Args:
            forms: id → unit.
            start_ms: a whole hour.
            end_ms: a whole hour.
        """
        return self._client.rows(forms, start_ms, end_ms) if forms else {}

    def deliver(self, wanted: Rows, stored: Mapping[str, Mapping[int, StoredRow]]) -> int:
        """Bring rows there; returns how many differed from what was stored.

        Args:
            wanted: the rows.
            stored: what `stored` has returned for the same hours.

        Raises:
            SinkError: Home Assistant did not accept them, or shows none of them for a minute; or the sink is stopped.
        """
        missing = differing(wanted, stored)
        for form, rows in missing.items():
            self._client.import_rows(form, sorted(rows.items()))
        until_s = time.monotonic() + _STORED_WITHIN_S
        pause = Backoff(*_READ_AGAIN_S)
        left = missing
        while left:
            start_ms = min(hour_ms for rows in left.values() for hour_ms in rows)
            end_ms = max(hour_ms for rows in left.values() for hour_ms in rows) + HOUR_MS
            before = sum(map(len, left.values()))
            left = differing(left, self._client.rows({form.id: form.unit for form in left}, start_ms, end_ms))
            if sum(map(len, left.values())) < before:
                until_s = time.monotonic() + _STORED_WITHIN_S
            if left and self._wait(pause.next_s()):
                raise SinkError(Phrase(ProblemCode.RECORDER_STOPPED))
            if left and time.monotonic() >= until_s:
                about: dict[str, Value] = {
                    "statistics": tuple(form.id for form in left),
                    "seconds": round(_STORED_WITHIN_S),
                }
                raise SinkError(Phrase(ProblemCode.HOME_ASSISTANT_NOT_STORED, about))
        return sum(map(len, missing.values()))


def differing(wanted: Rows, stored: Mapping[str, Mapping[int, StoredRow]]) -> dict[StatisticForm, dict[int, StoredRow]]:
    """The rows that are not stored as they are wanted. A state of None stands for any."""
    found = {}
    for form, rows in wanted.items():
        there = stored.get(form.id, {})
        others = {hour_ms: row for hour_ms, row in rows.items() if not _is_equal(row, there.get(hour_ms))}
        if others:
            found[form] = others
    return found


def _is_equal(wanted: StoredRow, stored: StoredRow | None) -> bool:
    return (
        stored is not None
        and _is_near(wanted.sum, stored.sum)
        and (wanted.state is None or _is_near(wanted.state, stored.state))
    )


def _is_near(wanted: float | None, stored: float | None) -> bool:
    return wanted is not None and stored is not None and abs(wanted - stored) <= _EXACT
