"""Home Assistant's hourly long-term statistics by its WebSocket interface, as the database's file has them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tictally_recorder.fetch import FetchError
from tictally_recorder.fetch.home_assistant import HomeAssistant, home_assistant
from tictally_recorder.imports.errors import ImportFileError, ImportProblem
from tictally_recorder.imports.home_assistant_statistics import (
    SETTING,
    WH_OF,
    HomeAssistantDatabase,
    HomeAssistantSettings,
    chosen,
    delivery_points,
    energies_of,
    summed,
)
from tictally_recorder.ledger import LedgerReader, Observation, ObservedFile
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase, Value

# Long-term statistics are younger.
_ALL: Final = datetime(2010, 1, 1, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)
# An answer has at most so much: a year of two statistics is 4 MB.
_CHUNK: Final = timedelta(days=366)


def fetch_statistics(settings: HomeAssistantSettings, start: datetime, end: datetime) -> ObservedFile:
    """The energies of a time, as a file to import.

    Args:
        settings: with the address and the token.
        start: aware.
        end: aware, excluded.

    Raises:
        FetchError: Home Assistant cannot be reached, or answers what cannot be used.
        ImportFileError: nothing shows which statistics are meant, or they have nothing in that time.
    """
    if settings.url is None or settings.token is None:
        raise FetchError(Phrase(ProblemCode.HOME_ASSISTANT_NOT_CONFIGURED))
    name = f"{settings.url}, {start:%Y-%m-%d} to {end:%Y-%m-%d}"
    with home_assistant(settings.url, settings.token.get_secret_value()) as service:
        energies = _energies(service)
        names = chosen(settings, energies)
        if names is None:
            about: dict[str, Value] = {"setting": SETTING, "series": tuple(energies)}
            raise ImportFileError(settings.url, 0, Phrase(ImportProblem.SERIES_NEEDED, about))
        rows = _rows(service, [each for of_register in names.values() for each in of_register], start, end)
    points = set(delivery_points(names))
    if len(points) > 1:
        first, second, *_ = sorted(points)
        about = {"first": first, "second": second}
        raise ImportFileError(settings.url, 0, Phrase(ImportProblem.TWO_DELIVERY_POINTS, about))
    found: list[Observation] = []
    for register, of_register in names.items():
        found += summed(register, [energies_of(rows[each], WH_OF["Wh"]) for each in of_register])
    if not found:
        raise ImportFileError(name, 0, Phrase(ImportProblem.EMPTY))
    digest = sha256(repr(found).encode()).hexdigest()
    return ObservedFile(HomeAssistantDatabase.name, name, digest, next(iter(points), None), tuple(found))


def last_fetched(ledger: Path, site: str | None) -> datetime:
    """The end of what was imported from Home Assistant last, or the beginning of all time.

    Args:
        ledger: its file.
        site: whose imports; None: all.

    Raises:
        LedgerError: it cannot be read.
    """
    name = HomeAssistantDatabase.name
    with LedgerReader.open(ledger) as reader:
        runs = [run for run in reader.import_runs() if site in {None, run.site}]
    ends_ms = [file.last_ms for run in runs for file in run.files if file.importer == name]
    return datetime.fromtimestamp(max(ends_ms) // 1000, UTC) if ends_ms else _ALL


def _energies(service: HomeAssistant) -> list[str]:
    """The ids of the statistics of energy that have a sum."""
    listed = service.ask("recorder/list_statistic_ids", statistic_type="sum")
    return [each["statistic_id"] for each in listed if each.get("statistics_unit_of_measurement") in WH_OF]


def _rows(
    service: HomeAssistant, ids: Sequence[str], start: datetime, end: datetime
) -> Mapping[str, list[tuple[float, Decimal]]]:
    """Id → (beginning of the hour in seconds, sum at its end in Wh), from the hour before the time on."""
    found: dict[str, list[tuple[float, Decimal]]] = {each: [] for each in ids}
    since = start - _HOUR
    while since < end:
        until = min(since + _CHUNK, end)
        answer: Mapping[str, list[dict[str, Any]]] = service.ask(
            "recorder/statistics_during_period",
            start_time=since.isoformat(),
            end_time=until.isoformat(),
            statistic_ids=list(ids),
            period="hour",
            types=["sum"],
            units={"energy": "Wh"},
        )
        for name, rows in answer.items():
            if name in found:
                found[name] += [(row["start"] / 1000, row["sum"]) for row in rows if row.get("sum") is not None]
        since = until
    return found
