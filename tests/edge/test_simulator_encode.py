"""Bytes of the line against groups that real meters sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tictally_edge.simulator.encode import EncodedGroup, encode_frame, encode_group, line_ms, with_parity
from tictally_shared.labels import Mode

H, S = Mode.HISTORIQUE, Mode.STANDARD


@pytest.mark.parametrize(
    ("mode", "group", "line"),
    [
        (H, EncodedGroup("ADCO", "021900000001"), b"\nADCO 021900000001 $\r"),
        (H, EncodedGroup("PAPP", "00550"), b"\nPAPP 00550 +\r"),
        (H, EncodedGroup("PTEC", "HP.."), b"\nPTEC HP..  \r"),
        (S, EncodedGroup("EAST", "011887649"), b"\nEAST\t011887649\t;\r"),
        (S, EncodedGroup("EASD01", "000000000"), b"\nEASD01\t000000000\t \r"),
        (S, EncodedGroup("LTARF", "      BASE      "), b"\nLTARF\t      BASE      \tF\r"),
        (S, EncodedGroup("DATE", "", "H230301091834"), b"\nDATE\tH230301091834\t\tC\r"),
        (S, EncodedGroup("SMAXSN-1", "00795", "H230228111814"), b"\nSMAXSN-1\tH230228111814\t00795\t!\r"),
        (S, EncodedGroup("DPM2", "00", " 240108060000"), b"\nDPM2\t 240108060000\t00\t#\r"),
    ],
)
def test_a_group_is_written_as_real_meters_write_it(mode: Mode, group: EncodedGroup, line: bytes) -> None:
    assert encode_group(mode, group.label, group.data, group.horodate) == line


def test_a_frame_stands_between_its_marks() -> None:
    groups = [EncodedGroup("IINST", "002"), EncodedGroup("IMAX", "090")]
    assert encode_frame(H, groups) == b"\x02\nIINST 002 Y\r\nIMAX 090 H\r\x03"


@given(st.binary())
def test_parity_makes_every_character_even_and_keeps_its_seven_bits(characters: bytes) -> None:
    sent = with_parity(characters)
    assert all(code.bit_count() % 2 == 0 for code in sent)
    assert [code & 0x7F for code in sent] == [code & 0x7F for code in characters]


@pytest.mark.parametrize(("mode", "characters", "milliseconds"), [(H, 120, 1000), (S, 960, 1000), (S, 1, 2)])
def test_characters_take_ten_bits_each(mode: Mode, characters: int, milliseconds: int) -> None:
    assert line_ms(mode, characters) == milliseconds
