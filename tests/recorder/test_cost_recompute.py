"""Stored cost equals cost computed from scratch, and only invalidated days are recomputed."""

import json
import random
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import PARIS, d, days, words
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_building import METER, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost import CostRow
from tictally_recorder.cost.codec import from_day
from tictally_recorder.cost.model import UNMETERED
from tictally_recorder.cost.query import SiteDays, computed, cost_of, days_with_frames
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.ledger import Ledger, LedgerReader, Message, Site, integrity, join_sites
from tictally_shared.calendar import QUARTER_MS, zone

HOUR_MS = 3_600_000
LONG_AGO, FAR_AHEAD = d("1990-01-01"), d("2100-01-01")
CONTRACT = '[[contract]]\ntariff = "edf-bleu-hphc"\npower = {power}\nfrom = {start}\n'
# A tariff of the household's own.
TARIFF = """
id = "own"
supplier = "A small one"
names.en = "Own"
currency = "EUR"
periods = ["HC", "HP"]
{versions}
"""
VERSION = """
[[version]]
from = {start}
source = "a letter"
confidence = "own"
energy.HC = {{ ttc = "{hc}" }}
energy.HP = {{ ttc = "{hp}" }}
subscription = "12"
"""
SPOT = """
id = "spot"
supplier = "An exchange"
names.en = "Spot"
currency = "EUR"
series = "spot.csv"
[[version]]
from = 2025-01-01
source = "a letter"
confidence = "own"
subscription = "12"
"""


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@dataclass
class Household:
    """A ledger with a cost recomputer, run in steps as by the recorder's loop."""

    folder: Path
    ledger: Ledger
    reader: LedgerReader
    recomputer: CostRecomputer
    now_ms: int = ms("2025-12-01T12:00+01:00")
    seq: int = 0

    def contract(self, power: int = 6, start: str = "2025-01-01") -> None:
        (self.folder / "contracts.toml").write_text(CONTRACT.format(power=power, start=start))

    def own_tariff(self, *versions: tuple[str, str, str]) -> None:
        text = "".join(VERSION.format(start=start, hc=hc, hp=hp) for start, hc, hp in versions)
        (self.folder / "tariffs").mkdir(exist_ok=True)
        (self.folder / "tariffs" / "own.toml").write_text(TARIFF.format(versions=text))
        (self.folder / "contracts.toml").write_text('[[contract]]\ntariff = "own"\nfrom = 2020-01-01\n')

    def store(self, *frames: tuple[int, dict[str, int | str]], meter: str = METER) -> None:
        self.ledger.store(self.message(at_ms, values, meter) for at_ms, values in frames)

    def message(self, at_ms: int, values: dict[str, int | str], meter: str = METER) -> Message:
        self.seq += 1
        return message(frame(self.seq, at_ms, values, meter=meter), arrived_ms=self.now_ms)

    def recompute(self) -> int:
        """Run a round to its end; return the number of computed days."""
        before = self.recomputer.counts.computed
        self.recomputer.begin()
        while self.recomputer.step(lambda: self.now_ms):
            pass
        return self.recomputer.counts.computed - before

    @property
    def site(self) -> Site:
        (site,) = self.reader.sites()
        return site

    def stored(self) -> dict[date, list[CostRow]]:
        return {
            each.day: from_day(self.site.id, each) for each in self.reader.cost_days(self.site.id, LONG_AGO, FAR_AHEAD)
        }

    def from_scratch(self) -> dict[date, list[CostRow]]:
        assert self.recomputer.terms is not None
        when = days_with_frames(self.site, LONG_AGO, FAR_AHEAD, PARIS)
        return computed(self.reader, self.site, when, self.recomputer.terms, PARIS)

    def amounts(self, day: str) -> list[Decimal | None]:
        return [row.amount for row in self.stored()[d(day)]]


@contextmanager
def household(folder: Path) -> Iterator[Household]:
    path = folder / "ledger.sqlite"
    with Ledger.open(path) as ledger, LedgerReader.open(path) as reader:
        terms = WatchedTerms(folder / "contracts.toml", folder / "tariffs", PARIS)
        yield Household(folder, ledger, reader, CostRecomputer(ledger, reader, terms, PARIS))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    with household(tmp_path) as made:
        made.contract()
        yield made


def hours(first: str, last: str, *, start: int = 0) -> list[tuple[int, dict[str, int | str]]]:
    """A frame an hour, in which 100 Wh are counted off-peak and 200 Wh on peak."""
    begin = ms(first)
    return [
        (
            begin + n * HOUR_MS,
            {"EASF01": start + 100 * n, "EASF02": start + 200 * n, "NGTF": "H PLEINE/CREUSE", "NTARF": "01"},
        )
        for n in range((ms(last) - begin) // HOUR_MS + 1)
    ]


def test_a_round_computes_each_day_with_frames_once_and_the_next_one_nothing(home: Household) -> None:
    home.store(*hours("2025-07-30T00:00+02:00", "2025-08-02T12:00+02:00"))
    assert home.recompute() == 4
    assert list(home.stored()) == days("2025-07-30", "2025-08-02")
    assert home.stored() == home.from_scratch()
    assert home.recompute() == 0


def test_a_query_reads_stored_cost_except_of_invalidated_days(home: Household) -> None:
    home.store(*hours("2025-07-30T00:00+02:00", "2025-08-02T12:00+02:00"))
    home.recompute()
    with closing(sqlite3.connect(home.folder / "ledger.sqlite")) as connection, connection:
        connection.execute("UPDATE cost SET amount = '77.77' WHERE amount IS NOT NULL")
    assert home.recomputer.terms is not None
    queried = cost_of(home.reader, SiteDays(home.site, d("2025-07-30"), d("2025-08-03"), PARIS), home.recomputer.terms)
    assert {row.amount for row in queried} == {Decimal("77.77")}
    # A day invalidated since is computed, whatever is stored.
    home.store(*hours("2025-08-02T13:00+02:00", "2025-08-02T14:00+02:00", start=30_000))
    queried = cost_of(home.reader, SiteDays(home.site, d("2025-07-30"), d("2025-08-03"), PARIS), home.recomputer.terms)
    assert {row.day for row in queried if row.amount == Decimal("77.77")} == set(days("2025-07-30", "2025-08-01"))


def test_cost_stored_under_another_contract_is_not_used(home: Household) -> None:
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T12:00+02:00"))
    home.recompute()
    home.contract(power=9)
    terms = WatchedTerms(home.folder / "contracts.toml", home.folder / "tariffs", PARIS)
    terms.look([home.site])
    assert terms.terms is not None
    queried = cost_of(home.reader, SiteDays(home.site, d("2025-07-30"), d("2025-08-01"), PARIS), terms.terms)
    assert {row.power_kva for row in queried} == {9}


def test_the_newest_days_of_all_sites_are_computed_first(home: Household) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"))
    listed = (home.folder / "contracts.toml").read_text()
    (home.folder / "contracts.toml").write_text("".join(f'{listed}site = "{site}"\n' for site in ("111", "222")))
    home.store(*hours("2025-07-10T00:00+02:00", "2025-07-31T12:00+02:00"), meter="111")
    home.store(*hours("2025-07-20T00:00+02:00", "2025-07-21T12:00+02:00"), meter="222")
    home.recomputer.begin()
    home.recomputer.step(lambda: home.now_ms)
    assert max(home.reader.cost_keys("111")) == d("2025-07-31")
    assert home.reader.cost_keys("222") == {}


@pytest.mark.parametrize(
    ("moment", "invalidated"),
    [
        ("2025-07-31T12:30+02:00", ["2025-07-31"]),
        # The day's first value was the one an hour before.
        ("2025-07-30T23:50+02:00", ["2025-07-30", "2025-07-31"]),
        ("2025-08-02T12:00+02:00", ["2025-08-02"]),
    ],
)
def test_a_late_frame_invalidates_the_days_between_its_neighbours(
    home: Household, moment: str, invalidated: list[str]
) -> None:
    frames = hours("2025-07-30T00:00+02:00", "2025-08-02T12:00+02:00")
    home.store(*frames)
    home.recompute()
    before = home.stored()
    near = [values for at_ms, values in frames if at_ms <= ms(moment)][-1]
    home.store((ms(moment), near | {"EASF01": int(near["EASF01"]) + 40}))
    assert home.recompute() == len(invalidated)
    changed = [day for day in home.stored() if home.stored()[day] != before[day]]
    assert set(changed) <= {d(each) for each in invalidated}
    assert home.stored() == home.from_scratch()


def test_a_late_frame_in_a_gap_recomputes_the_whole_gap(home: Household) -> None:
    home.store((ms("2025-07-29T12:00+02:00"), {"EASF01": 0, "EASF02": 0, "NGTF": "H PLEINE/CREUSE"}))
    home.store((ms("2025-08-03T12:00+02:00"), {"EASF01": 12_000, "EASF02": 0, "NGTF": "H PLEINE/CREUSE"}))
    assert home.recompute() == 6
    home.store((ms("2025-08-01T12:00+02:00"), {"EASF01": 1000, "EASF02": 0, "NGTF": "H PLEINE/CREUSE"}))
    assert home.recompute() == 6
    assert home.stored() == home.from_scratch()


def test_an_unmetered_gap_is_missing_also_on_the_days_before_its_end(home: Household) -> None:
    home.store((ms("2025-07-29T12:00+02:00"), {"HCHC": 0, "HCHP": 0}), (ms("2025-07-30T12:00+02:00"), {"HCHC": 9}))
    home.recompute()
    assert [row.period for row in home.stored()[d("2025-07-30")]] == ["HC", "HP", None]
    home.store(*hours("2025-08-01T12:00+02:00", "2025-08-01T15:00+02:00"))
    assert home.recompute() == 4
    assert [row.period for row in home.stored()[d("2025-07-30")]] == ["HC", "HP", UNMETERED, None]
    assert home.stored() == home.from_scratch()
    assert home.recompute() == 0
    # A late frame that makes it shorter: the reason has both of its ends on all its days.
    home.store((ms("2025-07-30T18:00+02:00"), {"HCHC": 10}))
    home.recompute()
    assert any(
        "from 2025-07-30 18:00 to 2025-08-01 12:00" in (words(row.reason) or "")
        for row in home.stored()[d("2025-08-01")]
    )
    assert home.stored() == home.from_scratch()


def test_a_returning_register_invalidates_all_days_since_it_was_last_seen(home: Household) -> None:
    # Standard, then historique for two days, then standard again: EASF01 rose meanwhile, which no frame shows.
    home.store((ms("2025-07-29T12:00+02:00"), {"EASF01": 1000, "NGTF": "H PLEINE/CREUSE"}))
    home.store((ms("2025-07-30T12:00+02:00"), {"HCHC": 1100}), (ms("2025-07-31T12:00+02:00"), {"HCHC": 1200}))
    home.recompute()
    home.store((ms("2025-08-01T12:00+02:00"), {"EASF01": 1300, "NGTF": "H PLEINE/CREUSE"}))
    assert home.recompute() == 4
    assert home.stored() == home.from_scratch()
    # Late frames of either kind, between frames of the other.
    home.store((ms("2025-07-30T18:00+02:00"), {"EASF01": 1150}))
    assert home.recompute() == 4
    assert home.stored() == home.from_scratch()


def test_a_late_string_that_names_periods_invalidates_all_days_that_it_names(home: Household) -> None:
    for n, values in enumerate(values for _, values in hours("2025-07-30T00:00+02:00", "2025-08-02T12:00+02:00")):
        home.store((ms("2025-07-30T00:00+02:00") + n * HOUR_MS, {k: v for k, v in values.items() if k != "NGTF"}))
    home.recompute()
    assert "unknown" in {row.quality for row in home.stored()[d("2025-08-01")]}
    home.store((ms("2025-07-30T00:30+02:00"), {"NGTF": "H PLEINE/CREUSE"}))
    assert home.recompute() == 4
    assert None not in home.amounts("2025-08-01")
    assert home.stored() == home.from_scratch()


@pytest.mark.parametrize("serials", [("aaaaaaaa", "bbbbbbbb"), ("bbbbbbbb", "aaaaaaaa")])
def test_a_late_option_of_a_former_meter_invalidates_the_days_of_its_successor(
    home: Household, serials: tuple[str, str]
) -> None:
    def store(at: str, serial: str, **values: int | str) -> None:
        home.seq += 1
        home.ledger.store([message(frame(home.seq, ms(at), values, serial=serial), arrived_ms=home.now_ms)])

    former, successor = serials
    store("2025-07-30T10:00+02:00", former, EASF01=0, EASF02=0)
    store("2025-07-30T12:00+02:00", former, EASF01=100, EASF02=100)
    for n in range(5):
        store(f"2025-07-{30 + n // 3}T{13 + n}:00+02:00", successor, EASF01=100 * n, EASF02=100 * n)
    home.recompute()
    assert None in home.amounts("2025-07-31")
    store("2025-07-30T11:00+02:00", former, EASF01=50, EASF02=50, NGTF="H PLEINE/CREUSE")
    assert home.recompute() == 2
    assert None not in home.amounts("2025-07-31")
    assert home.stored() == home.from_scratch()


def test_a_version_in_the_past_recomputes_its_days_and_no_others(home: Household) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"), ("2025-08-01", "0.30", "0.40"))
    home.store(*hours("2025-06-28T00:00+02:00", "2025-08-10T23:00+02:00"))
    assert home.recompute() == 44
    before = home.amounts("2025-07-20")
    home.now_ms += HOUR_MS
    home.own_tariff(("2025-01-01", "0.10", "0.20"), ("2025-07-15", "0.15", "0.25"), ("2025-08-01", "0.30", "0.40"))
    assert home.recompute() == 17
    assert (before, home.amounts("2025-07-20")) == (
        [Decimal("0.24"), Decimal("0.96"), Decimal(12) / 31],
        [Decimal("0.36"), Decimal("1.20"), Decimal(12) / 31],
    )
    assert home.stored() == home.from_scratch()
    replaced = home.reader.cost_days(home.site.id, LONG_AGO, FAR_AHEAD, replaced=True)
    assert [each.day for each in replaced] == days("2025-07-15", "2025-07-31")
    # The old figure is still explained: by the former version, from the registers.
    (old,) = (each for each in replaced if each.day == d("2025-07-20"))
    first = from_day(home.site.id, old)[0]
    assert first.version is not None
    assert (first.version.id, first.amount) == ("own 2025-01-01", Decimal("0.24"))
    assert [(part.register, part.last_value - part.first_value) for part in first.parts] == [("EASF01", 2400)]


def test_a_removed_version_leaves_unknown_cost_with_its_reason(home: Household) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"), ("2025-08-01", "0.30", "0.40"))
    home.store(*hours("2025-07-28T00:00+02:00", "2025-08-03T23:00+02:00"))
    home.recompute()
    home.own_tariff(("2025-08-01", "0.30", "0.40"))
    assert home.recompute() == 4
    assert home.amounts("2025-07-30") == [None, None, None]
    assert {words(row.reason) for row in home.stored()[d("2025-07-30")]} == {"own has no version"}
    assert None not in home.amounts("2025-08-02")


def test_a_changed_contract_recomputes_the_days_that_it_changes(home: Household) -> None:
    home.store(*hours("2025-07-30T00:00+02:00", "2025-08-02T12:00+02:00"))
    home.recompute()
    home.contract(power=9)
    assert home.recompute() == 4
    subscription = home.stored()[d("2025-07-31")][-1]
    assert (subscription.power_kva, subscription.period) == (9, None)
    assert home.stored() == home.from_scratch()


def test_cost_of_an_unfinished_day_is_not_archived(home: Household) -> None:
    home.store(*hours("2025-11-30T00:00+01:00", "2025-11-30T20:00+01:00"))
    home.now_ms = ms("2025-11-30T20:00+01:00")
    home.recompute()
    before = home.stored()
    home.now_ms = ms("2025-11-30T23:30+01:00")
    home.store(*hours("2025-11-30T21:00+01:00", "2025-11-30T23:00+01:00", start=9000))
    assert home.recompute() == 1
    assert home.stored() != before
    assert home.reader.cost_days(home.site.id, LONG_AGO, FAR_AHEAD, replaced=True) == []


def test_the_newest_eight_replaced_figures_are_retained(home: Household) -> None:
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-30T23:00+02:00"))
    for n in range(12):
        home.own_tariff(("2025-01-01", f"0.{n + 10}", "0.20"))
        assert home.recompute() == 1
        home.now_ms += HOUR_MS
    replaced = home.reader.cost_days(home.site.id, LONG_AGO, FAR_AHEAD, replaced=True)
    assert [each.entries[0].line.price for each in replaced] == [f"0.{n + 10}" for n in range(3, 11)]
    assert integrity(home.folder / "ledger.sqlite") == []


def test_figures_replaced_within_seconds_during_a_backlog_are_not_archived(home: Household) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"))
    frames = hours("2025-07-30T00:00+02:00", "2025-07-30T23:00+02:00")
    home.store(*frames[:2])
    home.recompute()
    home.now_ms += HOUR_MS // 2
    home.store((frames[0][0] + 1, frames[0][1]))  # the same figures, which stay valid
    assert home.recompute() == 1
    home.now_ms += HOUR_MS // 2
    shown = home.stored()[d("2025-07-30")]
    until_ms = home.now_ms
    for each in frames[2:]:
        home.store(each)
        home.recompute()
        home.now_ms += 15_000
    (replaced,) = home.reader.cost_days(home.site.id, LONG_AGO, FAR_AHEAD, replaced=True)
    assert (from_day(home.site.id, replaced), replaced.replaced_ms) == (shown, until_ms)


def test_a_reworded_source_replaces_no_figure(home: Household) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"))
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T23:00+02:00"))
    home.recompute()
    file = home.folder / "tariffs" / "own.toml"
    file.write_text(file.read_text().replace("a letter", "a longer letter"))
    assert home.recompute() == 0
    assert home.reader.cost_days(home.site.id, LONG_AGO, FAR_AHEAD, replaced=True) == []


@pytest.mark.parametrize("tariff", ["own", "spot"])
def test_stored_cost_shows_the_source_and_confidence_that_the_tariff_has_now(home: Household, tariff: str) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"))
    (home.folder / "tariffs" / "spot.csv").write_text("start,price\n2025-07-30T00:00+02:00,0.1\n")
    (home.folder / "tariffs" / "spot.toml").write_text(SPOT)
    (home.folder / "contracts.toml").write_text(f'[[contract]]\ntariff = "{tariff}"\nfrom = 2020-01-01\n')
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T23:00+02:00"))
    home.recompute()
    file = home.folder / "tariffs" / f"{tariff}.toml"
    file.write_text(file.read_text().replace("a letter", "a decree").replace('"own"\nenergy', '"official"\nenergy'))
    assert home.recompute() == 0
    assert home.recomputer.terms is not None
    queried = cost_of(home.reader, SiteDays(home.site, d("2025-07-30"), d("2025-08-01"), PARIS), home.recomputer.terms)
    assert {row.version and row.version.source for row in queried} == {"a decree"}
    assert queried == [row for rows in home.from_scratch().values() for row in rows]


def test_while_a_tariff_is_broken_its_days_stay_as_they_are_and_new_ones_are_unknown(home: Household) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"))
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T20:00+02:00"))
    home.recompute()
    before = home.stored()
    file = home.folder / "tariffs" / "own.toml"
    right = file.read_text()
    file.write_text(right + "not = [toml")
    home.store(*hours("2025-07-31T21:00+02:00", "2025-08-01T01:00+02:00", start=20_000))
    assert home.recompute() == 1
    after = home.stored()
    assert {day: after[day] for day in before} == before
    assert {row.amount for row in after[d("2025-08-01")]} == {None}
    assert "own.toml, line 16, cannot be used" in str(words(after[d("2025-08-01")][0].reason))
    terms = home.recomputer.terms
    assert terms is not None
    queried = cost_of(home.reader, SiteDays(home.site, d("2025-07-30"), d("2025-08-02"), PARIS), terms)
    assert {row.amount for row in queried} == {None}
    file.write_text(right)
    assert home.recompute() == 2
    assert home.recomputer.problem is None
    assert home.stored() == home.from_scratch()


@pytest.mark.parametrize("broken", ["contracts.toml"])
def test_while_contracts_are_invalid_nothing_is_recomputed_and_nothing_is_lost(home: Household, broken: str) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"))
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T20:00+02:00"))
    home.recompute()
    before = home.stored()
    right = (home.folder / broken).read_text()
    (home.folder / broken).write_text("not = [toml")
    home.store(*hours("2025-07-31T21:00+02:00", "2025-08-01T01:00+02:00", start=20_000))
    assert home.recompute() == 0
    assert home.stored() == before
    assert home.recomputer.problem is not None
    assert broken in str(home.recomputer.problem)
    (home.folder / broken).write_text(right)
    assert home.recompute() == 2
    assert home.recomputer.problem is None
    assert home.stored() == home.from_scratch()


@pytest.mark.parametrize("contract", ["edf-bleu-hphc", "edf-bleu-base", None])
def test_energy_beyond_any_meters_range_is_unknown_and_stops_nothing(home: Household, contract: str | None) -> None:
    text = CONTRACT.format(power=6, start="2025-01-01").replace("edf-bleu-hphc", contract or "")
    (home.folder / "contracts.toml").write_text(text if contract else "")
    begin, most = ms("2025-07-30T01:00+02:00"), 92 * 10**17
    full: dict[str, int | str] = {"EASF01": most, "EASF02": most, "NGTF": "H PLEINE/CREUSE"}
    empty: dict[str, int | str] = {"EASF01": 0, "EASF02": 0, "NGTF": "H PLEINE/CREUSE"}
    # A register that falls counts from_scratch, so that one alone may count too much.
    for n, values in enumerate([empty, full, empty, full]):
        home.store((begin + n * HOUR_MS, values))
    assert home.recompute() == 1
    rows = home.stored()[d("2025-07-30")]
    assert {row.quality for row in rows if row.period} <= {"unknown"}
    assert None in {row.amount for row in rows}
    if contract:
        assert "EASF01" in str(words(rows[0].reason))
        assert "counted more than any meter can" in str(words(rows[0].reason))
    assert home.stored() == home.from_scratch()


def test_a_site_that_joins_another_is_computed_with_it(home: Household) -> None:
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T12:00+02:00"), meter="111")
    home.recompute()
    home.store(*hours("2025-07-31T13:00+02:00", "2025-08-01T12:00+02:00"), meter="222")
    home.recompute()
    assert home.recomputer.problem is not None  # two sites, and the contract names none
    home.ledger.join_sites("222", "111")
    assert home.recompute() == 3
    assert home.site.id == "111"
    assert home.stored() == home.from_scratch()
    assert integrity(home.folder / "ledger.sqlite") == []


@pytest.mark.parametrize(("ends", "stays"), [("222", "111"), ("111", "222")])
def test_a_site_may_join_another_while_a_round_goes_on(home: Household, ends: str, stays: str) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"))
    listed = (home.folder / "contracts.toml").read_text()
    one_each = "".join(f'{listed}site = "{site}"\n' for site in ("111", "222"))
    (home.folder / "contracts.toml").write_text(one_each)
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T12:00+02:00"), meter="111")
    home.store(*hours("2025-07-31T13:00+02:00", "2025-08-01T12:00+02:00"), meter="222")
    home.recomputer.begin()
    join_sites(home.folder / "ledger.sqlite", ends, stays)
    while home.recomputer.step(lambda: home.now_ms):
        pass
    home.recompute()
    assert home.site.id == stays
    assert list(home.stored()) == days("2025-07-30", "2025-08-01")
    assert home.stored() == home.from_scratch()
    assert integrity(home.folder / "ledger.sqlite") == []


def test_days_of_a_site_whose_meters_changed_meanwhile_are_not_stored(home: Household) -> None:
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T12:00+02:00"), meter="111")
    home.recompute()
    (before,) = home.reader.sites()
    stored = home.reader.cost_days("111", LONG_AGO, FAR_AHEAD)
    home.store(*hours("2025-07-31T13:00+02:00", "2025-08-01T12:00+02:00"), meter="222")
    home.ledger.join_sites("222", "111")
    invalidated = [home.reader.invalidated(meter.id) for meter in home.site.meters]
    assert home.ledger.store_cost(before, stored) is None
    assert [home.reader.invalidated(meter.id) for meter in home.site.meters] == invalidated


def test_no_cost_is_left_of_a_site_that_has_joined_another(home: Household) -> None:
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T12:00+02:00"), meter="111")
    home.recompute()
    home.store(*hours("2025-07-31T13:00+02:00", "2025-08-01T12:00+02:00"), meter="222")
    home.ledger.join_sites("111", "222")
    with closing(sqlite3.connect(home.folder / "ledger.sqlite")) as connection:
        left = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("cost", "cost_day")]  # noqa: S608
    assert left == [(0,), (0,)]


GAP = ("2025-11-02T12:00+01:00", "2025-11-10T12:00+01:00")
WIDENED: dict[str, list[tuple[str, dict[str, int | str], str | None]]] = {
    "a meter that is exchanged, seen by its serial": [
        (GAP[0], {"EAST": 1}, "aaaaaaaa"),
        (GAP[1], {"EAST": 1}, "bbbbbbbb"),
    ],
    "late frames of the mode before": [(GAP[1], {"EAST": 1}, None), (GAP[0], {"BASE": 1}, None)],
    "a late frame without registers": [(GAP[1], {"EAST": 1}, None), (GAP[0], {"SINSTS": 1}, None)],
}


@pytest.mark.parametrize("frames", WIDENED.values(), ids=WIDENED.keys())
def test_the_days_of_a_gap_have_cost_whatever_its_cause(
    home: Household, frames: list[tuple[str, dict[str, int | str], str | None]]
) -> None:
    for at, values, serial in frames:
        home.seq += 1
        home.ledger.store([message(frame(home.seq, ms(at), values, serial=serial), arrived_ms=home.now_ms)])
        home.recompute()
    assert list(home.stored()) == days("2025-11-02", "2025-11-10")
    assert home.stored() == home.from_scratch()
    assert home.recompute() == 0


def test_a_changed_time_zone_leaves_no_day_of_the_former_one(home: Household) -> None:
    # The 31st has begun in Paris only, and the 29th had not ended in New York.
    home.store(*hours("2025-07-30T01:00+02:00", "2025-07-31T01:00+02:00"))
    assert home.recompute() == 2
    terms = WatchedTerms(home.folder / "contracts.toml", home.folder / "tariffs", PARIS)
    home.recomputer = CostRecomputer(home.ledger, home.reader, terms, zone("America/New_York"))
    assert home.recompute() == 2
    assert list(home.stored()) == days("2025-07-29", "2025-07-30")
    assert integrity(home.folder / "ledger.sqlite") == []


def test_days_on_a_price_series_are_computed_a_few_at_a_time(home: Household) -> None:
    (home.folder / "tariffs").mkdir()
    series = "".join(
        f"{day}T{hour:02}:00+02:00,0.1\n" for day in days("2025-07-26", "2025-07-31") for hour in range(24)
    )
    (home.folder / "tariffs" / "spot.csv").write_text(f"start,price\n{series}")
    (home.folder / "tariffs" / "spot.toml").write_text(SPOT)
    (home.folder / "contracts.toml").write_text('[[contract]]\ntariff = "spot"\nfrom = 2025-07-26\n')
    home.store(*hours("2025-07-22T00:00+02:00", "2025-07-30T12:00+02:00"))
    home.recomputer.begin()
    left = [home.recomputer.left]
    while home.recomputer.step(lambda: home.now_ms):
        left.append(home.recomputer.left)
    assert left == [9, 7, 5, 3, 0]
    assert None not in home.amounts("2025-07-29")
    assert home.stored() == home.from_scratch()


def test_a_crash_between_frames_and_cost_forgets_no_day(home: Household) -> None:
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T12:00+02:00"))
    home.ledger.close()
    with household(home.folder) as later:
        assert later.recompute() == 2
        assert later.stored() == later.from_scratch()


def test_the_command_shows_former_figures(
    home: Household, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"))
    home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T23:00+02:00"))
    home.recompute()
    home.own_tariff(("2025-01-01", "0.10", "0.20"), ("2025-07-31", "0.15", "0.20"))
    home.now_ms += HOUR_MS
    home.recompute()
    monkeypatch.setenv("TICTALLY_LEDGER", str(home.folder / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    command = ["cost", "--from", "2025-07-30", "--to", "2025-08-01", "--explain"]
    assert main(command) == 0
    output = capsys.readouterr().out
    # Up to the last frame at 23:00, 2.3 kWh at 0.10 and 4.6 kWh at 0.20, and a day of 12.00 a month
    assert "2025-07-31 was 1.54 EUR until 2025-12-01 13:00+01:00, by own 2025-01-01" in output
    assert "2025-07-30 was" not in output
    assert main([*command, "--json"]) == 0
    lines = [each for each in json.loads(capsys.readouterr().out) if each["kind"] == "total"]
    assert [len(each["before"]) for each in lines] == [0, 1]
    assert lines[1]["before"][0]["rounded"] == "1.54"


def test_after_an_edit_of_a_version_both_figures_name_hash_source_and_confidence(
    home: Household, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.own_tariff(("2025-01-01", "0.10", "0.20"))
    home.store(*hours("2025-07-31T00:00+02:00", "2025-07-31T23:00+02:00"))
    home.recompute()
    file = home.folder / "tariffs" / "own.toml"
    file.write_text(
        file.read_text()
        .replace('"0.10"', '"0.15"')
        .replace("a letter", "a decree")
        .replace('"own"\nenergy', '"official"\nenergy')
    )
    home.now_ms += HOUR_MS
    home.recompute()
    monkeypatch.setenv("TICTALLY_LEDGER", str(home.folder / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    command = ["cost", "--from", "2025-07-31", "--to", "2025-08-01", "--explain"]
    assert main([*command, "--json"]) == 0
    line, *_, total = json.loads(capsys.readouterr().out)
    (former,) = total["before"][0]["sources"]
    assert (line["version"], line["explain"]["source"], line["explain"]["confidence"]) == (
        "own 2025-01-01",
        "a decree",
        "official",
    )
    assert (former["version"], former["source"], former["confidence"]) == ("own 2025-01-01", "a letter", "own")
    assert former["hash"] != line["hash"]
    assert main(command) == 0
    output = capsys.readouterr().out
    assert f"by own 2025-01-01, hash {former['hash']} (own: a letter)" in output
    assert f"by own 2025-01-01, hash {line['hash']}; official: a decree" in output


ROUNDS = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 4 * 96),
            st.sampled_from(["EASF", "HC", "EAST"]),
            st.sampled_from(["", "H PLEINE/CREUSE", "BASE", "own"]),
        ),
        min_size=1,
        max_size=6,
    ),
    min_size=1,
    max_size=4,
)


@given(rounds=ROUNDS, seed=st.integers(0, 9))
@example(rounds=[[(192, "EASF", "")], [(0, "HC", "")]], seed=0)
@example(
    rounds=[
        [(0, "EASF", ""), (280, "HC", ""), (334, "EASF", ""), (110, "EASF", "H PLEINE/CREUSE"), (246, "EASF", "BASE")],
        [(0, "EASF", "")],
    ],
    seed=0,
)
@settings(max_examples=60)
def test_stored_cost_equals_computed_cost_whatever_the_order_of_frames(
    rounds: Sequence[Sequence[tuple[int, str, str]]], seed: int
) -> None:
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name, household(Path(name)) as home:
        home.contract()
        for each in rounds:
            for quarter, kind, ngtf in each:
                at_ms = ms("2025-07-30T00:00+02:00") + quarter * QUARTER_MS + rng.choice([0, 1, QUARTER_MS - 1])
                values: dict[str, int | str] = {
                    "EASF": {"EASF01": 7 * quarter, "EASF02": 90_000 + 3 * quarter, "NTARF": "02", "LTARF": "HP"},
                    "HC": {"HCHC": 7 * quarter, "HCHP": 90_000},
                    "EAST": {"EAST": 90_000 + 10 * quarter},
                }[kind]  # type: ignore[assignment]
                home.store((at_ms, values | ({"NGTF": ngtf} if ngtf else {})))
            home.recompute()
            assert home.stored() == home.from_scratch()


def test_frames_in_the_ledger_of_an_older_version_are_computed_after_the_update(tmp_path: Path) -> None:
    with household(tmp_path) as home:
        home.contract()
        home.store(*hours("2025-07-30T00:00+02:00", "2025-07-31T12:00+02:00"))
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection, connection:
        connection.execute("DELETE FROM invalidated")
    with household(tmp_path) as home:
        assert home.recompute() == 2
