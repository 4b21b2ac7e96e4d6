"""Which frames show all that their meter sends."""

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.validation.completeness import Completeness, labels_of
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.labels import Mode


def frame(
    *labels: str, complete: bool = True, line: str = "", plausibility: str = "", unconfirmed: str = ""
) -> ValidatedFrame:
    values: dict[str, int | str] = dict.fromkeys(labels, 1)
    rejected = {line: 1} if line else {}
    decoded = DecodedFrame(Mode.HISTORIQUE, None, values, {}, complete, rejected, 9, 0, False, 0, 0.0)  # noqa: FBT003
    kept = {name: value for name, value in values.items() if name not in {plausibility, unconfirmed}}
    rejections = rejected | ({"plausibility": 1} if plausibility else {})
    return ValidatedFrame(decoded, kept, {}, rejections, frozenset({unconfirmed} - {""}))


def test_a_frame_is_whole_where_nothing_of_it_was_lost_on_the_line() -> None:
    whole = Completeness()
    assert whole.check(frame("PAPP", "BASE"))
    assert whole.check(frame("PAPP", "BASE", plausibility="PAPP"))  # it is there, whatever it shows
    assert whole.check(frame("PAPP", "BASE", unconfirmed="BASE"))
    assert not whole.check(frame("PAPP", line="checksum"))
    assert not whole.check(frame("PAPP", complete=False))
    assert not whole.check(frame("ADIR1", "IINST1"))


def test_a_label_with_an_implausible_value_is_present() -> None:
    assert labels_of(frame("PAPP", "BASE", plausibility="PAPP", unconfirmed="BASE")) == {"PAPP", "BASE"}


def test_what_lacks_in_many_frames_in_a_row_is_no_noise() -> None:
    whole = Completeness()
    assert [whole.check(frame("PAPP", line="checksum")) for _ in range(21)] == [False] * 19 + [True] * 2
    assert [whole.check(frame("PAPP", complete=False)) for _ in range(20)] == [False] * 19 + [True]


def test_noise_never_adds_up() -> None:
    whole = Completeness()
    for _ in range(30):
        assert not whole.check(frame("PAPP", line="checksum"))
        assert not whole.check(frame("PAPP", line="parity"))
    for _ in range(30):
        assert not any(whole.check(frame("PAPP", line="checksum")) for _ in range(19))
        assert whole.check(frame("PAPP", "BASE"))
    assert not any(whole.check(frame("ADIR1", "IINST1", line="checksum")) for _ in range(50))
