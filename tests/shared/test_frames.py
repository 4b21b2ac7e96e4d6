"""The frame's JSON format: the contract of both ends, checked against its JSON Schema."""

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tictally_shared.frames import MAX_BYTES, Frame, FrameError, FrameRejection, iso_utc, parse_time_ms
from tictally_shared.labels import CATALOGUE, LABELS, Kind, Mode

SCHEMA = json.loads(files("tictally_shared").joinpath("frame.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

FRAME = Frame(
    meter="021900000002",
    edge="pi-cellar",
    boot="9f2c61d07ab3e514",
    seq=48_211,
    time_ms=1_795_292_829_123,
    mode=Mode.STANDARD,
    values={"EAST": 50_019_226, "SINSTS": 3900, "LTARF": "HP BLEU", "STGE": "013AC401", "SMAXSN": 8611, "MSG2": ""},
    dated={"DATE": "2026-11-21T21:27:08+01:00", "SMAXSN": "2026-11-21T02:47:23+01:00"},
)
BODY: dict[str, Any] = json.loads(FRAME.to_json())


def test_the_format_is_the_documented_one() -> None:
    assert FRAME.to_json().startswith(
        '{"v":1,"meter":"021900000002","edge":"pi-cellar","boot":"9f2c61d07ab3e514","seq":48211,'
        '"time":"2026-11-21T20:27:09.123Z","mode":"standard","values":{"EAST":50019226,'
    )
    VALIDATOR.validate(BODY)


KEYS = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
VALUES = st.dictionaries(st.sampled_from(sorted(LABELS)), st.none(), max_size=8).flatmap(
    lambda names: st.fixed_dictionaries(
        {name: st.integers(0, 2**62) if LABELS[name].is_number else TEXTS for name in names}
    )
)
FRAMES = st.builds(
    Frame,
    meter=KEYS,
    edge=KEYS,
    boot=st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
    seq=st.integers(1, 2**62),
    time_ms=st.integers(0, 4_000_000_000_000),
    mode=st.sampled_from(list(Mode)),
    values=VALUES,
    serial=st.none() | st.from_regex(r"[0-9a-f]{8,64}", fullmatch=True),
)


@given(FRAMES)
def test_a_frame_survives_its_json_and_fits_the_schema(frame: Frame) -> None:
    text = frame.to_json()
    assert Frame.from_json(text) == Frame.from_json(text.encode()) == frame
    VALIDATOR.validate(json.loads(text))


def without(name: str) -> str:
    return json.dumps({key: value for key, value in BODY.items() if key != name})


def replaced(**fields: object) -> str:
    return json.dumps(BODY | fields)


NOT_FRAMES: dict[str, tuple[bytes | str, FrameRejection, bool]] = {
    # what is wrong: (message, reason, the schema sees it too)
    "nothing": (b"", FrameRejection.JSON, False),
    "a list": (b"[]", FrameRejection.FORM, True),
    "bytes that are no UTF-8": (b'{"v":1,"meter":"\xff"}', FrameRejection.JSON, False),
    "half a surrogate pair": (replaced(values={"MSG1": "#"}).replace("#", "\\ud800"), FrameRejection.JSON, False),
    "NaN": (replaced(values={"EAST": float("nan")}), FrameRejection.JSON, False),
    "infinity": (replaced(seq=float("inf")), FrameRejection.JSON, False),
    "a key twice": (FRAME.to_json().replace('"v":1', '"v":1,"v":1'), FrameRejection.JSON, False),
    "deep nesting": ("[" * 30_000, FrameRejection.JSON, False),
    "deep nesting that is closed": ('{"v":' + "[" * 20_000 + "]" * 20_000 + "}", FrameRejection.JSON, False),
    "an integer of ten thousand digits": (
        FRAME.to_json().replace("48211", "9" * 10_000),
        FrameRejection.INTEGER,
        False,
    ),
    "an integer of 64 bits and one": (replaced(values={"EAST": 2**63}), FrameRejection.INTEGER, True),
    "a megabyte": (b" " * (MAX_BYTES + 1), FrameRejection.SIZE, False),
    "another version": (replaced(v=2), FrameRejection.VERSION, True),
    "a version that is true": (replaced(v=True), FrameRejection.FORM, True),
    "a field more": (replaced(extra=1), FrameRejection.FORM, True),
    "a meter in capitals": (replaced(meter="PI"), FrameRejection.FORM, True),
    "a meter with a line feed": (replaced(meter="pi\n"), FrameRejection.FORM, False),
    "a boot too short": (replaced(boot="9f2c"), FrameRejection.FORM, True),
    "a number that is zero": (replaced(seq=0), FrameRejection.FORM, True),
    "a number that is true": (replaced(seq=True), FrameRejection.FORM, True),
    "a mode in a list": (replaced(mode=["standard"]), FrameRejection.FORM, True),
    "a time without offset": (replaced(time="2026-11-21T20:27:09"), FrameRejection.FORM, True),
    "a time that is no date": (replaced(time="2026-02-30T20:27:09Z"), FrameRejection.FORM, False),
    "a time before 1970": (replaced(time="1969-12-31T20:27:09Z"), FrameRejection.FORM, False),
    "a text where a number belongs": (replaced(values={"EAST": "1"}), FrameRejection.FORM, False),
    "a number where a text belongs": (replaced(values={"LTARF": 1}), FrameRejection.FORM, False),
    "a fraction": (replaced(values={"EAST": 1.5}), FrameRejection.FORM, True),
    "true": (replaced(values={"EAST": True}), FrameRejection.FORM, True),
    "a label in lower case": (replaced(values={"east": 1}), FrameRejection.FORM, True),
    "a text without end": (replaced(values={"MSG1": "x" * 300}), FrameRejection.FORM, True),
    "more labels than there are": (replaced(values={f"X{n}": "" for n in range(300)}), FrameRejection.FORM, True),
    "a horodate that is none": (replaced(dated={"DATE": "now"}), FrameRejection.FORM, True),
    "a serial that is none": (replaced(serial=None), FrameRejection.FORM, True),
    **{f"no {name}": (without(name), FrameRejection.FORM, True) for name in BODY},
}


@pytest.mark.parametrize("case", NOT_FRAMES)
def test_an_invalid_frame_is_rejected_with_a_reason_and_a_sentence(case: str) -> None:
    payload, reason, seen_by_schema = NOT_FRAMES[case]
    with pytest.raises(FrameError) as caught:
        Frame.from_json(payload)
    assert caught.value.reason is reason
    assert 0 < len(caught.value.sentence) < 200
    if seen_by_schema:
        assert not VALIDATOR.is_valid(json.loads(payload))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_rejected_and_raise_nothing_else(payload: bytes) -> None:
    with pytest.raises(FrameError):
        Frame.from_json(payload)


def test_a_frame_on_another_edges_topic_is_rejected() -> None:
    assert Frame.from_json(FRAME.to_json(), edge="pi-cellar") == FRAME
    with pytest.raises(FrameError, match="it names edge pi-cellar, its topic attic") as caught:
        Frame.from_json(FRAME.to_json(), edge="attic")
    assert caught.value.reason is FrameRejection.EDGE


def test_an_unknown_label_is_accepted_as_it_is() -> None:
    for value in (7, "seven"):
        assert Frame.from_json(replaced(values={"NOVEL": value})).values == {"NOVEL": value}


@given(st.integers(0, 250_000_000_000_000))
def test_a_time_survives_its_string(time_ms: int) -> None:
    assert parse_time_ms(iso_utc(time_ms)) == time_ms


def test_offsets_and_fractions_are_read() -> None:
    assert parse_time_ms("1970-01-01T01:00:00+01:00") == 0
    assert parse_time_ms("1970-01-01T00:00:00.001999Z") == 1


def test_the_catalogue_is_consistent() -> None:
    assert len(LABELS) == len(CATALOGUE) == 105
    for label in CATALOGUE:
        assert label.name_fr
        assert label.name_en
        assert label.is_number == (label.state_class is not None)
        assert label.is_number or label.device_class is None
        assert (label.kind is Kind.REGISTER) == (label.state_class == "total_increasing")
        assert (label.device_class == "energy") == (label.unit == "Wh")
        if label.is_number:
            assert label.shape.fullmatch("0" * label.size)
            assert not label.shape.fullmatch("0" * (label.size + 1))
            assert not label.shape.fullmatch("٣" * label.size)  # digits of other scripts are none
