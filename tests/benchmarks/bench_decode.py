"""How fast the edge decodes and validates frames, in this process."""

import time
from datetime import UTC, datetime, timedelta

from tictally_edge.decoding.decoder import Decoder
from tictally_edge.pipeline import Pipeline
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import with_parity
from tictally_edge.simulator.lines import simulated_frames
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_shared.labels import Mode

LINES = (
    ("historique_1_phase", SimulatedContract.HPHC, Mode.HISTORIQUE, 1),
    ("historique_3_phases", SimulatedContract.HPHC, Mode.HISTORIQUE, 3),
    ("standard_1_phase", SimulatedContract.HPHC, Mode.STANDARD, 1),
    ("standard_3_phases_tempo", SimulatedContract.TEMPO, Mode.STANDARD, 3),
)


def main(*, short: bool) -> dict[str, float | int | str]:
    """Frames per second, decoded alone and decoded and validated."""
    results: dict[str, float | int | str] = {}
    for name, contract, mode, phases in LINES:
        start = datetime(2026, 1, 12, 6, tzinfo=UTC)
        meter = SimulatedMeter(contract, mode, start=start, phases=phases)
        until = start + timedelta(minutes=2 if short else 20)
        lines = [
            ((moment - start).total_seconds(), with_parity(line))
            for moment, line in simulated_frames(meter, None, until)
        ]
        decoder, decoder_again, pipeline = Decoder(), Decoder(), Pipeline()
        begin = time.perf_counter()
        decoded = sum(1 for at, line in lines for _ in decoder.feed(line, at))
        middle = time.perf_counter()
        validated = sum(1 for at, line in lines for frame in decoder_again.feed(line, at) for _ in pipeline.add(frame))
        end = time.perf_counter()
        results[f"{name}_frames"] = len(lines)
        results[f"{name}_decoded_frames_per_s"] = round(decoded / (middle - begin))
        results[f"{name}_decoded_and_validated_frames_per_s"] = round(validated / (end - middle))
    return results
