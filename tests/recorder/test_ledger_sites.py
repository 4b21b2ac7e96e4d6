"""Meters and sites: which meter a frame is from, and how meters follow one another at a site."""

from pathlib import Path

import pytest
from ledger_building import NOON_MS, frame, message

from tictally_recorder.ledger import Ledger, LedgerError, LedgerReader, Message, Site, join_sites


def frame_of(seq: int, meter: str, serial: str | None = None, *, edge: str = "cellar") -> Message:
    return message(frame(seq, NOON_MS + seq * 1000, {"EAST": seq}, meter=meter, serial=serial, edge=edge))


def meters(path: Path) -> dict[str, list[tuple[str, str | None, int, int]]]:
    with LedgerReader.open(path) as reader:
        return {
            site.id: [
                (meter.key, meter.serial, (meter.first_ms - NOON_MS) // 1000, (meter.last_ms - NOON_MS) // 1000)
                for meter in site.meters
            ]
            for site in reader.sites()
        }


OLD, NEW = "aaaaaaaa", "bbbbbbbb"

IDENTITIES = {
    "numbers are meters and sites of their own": (
        [("111", None), ("222", None), ("111", None)],
        {"111": [("111", None, 1, 3)], "222": [("222", None, 2, 2)]},
    ),
    "another serial is another meter of the same site": (
        [("home", OLD), ("home", OLD), ("home", NEW)],
        {"home": [("home", OLD, 1, 2), ("home", NEW, 3, 3)]},
    ),
    "the first serial completes the meter that had none": (
        [("home", None), ("home", OLD), ("home", NEW)],
        {"home": [("home", OLD, 1, 2), ("home", NEW, 3, 3)]},
    ),
    "a frame without serial is from the newest meter": (
        [("home", OLD), ("home", NEW), ("home", None)],
        {"home": [("home", OLD, 1, 1), ("home", NEW, 2, 3)]},
    ),
    "a late frame of the old meter is the old meter's": (
        [("home", OLD), ("home", NEW), ("home", OLD)],
        {"home": [("home", OLD, 1, 3), ("home", NEW, 2, 2)]},
    ),
}


@pytest.mark.parametrize(("senders", "expected"), IDENTITIES.values(), ids=IDENTITIES.keys())
@pytest.mark.parametrize("restarts", [False, True])
def test_a_frame_is_assigned_to_its_meter(
    tmp_path: Path,
    senders: list[tuple[str, str | None]],
    expected: dict[str, list[tuple[str, str | None, int, int]]],
    *,
    restarts: bool,
) -> None:
    path = tmp_path / "ledger.sqlite"
    messages = [frame_of(seq, key, serial) for seq, (key, serial) in enumerate(senders, start=1)]
    for batch in [[each] for each in messages] if restarts else [messages]:
        with Ledger.open(path) as ledger:
            ledger.store(batch)
    assert meters(path) == expected


def test_a_site_has_the_edges_that_read_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([frame_of(1, "111"), frame_of(2, "111", edge="attic"), frame_of(3, "222", edge="shed")])
    with LedgerReader.open(path) as reader:
        assert [(site.id, site.edges) for site in reader.sites()] == [("111", ("attic", "cellar")), ("222", ("shed",))]


@pytest.mark.parametrize("while_recording", [False, True])
def test_joined_meters_follow_one_another_at_the_old_site(tmp_path: Path, *, while_recording: bool) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([frame_of(1, "111"), frame_of(2, "222"), frame_of(3, "333")])
        if while_recording:
            join_sites(path, "222", "111")
        else:
            ledger.join_sites("222", "111")
        ledger.join_sites("333", "222")  # by a meter's key
        ledger.store([frame_of(4, "333"), frame_of(5, "333", NEW), frame_of(6, "333", OLD)])
    assert meters(path) == {
        "111": [("111", None, 1, 1), ("222", None, 2, 2), ("333", NEW, 3, 5), ("333", OLD, 6, 6)],
    }


@pytest.mark.parametrize(
    ("new", "old", "sentence"),
    [
        ("222", "999", "there is no site '999' in the ledger; its sites are 111, 222"),
        ("999", "111", "there is no site '999'"),
        ("222", "222", "already the same site"),
    ],
)
def test_sites_that_cannot_be_joined_stay_as_they_are(tmp_path: Path, new: str, old: str, sentence: str) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([frame_of(1, "111"), frame_of(2, "222")])
        for join in (ledger.join_sites, lambda new, old: join_sites(path, new, old)):
            with pytest.raises(LedgerError, match=sentence):
                join(new, old)
        ledger.store([frame_of(3, "222")])
    assert meters(path) == {"111": [("111", None, 1, 1)], "222": [("222", None, 2, 3)]}


def test_joining_in_a_missing_ledger_makes_none(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"):
        join_sites(tmp_path / "ledger.sqlite", "222", "111")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_ledger_has_no_sites(tmp_path: Path) -> None:
    Ledger.open(tmp_path / "ledger.sqlite").close()
    with LedgerReader.open(tmp_path / "ledger.sqlite") as reader:
        assert reader.sites() == list[Site]()
