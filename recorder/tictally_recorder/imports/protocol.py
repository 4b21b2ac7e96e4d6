"""What an importer is: it reads the files of one program or company and yields what they observed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.source_file import SourceFile
from tictally_recorder.ledger import Observation
from tictally_recorder.settings import Settings


@dataclass(slots=True)
class Reading:
    """One file while it is read.

    Attributes:
        file: the file.
        settings: the recorder's, with the importer's own section.
        tz: zone of times without offset.
        delivery_point: the PRM that the file names, or None.
        meter: the number of the meter that the file names, or None.
        temperatures: hour since 1970 → outdoor temperature then, hundredths of a degree, as far as it has been read.
    """

    file: SourceFile
    settings: Settings
    tz: ZoneInfo
    delivery_point: str | None = None
    meter: str | None = None
    temperatures: dict[int, int] = field(default_factory=dict)

    def name_delivery_point(self, prm: str, line: int) -> None:
        """Note which delivery point the file is about.

        Raises:
            ImportFileError: another one was named before.
        """
        if self.delivery_point not in {None, prm}:
            raise self.file.error(line, ImportProblem.TWO_DELIVERY_POINTS, first=str(self.delivery_point), second=prm)
        self.delivery_point = prm

    def name_meter(self, meter: str | None, line: int) -> None:
        """Note which meter the file is about; None where a line does not name it.

        Raises:
            ImportFileError: another one was named before.
        """
        if meter is None:
            return
        if self.meter not in {None, meter}:
            raise self.file.error(line, ImportProblem.TWO_METERS, first=str(self.meter), second=meter)
        self.meter = meter


@dataclass(frozen=True, slots=True)
class Head:
    """What an importer recognizes its files by.

    Attributes:
        name: of the file, in lower case.
        content: its first 64 KiB.
        text: the same as text, with line feeds between its lines and none before the first.
    """

    name: str
    content: bytes
    text: str


class Importer(Protocol):
    """Reads files of one form, or of several forms of one origin."""

    @property
    def name(self) -> str:
        """Its key on the command line, in ledger, health, API and names of settings: `[a-z][a-z0-9_]*`."""

    @property
    def title(self) -> str:
        """The files' origin, for people."""

    @property
    def settings(self) -> type[BaseModel] | None:
        """Its section of the settings, each field with a description and a default; None if it has none."""

    @property
    def form(self) -> str:
        """What files it reads, for people: `CSV of a load curve or of daily registers`."""

    @property
    def requires(self) -> str | None:
        """The package that it needs and that is not installed; None if nothing is missing."""

    def recognizes(self, head: Head, /) -> bool:
        """True if a file is probably one of its own, even if something in it is wrong."""

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """The file's observations, each as soon as it is read.

        Raises:
            ImportFileError: something in it cannot be right; nothing of it is imported.
        """
