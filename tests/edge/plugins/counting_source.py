"""A kind of source that is a test's own, as one file: it counts energy by itself. Run as `tictally-edge` with it."""

import sys
import time
from collections.abc import Mapping

from pydantic import BaseModel, Field

from tictally_edge.__main__ import main
from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.finding import FindingCode, Subject, bad, good
from tictally_edge.settings import SECTIONS, Settings
from tictally_edge.sources.base import Arrival, FrameSource, Moment, SourceState
from tictally_edge.sources.registry import SOURCES, Examination, SourceAddress
from tictally_shared.labels import Mode


class CountingSettings(BaseModel):
    """Settings of the source."""

    step: int = Field(default=1, ge=1, description="Wh between two frames.")


class CountingSource:
    """A frame every tenth of a second, each a step further."""

    is_unpaced = False
    has_own_dates = False
    is_relayed = False
    silence_s = 30.0

    def __init__(self, number: str, step: int) -> None:
        self._number, self._step, self._count = number, step, 0

    @property
    def state(self) -> SourceState:
        return SourceState.RECEIVING if self._count else SourceState.LISTENING

    def poll(self) -> Arrival | None:
        time.sleep(0.1)
        self._count += 1
        moment = Moment(time.monotonic(), time.time_ns() // 1_000_000)
        values: dict[str, int | str] = {"BASE": 5000 + self._count * self._step, "PAPP": 50_000, "OPTARIF": "BASE"}
        frame = DecodedFrame(
            mode=Mode.HISTORIQUE,
            number=self._number,
            values=values,
            dated={},
            complete=True,
            rejected={},
            groups=len(values) + 1,
            horodates_unreadable=0,
            parity=False,
            offset=0,
            at=moment.at,
        )
        return Arrival(moment, (frame,))

    def health(self) -> Mapping[str, object]:
        return {"count": self._count}

    def close(self) -> None: ...


class CountingSourceType:
    schemes = ("counting",)
    form = "counting:NUMBER"

    def open(self, address: SourceAddress, settings: Settings) -> FrameSource:
        return CountingSource(address.target, settings.section(CountingSettings).step)

    def examine(self, address: SourceAddress, settings: Settings) -> Examination:
        step = settings.section(CountingSettings).step
        if not address.target.isdecimal():
            return Examination(
                bad(
                    Subject.PORT,
                    FindingCode.SOURCE_UNUSABLE,
                    detail=f"{address.target} is no number.",
                    remedy="Give twelve digits.",
                )
            )
        return Examination(good(Subject.PORT, FindingCode.SOURCE_USABLE, detail=f"{address.text} counts by {step} Wh."))


SECTIONS.register(CountingSettings, "counting_")
SOURCES.register(CountingSourceType())

if __name__ == "__main__":
    sys.exit(main())
