"""Totals of the demo's ledger: frames stored, messages rejected, and the energy of today."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.ledger import LedgerReader
from tictally_shared.calendar import By, period_start


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """Totals of a ledger.

    Attributes:
        frames: frames in it.
        rejected: messages rejected.
        today_wh: (register, period, Wh) of every register that counted something since local midnight.
    """

    frames: int = 0
    rejected: int = 0
    today_wh: tuple[tuple[str, str | None, int], ...] = ()

    @property
    def consumption_wh(self) -> int:
        """Energy consumed today: the meter's own total where it has one, else the sum of its periods."""
        totals = [wh for register, _, wh in self.today_wh if register == "EAST"]
        return sum(totals) if totals else sum(wh for _, period, wh in self.today_wh if period)


def read_totals(ledger: Path, now: datetime, tz: ZoneInfo) -> LedgerTotals:
    """Read the totals of a ledger, which its recorder may be writing.

    Args:
        ledger: its path.
        now: aware; today is its local day.
        tz: the zone of that day.

    Raises:
        LedgerError: it is not a ledger, or not yet.
    """
    with LedgerReader.open(ledger) as reader:
        counts = reader.counts()
        midnight = period_start(now, By.DAY, tz)
        rows = [
            row for site in reader.sites() for row in energy(reader, EnergyQuery(site.id, midnight, now, By.DAY, tz))
        ]
    return LedgerTotals(
        counts.frames, sum(counts.rejected.values()), tuple(_figure(row) for row in rows if _counts(row))
    )


def _counts(row: EnergyRow) -> bool:
    return row.unit == "Wh" and row.energy > 0


def _figure(row: EnergyRow) -> tuple[str, str | None, int]:
    return row.register, row.period, row.energy
