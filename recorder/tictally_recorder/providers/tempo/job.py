"""Fetches the colours of Tempo days into `tempo-days.csv` in the folder of tariffs.

RTE publishes tomorrow's colour at about 10:20. The days of the running season that are missing come with it. What a
meter reports goes before what is fetched.
"""

from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Final

from tictally_recorder.calendars.tempo import (
    FETCHED_NAME,
    CalendarFileError,
    bundled_tempo,
    implausible,
    read_days,
    season,
    write_days,
)
from tictally_recorder.fetch import Answer, FetchError, FetchSettings
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.jobs import JobContext, JobError
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.series_file import file_error
from tictally_recorder.providers.tempo.answers import PARIS, read_mirror, read_rte
from tictally_recorder.providers.tempo.settings import TempoProvider, TempoSettings
from tictally_recorder.settings import Settings
from tictally_shared.phrase import Phrase, Value
from tictally_shared.runtime import atomic_file
from tictally_shared.status_register import Colour

# Tomorrow's colour is published from then on.
_PUBLISHED_HOUR: Final = 11


class TempoJob:
    """Keeps the colours of the running season, and tomorrow's, up to date.

    Args:
        settings: the recorder's.
    """

    schedule: ClassVar[str] = "5 11 * * *"
    time_limit_s: ClassVar[float] = 300.0
    retry_s: ClassVar[tuple[float, float]] = (600.0, 3600.0)

    def __init__(self, settings: Settings) -> None:
        self._own = settings.section(TempoSettings)
        self._path = settings.tariffs_folder / FETCHED_NAME

    def check(self, context: JobContext) -> bool:
        """Whether today's fetch has not succeeded yet."""
        return context.is_scheduled

    def run(self, context: JobContext) -> Phrase:
        """Fetch the season's colours.

        Raises:
            JobError: the file of colours cannot be read or written.
            FetchError: the service cannot be reached, its answer was refused, or lacks tomorrow's colour.
        """
        now = datetime.fromtimestamp(context.now_ms // 1000, UTC).astimezone(PARIS)
        tomorrow = now.date() + timedelta(days=1)
        known = self._known()
        with FetchClient(context.memory) as client:
            answer, found = self._rte(client, tomorrow) if self._is_rte else self._mirror(client, tomorrow)
        merged = known | found
        if (wrong := implausible({**bundled_tempo().colours, **merged})) is not None:
            about: dict[str, Value] = {"service": answer.service, "day": str(wrong[0]), "colour": wrong[1].name}
            raise FetchError(Phrase(ProblemCode.COLOUR_IMPLAUSIBLE, about))
        if merged != known:
            self._write(merged)
        if now.hour >= _PUBLISHED_HOUR and tomorrow not in merged:
            missing: dict[str, Value] = {"service": answer.service, "day": str(tomorrow)}
            raise FetchError(Phrase(ProblemCode.COLOUR_NOT_PUBLISHED, missing), is_normal=True)
        added: dict[str, Value] = {"count": len(merged.keys() - known.keys()), "file": self._path.name}
        return Phrase(ResultCode.COLOURS_ADDED, added)

    def stop(self) -> None:
        """A request that is under way ends by its own time limit."""

    @property
    def _is_rte(self) -> bool:
        return self._own.source is TempoProvider.RTE

    def _known(self) -> dict[date, Colour]:
        try:
            return read_days(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeError, CalendarFileError) as error:
            raise file_error(ProblemCode.SERIES_UNUSABLE, self._path, error) from None

    def _write(self, colours: dict[date, Colour]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            atomic_file.write_text(self._path, write_days(colours))
        except OSError as error:
            raise file_error(ProblemCode.SERIES_NOT_WRITTEN, self._path, error) from None

    def _mirror(self, client: FetchClient, tomorrow: date) -> tuple[Answer, dict[date, Colour]]:
        """The whole season at once."""
        start, end = season(tomorrow)
        answer = client.get(
            f"{self._own.mirror_url}/api/joursTempo", parameters={"periode": f"{start.year}-{end.year}"}
        )
        return answer, _of_season(answer, read_mirror(answer), tomorrow)

    def _rte(self, client: FetchClient, tomorrow: date) -> tuple[Answer, dict[date, Colour]]:
        """The season up to and including tomorrow; RTE's days are stamped in local time with offset."""
        own = self._own
        if own.rte_id is None or own.rte_secret is None:
            raise JobError(Phrase(ProblemCode.RTE_NOT_CONFIGURED))
        token = client.oauth_token(f"{own.rte_url}/token/oauth/", own.rte_id, own.rte_secret.get_secret_value())
        start, _ = season(tomorrow)
        answer = client.get(
            f"{own.rte_url}/open_api/tempo_like_supply_contract/v1/tempo_like_calendars",
            parameters={"start_date": _midnight(start), "end_date": _midnight(tomorrow + timedelta(days=1))},
            headers={"Authorization": f"Bearer {token}"},
        )
        return answer, _of_season(answer, read_rte(answer), tomorrow)


def _of_season(answer: Answer, colours: dict[date, Colour], tomorrow: date) -> dict[date, Colour]:
    """The days of the season up to tomorrow: what lies further ahead is no publication."""
    start, _ = season(tomorrow)
    found = {day: colour for day, colour in colours.items() if start <= day <= tomorrow}
    if not found and start < tomorrow:
        about: dict[str, Value] = {"service": answer.service, "detail": f"it has no day of the season from {start} on"}
        raise FetchError(Phrase(ProblemCode.FETCH_UNEXPECTED, about))
    return found


def _midnight(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS).isoformat()


def make(settings: Settings) -> TempoJob | None:
    """The job, or None where its settings want none."""
    if settings.section(TempoSettings).source is None or not settings.section(FetchSettings).is_allowed:
        return None
    return TempoJob(settings)
