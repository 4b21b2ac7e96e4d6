"""Requests for frames: what is one, and what is answered."""

import json
import socket
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import real_edge
from hypothesis import given
from hypothesis import strategies as st
from real_broker import Hub, Mosquitto

from tictally_edge.journal.journal import FRAMES_PER_SEGMENT
from tictally_edge.publishing.backfill_request import (
    MAX_FRAMES,
    BackfillRequest,
    BackfillRequestError,
    NumberConflict,
    parse_backfill_request,
)
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.lines import simulated_frames
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_shared.labels import Mode

BOOT = "9f2c61d07ab3e514"
NUMBERS = st.integers(1, 2**40)


@given(st.lists(st.tuples(NUMBERS, NUMBERS).map(sorted), min_size=1, max_size=256))
def test_a_request_never_asks_for_more_than_its_share(ranges: list[list[int]]) -> None:
    request = parse_backfill_request(json.dumps({"boot": BOOT, "ranges": ranges}).encode())
    assert isinstance(request, BackfillRequest)
    assert sum(last - first + 1 for first, last in request.ranges) <= MAX_FRAMES
    assert all(
        [first, given[0]] == [given[0], first] for (first, _), given in zip(request.ranges, ranges, strict=False)
    )
    assert request.ranges


NOT_REQUESTS: dict[str, object] = {
    "no boot": {"ranges": [[1, 2]]},
    "a boot that is none": {"boot": "x", "ranges": [[1, 2]]},
    "no ranges": {"boot": BOOT},
    "an empty list": {"boot": BOOT, "ranges": []},
    "too many ranges": {"boot": BOOT, "ranges": [[1, 2]] * 257},
    "a range backwards": {"boot": BOOT, "ranges": [[2, 1]]},
    "a range from zero": {"boot": BOOT, "ranges": [[0, 1]]},
    "a range of three": {"boot": BOOT, "ranges": [[1, 2, 3]]},
    "true for a number": {"boot": BOOT, "ranges": [[True, 2]]},
    "a fraction": {"boot": BOOT, "ranges": [[1, 2.5]]},
    "a list": [],
    "a conflict without boot": {"conflict": 5},
    "a conflict of no number": {"boot": BOOT, "conflict": 0},
    "a conflict of true": {"boot": BOOT, "conflict": True},
}


def test_a_conflict_names_a_boot_and_a_number() -> None:
    assert parse_backfill_request(json.dumps({"boot": BOOT, "conflict": 5}).encode()) == NumberConflict(BOOT, 5)


@pytest.mark.parametrize("case", NOT_REQUESTS)
def test_what_is_no_request_is_a_sentence(case: str) -> None:
    with pytest.raises(BackfillRequestError):
        parse_backfill_request(json.dumps(NOT_REQUESTS[case]).encode())


@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_no_request(payload: bytes) -> None:
    with pytest.raises(BackfillRequestError):
        parse_backfill_request(payload)


def next_frame(hub: Hub) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(hub.wait_for("again/edge/pi/frame", within_s=60))
    return body


def test_the_edge_sends_again_what_is_asked_for_and_nothing_else(tmp_path: Path, broker: Mosquitto) -> None:
    # Two blocks of the journal and a tail, in a second; then the line is silent, and what comes was asked for.
    meter = SimulatedMeter(SimulatedContract.HPHC, Mode.HISTORIQUE, start=datetime(2026, 1, 12, tzinfo=UTC))
    line = b"".join(each for _, each in islice(simulated_frames(meter), FRAMES_PER_SEGMENT * 2 + 50))
    with Hub(broker.port) as hub, socket.create_server(("127.0.0.1", 0)) as bridge:
        hub.subscribe("again/edge/pi/frame")
        port = f"socket://127.0.0.1:{bridge.getsockname()[1]}"
        edge = real_edge.edge(tmp_path, port, broker.port, base_topic="again")
        edge.start()
        try:
            connection, _ = bridge.accept()
            with connection:
                time.sleep(1)  # pyserial throws away what comes before it has opened
                connection.sendall(line)
                seen = [next_frame(hub) for _ in range(FRAMES_PER_SEGMENT * 2)]
                ranges = [[3, 5], [600, 600], [1000, 1000]]
                hub.publish("again/edge/pi/resend", "{}", json.dumps({"boot": seen[0]["boot"], "ranges": ranges}))
                wanted = [3, 4, 5, 600, 1000]
                rest = [next_frame(hub) for _ in range(50 + len(wanted))]
        finally:
            edge.end()
    last = FRAMES_PER_SEGMENT * 2
    assert sorted(frame["seq"] for frame in rest) == [*wanted, *range(last + 1, last + 51)]
    assert [frame for frame in rest if frame["seq"] <= last] == [seen[seq - 1] for seq in wanted]
    assert "A request for missing frames is invalid: boot is not 16 hexadecimal digits." in edge.output
