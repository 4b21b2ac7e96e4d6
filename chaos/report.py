"""The outcome as a table for people."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from chaos.run import Outcome

_SHOWN = 10


def show(outcome: Outcome, console: Console) -> None:
    """Print it, with the first ten differences."""
    faults = Table("fault", "times")
    for name, times in sorted(outcome.faults.items()):
        faults.add_row(name, str(times))
    faults.add_row("all", str(outcome.faults.total()), style="bold")
    console.print(faults)
    frames = Table("frames", *outcome.findings)
    found = list(outcome.findings.values())
    frames.add_row("sent", *(str(each.sent) for each in found))
    frames.add_row("  undamaged", *(str(each.undamaged) for each in found))
    frames.add_row("stored", *(str(each.stored) for each in found))
    frames.add_row("  of damaged frames, pieces of one counted each", *(str(each.parts) for each in found))
    reasons = sorted(sum((Counter(each.excepted) for each in found), Counter()))
    for reason in reasons:
        frames.add_row(f"excepted: {reason}", *(str(each.excepted.get(reason, 0)) for each in found))
    frames.add_row("values that waited for a second sighting", *(str(each.unconfirmed) for each in found))
    frames.add_row("differences", *(str(len(each.differences)) for each in found), style="bold")
    console.print(frames)
    for name, times in outcome.ended_by_itself.items():
        console.print(f"{name} ended by itself {times} times and was restarted")
    slowest = max(outcome.ended_s.items(), key=lambda each: each[1], default=None)
    if slowest is not None:
        console.print(f"every program ended on SIGTERM; {slowest[0]} took longest, {slowest[1]:.1f} s")
    for sentence in outcome.differences[:_SHOWN]:
        console.print(f"- {sentence}", markup=False, soft_wrap=True)
    if outcome.differences:
        console.print(f"NOT the same: {len(outcome.differences)} differences", style="bold red")
    else:
        console.print(
            f"the same: nothing lost, nothing invented; recovered {outcome.recovered_s:.0f} s after the last fault"
        )
