"""How long cost takes over seven years: all of it anew, one late frame, an answer from what is kept, comparisons."""

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import independent_comparison
from ledger_building import frame, message
from years_building import START, build

from tictally_recorder.__main__ import collect_rarely
from tictally_recorder.cost.compare import Assumed, Offer
from tictally_recorder.cost.compare.kept import ConsumptionKeeper
from tictally_recorder.cost.compare.query import comparison_of
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
    collect_rarely()  # as the program does
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
        market = replace(paid, catalogue=with_templates(paid.catalogue))
        asked = {"year": (year, paid), "all_days": (ever, paid), "year_with_offers": (year, market)}
        asked["all_days_with_offers"] = ever, market
        compared_s = _compared_cpu_s(reader, asked)
        keep_s = _cpu_seconds(lambda: _keep(ledger, reader))
        kept_s = _compared_cpu_s(reader, asked)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (kept_bytes,) = connection.execute("SELECT sum(length(packed)) FROM consumption_day").fetchone()
        cost_bytes = path.stat().st_size - quarters_bytes - kept_bytes
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
        **{f"comparison_of_{name}_cpu_s": round(seconds, 2) for name, seconds in compared_s.items()},
        **{f"kept_comparison_of_{name}_cpu_s": round(seconds, 2) for name, seconds in kept_s.items()},
        **{f"kept_{name}_ratio": round(compared_s[name] / kept_s[name], 1) for name in asked},
        "keep_for_comparisons_cpu_s": round(keep_s, 1),
        "kept_bytes_per_day": round(kept_bytes / kept),
        "comparison_of_a_year_by_rows_cpu_s": round(by_rows_s, 2),
        "by_rows_to_kept": round(by_rows_s / kept_s["year"], 1),
        "computed_to_kept": round(anew_s / answer_s, 1),
        "recompute_to_computed": round(full_s / anew_s, 2),
        "cost_bytes_per_day": round(cost_bytes / kept),
    }


def _compared_cpu_s(reader: LedgerReader, asked: Mapping[str, tuple[SiteDays, LoadedTerms]]) -> dict[str, float]:
    """CPU seconds of each comparison."""
    return {name: _cpu_seconds(partial(_offers, reader, query, paid)) for name, (query, paid) in asked.items()}


def _offers(reader: LedgerReader, query: SiteDays, paid: LoadedTerms) -> int:
    return len(comparison_of(reader, query, paid, Assumed()).offers)


def _compared_by_rows(reader: LedgerReader, query: SiteDays, paid: LoadedTerms) -> list[Offer]:
    """The offers of a comparison that looks at each quarter-hour of each day by itself, as all did once."""
    site, days = query.site, (query.start, query.end)
    rows = energy(reader, EnergyQuery.of_days(site.id, days, By.QUARTER, PARIS), all_registers=True, only=_CONSUMPTION)
    of_days = {
        day: paid.terms.contracts.on(site.id, Direction.CONSUMPTION, day)
        for day in days_between(query.start, query.end - timedelta(days=1))
    }
    assumed = Assumed(colours=paid.catalogue.tempo.colours, power_kva=6)
    return independent_comparison.offers(rows, of_days, paid.catalogue.tariffs.values(), assumed, PARIS)


def _keep(ledger: Ledger, reader: LedgerReader) -> int:
    """What the recorder keeps for comparisons in spare time; returns how many steps that takes."""
    keeper = ConsumptionKeeper(ledger, reader, PARIS)
    keeper.begin(time.time_ns() // 1_000_000)
    steps = 1
    while keeper.step():
        steps += 1
    return steps


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
