"""The meter chosen on the command line: a recording, or a simulated meter with or without history."""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from demo.past import Home, Past, write_ledger
from demo.stage import NAME, SUBSCRIBED_KVA
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_shared.labels import Mode

_ZONE: Final = ZoneInfo("Europe/Paris")
_MONTHS_BEFORE: Final = 13


@dataclass(frozen=True, slots=True)
class MeterChoice:
    """A meter, as chosen.

    Attributes:
        arguments: of `tictally-edge simulate`.
        words: the same for people.
        tariff: the bundled tariff of its option, or None if that is unknown.
        past: its past, or None.
    """

    arguments: list[str]
    words: str
    tariff: str | None
    past: Past | None

    def write_past(self, ledger: Path) -> None:
        """Write the ledger that the recorder finds, where there is a past."""
        if self.past is not None:
            write_ledger(ledger, self.past)


def choose_meter(args: argparse.Namespace, now: datetime) -> MeterChoice:
    """Return the chosen meter.

    Args:
        args: the command line.
        now: aware.
    """
    if args.capture is not None:
        return MeterChoice(["--capture", str(args.capture.resolve())], f"recording {args.capture.name}", None, None)
    contract = SimulatedContract(args.contract or SimulatedContract.TEMPO)
    home = Home(contract, Mode(args.mode or Mode.STANDARD), int(args.phases or 1), SUBSCRIBED_KVA)
    words = f"simulated, {home.contract}, {home.phases}-phase"
    since = now if args.new else _begin_of_past(now)
    past = None if args.new else Past(home, NAME, since, now, _ZONE)
    return MeterChoice(home.arguments(since), words, f"edf-bleu-{contract}", past)


def _begin_of_past(now: datetime) -> datetime:
    """The first of a month, so that this month and last year's are complete."""
    here = now.astimezone(_ZONE)
    months = here.year * 12 + here.month - 1 - _MONTHS_BEFORE
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=_ZONE).astimezone(UTC)
