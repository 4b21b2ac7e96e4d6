"""Ledgers for tests of backups, and what two of them have in common."""

import random
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ledger_building import MINUTE_MS, NOON_MS, frame, message

from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_shared.calendar import zone

PARIS: Final = zone("Europe/Paris")
CONTRACT: Final = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2026-01-01\n'
# What a partial backup leaves out, in the state that the retention would leave.
LEFT_OUT: Final = frozenset({"frame", "dirty_quarter", "dead_letter"})


def build(path: Path, hours: int = 30, *, seed: int = 1) -> None:
    """A ledger of frames a minute apart with gaps, late ones, nonsense and cost; its contract lies beside it.

    Those of the same hours and seed are copies of one.
    """
    path.parent.mkdir(exist_ok=True)
    (path.parent / "contracts.toml").write_text(CONTRACT)
    path.write_bytes(_built(hours, seed))


@cache
def _built(hours: int, seed: int) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        (path.parent / "contracts.toml").write_text(CONTRACT)
        _build(path, hours, seed)
        assert not path.with_name("ledger.sqlite-wal").exists()
        return path.read_bytes()


def _build(path: Path, hours: int, seed: int) -> None:
    rng = random.Random(seed)
    seqs = [seq for seq in range(1, hours * 60) if not 300 <= seq < 400]
    late = rng.sample(seqs, 50)
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(seq, NOON_MS + seq * MINUTE_MS, values(seq))) for seq in seqs if seq not in late])
        ledger.store([message(b"no frame"), message(b"\xff")])
        while ledger.recompute_dirty(1000):
            pass
        with LedgerReader.open(path) as reader:
            terms = WatchedTerms(path.parent / "contracts.toml", path.parent / "tariffs", PARIS)
            keeper = CostRecomputer(ledger, reader, terms, PARIS)
            keeper.begin()
            while keeper.step(lambda: NOON_MS + 3 * 86_400_000):
                pass
        # Quarters invalidated by late frames and not recomputed yet.
        ledger.store([message(frame(seq, NOON_MS + seq * MINUTE_MS, values(seq))) for seq in late])
        ledger.put_value("filters", "tictally/edge/+/frame")


def values(seq: int) -> dict[str, int | str]:
    """Values of a meter that counts 10 Wh a minute."""
    period = "HEURE PLEINE" if seq // 120 % 2 else "HEURE CREUSE"
    return {
        "NGTF": "BASE",
        "LTARF": period,
        "EAST": 1_000_000 + 10 * seq,
        "EASF01": 1_000_000 + 10 * seq,
        "EASF02": 0,
        "SINSTS": 500 + seq * 37 % 400,
        "URMS1": 230 + seq % 5,
        "PREF": 6,
    }


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Table → all its rows, in order."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        select = 'SELECT * FROM "{}"'
        return {name: sorted(connection.execute(select.format(name)), key=repr) for (name,) in tables}


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
