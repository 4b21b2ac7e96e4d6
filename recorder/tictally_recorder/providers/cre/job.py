"""Looks every week whether the CRE has published a revision of Tarif Bleu, and takes it over the bundled prices.

It is taken as a file of imports, as `tictally tariff import --write` does: after the same checks, never over a version
that a person wrote, and undone by `tictally tariff undo`.
"""

import logging
from datetime import UTC, datetime
from typing import ClassVar

from tictally_recorder.fetch import FetchError, FetchSettings
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.jobs import JobContext, JobError
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.cre.files import FetchedFile, fetched_files
from tictally_recorder.providers.cre.settings import NAME, CreSettings, CreUpdates
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.importer import Comparison, Difference, State
from tictally_recorder.tariffs.importing import ImportFolder
from tictally_recorder.tariffs.model import ImportRecord
from tictally_recorder.tariffs.providers.cre.provider import Cre
from tictally_shared.phrase import Phrase, Value

_log = logging.getLogger(__name__)


class CreJob:
    """Keeps the regulated tariffs up to date.

    Args:
        settings: the recorder's.
    """

    schedule: ClassVar[str] = "40 6 * * mon"
    time_limit_s: ClassVar[float] = 300.0
    retry_s: ClassVar[tuple[float, float]] = (600.0, 6 * 3600.0)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own = settings.section(CreSettings)

    def check(self, context: JobContext) -> bool:
        """Whether this week's look has not succeeded yet."""
        return context.is_scheduled

    def run(self, context: JobContext) -> Phrase:
        """Fetch the files, and take what is new.

        Raises:
            JobError: it cannot be written, or a new revision was not taken because its amounts contradict one another.
            FetchError: the portal cannot be reached, or a file was refused; what the others have is taken.
        """
        context.waits_for = self._own.url
        day = datetime.fromtimestamp(context.now_ms // 1000, UTC).astimezone(self._settings.zone).date()
        refused: FetchError | JobError | None = None
        results = []
        folder = self._folder()
        with FetchClient(context.memory) as client:
            for found in fetched_files(client, self._own.url, self._settings, only_changed=True):
                if isinstance(found, FetchError):
                    refused = refused or found
                    continue
                result, doubt, is_taken = self._take(folder, found, ImportRecord(NAME, day))
                folder = self._folder() if is_taken else folder
                results.append(result)
                refused = refused or doubt
                if doubt is None and self._own.updates is CreUpdates.TAKE:
                    client.accept(found.answer)
        if refused is not None:
            raise refused
        if not results:
            return Phrase(ResultCode.NO_FILE_CHANGED)
        return Phrase(ResultCode.TARIFFS_READ, {"results": tuple(results)})

    def stop(self) -> None:
        """A request that is under way ends by its own time limit."""

    def _folder(self) -> ImportFolder:
        """As it is now."""
        return ImportFolder(self._settings.tariffs_folder, load_catalogue(self._settings.tariffs_folder))

    def _take(
        self, folder: ImportFolder, found: FetchedFile, imported: ImportRecord
    ) -> tuple[Phrase, JobError | None, bool]:
        """What was done, why a new revision was not taken, and whether something was written."""
        comparison = folder.compare(Cre(), found.history, is_by_job=True)
        for each in comparison.differences:
            if each.state is not State.MISSING:
                _log.info("%s from %s: %s", comparison.tariff, each.start, _summary(each))
        doubt = _doubt(comparison, found.answer.service)
        if not comparison.written:
            return Phrase(ResultCode.TARIFF_UNCHANGED, {"tariff": comparison.tariff}), doubt, False
        taken: dict[str, Value] = {"tariff": comparison.tariff, "days": tuple(map(str, comparison.written))}
        if self._own.updates is CreUpdates.SHOW:
            return Phrase(ResultCode.TARIFF_SHOWN, taken), doubt, False
        try:
            folder.take(comparison, imported)
        except TariffError as error:
            about: dict[str, Value] = {"tariff": comparison.tariff, "detail": str(error)}
            raise JobError(Phrase(ProblemCode.REVISION_NOT_WRITTEN, about)) from None
        return Phrase(ResultCode.TARIFF_TAKEN, taken), doubt, True


def _summary(difference: Difference) -> str:
    changes = [each for each in difference.changes if each.new is not None]
    shown = ", ".join(
        f"{each.item} at {each.power} kVA {each.old if each.old is not None else 'none'} -> {each.new}"
        for each in changes
        if each.taxes == "ttc" and each.power is not None
    )
    return f"{difference.state}, {len(changes)} amounts ({shown[:400] or 'none with taxes'})"


def _doubt(comparison: Comparison, service: str) -> JobError | None:
    """Of a revision that nothing has yet: an old one that contradicts itself, and has other prices here, stays so."""
    found = next((each for each in comparison.differences if each.state is State.DOUBTFUL and not each.present), None)
    if found is None:
        return None
    about: dict[str, Value] = {
        "service": service,
        "tariff": comparison.tariff,
        "start": str(found.start),
        "detail": found.sentence,
    }
    return JobError(Phrase(ProblemCode.REVISION_DOUBTFUL, about))


def make(settings: Settings) -> CreJob | None:
    """The job, or None where its settings want none."""
    if settings.section(CreSettings).updates is None or not settings.section(FetchSettings).is_allowed:
        return None
    return CreJob(settings)
