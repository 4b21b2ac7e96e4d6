"""Which frames show all that their meter sends."""

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.validation.completeness import Wholeness, labels_of
from tictally_edge.validation.validator import BelievedFrame
from tictally_shared.labels import Mode


def frame(
    *labels: str, complete: bool = True, line: str = "", physics: str = "", unconfirmed: str = ""
) -> BelievedFrame:
    values: dict[str, int | str] = dict.fromkeys(labels, 1)
    refused = {line: 1} if line else {}
    decoded = DecodedFrame(Mode.HISTORIQUE, None, values, {}, complete, refused, 9, 0, False, 0, 0.0)  # noqa: FBT003
    kept = {name: value for name, value in values.items() if name not in {physics, unconfirmed}}
    refusals = refused | ({"physics": 1} if physics else {})
    return BelievedFrame(decoded, kept, {}, refusals, frozenset({unconfirmed} - {""}))


def test_a_frame_is_whole_where_nothing_of_it_was_lost_on_the_line() -> None:
    whole = Wholeness()
    assert whole.of(frame("PAPP", "BASE"))
    assert whole.of(frame("PAPP", "BASE", physics="PAPP"))  # it is there, whatever it says
    assert whole.of(frame("PAPP", "BASE", unconfirmed="BASE"))
    assert not whole.of(frame("PAPP", line="checksum"))
    assert not whole.of(frame("PAPP", complete=False))
    assert not whole.of(frame("ADIR1", "IINST1"))


def test_a_label_that_physics_refuses_is_there() -> None:
    assert labels_of(frame("PAPP", "BASE", physics="PAPP", unconfirmed="BASE")) == {"PAPP", "BASE"}


def test_what_lacks_in_many_frames_in_a_row_is_no_noise() -> None:
    whole = Wholeness()
    assert [whole.of(frame("PAPP", line="checksum")) for _ in range(21)] == [False] * 19 + [True] * 2
    assert [whole.of(frame("PAPP", complete=False)) for _ in range(20)] == [False] * 19 + [True]


def test_noise_never_adds_up() -> None:
    whole = Wholeness()
    for _ in range(30):
        assert not whole.of(frame("PAPP", line="checksum"))
        assert not whole.of(frame("PAPP", line="parity"))
    for _ in range(30):
        assert not any(whole.of(frame("PAPP", line="checksum")) for _ in range(19))
        assert whole.of(frame("PAPP", "BASE"))
    assert not any(whole.of(frame("ADIR1", "IINST1", line="checksum")) for _ in range(50))
