"""A sink in one file: it appends frames and quarters to a file, a JSON line each.

Run as a module it is `tictally` with this sink registered.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Outbox
from tictally_recorder.problem import uncoded
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.protocol import Sink, SinkContext, SinkError
from tictally_recorder.sinks.registry import register
from tictally_shared.phrase import Phrase


class FileSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path | None = Field(None, description="File that frames are appended to. Unset: none.")


class FileSink:
    blocked: Phrase | None = None

    def __init__(self, path: Path, outbox: Outbox) -> None:
        self._path, self._outbox = path, outbox

    def step(self) -> float:
        self._outbox.release()
        before, frames = self._outbox.cursor, self._outbox.frames(100)
        quarters = self._outbox.take_quarters(2**62, 96)
        self._outbox.take_cost(31)
        found: list[dict[str, object]] = [{"meter": each.meter, "seq": each.seq} for each in frames]
        found += [{"quarters": [*ranges]} for ranges in quarters.values()]
        try:
            with self._path.open("a") as file:
                file.writelines(f"{json.dumps(each)}\n" for each in found)
        except OSError as error:
            raise SinkError(f"{self._path} cannot be written: {error.strerror}") from None
        if frames:
            self._outbox.advance(before, frames[-1].id, [], [])
        self._outbox.confirm_taken()
        return 0.0 if found else 0.2

    def close(self) -> None:
        self._outbox.close()


class FilePlugin:
    name = "file"
    title = "JSON lines"
    is_live = False
    settings = FileSettings

    def destination(self, settings: Settings) -> str | None:
        path = settings.section(FileSettings).path
        return None if path is None else str(path)

    def open(self, context: SinkContext) -> Sink:
        return FileSink(self._path(context.settings), Outbox.open(context.settings.ledger, self.name))

    def check(self, settings: Settings) -> Phrase | None:
        folder = self._path(settings).parent
        return None if folder.is_dir() else uncoded(f"there is no folder {folder}")

    def set_up(self, settings: Settings) -> Sequence[str]:
        path = self._path(settings)
        if path.exists():
            return []
        path.touch()
        return ["created the file"]

    def create_token(self, settings: Settings) -> str:
        raise SinkError(f"{self.destination(settings)} needs no token")

    def _path(self, settings: Settings) -> Path:
        path = settings.section(FileSettings).path
        assert path is not None
        return path


if __name__ == "__main__":
    register(FilePlugin())
    sys.exit(main())
