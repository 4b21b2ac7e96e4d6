"""A mistake on the edge's command line: one sentence with the option, what is wrong, and what is allowed."""

from pathlib import Path

import pytest

from tictally_edge.__main__ import main
from tictally_edge.decode import DecodeTotals, decode


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("simulate", "--phases", "2"), "--phases: '2' is not one of 1, 3"),
        (("simulate", "--phases", "two"), "--phases: 'two' is not a whole number"),
        (("simulate", "--subscribed", "6.5"), "--subscribed: '6.5' is not a whole number"),
        (("simulate", "--contract", "hchp"), "--contract: unknown tariff option 'hchp'; use base, hphc, tempo or ejp"),
        (("simulate", "--overload", "5"), "--overload needs a value: expected 2 arguments"),
        (("simulate", "--speed"), "--speed needs a value: expected one argument"),
        (
            ("simulate", "--intervall", "3"),
            "tictally-edge simulate has no argument --intervall; did you mean --interval?",
        ),
        (("simulate", "-z"), "tictally-edge simulate has no argument -z; `tictally-edge simulate --help` shows what "),
        (("doctor", "--listen", "0"), "--listen: '0' is not a number of seconds above zero"),
        (("decode",), "the following arguments are required: FILE; `tictally-edge decode --help` shows what there is"),
        (("decode", "--timezone", "Paris", "x"), "--timezone: 'Paris' is not a time zone of the tz database, such as"),
        (("run", "now"), "tictally-edge run has no argument now; `tictally-edge run --help` shows what there is"),
        (("docter",), "COMMAND: 'docter' is not one of run, doctor, decode, simulate; did you mean doctor?"),
        (("--show-completion", "tcsh"), "--show-completion: 'tcsh' is not one of bash, zsh, fish"),
    ],
)
def test_a_wrong_argument_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert main([*arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"tictally-edge: {sentence}")


def test_noise_has_no_frames_and_its_totals_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = bytes((n * 2654435761 >> 7) & 0xFF for n in range(40_000))
    (tmp_path / "noise.bin").write_bytes(noise)
    assert main(["decode", str(tmp_path / "noise.bin")]) == 1
    out, err = capsys.readouterr()
    totals, verdict = err.splitlines()
    assert out == ""
    assert totals.startswith("0 frames (0 complete), ")
    assert "; left out, without a readable value: " in totals
    assert "no TIC frames found" in verdict


def test_the_totals_count_the_lines_that_are_printed() -> None:
    group = b"\nPAPP 00460 +\r"
    line = b"\x02" + group + b"\x03\x02" + group.replace(b"460", b"461") + b"\x03\x02" + group + b"\x03"
    sums = DecodeTotals()
    printed = list(decode([line], sums))
    assert [each["values"] for each in printed] == [{"PAPP": 460}, {"PAPP": 460}]
    assert (sums.frames, sums.unreadable, sums.groups) == (2, 1, 3)
    assert sums.sentence() == (
        "2 frames (2 complete), 3 groups; rejected: 1 checksum; left out, without a readable value: 1"
    )
