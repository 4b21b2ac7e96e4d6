"""The commands to Home Assistant's WebSocket interface that the sink uses.

Home Assistant answers `recorder/import_statistics` once it has queued the rows; `Delivery` reads them back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from tictally_recorder.fetch import FetchError
from tictally_recorder.fetch.home_assistant import CommandError, home_assistant
from tictally_recorder.problem import ProblemCode
from tictally_recorder.sinks.home_assistant.settings import HomeAssistantServer
from tictally_recorder.sinks.home_assistant.statistic import StatisticForm
from tictally_recorder.sinks.protocol import SinkError
from tictally_shared.phrase import Phrase

# Since when statistics are described by mean_type and unit_class instead of has_mean.
_MEAN_TYPE_SINCE: Final = (2025, 11)
_OLDEST_MS: Final = 946_684_800_000
_NOT_ALLOWED: Final = frozenset({"unauthorized", "forbidden"})
_INVALID: Final = "invalid_format"


class StoredRow(NamedTuple):
    """An hour of a statistic as Home Assistant has it.

    Attributes:
        sum: at the end of the hour; None where it has none.
        state: of the entity at the end of the hour, or None.
    """

    sum: float | None
    state: float | None


class Metadata(NamedTuple):
    """What Home Assistant knows of a statistic beside its rows.

    Attributes:
        name: for people; None for an entity's own.
        unit: of its sums.
    """

    name: str | None
    unit: str | None


class Client:
    """A connection to one Home Assistant, as its token's user.

    Args:
        target: where.

    Raises:
        SinkError: it cannot be reached, or does not accept the token.
    """

    def __init__(self, target: HomeAssistantServer) -> None:
        self._target = target
        self._opened = ExitStack()
        with self._translated():
            self._service = self._opened.enter_context(home_assistant(target.url, target.token, target.ca))
        self._has_mean_type = _year_and_month(self._service.version) >= _MEAN_TYPE_SINCE

    def statistics(self) -> dict[str, Metadata]:
        """Id of every statistic with sums → what is known of it."""
        return {
            each["statistic_id"]: Metadata(each.get("name"), each.get("statistics_unit_of_measurement"))
            for each in self._ask("recorder/list_statistic_ids")
            if each.get("has_sum")
        }

    def rows(
        self, units: Mapping[str, str], start_ms: int, end_ms: int, period: str = "hour"
    ) -> dict[str, dict[int, StoredRow]]:
        """Statistic → start of a row, milliseconds since 1970 → the row.

        Args:
            units: statistic → the unit in which its sums are wanted; as many as are in one unit of energy.
            start_ms: from when; 0 for the first row.
            end_ms: until when, excluded; `period` moves both to its own bounds.
            period: `hour` or `month`.
        """
        found: dict[str, dict[int, StoredRow]] = {}
        for unit in sorted(set(units.values())):
            about: dict[str, object] = {
                "statistic_ids": sorted(name for name, each in units.items() if each == unit),
                "start_time": _moment(max(start_ms, _OLDEST_MS)),
                "end_time": _moment(end_ms),
                "period": period,
                "types": ["state", "sum"],
            }
            if unit.endswith("Wh"):
                about["units"] = {"energy": unit}
            for name, rows in self._ask("recorder/statistics_during_period", **about).items():
                found[name] = {
                    round(row["start"]): StoredRow(_number(row.get("sum")), _number(row.get("state"))) for row in rows
                }
        return found

    def import_rows(self, form: StatisticForm, rows: Sequence[tuple[int, StoredRow]]) -> None:
        """Queue rows of one statistic; a row of the same hour is replaced.

        Args:
            form: the statistic.
            rows: start of an hour, milliseconds since 1970, and the row.
        """
        stats = [
            {"start": _moment(start_ms), "sum": row.sum} | ({} if row.state is None else {"state": row.state})
            for start_ms, row in rows
        ]
        try:
            self._ask("recorder/import_statistics", metadata=form.metadata(self._has_mean_type), stats=stats)
        except _RefusedError as error:
            # A version in between, or a pre-release: the other description fits.
            if error.code != _INVALID:
                raise
            self._ask("recorder/import_statistics", metadata=form.metadata(not self._has_mean_type), stats=stats)
            self._has_mean_type = not self._has_mean_type

    def clear(self, names: Iterable[str]) -> None:
        """Remove statistics with all of their rows; Home Assistant does it before it answers."""
        self._ask("recorder/clear_statistics", statistic_ids=list(names))

    def close(self) -> None:
        """Close the connection; one that is broken is closed already."""
        with suppress(Exception):
            self._opened.close()

    def _ask(self, command: str, **about: object) -> Any:  # noqa: ANN401 - as many shapes as commands
        with self._translated():
            return self._service.ask(command, **about)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except CommandError as error:
            if error.code in _NOT_ALLOWED:
                raise SinkError(self._problem(ProblemCode.HOME_ASSISTANT_NOT_ADMINISTRATOR)) from None
            raise _RefusedError(error.problem, error.code) from None
        except FetchError as error:
            if error.problem.code is ProblemCode.FETCH_DENIED:
                raise SinkError(self._problem(ProblemCode.HOME_ASSISTANT_DENIES_ACCESS)) from None
            raise SinkError(error.problem) from None

    def _problem(self, code: ProblemCode) -> Phrase:
        return Phrase(code, {"url": self._target.url})


class _RefusedError(SinkError):
    """Home Assistant refuses a command; `code` is its reason."""

    def __init__(self, problem: Phrase, code: str) -> None:
        super().__init__(problem)
        self.code = code


def _number(value: Decimal | int | None) -> float | None:
    return None if value is None else float(value)


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).isoformat()


def _year_and_month(version: str) -> tuple[int, int]:
    """Of `2025.4.4`; of one that is written otherwise, the newest there can be."""
    year, _, rest = version.partition(".")
    month = rest.partition(".")[0]
    return (int(year), int(month)) if year.isdigit() and month.isdigit() else (9999, 12)
