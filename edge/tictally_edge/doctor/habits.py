"""What is the same in every frame of a line: faults and deviations of meter or adapter, which no cable mends. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from tictally_edge.decoding.framing import Deviation
from tictally_edge.decoding.groups import Fault, GroupRejection
from tictally_edge.finding import EdgeFinding, FindingCode, PartCode, Subject, bad, good
from tictally_shared.phrase import Phrase

_DEVIATIONS: Final = {
    Deviation.MISSING_STX: PartCode.MISSING_STX,
    Deviation.MISSING_ETX: PartCode.MISSING_ETX,
    Deviation.CONTROL_CHARACTER: PartCode.CONTROL_CHARACTER,
    Deviation.SEPARATOR: PartCode.SEPARATOR,
}


def diagnose_habits(repeated: Iterable[Fault], deviations: Iterable[str]) -> Iterator[EdgeFinding]:
    """Yield what repeats in every frame.

    Args:
        repeated: faults.
        deviations: `Deviation` codes; others, of another version, are left out.
    """
    for fault in sorted(repeated):
        label = fault.label or Phrase(PartCode.UNNAMED_GROUP)
        if fault.reason == GroupRejection.PLAUSIBILITY:
            yield good(Subject.LINE, FindingCode.GROUP_IMPLAUSIBLE, label=label)
        else:
            yield bad(Subject.LINE, FindingCode.GROUP_REPEATEDLY_REJECTED, label=label, cause=fault.reason)
    codes = set(deviations)
    if shown := tuple(Phrase(part) for code, part in _DEVIATIONS.items() if code in codes):
        yield good(Subject.LINE, FindingCode.LINE_DEVIATES, deviations=shown)
