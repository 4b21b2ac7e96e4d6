"""How many wrong values get through a bad line: simulated frames with known truth, damaged, and read by an edge.

A group is corrupted when what arrived of its bytes is not what was sent. A value is wrong when it was published and is
not what the meter showed in that frame or one of the two before it (frames whose end was hit close with the next, and
frames wait while another meter's number shows up).
"""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tictally_edge.decoding.decoder import Decoder
from tictally_edge.decoding.framing import WITHOUT_PARITY, checksum, split_groups
from tictally_edge.pipeline import Pipeline
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import encode_group, with_parity
from tictally_edge.simulator.faults import Faults
from tictally_edge.simulator.lines import PAUSE_MS
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.sources.base import BITS_PER_CHARACTER, SPEED
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.calendar import parse_horodate
from tictally_shared.labels import LABELS, METER_NUMBER, Kind, Mode

STX, ETX = b"\x02", b"\x03"
Value = tuple[int | str | None, str | None]
Truth = dict[str, Value]
# A frame whose end was hit closes with the next; one whose end and the next one's beginning were hit, with that one.
_REACH = 3
# Frames wait for their meter's number, some hundred at most.
_REMEMBERED = 200


@dataclass(frozen=True)
class Damage:
    """What the line does: the probability of each fault, and whether parity is there to show."""

    name: str
    parity: bool
    flip: float = 0.0
    lose: float = 0.0
    double: float = 0.0


DAMAGES = (
    Damage("flips_1e-3_parity", parity=True, flip=1e-3),
    Damage("flips_1e-2_parity", parity=True, flip=1e-2),
    Damage("flips_1e-3", parity=False, flip=1e-3),
    Damage("flips_1e-2", parity=False, flip=1e-2),
    Damage("lost_doubled_1e-3", parity=False, lose=1e-3, double=1e-3),
    Damage("lost_doubled_1e-2", parity=False, lose=1e-2, double=1e-2),
)


@dataclass
class Figures:
    """What came of it: values published and wrong, by kind, for three readers."""

    groups: int = 0
    corrupted: int = 0
    frames: int = 0
    bare: Counter[str] = field(default_factory=Counter)
    shaped: Counter[str] = field(default_factory=Counter)
    ours: Counter[str] = field(default_factory=Counter)
    furthest_wh: int = 0
    published: int = 0
    examples: list[str] = field(default_factory=list)

    def per_million(self, wrong: Counter[str], kind: str | None = None) -> float:
        """Wrong values per million corrupted groups, of one kind or of all."""
        count = wrong.total() if kind is None else wrong[kind]
        return count * 1e6 / max(self.corrupted, 1)


def measure(
    mode: Mode, damage: Damage, corrupted: int, contract: SimulatedContract = SimulatedContract.HPHC, phases: int = 1
) -> Figures:
    """Sends frames until so many groups were corrupted, and counts what gets through."""
    figures = Figures()
    meter = SimulatedMeter(contract, mode, start=datetime(2026, 1, 12, 5, tzinfo=UTC), phases=phases, seed=1)
    faults = Faults(bit_flip=damage.flip, lose=damage.lose, double=damage.double, seed=1, parity=damage.parity)
    pipeline, decoder, decoder_again = Pipeline(), Decoder(), Decoder()
    truths: dict[float, Truth] = {}  # of the latest frames, by when their end arrived
    at = 0.0
    begin = meter.moment
    while figures.corrupted < corrupted:
        groups = meter.groups()
        truth = {g.label: _truth(g.label, g.data, g.horodate) for g in groups}
        arrived = _arrived(figures, faults, damage, [encode_group(mode, g.label, g.data, g.horodate) for g in groups])
        at += (sum(map(len, arrived)) + 2) * BITS_PER_CHARACTER / SPEED[mode] + PAUSE_MS / 1000
        truths[at] = truth
        if len(truths) > _REMEMBERED:
            del truths[next(iter(truths))]
        recent = list(truths.values())[-_REACH:]
        stream = b"".join(arrived)
        for label, value in _bare(stream):
            _count(figures.bare, recent, label, (value, None), dated=False)
        for frame in decoder.feed(stream, at):
            for label, value in frame.values.items():
                _count(figures.shaped, recent, label, (value, frame.dated.get(label)))
        decoded = decoder_again.feed(stream, at)
        for reading in (each for frame in decoded for each in pipeline.add(frame)):
            ends = list(truths)
            end = ends.index(reading.validated.frame.at) + 1
            _judge(figures, [truths[each] for each in ends[max(end - _REACH, 0) : end]], reading.validated)
        figures.frames += 1
        meter.advance(begin + timedelta(seconds=at))
    return figures


def _judge(figures: Figures, recent: list[Truth], validated: ValidatedFrame) -> None:
    output: Truth = {label: (value, validated.dated.get(label)) for label, value in validated.values.items()}
    if "DATE" in validated.dated:
        output["DATE"] = (None, validated.dated["DATE"])
    figures.published += len(output)
    for label, value in output.items():
        if _count(figures.ours, recent, label, value):
            _note(figures, recent, label, value)


def _arrived(figures: Figures, faults: Faults, damage: Damage, groups: list[bytes]) -> list[bytes]:
    pieces_arrived = []
    for sent in (STX, *groups, ETX):
        line = with_parity(sent) if damage.parity else sent
        arrived = faults.apply(line)
        figures.groups += len(sent) > 1
        figures.corrupted += len(sent) > 1 and arrived != line
        pieces_arrived.append(arrived)
    return pieces_arrived


def _truth(label: str, data: str, horodate: str | None) -> Value:
    known = LABELS[label]
    value: int | str | None = int(data) if known.is_number else " ".join(data.split())
    return (None if known.kind is Kind.CLOCK else value, parse_horodate(horodate).isoformat() if horodate else None)


def _bare(stream: bytes) -> Iterator[tuple[str, int | str]]:
    """What a reader publishes that checks the label and the checksum, and no more."""
    masked = stream.translate(WITHOUT_PARITY).replace(STX, b"").replace(ETX, b"")
    for piece in split_groups(masked):
        text = piece.decode("ascii")
        separator = "\t" if "\t" in text else " "
        counted = text[:-1] if separator == "\t" else text[:-2]
        fields = text[:-2].split(separator)
        label = LABELS.get(fields[0])
        if label is None or len(fields) < 2 or ord(text[-1]) != checksum(counted):
            continue
        data = fields[-1] if separator == "\t" else separator.join(fields[1:])
        if label.kind is not Kind.CLOCK:
            yield fields[0], int(data) if label.is_number and data.isdigit() else " ".join(data.split())


def _count(wrong: Counter[str], recent: list[Truth], label: str, output: Value, *, dated: bool = True) -> bool:
    if label in METER_NUMBER.values():
        return False
    for truth in recent:
        true = truth.get(label)
        if true is not None and true[0] == output[0] and (not dated or true[1] == output[1]):
            return False
    wrong[LABELS[label].kind.value if label in LABELS else "unknown"] += 1
    return True


def _note(figures: Figures, recent: list[Truth], label: str, output: Value) -> None:
    true = next((truth[label] for truth in reversed(recent) if label in truth), None)
    if label in LABELS and LABELS[label].kind is Kind.REGISTER and true is not None:
        figures.furthest_wh = max(figures.furthest_wh, abs(int(output[0] or 0) - int(true[0] or 0)))
    if len(figures.examples) < 20:
        figures.examples.append(f"{label}: {output} for {true}")


def main(*, short: bool) -> dict[str, float | int | str]:
    """Wrong values per million corrupted groups, for each mode and damage."""
    corrupted = 20_000 if short else 1_000_000
    runs = [(mode, damage, corrupted) for mode in Mode for damage in DAMAGES]
    results: dict[str, float | int | str] = {"corrupted_groups_in_each_run": corrupted}
    with multiprocessing.Pool() as pool:
        for (mode, damage, _), figures in zip(runs, pool.starmap(measure, runs, chunksize=1), strict=True):
            name = f"{mode.value}_{damage.name}"
            results[f"{name}_checksum_alone"] = round(figures.per_million(figures.bare), 1)
            results[f"{name}_well_formed"] = _shown(figures, figures.shaped)
            results[f"{name}_published"] = _shown(figures, figures.ours)
            results[f"{name}_furthest_register_wh"] = figures.furthest_wh
            results[f"{name}_values_published"] = figures.published
            if figures.examples:
                results[f"{name}_examples"] = "; ".join(figures.examples[:5])
    return results


def _shown(figures: Figures, wrong: Counter[str]) -> str:
    kinds = ", ".join(f"{kind} {figures.per_million(wrong, kind):.1f}" for kind in sorted(wrong))
    return f"{figures.per_million(wrong):.1f}" + (f" ({kinds})" if kinds else "")
