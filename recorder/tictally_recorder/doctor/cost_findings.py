"""What a doctor says of contracts and price lists. Pure."""

from collections.abc import Iterator

from tictally_recorder.doctor.facts import CostFacts, PaidFacts
from tictally_recorder.doctor.finding import Finding, Level


def cost_findings(cost: CostFacts) -> Iterator[Finding]:
    """All that is to be said."""
    if cost.problem is not None:
        advice = "mend the file; until then no cost is computed, and what is recorded is priced afterwards"
        yield Finding("cost", Level.TROUBLE, cost.problem, advice)
    for paid in cost.paid:
        yield from _of_site(paid)


def _of_site(paid: PaidFacts) -> Iterator[Finding]:
    about = f"cost of site {paid.site}"
    for sentence in paid.contradictions:
        advice = "correct the contract from the day on which it changed; `tictally cost` then tells the right figures"
        yield Finding(about, Level.TROUBLE, sentence, advice)
    if paid.version is None:
        yield Finding(about, Level.NOTE, f"it is unknown: {paid.reason}", "`tictally cost` prints what to write")
    elif paid.overdue_since is not None:
        sentence = f"it is provisional: a revision was due on {paid.overdue_since}, after {paid.version}"
        advice = (
            "upgrade tictally, or take the new prices by `tictally tariff import`, or write them beside your contracts"
        )
        yield Finding(about, Level.NOTE, sentence, advice)
    else:
        yield Finding(about, Level.OK, f"it pays by {paid.version}")
