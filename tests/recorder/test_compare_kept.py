"""A comparison from what the ledger keeps of past days finds what one from quarter-hours does, whatever happens."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from energy_building import PARIS, ms
from ledger_building import METER, frame, message
from observation_building import energy as imported
from observation_building import put, undo

from tictally_recorder.cost.compare import Assumed, TariffComparison
from tictally_recorder.cost.compare.kept import ConsumptionKeeper, kept_days
from tictally_recorder.cost.compare.query import comparison_of
from tictally_recorder.cost.query import SiteDays, days_with_frames
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms import load_terms
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.ledger import Ledger, LedgerReader, Site, integrity, join_sites, remove_site
from tictally_recorder.tariffs.hours import parse_hours
from tictally_recorder.tariffs.template_files import with_templates
from tictally_shared.calendar import zone

CONTRACT: Final = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\noff_peak = ["22:00-06:00"]\n'
# The clock is put back in the night to the 26th; the 28th is today.
FIRST, TODAY = date(2025, 10, 24), date(2025, 10, 28)
PAST: Final = [FIRST + timedelta(days=n) for n in range(4)]
NOW: Final = "2025-10-28T09:00+01:00"
RED: Final = f"{3 << 24:08X}"


class Home:
    """A household with its recorder's costs and what it keeps for comparisons."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "ledger.sqlite"
        (folder / "contracts.toml").write_text(CONTRACT)
        self.ledger = Ledger.open(self.path)
        self.reader = LedgerReader.open(self.path)
        terms = WatchedTerms(folder / "contracts.toml", folder / "tariffs", PARIS)
        self.costs = CostRecomputer(self.ledger, self.reader, terms, PARIS)
        self.keeper = ConsumptionKeeper(self.ledger, self.reader, PARIS)
        self._seq = 0

    def store(self, start: str, count: int, *, wh: int = 1000, meter: str = METER, **others: int | str) -> None:
        """A frame every quarter-hour from a moment on, each with 100 Wh more."""
        frames = []
        for n in range(count):
            self._seq += 1
            total = wh + 100 * n
            values: dict[str, int | str] = {"NGTF": "BASE", "EAST": total, "EASF01": total, **others}
            frames.append(message(frame(self._seq, ms(start) + n * 900_000, values, meter=meter), arrived_ms=ms(NOW)))
        self.ledger.store(frames)

    def compute(self) -> None:
        while self.ledger.recompute_dirty(1000) or self.ledger.recompute_imports():
            pass
        self.costs.begin()
        while self.costs.step(lambda: ms(NOW)):
            pass

    def keep(self) -> None:
        self.compute()
        self.keeper.begin(ms(NOW))
        while self.keeper.step():
            pass

    @property
    def site(self) -> Site:
        return self.reader.sites()[0]

    def days(self, tz: ZoneInfo = PARIS) -> SiteDays:
        found = days_with_frames(self.site, date.min, date.max, tz)
        return SiteDays(self.site, found[0], found[-1] + timedelta(days=1), tz)

    def kept(self) -> list[date]:
        return sorted(kept_days(self.reader, self.days()))

    def compared(self, assumed: Assumed | None = None, tz: ZoneInfo = PARIS) -> TariffComparison:
        paid = load_terms(self.folder / "contracts.toml", self.folder / "tariffs", self.reader.sites(), PARIS)
        if assumed and assumed.prices_on:
            paid = replace(paid, catalogue=with_templates(paid.catalogue))
        return comparison_of(self.reader, self.days(tz), paid, assumed or Assumed())

    def compared_anew(self, assumed: Assumed | None = None, tz: ZoneInfo = PARIS) -> TariffComparison:
        """Without anything that is kept."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            kept = connection.execute("SELECT site, day, packed FROM consumption_day").fetchall()
            connection.execute("DELETE FROM consumption_day")
        found = self.compared(assumed, tz)
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.executemany("INSERT INTO consumption_day VALUES (?, ?, ?)", kept)
        return found

    def close(self) -> None:
        self.reader.close()
        self.ledger.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Four days and the beginning of a fifth; on the second, off-peak hours begin in a gap of two hours."""
    home = Home(tmp_path)
    home.store("2025-10-24T00:05+02:00", 182)
    home.store("2025-10-25T23:35+02:00", 230, wh=20_050)
    home.keep()
    yield home
    home.close()


def test_past_days_are_kept_and_the_present_one_is_not(home: Home) -> None:
    assert home.kept() == PAST
    assert home.days().end == TODAY + timedelta(days=1)
    assert home.compared() == home.compared_anew()
    assert sum(offer.amount is not None for offer in home.compared().offers) > 5
    assert integrity(home.path) == []


@pytest.mark.parametrize(
    "assumed",
    [
        Assumed((parse_hours("12:00-20:00"),)),
        Assumed(chosen_weekday=4, prices_on=date(2026, 6, 1)),
        Assumed(every_power=True, prices_on=date(2026, 6, 1)),
    ],
)
def test_whatever_is_assumed_what_is_kept_stays(home: Home, assumed: Assumed) -> None:
    assert home.compared(assumed) == home.compared_anew(assumed)
    assert home.compared(assumed) != home.compared()
    assert home.kept() == PAST


def test_a_late_frame_renews_the_days_that_it_touches(home: Home) -> None:
    before = home.compared()
    home.store("2025-10-25T22:20+02:00", 1, wh=20_040)
    assert home.kept() == [PAST[0], PAST[2], PAST[3]]  # at once, before its cost is computed
    assert home.compared() == home.compared_anew()
    home.compute()
    assert home.kept() == [PAST[0], PAST[2], PAST[3]]
    home.keep()
    assert home.kept() == PAST
    assert home.compared() == home.compared_anew() != before


def test_a_late_colour_of_the_meter_renews_the_days_that_have_it(home: Home) -> None:
    before = home.compared()
    home.store("2025-10-27T12:06+01:00", 1, wh=35_050, STGE=RED)
    assert PAST[3] not in home.kept()
    home.keep()
    assert home.kept() == PAST
    (tempo,) = (each for each in home.compared().offers if (each.tariff, each.power_kva) == ("edf-bleu-tempo", 6))
    assert tempo.energy_wh["HP ROUGE"] == 6400
    assert home.compared() == home.compared_anew() != before


def test_an_import_and_its_undoing_renew_the_days_that_it_fills(home: Home) -> None:
    before = home.compared()
    run = put(home.path, [imported(ms("2025-10-22T00:00+02:00") + n * 1_800_000, 30, 200) for n in range(96)])
    home.keep()
    assert home.kept()[0] == date(2025, 10, 22)
    assert home.compared() == home.compared_anew() != before
    undo(home.path, run)
    home.keep()
    assert home.compared() == home.compared_anew() == before


def test_another_contract_and_other_tariffs_hold_at_once(home: Home) -> None:
    before = home.compared()
    (home.folder / "contracts.toml").write_text(CONTRACT.replace("22:00-06:00", "01:00-07:00"))
    assert home.compared() == home.compared_anew() != before
    home.keep()
    assert home.kept() == PAST
    assert home.compared() == home.compared_anew()


def test_days_of_another_time_zone_are_not_those_that_are_kept(home: Home) -> None:
    lisbon = zone("Europe/Lisbon")
    assert home.compared(tz=lisbon) == home.compared_anew(tz=lisbon)
    assert home.compared(tz=lisbon) != home.compared()


def _joined(home: Home) -> None:
    join_sites(home.path, "222", METER)


def _joined_the_other_way(home: Home) -> None:
    join_sites(home.path, METER, "222")


@pytest.mark.parametrize("join", [_joined, _joined_the_other_way])
def test_a_site_that_joins_another_is_compared_with_it(home: Home, join: Callable[[Home], None]) -> None:
    both = "".join(f'{CONTRACT}site = "{site}"\n' for site in (METER, "222"))
    (home.folder / "contracts.toml").write_text(both)
    home.store("2025-10-27T10:05+01:00", 40, meter="222")
    home.keep()
    before = home.compared()
    join(home)
    assert home.compared() == home.compared_anew() != before
    home.keep()
    assert home.kept() == PAST
    assert home.compared() == home.compared_anew()


def test_nothing_is_left_of_a_site_that_is_removed(home: Home) -> None:
    home.close()
    remove_site(home.path, METER)
    with closing(sqlite3.connect(home.path)) as connection:
        assert connection.execute("SELECT count(*) FROM consumption_day").fetchone() == (0,)


def test_what_cannot_be_read_is_computed(home: Home) -> None:
    expected = home.compared()
    with closing(sqlite3.connect(home.path)) as connection, connection:
        for packed, day in ((b"", 1), (b"\x02\x00xyz", 2), (b"\x01\x00damaged", 3)):
            update = "UPDATE consumption_day SET packed = ? WHERE day = ?"
            connection.execute(update, (packed, PAST[day].toordinal()))
    assert home.kept() == PAST[:1]
    assert home.compared() == expected


def test_a_day_takes_little_room_and_is_written_once(home: Home) -> None:
    with closing(sqlite3.connect(home.path)) as connection:
        (most,) = connection.execute("SELECT max(length(packed)) FROM consumption_day").fetchone()
        changes = connection.execute("PRAGMA data_version").fetchone()
        assert most < 400
        home.keeper.begin(ms(NOW))
        assert not home.keeper.step()
        assert connection.execute("PRAGMA data_version").fetchone() == changes
