"""What the demo's ledger says: frames kept, messages refused, and the energy of today."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.ledger import LedgerReader
from tictally_shared.calendar import By, period_start


@dataclass(frozen=True, slots=True)
class Kept:
    """The ledger's answer.

    Attributes:
        frames: frames in it.
        refused: messages set aside.
        today_wh: (register, period, Wh) of every register that counted something since local midnight.
    """

    frames: int = 0
    refused: int = 0
    today_wh: tuple[tuple[str, str | None, int], ...] = ()

    @property
    def consumption_wh(self) -> int:
        """Energy consumed today: the meter's own total where it has one, else the sum of its periods."""
        totals = [wh for register, _, wh in self.today_wh if register == "EAST"]
        return sum(totals) if totals else sum(wh for _, period, wh in self.today_wh if period)


def ask(ledger: Path, now: datetime, tz: ZoneInfo) -> Kept:
    """Ask a ledger, which its recorder may be writing.

    Args:
        ledger: its path.
        now: aware; today is its local day.
        tz: the zone of that day.

    Raises:
        LedgerError: it is no ledger, or not yet one.
    """
    with LedgerReader.open(ledger) as reader:
        counts = reader.counts()
        midnight = period_start(now, By.DAY, tz)
        rows = [
            row for site in reader.sites() for row in energy(reader, EnergyQuery(site.id, midnight, now, By.DAY, tz))
        ]
    return Kept(counts.frames, sum(counts.rejected.values()), tuple(_figure(row) for row in rows if _counts(row)))


def _counts(row: EnergyRow) -> bool:
    return row.unit == "Wh" and row.energy > 0


def _figure(row: EnergyRow) -> tuple[str, str | None, int]:
    return row.register, row.period, row.energy
