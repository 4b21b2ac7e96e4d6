"""What the command line chooses: a recording that is played, or a simulated meter and how much lies behind it."""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from demo.past import Home, Past, lay
from demo.stage import NAME, SUBSCRIBED_KVA
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_shared.labels import Mode

_ZONE: Final = ZoneInfo("Europe/Paris")
_MONTHS_BEFORE: Final = 13


@dataclass(frozen=True, slots=True)
class Chosen:
    """A meter.

    Attributes:
        arguments: of `tictally-edge simulate`.
        words: the same for a person.
        tariff: the shipped price list of its option, or None where that is not known.
        past: what lies behind it, or None.
    """

    arguments: list[str]
    words: str
    tariff: str | None
    past: Past | None

    def lay_past(self, ledger: Path) -> None:
        """Make the ledger that the recorder finds, where there is anything to be found."""
        if self.past is not None:
            lay(ledger, self.past)


def chosen(args: argparse.Namespace, now: datetime) -> Chosen:
    """The meter that is asked for.

    Args:
        args: of the command line.
        now: aware.
    """
    if args.capture is not None:
        return Chosen(["--capture", str(args.capture.resolve())], f"recording {args.capture.name}", None, None)
    contract = SimulatedContract(args.contract or SimulatedContract.TEMPO)
    home = Home(contract, Mode(args.mode or Mode.STANDARD), int(args.phases or 1), SUBSCRIBED_KVA)
    words = f"simulated, {home.contract}, {home.phases}-phase"
    since = now if args.new else _begin_of_past(now)
    past = None if args.new else Past(home, NAME, since, now, _ZONE)
    return Chosen(home.arguments(since), words, f"edf-bleu-{contract}", past)


def _begin_of_past(now: datetime) -> datetime:
    """The first of a month, so that this month and last year's stand whole beside one another."""
    here = now.astimezone(_ZONE)
    months = here.year * 12 + here.month - 1 - _MONTHS_BEFORE
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=_ZONE).astimezone(UTC)
