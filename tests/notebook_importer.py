"""An importer in one file: the notebook of somebody who reads the meter now and then, a line a reading."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.fields import to_ms
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.ledger import Observation, RegisterReading


class NotebookSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field("EAST", description="Register that the notebook is about.")


class Notebook:
    name = "notebook"
    title = "A notebook"
    settings = NotebookSettings
    form = "text of readings"
    requires: str | None = None

    def recognizes(self, head: Head, /) -> bool:
        return head.text.startswith("notebook\n")

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        register = reading.settings.section(NotebookSettings).label
        for line in reading.file.lines():
            if line.number > 1:
                day, _, kwh = line.text.partition(" ")
                try:
                    moment = datetime.fromisoformat(day).replace(tzinfo=reading.tz)
                except ValueError:
                    raise reading.file.error(line.number, ImportProblem.NOT_A_TIME, text=day) from None
                yield RegisterReading(register, to_ms(moment), int(kwh) * 1000)
