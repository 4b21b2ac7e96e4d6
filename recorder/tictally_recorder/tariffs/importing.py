"""Takes a provider's file into the folder of tariffs, and undoes that: for the command line and the job that fetches.

Beside the file of imports (`ID-imported.toml`) stands what it was before the last import (`ID-imported.before`, empty
where there was none), and a list of the versions that were undone (`ID-imported.undone`, a first day and a hash in each
line): a job does not take them again, a person may.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from tictally_recorder.file_problem import FileProblem, unreadable, unwritable
from tictally_recorder.problem import ProblemCode, ProblemError
from tictally_recorder.tariffs.catalogue import TariffCatalogue, days_of_a_person, imported_name
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.importer import Comparison, ImportTarget, compare
from tictally_recorder.tariffs.load import TariffFile
from tictally_recorder.tariffs.model import ImportRecord, Version
from tictally_recorder.tariffs.providers.protocol import PublishedHistory, TariffProvider
from tictally_recorder.tariffs.write import has_former_heading, overlay_text, refuse_a_persons, write_overlay
from tictally_shared.phrase import Phrase
from tictally_shared.runtime import atomic_file

_BEFORE: Final = ".before"
_UNDONE: Final = ".undone"


class NothingToUndoError(ProblemError):
    """There is no import, or what was there before it is not known."""

    def __init__(self, tariff_id: str) -> None:
        super().__init__(Phrase(ProblemCode.NOTHING_TO_UNDO, {"tariff": tariff_id}))


@dataclass(frozen=True, slots=True)
class ImportFolder:
    """The folder of the user's tariffs.

    Attributes:
        path: of the folder.
        catalogue: of the tariffs in it, and those bundled.
    """

    path: Path
    catalogue: TariffCatalogue

    def file(self, tariff_id: str) -> Path:
        """Of the imports of a tariff."""
        return self.path / imported_name(tariff_id)

    def compare(
        self,
        provider: TariffProvider,
        history: PublishedHistory,
        *,
        subscriptions: bool = False,
        is_by_job: bool = False,
    ) -> Comparison:
        """What taking a file would change.

        Args:
            provider: whose file it is.
            history: the file.
            subscriptions: as `importer.compare`.
            is_by_job: leave out what a person has undone.

        Raises:
            UnknownTariff: there is no such tariff.
        """
        present = self.catalogue.tariff(history.tariff)
        target = ImportTarget(present, str(self.file(present.id)), self.catalogue.beneath.get(present.id, ()))
        found = compare(provider, history, target, subscriptions=subscriptions)
        undone = self._undone(present.id) if is_by_job else {}
        refused = {
            each.start
            for each in found.differences
            if each.version is not None and undone.get(each.start) == each.version.hash
        }
        if not refused:
            return found
        rest = tuple(each for each in history.revisions if each.start not in refused)
        return compare(provider, replace(history, revisions=rest), target, subscriptions=subscriptions)

    def is_worth_writing(self, comparison: Comparison) -> bool:
        """True if there is something new, or the file has the heading of a former version of this program."""
        former = comparison.overlay and has_former_heading(self.file(comparison.tariff))
        return bool(comparison.written or former)

    def take(self, comparison: Comparison, imported: ImportRecord) -> Path:
        """Write the file of imports.

        Raises:
            TariffError: a file of the user's cannot be used or is in the way, the versions do not fit between the
                others, or it cannot be written; nothing has changed.
        """
        if self.catalogue.errors:
            raise self.catalogue.errors[0]
        path, present = self.file(comparison.tariff), self.catalogue.tariff(comparison.tariff)
        text = overlay_text(comparison.tariff, comparison.overlay, imported)
        TariffFile(text, str(path)).overlaid(present, but=days_of_a_person(present, str(path)))
        if comparison.written:
            self._keep(path)
        write_overlay(path, text)
        if comparison.written and (undone := self._undone(present.id)):
            self._write_undone(present.id, {day: each for day, each in undone.items() if day not in comparison.written})
        return path

    def undo(self, tariff_id: str) -> tuple[date, ...]:
        """Put back what the file of imports was before the last import.

        Returns:
            First days of the versions that changed.

        Raises:
            NothingToUndoError: there is no import, or it has been undone.
            TariffError: a person has changed the file, or a file cannot be read or written; nothing has changed.
        """
        path = self.file(tariff_id)
        former = path.with_suffix(_BEFORE)
        try:
            before = former.read_text(encoding="utf-8")
            present = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise NothingToUndoError(tariff_id) from None
        except OSError as error:
            raise TariffError(str(path), 1, unreadable(error)) from None
        except UnicodeError:
            raise TariffError(str(path), 1, Phrase(FileProblem.NOT_UTF8)) from None
        refuse_a_persons(path)
        taken, rest = self._versions(tariff_id, present, path), self._versions(tariff_id, before, path)
        undone = {start: version.hash for start, version in taken.items() if rest.get(start) != version}
        if not undone:  # what was kept was never overwritten
            raise NothingToUndoError(tariff_id)
        try:
            if before:
                atomic_file.write_text(path, before)
            else:
                path.unlink()
            former.unlink()
        except OSError as error:
            raise TariffError(str(path), 1, unwritable(error)) from None
        self._write_undone(tariff_id, {**self._undone(tariff_id), **undone})
        return tuple(sorted(undone))

    def _versions(self, tariff_id: str, text: str, path: Path) -> Mapping[date, Version]:
        if not text:
            return {}
        found = TariffFile(text, str(path)).versions(self.catalogue.tariff(tariff_id))
        return {version.start: version for version in found}

    def _keep(self, path: Path) -> None:
        """Keep what a file is before it is written."""
        try:
            path.parent.mkdir(exist_ok=True)
            refuse_a_persons(path)
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            atomic_file.write_text(path.with_suffix(_BEFORE), before)
        except OSError as error:
            raise TariffError(str(path), 1, unwritable(error)) from None

    def _undone(self, tariff_id: str) -> dict[date, str]:
        """First day → hash of each version that was undone."""
        try:
            lines = self.file(tariff_id).with_suffix(_UNDONE).read_text(encoding="utf-8").splitlines()
            return {
                date.fromisoformat(day): digest for day, _, digest in (line.partition(" ") for line in lines if line)
            }
        except (OSError, UnicodeError, ValueError):
            return {}  # then a job takes it again, and it can be undone again

    def _write_undone(self, tariff_id: str, undone: Mapping[date, str]) -> None:
        path = self.file(tariff_id).with_suffix(_UNDONE)
        try:
            if undone:
                atomic_file.write_text(path, "".join(f"{day} {digest}\n" for day, digest in sorted(undone.items())))
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise TariffError(str(path), 1, unwritable(error)) from None
