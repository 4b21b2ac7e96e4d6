"""The importers that this program has: a new one is one line here."""

from collections.abc import Callable, Iterator
from typing import Final

from tictally_recorder.imports.edf import Edf
from tictally_recorder.imports.edf_registers import EdfRegisters
from tictally_recorder.imports.enedis_csv import EnedisCsv
from tictally_recorder.imports.enedis_xlsx import EnedisXlsx
from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.home_assistant_history import HomeAssistantHistory
from tictally_recorder.imports.home_assistant_statistics import HomeAssistantDatabase
from tictally_recorder.imports.linkystat import LinkyStat
from tictally_recorder.imports.meterit import Meterit
from tictally_recorder.imports.own_export import OwnExport
from tictally_recorder.imports.protocol import Head, Importer
from tictally_recorder.imports.source_file import SourceFile, check_packing, decoded
from tictally_recorder.imports.tic import TicRecording
from tictally_recorder.imports.total_energies import TotalEnergies
from tictally_recorder.registry import Registry

_importers: Final[Registry[Importer]] = Registry("importers")


def register(importer: Importer) -> Callable[[], None]:
    """Make an importer known to settings, command line, health, doctor and API.

    Returns:
        A function that makes it unknown again.

    Raises:
        ValueError: there is one of that name.
    """
    return _importers.register(importer)


def importers() -> Iterator[Importer]:
    """Every registered importer, in order of registration."""
    return iter(_importers)


def importer_of(file: SourceFile) -> Importer:
    """The importer that recognizes a file.

    Raises:
        ImportFileError: none does, or more than one does, or the file cannot be read.
    """
    content = file.head()
    if not content.strip():
        raise file.error(0, ImportProblem.EMPTY)
    text = decoded(content.removeprefix(b"\xef\xbb\xbf")).replace("\r\n", "\n").replace("\r", "\n").lstrip()
    head = Head((file.member or file.path.name).lower(), content, text)
    found = [each for each in importers() if each.recognizes(head)]
    if len(found) == 1:
        return found[0]
    if found:
        raise file.error(0, ImportProblem.AMBIGUOUS, importers=tuple(each.name for each in found))
    check_packing(file, content)
    raise file.error(0, ImportProblem.NOT_RECOGNIZED, importers=tuple(each.name for each in importers()))


register(EnedisCsv())
register(EnedisXlsx())
register(LinkyStat())
register(Edf())
register(EdfRegisters())
register(TotalEnergies())
register(HomeAssistantDatabase())
register(HomeAssistantHistory())
register(Meterit())
register(TicRecording())
register(OwnExport())
