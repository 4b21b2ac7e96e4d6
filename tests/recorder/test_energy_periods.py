"""Names of tariff periods, and the windows and pieces that energy is computed from."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_building import MINUTE_MS, NOON_MS

from tictally_recorder.energy import EnergyQuery
from tictally_recorder.energy.interpolation import Piece, Point, Unknown, pieces_between
from tictally_recorder.energy.period_names import PeriodNames
from tictally_recorder.energy.window import QuarterWindow
from tictally_recorder.ledger import TextChange
from tictally_shared.calendar import QUARTER_MS, By, zone

PARIS = zone("Europe/Paris")


def changes(*rows: tuple[float, str, str]) -> list[TextChange]:
    """(minutes after noon, NTARF, LTARF), each a moment at which both change."""
    return [
        TextChange(label, NOON_MS + int(minute * MINUTE_MS), text)
        for minute, ntarf, ltarf in rows
        for label, text in (("LTARF", ltarf), ("NTARF", ntarf))
    ]


@pytest.mark.parametrize(
    ("register", "name"),
    [
        ("BASE", "BASE"),
        ("HCHC", "HC"),
        ("EJPHPM", "PM"),
        ("BBRHCJB", "HC BLEU"),
        ("BBRHPJR", "HP ROUGE"),
        ("EAST", None),
    ],
)
def test_historique_registers_have_their_own_period_names(register: str, name: str | None) -> None:
    assert PeriodNames([], NOON_MS).name(register, NOON_MS) == name


NAMES = {
    "a pair that lasts names the register": (changes((0, "01", "HC"), (60, "02", "HP")), 100, ["HC", "HP"]),
    "nothing is known before it is seen": (changes((0, "01", "HC"), (60, "02", "HP")), 30, ["HC", None]),
    "a pair that did not last is not believed against one that did": (
        changes((0, "01", "HC"), (60, "02", "HC"), (60.1, "02", "HP"), (120, "02", "HC"), (120.1, "01", "HC")),
        300,
        ["HC", "HP"],
    ),
    "a pair that did not last is better than none": (changes((0, "01", "HC"), (1, "02", "HP")), 1.5, ["HC", "HP"]),
    "another name that lasts is the new name": (
        changes((0, "01", "HC"), (60, "01", "NUIT"), (120, "02", "JOUR")),
        200,
        ["NUIT", "JOUR"],
    ),
    "and is not yet the name before it came": (
        changes((0, "01", "HC"), (60, "01", "NUIT"), (99, "02", "X")),
        50,
        ["HC", None],
    ),
    "an empty text is no name": (changes((0, "01", "")), 30, [None, None]),
}


@pytest.mark.parametrize(("seen", "minute", "expected"), NAMES.values(), ids=NAMES.keys())
def test_standard_registers_are_named_by_pairs_of_labels(
    seen: list[TextChange], minute: float, expected: list[str | None]
) -> None:
    names = PeriodNames(seen, NOON_MS + 400 * MINUTE_MS)
    at_ms = NOON_MS + int(minute * MINUTE_MS)
    assert [names.name(register, at_ms) for register in ("EASF01", "EASF02")] == expected


TEXTS = st.lists(
    st.tuples(
        st.sampled_from([1, 4, 5, 6, 30]), st.sampled_from(["01", "02", None]), st.sampled_from(["HC", "HP", ""])
    ),
    max_size=20,
)


@given(TEXTS, st.integers(0, 19), st.integers(0, 400))
def test_a_certain_name_does_not_depend_on_earlier_changes(
    observed: list[tuple[int, str | None, str]], left_out: int, minute: int
) -> None:
    seen, at_ms = [], NOON_MS
    for minutes, ntarf, ltarf in observed:
        at_ms += minutes * MINUTE_MS
        seen.append(TextChange("LTARF", at_ms, ltarf))
        if ntarf is not None:
            seen.append(TextChange("NTARF", at_ms, ntarf))
    whole, part = PeriodNames(seen, at_ms), PeriodNames(seen[left_out:], at_ms)
    for register in ("EASF01", "EASF02"):
        query_ms = NOON_MS + minute * MINUTE_MS
        if part.is_certain(register, query_ms):
            for later_ms in (query_ms, query_ms + MINUTE_MS, at_ms + MINUTE_MS):
                assert later_ms < query_ms or part.name(register, later_ms) == whole.name(register, later_ms)


def test_only_a_lasting_name_is_certain() -> None:
    names = PeriodNames(changes((0, "01", "HC"), (1, "02", "HP")), NOON_MS + 30 * MINUTE_MS)
    at_ms = NOON_MS + 20 * MINUTE_MS
    assert [names.is_certain(register, at_ms) for register in ("EASF01", "EASF02", "EASF03")] == [False, True, False]
    assert not names.is_certain("EASF02", NOON_MS + 5 * MINUTE_MS)
    assert names.is_certain("EASF02", NOON_MS + 6 * MINUTE_MS)
    assert names.is_certain("BASE", at_ms)
    assert names.is_certain("EAST", at_ms)


Q = QUARTER_MS
NINES = 999_999_999
PIECES = {
    "within a quarter": ((10, 5), (Q - 1, 9), [Piece(0, 5, 9, 4, 10, Q - 1)]),
    "into the next quarter": ((10, 5), (Q + 1, 9), [Piece(1, 5, 9, 4, Q, Q + 1)]),
    "exactly to the bound": ((10, 5), (Q, 9), [Piece(0, 5, 9, 4, 10, Q)]),
    "from bound to bound": ((Q, 5), (2 * Q, 9), [Piece(1, 5, 9, 4, Q, 2 * Q)]),
    "to the end of the next quarter": ((10, 5), (2 * Q - 1, 9), [Piece(1, 5, 9, 4, Q, 2 * Q - 1)]),
    "over one empty quarter, exactly to its bound": (
        (0, 0),
        (2 * Q, 9),
        [Piece(0, 0, 4, 4, 0, Q, last_estimated=True), Piece(1, 4, 9, 5, Q, 2 * Q, first_estimated=True)],
    ),
    "over one empty quarter": (
        (Q // 2, 100),
        (Q * 5 // 2, 111),
        [
            Piece(0, 100, 102, 2, Q // 2, Q, last_estimated=True),
            Piece(1, 102, 108, 6, Q, 2 * Q, first_estimated=True, last_estimated=True),
            Piece(2, 108, 111, 3, 2 * Q, Q * 5 // 2, first_estimated=True),
        ],
    ),
    "a fall": ((10, 9), (Q - 1, 5), [Piece(0, 9, 5, 0, 10, Q - 1, unknown=Unknown(10, Q - 1, fell=True))]),
    "a fall into the next quarter": (
        (10, 9),
        (Q + 1, 5),
        [
            Piece(0, 9, 9, 0, 10, Q, unknown=Unknown(10, Q + 1, fell=True)),
            Piece(1, 9, 5, 0, Q, Q + 1, unknown=Unknown(10, Q + 1, fell=True)),
        ],
    ),
    "a gap in which nothing was counted": ((0, 9), (2 * Q, 9), [Piece(0, 9, 9, 0, 0, Q), Piece(1, 9, 9, 0, Q, 2 * Q)]),
    "a register that starts again at zero": ((0, NINES), (Q, 4), [Piece(0, NINES, 4, 5, 0, Q)]),
    "one that starts again within a gap": (
        (0, NINES),
        (2 * Q, 5),
        [
            Piece(0, NINES, 2, 3, 0, Q, last_estimated=True),
            Piece(1, 2, 5, 3, Q, 2 * Q, first_estimated=True),
        ],
    ),
    "one that cannot have counted so much": (
        (0, NINES - 99_999),
        (Q, 4),
        [Piece(0, NINES - 99_999, 4, 0, 0, Q, unknown=Unknown(0, Q, fell=True))],
    ),
    "a fall over an empty quarter": (
        (0, 9),
        (2 * Q + 1, 5),
        [
            Piece(0, 9, 9, 0, 0, Q, unknown=Unknown(0, 2 * Q + 1, fell=True)),
            Piece(1, 9, 9, 0, Q, 2 * Q, unknown=Unknown(0, 2 * Q + 1, fell=True)),
            Piece(2, 9, 5, 0, 2 * Q, 2 * Q + 1, unknown=Unknown(0, 2 * Q + 1, fell=True)),
        ],
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), PIECES.values(), ids=PIECES.keys())
def test_the_energy_between_two_neighbouring_frames(
    before: tuple[int, int], after: tuple[int, int], expected: list[Piece]
) -> None:
    assert list(pieces_between(Point(*before), Point(*after), 0, 10)) == expected
    for first, end in ((1, 10), (0, 1), (1, 2), (5, 10)):
        cut = [piece for piece in expected if first <= piece.quarter < end]
        assert list(pieces_between(Point(*before), Point(*after), first, end)) == cut


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def numbers(*texts: str) -> list[int]:
    return [int(at(text).timestamp() * 1000) // QUARTER_MS for text in texts]


DATA = (int(at("2026-03-01T00:00").timestamp() * 1000), int(at("2026-03-31T00:00").timestamp() * 1000))


def test_bounds_inside_a_quarter_are_moved_outwards() -> None:
    window = QuarterWindow.of(EnergyQuery("", at("2026-03-02T10:07"), at("2026-03-02T12:01"), By.DAY, PARIS), DATA)
    assert window.bounds == [tuple(numbers("2026-03-02T10:00", "2026-03-02T12:15"))]


def test_days_on_which_clocks_change_have_23_and_25_hours() -> None:
    window = QuarterWindow.of(EnergyQuery("", at("2026-03-28T23:00"), at("2026-03-30T22:00"), By.DAY, PARIS), DATA)
    assert [end - first for first, end in window.bounds] == [92, 96]
    autumn = (DATA[0], int(at("2026-12-01T00:00").timestamp() * 1000))
    window = QuarterWindow.of(EnergyQuery("", at("2026-10-24T22:00"), at("2026-10-25T23:00"), By.DAY, PARIS), autumn)
    assert [end - first for first, end in window.bounds] == [100]


def test_periods_without_data_before_and_after_are_left_out() -> None:
    window = QuarterWindow.of(EnergyQuery("", at("1971-01-01T00:00"), at("2999-01-01T00:00"), By.MONTH, PARIS), DATA)
    assert window.bounds == [
        tuple(numbers("2026-02-28T23:00", "2026-03-31T22:00")),
    ]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-02T12:00", "2026-03-02T12:00"),
        ("2026-03-03T00:00", "2026-03-02T00:00"),
        ("2027-01-01T00:00", "2027-02-01T00:00"),
        ("2025-01-01T00:00", "2025-02-01T00:00"),
    ],
)
def test_a_window_with_nothing_in_it_is_empty(start: str, end: str) -> None:
    window = QuarterWindow.of(EnergyQuery("", at(start), at(end), By.DAY, PARIS), DATA)
    assert (window.bounds, window.first, window.end) == ([], 0, 0)
