"""A household whose days differ by a rule that can be added up by hand: for the overview, in API and page."""

from datetime import datetime, timedelta
from pathlib import Path

from api_serving import METER, Served
from cost_building import PARIS

from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=PARIS)
CONTRACT = f'[[contract]]\nsite = "{METER}"\ntariff = "own"\npower = 6\nfrom = 2020-01-01\n'
TARIFF = """
id = "own"
supplier = "a cooperative"
currency = "EUR"
periods = ["BASE"]
names.en = "Own"
[[version]]
from = 2020-01-01
confidence = "own"
source = "my contract"
energy.BASE = { ttc = "0.2" }
subscription = "31"
"""


def wh_per_quarter(at: datetime) -> int:
    """100 on even days and 200 on odd ones in February, twice as much in March."""
    return 100 * (1 + at.day % 2) * (at.month - 1)


def stored() -> list[Frame]:
    """A frame each quarter-hour from 1 February on, today each half of one; with half a W for each VA."""
    found: list[Frame] = []
    register, at = 1_000_000, datetime(2026, 2, 1, tzinfo=PARIS)
    while at <= NOW:
        step = timedelta(minutes=7.5 if at.date() == NOW.date() else 15)
        values: dict[str, int | str] = {"EAST": register, "SINSTS": 8 * wh_per_quarter(at), "LTARF": "BASE", "PREF": 6}
        at_ms = int(at.timestamp() * 1000)
        found.append(Frame(METER, "cellar", "a1" * 8, len(found) + 1, at_ms, Mode.STANDARD, values))
        register += round(wh_per_quarter(at) * (step / timedelta(minutes=15)))
        at += step
    return found


def served_household(folder: Path) -> Served:
    """Its recorder, not yet entered."""
    (folder / "tariffs").mkdir()
    (folder / "tariffs" / "own.toml").write_text(TARIFF)
    return Served(folder, stored=stored(), now=NOW, contracts=CONTRACT)
