"""Bytes of real meters. They lie beside the project, not in it: where they are absent these tests skip."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tictally_edge.decode import DecodeTotals, decode
from tictally_edge.decoding.decoder import DecodedFrame, Decoder
from tictally_edge.simulator.encode import with_parity
from tictally_edge.sources.base import BITS_PER_CHARACTER, SPEED
from tictally_edge.validation.validator import FrameValidator
from tictally_shared.calendar import parse_horodate
from tictally_shared.labels import LABELS, METER_NUMBER, Kind

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
pytestmark = pytest.mark.skipif(not (CAPTURES / "expected.json").exists(), reason="no captures beside the project")

# Where our rules reject more than the decoder that made expected.json: (label, why).
STRICTER = {
    "historique_tri_ejp": {"ADCO": "10 digits instead of 12: not a meter's number (shape)"},
    "standard_mono_hcweekend": {"ADSC": "11 digits instead of 12: not a meter's number (shape)"},
}
# What plausibility rejects on top, last values as `tictally-edge decode` prints them.
HELD_BACK = {
    "historique_mono_hc": {
        "HCHC": "the last frame is of another day: 8.8 MWh in a second (plausibility)",
        "HCHP": "the last frame is of another day: 5.8 MWh in a second (plausibility)",
    },
    "standard_tri_phantom_sinsts": {
        "SINSTS1": "48 370 VA on a phase that carries 2 A (plausibility)",
        "SINSTS2": "17 742 VA on a phase that carries 2 A (plausibility)",
        "SINSTS3": "41 187 VA on a phase that carries 2 A (plausibility)",
    },
}


# Values that a running edge withholds, all of them of lines that were cut or damaged.
WITHHELD = {
    "historique_mono_hc": {"HCHC", "HCHP"},  # the last frame is of another day
    "historique_tri_base_linky": {"BASE"},  # frames are missing: 7 Wh in a second
    "standard_tri_phantom_sinsts": {"SINSTS1", "SINSTS2", "SINSTS3"},
}
ADAPTERS = CAPTURES.parent / "cases" / "bin"


def expected() -> dict[str, dict[str, Any]]:
    if not (CAPTURES / "expected.json").exists():
        return {}
    found: dict[str, dict[str, Any]] = json.loads((CAPTURES / "expected.json").read_text())
    return found


def capture(name: str) -> bytes:
    return (CAPTURES / f"{name}.bin").read_bytes()


def in_chunks(data: bytes, size: int) -> list[DecodedFrame]:
    decoder = Decoder()
    frames = [frame for i in range(0, len(data), size) for frame in decoder.feed(data[i : i + size])]
    return [*frames, *decoder.flush()]


def converted(label: str, data: str) -> int | str:
    return int(data) if LABELS[label].is_number else " ".join(data.split())


def last_values(frames: list[DecodedFrame]) -> dict[str, tuple[str | None, int | str]]:
    last: dict[str, tuple[str | None, int | str]] = {}
    for frame in frames:
        if frame.number is not None:
            last[METER_NUMBER[frame.mode]] = (None, frame.number)
        if "DATE" in frame.dated:
            last["DATE"] = (frame.dated["DATE"], "")
        last |= {label: (frame.dated.get(label), value) for label, value in frame.values.items()}
    return last


@pytest.mark.parametrize("name", expected())
def test_a_capture_gives_the_values_of_an_independent_decoder(name: str) -> None:
    wanted = expected()[name]
    frames = in_chunks(capture(name), 4096)
    stricter = STRICTER.get(name, {})
    assert len(frames) == wanted["frames_started"]
    assert sum(frame.complete for frame in frames) == wanted["frames_complete"]
    assert sum(frame.groups for frame in frames) == wanted["groups"]
    if not stricter:
        assert sum(sum(frame.rejected.values()) for frame in frames) == wanted["groups_refused"]
    assert last_values(frames) == {
        label: (parse_horodate(horodate).isoformat() if horodate else None, converted(label, data))
        for label, (horodate, data) in wanted["last_values"].items()
        if label not in stricter
    }


@pytest.mark.parametrize("name", expected())
def test_a_capture_gives_the_same_frames_in_chunks_of_any_size_and_with_parity(name: str) -> None:
    data = capture(name)
    whole = in_chunks(data, len(data))
    for size in range(1, 65):
        assert in_chunks(data, size) == whole
    odd = in_chunks(with_parity(data), 7)
    assert [(f.values, f.dated, f.rejected, f.complete) for f in odd] == [
        (f.values, f.dated, f.rejected, f.complete) for f in whole
    ]
    assert all(frame.parity for frame in odd)
    assert not any(frame.parity for frame in whole)


@pytest.mark.parametrize("name", expected())
def test_the_command_holds_back_only_what_is_listed(name: str) -> None:
    believed: dict[str, int | str] = {}
    for body in decode([capture(name)], DecodeTotals(), prm=True):
        believed |= body["values"]
    wanted = expected()[name]["last_values"]
    differing = {
        label
        for label, (_, data) in wanted.items()
        if label not in METER_NUMBER.values() and label != "DATE" and believed.get(label) != converted(label, data)
    }
    assert differing == HELD_BACK.get(name, {}).keys()


@pytest.mark.parametrize("path", [*CAPTURES.glob("*.bin"), *ADAPTERS.glob("*.bin")], ids=lambda path: path.stem)
def test_a_running_edge_withholds_nothing_of_a_line_that_is_not_damaged(path: Path) -> None:
    decoded = in_chunks(path.read_bytes(), 4096)
    frames = [replace(each, at=each.offset * BITS_PER_CHARACTER / SPEED[each.mode]) for each in decoded]
    validator = FrameValidator()
    validator.prime(tuple(frames))  # as frames that waited for the meter's number
    seen = Counter(label for each in frames for label in each.values)
    withheld: set[str] = set()
    for validated in map(validator.validate, frames):
        withheld |= validated.frame.values.keys() - validated.values.keys()
    # A register is accepted once a second frame agrees, and so is a changed string.
    withheld -= {label for label in withheld if seen[label] == 1 and LABELS[label].kind is Kind.REGISTER}
    withheld -= {label for label in withheld if not LABELS[label].is_number}
    if path.stem not in {"standard_tri_overload", "standard_mono_tempo_corrupted"}:
        assert withheld == WITHHELD.get(path.stem, set())
