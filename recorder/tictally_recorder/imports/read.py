"""Reads files with the importers that recognize them; every observation once, nothing of a file with an error."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.protocol import Importer, Reading
from tictally_recorder.imports.registry import importer_of
from tictally_recorder.imports.source_file import SourceFile, source_files
from tictally_recorder.ledger import IntervalEnergy, Observation, ObservedFile
from tictally_recorder.settings import Settings

_MOST_OBSERVATIONS: Final = 5_000_000
_REPORTED_EVERY: Final = 2000


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that has been read.

    Attributes:
        importer: that read it.
        file: what it holds.
    """

    importer: Importer
    file: ObservedFile


def read_files(
    paths: Iterable[Path], settings: Settings, known: Sequence[str], advance: Callable[[int], None]
) -> tuple[list[FileRead], list[str]]:
    """Read files, archives member by member.

    Args:
        paths: of the files.
        settings: the recorder's.
        known: hashes of files that are not read again.
        advance: called with a number of observations now and then.

    Returns:
        What was read, and the names of the files that were not: known ones, and the same content twice.

    Raises:
        ImportFileError: one cannot be used; nothing is imported of any.
    """
    found: list[FileRead] = []
    skipped: list[str] = []
    hashes = set(known)
    for path in paths:
        for file in source_files(path):
            digest = file.hash()
            if digest in hashes:
                skipped.append(file.name)
                continue
            hashes.add(digest)
            found.append(_read(file, digest, settings, advance))
    return found, skipped


def _read(file: SourceFile, digest: str, settings: Settings, advance: Callable[[int], None]) -> FileRead:
    importer = importer_of(file)
    if importer.requires is not None:
        raise file.error(0, ImportProblem.NEEDS_PACKAGE, package=importer.requires)
    reading = Reading(file, settings, settings.zone)
    observations: dict[tuple[object, ...], Observation] = {}
    for number, each in enumerate(importer.read(reading), 1):
        key = each[:3] if isinstance(each, IntervalEnergy) else each[:2]
        if observations.setdefault(key, each) != each:
            raise file.error(0, ImportProblem.TIME_TWICE_WITHOUT_LINE, register=each.register)
        if number % _REPORTED_EVERY == 0:
            advance(_REPORTED_EVERY)
        if number > _MOST_OBSERVATIONS:
            raise file.error(0, ImportProblem.TOO_MANY, count=_MOST_OBSERVATIONS)
    if not observations:
        raise file.error(0, ImportProblem.EMPTY)
    name = file.path.name if file.member is None else f"{file.path.name}, {file.member}"
    observed = ObservedFile(
        importer.name,
        name,
        digest,
        reading.delivery_point,
        tuple(observations.values()),
        reading.meter,
        reading.temperatures,
    )
    return FileRead(importer, observed)
