"""How long cost takes over seven years: all of it anew, one late frame, an answer from what is kept, a comparison."""

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from ledger_building import frame, message
from years_building import START, build

from tictally_recorder.cost.compare import Assumed, Offer, offers
from tictally_recorder.cost.compare.query import comparison_of
from tictally_recorder.cost.model import Use
from tictally_recorder.cost.query import SiteDays, computed, cost_of, days_with_frames
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms import LoadedTerms, load_terms
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.energy.register_totals import direction_of
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.tariffs.template_files import with_templates
from tictally_shared.calendar import QUARTER_MS, By, days_between, zone
from tictally_shared.labels import LABELS

PARIS: Final = zone("Europe/Paris")
_CONTRACT: Final = '[[contract]]\ntariff = "edf-bleu-hphc"\npower = 6\nfrom = 2016-08-01\n'
_CONSUMPTION: Final = {register for register in LABELS if direction_of(register) is Direction.CONSUMPTION}
_EVER: Final = date(1990, 1, 1), date(2100, 1, 1)


def main(*, short: bool) -> dict[str, float | int | str]:
    """Seconds of a full recompute, milliseconds after one late frame, and the ratios to what is read and written."""
    days = 60 if short else 7 * 365 + 2
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        path = Path(name) / "ledger.sqlite"
        build(path, days)
        quarters_bytes = path.stat().st_size
        (path.parent / "contracts.toml").write_text(_CONTRACT)
        ledger = stack.enter_context(Ledger.open(path))
        reader = stack.enter_context(LedgerReader.open(path))
        keeper = CostRecomputer(
            ledger, reader, WatchedTerms(path.parent / "contracts.toml", path.parent / "tariffs", PARIS), PARIS
        )
        full_s, longest_s = _round(keeper)
        kept = keeper.counts.computed
        late = [_late(ledger, reader, keeper, days, n) for n in range(1, 1 + (3 if short else 20))]
        (site,) = reader.sites()
        assert keeper.terms is not None
        terms, when = keeper.terms, days_with_frames(site, *_EVER, PARIS)
        answer_s = _seconds(lambda: len(cost_of(reader, SiteDays(site, *_EVER, PARIS), terms)))
        anew_s = _seconds(lambda: len(computed(reader, site, when, terms, PARIS)))
        newest_s = min(_seconds(lambda: len(computed(reader, site, when[-1:], terms, PARIS))) for _ in range(10))
        paid = load_terms(path.parent / "contracts.toml", path.parent / "tariffs", reader.sites(), PARIS)
        year, ever = (SiteDays(site, each[0], when[-1] + timedelta(days=1), PARIS) for each in (when[-365:], when))
        by_rows_s = _cpu_seconds(lambda: len(_compared_by_rows(reader, year, paid)))
        compared_s = _seconds(lambda: len(comparison_of(reader, year, paid, Assumed()).offers))
        compared_cpu_s = _cpu_seconds(lambda: len(comparison_of(reader, year, paid, Assumed()).offers))
        compared_ever_s = _seconds(lambda: len(comparison_of(reader, ever, paid, Assumed()).offers))
        market = replace(paid, catalogue=with_templates(paid.catalogue))
        market_s = _seconds(lambda: len(comparison_of(reader, year, market, Assumed()).offers))
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cost_bytes = path.stat().st_size - quarters_bytes
    return {
        "days": kept,
        "full_recompute_s": round(full_s, 2),
        "longest_step_ms": round(longest_s * 1000, 1),
        "late_frame_ms": round(sorted(each[0] for each in late)[len(late) // 2] * 1000, 1),
        "late_frame_worst_ms": round(max(each[0] for each in late) * 1000, 1),
        "late_frame_days": max(each[1] for each in late),
        "newest_day_ms": round(newest_s * 1000, 1),
        "answer_from_kept_s": round(answer_s, 2),
        "answer_computed_s": round(anew_s, 2),
        "comparison_of_a_year_s": round(compared_s, 2),
        "comparison_of_all_days_s": round(compared_ever_s, 2),
        "comparison_of_a_year_with_market_offers_s": round(market_s, 2),
        "comparison_of_a_year_cpu_s": round(compared_cpu_s, 2),
        "comparison_of_a_year_by_rows_cpu_s": round(by_rows_s, 2),
        "by_rows_to_comparison": round(by_rows_s / compared_cpu_s, 1),
        "comparison_to_computed": round(compared_s / anew_s, 1),
        "computed_to_kept": round(anew_s / answer_s, 1),
        "recompute_to_computed": round(full_s / anew_s, 2),
        "cost_bytes_per_day": round(cost_bytes / kept),
    }


def _compared_by_rows(reader: LedgerReader, query: SiteDays, paid: LoadedTerms) -> tuple[Offer, ...]:
    """The offers of a comparison for which each quarter-hour has a row for each register, as all had once."""
    site, days = query.site, (query.start, query.end)
    rows = energy(reader, EnergyQuery.of_days(site.id, days, By.QUARTER, PARIS), all_registers=True, only=_CONSUMPTION)
    of_days = {
        day: paid.terms.contracts.on(site.id, Direction.CONSUMPTION, day)
        for day in days_between(query.start, query.end - timedelta(days=1))
    }
    assumed = Assumed(colours=paid.catalogue.tempo.colours, power_kva=6)
    return offers(Use(site.id, (), rows), of_days, paid.catalogue.tariffs.values(), assumed, PARIS).all


def _late(ledger: Ledger, reader: LedgerReader, keeper: CostRecomputer, days: int, n: int) -> tuple[float, int]:
    """Seconds from a frame of some day in between to its cost, and how many days were computed for it."""
    noon_ms = int((START + timedelta(days=days * n // 25, hours=12)).timestamp()) * 1000
    (quarter,) = reader.quarters(1, noon_ms, noon_ms + QUARTER_MS)
    values: dict[str, int | str] = {name: runs[0].first for name, runs in quarter.registers.items()}
    arrived_ms = int((START + timedelta(days=days)).timestamp()) * 1000
    before = keeper.counts.computed
    begin = time.perf_counter()
    ledger.store([message(frame(1_000_000 + n, quarter.first_ms + 1, values), arrived_ms=arrived_ms)])
    _round(keeper)
    return time.perf_counter() - begin, keeper.counts.computed - before


def _round(keeper: CostRecomputer) -> tuple[float, float]:
    """Seconds of a round, and of its longest step."""
    begin = here = time.perf_counter()
    longest = 0.0
    keeper.begin()
    while keeper.step(lambda: time.time_ns() // 1_000_000):
        longest, here = max(longest, time.perf_counter() - here), time.perf_counter()
    return time.perf_counter() - begin, longest


def _seconds(work: Callable[[], int]) -> float:
    begin = time.perf_counter()
    assert work()
    return time.perf_counter() - begin


def _cpu_seconds(work: Callable[[], int]) -> float:
    """Of this process alone: a ratio of two does not depend on what else the machine does."""
    begin = time.process_time()
    assert work()
    return time.process_time() - begin
