"""A meter's frames weighed against what it said before: the last step before a frame is published."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.decoding.groups import Refused
from tictally_edge.validation.energy_registers import Registers, Sighting
from tictally_edge.validation.live_values import Readings
from tictally_edge.validation.plausibility import Verdict, is_possible
from tictally_edge.validation.text_values import Said, Texts
from tictally_shared.labels import LABELS, Kind

_DATE: Final = "DATE"
# The meter's clock runs with the line; frames that arrive in one piece, and its whole seconds, blur it.
_CLOCK_BLUR_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class BelievedFrame:
    """What of a frame is published.

    Attributes:
        frame: the frame as decoded.
        values: label → value.
        dated: label → horodate, ISO 8601 with offset.
        refused: reason → groups, of decoding and of physics.
        unconfirmed: labels left out until another frame agrees; neither refused nor lacking.
    """

    frame: DecodedFrame
    values: dict[str, int | str]
    dated: dict[str, str]
    refused: dict[str, int]
    unconfirmed: frozenset[str]


class Believer:
    """Weighs the frames of one meter, in their order.

    Args:
        baseline: registers believed last, from the journal; their times on the clock of the frames' `at`.
        first_sights: True where first sights count, for decoding a file.
    """

    def __init__(self, baseline: dict[str, Sighting] | None = None, *, first_sights: bool = False) -> None:
        self.registers = Registers(baseline, first_sights=first_sights)
        self._readings = Readings(first_sights=first_sights)
        self._texts = Texts(first_sights=first_sights)
        self._clock = _Clock(first_sights=first_sights)

    def prime(self, frames: tuple[DecodedFrame, ...]) -> None:
        """Lets frames that waited together vouch for each other's registers."""
        self.registers.prime(frames)

    def weigh(self, frame: DecodedFrame) -> BelievedFrame:
        """What of a frame is believed."""
        verdicts = {**self.registers.judge(frame), **self._readings.judge(frame)}
        values: dict[str, int | str] = {}
        dated: dict[str, str] = {}
        for name, value in frame.values.items():
            verdict = verdicts.get(name)
            said = Said(value, frame.dated.get(name))
            if verdict is None:
                verdict, said = self._steady(name, said)
                verdicts[name] = verdict
            if verdict is Verdict.BELIEVED:
                values[name] = said.value
                if said.horodate is not None:
                    dated[name] = said.horodate
        if _DATE in frame.dated:
            verdicts[_DATE] = self._clock.judge(frame.dated[_DATE], frame.at)
            if verdicts[_DATE] is Verdict.BELIEVED:
                dated[_DATE] = frame.dated[_DATE]
        refused = Counter(frame.refused)
        refused[Refused.PHYSICS.value] = sum(verdict is Verdict.REFUSED for verdict in verdicts.values())
        return BelievedFrame(
            frame=frame,
            values=values,
            dated=dated,
            refused={reason: count for reason, count in refused.items() if count},
            unconfirmed=frozenset(name for name, verdict in verdicts.items() if verdict is Verdict.UNCONFIRMED),
        )

    def _steady(self, name: str, said: Said) -> tuple[Verdict, Said]:
        if isinstance(said.value, int) and not is_possible(name, said.value):
            return Verdict.REFUSED, said
        label = LABELS.get(name)
        if label is not None and label.kind is Kind.ALARM:
            return Verdict.BELIEVED, said
        return self._texts.judge(name, said)


class _Clock:
    """The meter's DATE: believed when it goes on from the one before, else when two in a row agree."""

    def __init__(self, *, first_sights: bool) -> None:
        self._first_sights = first_sights
        self._believed: tuple[datetime, float] | None = None
        self._candidate: tuple[datetime, float] | None = None

    def judge(self, horodate: str, at: float) -> Verdict:
        here = (datetime.fromisoformat(horodate), at)
        candidate, self._candidate = self._candidate, None
        agrees = candidate is not None and _goes_on(candidate, here)
        if self._believed is None or self._first_sights or agrees or _goes_on(self._believed, here):
            self._believed = here
            return Verdict.BELIEVED
        self._candidate = here
        return Verdict.UNCONFIRMED


def _goes_on(before: tuple[datetime, float], here: tuple[datetime, float]) -> bool:
    return abs(here[0] - before[0] - timedelta(seconds=here[1] - before[1])) <= timedelta(seconds=_CLOCK_BLUR_S)
