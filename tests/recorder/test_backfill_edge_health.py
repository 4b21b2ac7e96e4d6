"""The frame numbers in an edge's health message: how they are parsed, and which messages are invalid."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tictally_recorder.ingest.backfill import HealthError, parse_health
from tictally_shared.interval_set import IntervalSet

BOOT = "9f2c61d07ab3e514"
OTHER = "00000000000000a1"


def boot(held: object = (), backlog: object = (), name: object = BOOT) -> dict[str, object]:
    return {"boot": name, "held": held, "backlog": backlog}


def health(*boots: object) -> bytes:
    return json.dumps({"version": "0.1.0", "boots": list(boots)}).encode()


def test_held_and_backlog_are_read_by_boot() -> None:
    read = parse_health(health(boot([[1, 512], [600, 600]], name=OTHER), boot([[1, 90]], [[80, 90]])))
    assert list(read.boots) == [OTHER, BOOT]
    assert read.boots[OTHER].held == IntervalSet([(1, 512), (600, 600)])
    assert read.boots[BOOT].backlog == IntervalSet([(80, 90)])
    assert not read.boots[BOOT].is_rounded
    assert read.is_whole


def test_the_maximum_number_of_ranges_may_be_incomplete() -> None:
    read = parse_health(health(boot([[2 * n, 2 * n] for n in range(1, 65)])))
    assert read.boots[BOOT].is_rounded


def test_the_maximum_number_of_boots_may_be_incomplete() -> None:
    assert not parse_health(health(*(boot(name=f"{n:016x}") for n in range(16)))).is_whole


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (b"offline", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff", "not JSON"),
        (b"{}", "boots is not a list"),
        (b'{"boots": 1e999}', "boots is not a list"),
        (health(*(boot(name=f"{n:016x}") for n in range(17))), "boots is not a list of at most 16"),
        (health(1), "boot is not 16 hexadecimal digits"),
        (health(boot(name="9F2C61D07AB3E514")), "boot is not 16 hexadecimal digits"),
        (health(boot(name=1)), "boot is not 16 hexadecimal digits"),
        (health(boot(), boot()), "it lists a boot twice"),
        (health({"boot": BOOT, "held": []}), "backlog is not a list"),
        (health(boot([[n * 2, n * 2] for n in range(1, 66)])), "held is not a list of at most 64"),
        (health(boot([[0, 4]])), "held has a range that is not"),
        (health(boot([[5, 4]])), "held has a range that is not"),
        (health(boot([[1, 2, 3]])), "held has a range that is not"),
        (health(boot([[True, 2]])), "held has a range that is not"),
        (health(boot([[1.0, 2]])), "held has a range that is not"),
        (health(boot([], [7])), "backlog has a range that is not"),
        (health(boot([[1, 2**63]])), "an integer beyond 64 bits"),
        (b'{"boots": ' + b"[" * 60_000, "nested too deep"),
        (b" " * 70_000, "70000 bytes are more than"),
    ],
)
def test_an_invalid_health_message_raises_an_error_with_a_message(payload: bytes, sentence: str) -> None:
    with pytest.raises(HealthError, match=sentence):
        parse_health(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**64) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["boot", "held", "backlog"]), inner),
    max_leaves=12,
)


@given(JSON | st.lists(st.fixed_dictionaries({"boot": st.just(BOOT), "held": JSON, "backlog": JSON}), max_size=2))
def test_any_value_of_boots_is_parsed_or_rejected(boots: object) -> None:
    try:
        read = parse_health(json.dumps({"boots": boots}).encode())
    except HealthError:
        return
    assert all(first >= 1 for frames in read.boots.values() for first, _ in frames.held | frames.backlog)
