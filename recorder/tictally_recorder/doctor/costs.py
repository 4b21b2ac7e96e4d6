"""What the doctor finds about sites, their contracts and tariffs. Pure."""

from collections.abc import Iterator
from typing import Final

from tictally_recorder.doctor.facts import CostFacts, LedgerFacts, PaidFacts
from tictally_recorder.finding import Finding, FindingCode, Level, Moments, Subject, SubjectKind
from tictally_recorder.ledger import probable_exchanges
from tictally_recorder.reason import ReasonCode
from tictally_recorder.tariffs.errors import InFileError
from tictally_shared.phrase import Phrase, Value

# What to do about a cost that is unknown; what is a code of the contracts' days has to be put right there.
_UNKNOWN: Final = {
    ReasonCode.NO_CONTRACT: FindingCode.COST_WITHOUT_CONTRACT,
    ReasonCode.NO_CONSUMPTION_CONTRACT: FindingCode.COST_WITHOUT_CONTRACT,
    ReasonCode.TERMS_FILE_REJECTED: FindingCode.COST_OF_BROKEN_FILE,
    ReasonCode.NO_PRICE: FindingCode.COST_WITHOUT_AMOUNT,
    ReasonCode.NO_PRICE_AT_POWER: FindingCode.COST_WITHOUT_AMOUNT,
    ReasonCode.NO_SUBSCRIPTION: FindingCode.COST_WITHOUT_AMOUNT,
    ReasonCode.NO_SUBSCRIPTION_AT_POWER: FindingCode.COST_WITHOUT_AMOUNT,
    ReasonCode.NO_VERSION: FindingCode.COST_WITHOUT_AMOUNT,
}


def site_findings(ledger: LedgerFacts, moments: Moments) -> Iterator[Finding]:
    """The meters of each site, the edges that read them, and sites that may be one."""
    for site in ledger.sites:
        meters = tuple(
            Phrase(
                FindingCode.METER_SPAN,
                {"meter": meter.key, "first": moments.iso(meter.first_ms), "last": moments.iso(meter.last_ms)},
            )
            for meter in site.meters
        )
        phrase = Phrase(FindingCode.SITE_METERS, {"meters": meters})
        if site.edges:
            phrase = Phrase(FindingCode.SITE_METERS_WITH_EDGES, {"meters": meters, "edges": tuple(site.edges)})
        yield Finding(Subject(SubjectKind.SITE, site.id), Level.OK, phrase)
    for each in probable_exchanges(ledger.sites):
        phrase = Phrase(FindingCode.METER_MAY_BE_EXCHANGED, {"new": each.new, "old": each.old})
        yield Finding(Subject(SubjectKind.SITE, each.new), Level.NOTE, phrase)
    for ignored in ledger.ignored:
        about: dict[str, Value] = {"since": moments.iso(ignored.since_ms)}
        yield Finding(Subject(SubjectKind.SITE, ignored.site.id), Level.NOTE, Phrase(FindingCode.SITE_IGNORED, about))


def cost_findings(cost: CostFacts) -> Iterator[Finding]:
    """By which tariff version each site pays, and what is wrong with contracts and tariffs."""
    if cost.problem is not None:
        yield _of_file(cost.problem, Level.TROUBLE, FindingCode.CONTRACTS_UNUSABLE)
    for error in dict.fromkeys(cost.broken):
        yield _of_file(error, Level.TROUBLE, FindingCode.TARIFF_FILE_UNUSABLE)
    for error in cost.taxes:
        yield _of_file(error, Level.TROUBLE, FindingCode.TAX_FILE_UNUSABLE)
    for error in cost.unused:
        yield _of_file(error, Level.NOTE, FindingCode.TARIFF_DRAFT_UNUSABLE)
    for paid in cost.paid:
        yield from _of_site(paid)


def _of_file(error: InFileError, level: Level, code: FindingCode) -> Finding:
    about: dict[str, Value] = {"file": error.file, "line": error.line, "problem": error.problem}
    return Finding(Subject(SubjectKind.COST), level, Phrase(code, about))


def _of_site(paid: PaidFacts) -> Iterator[Finding]:
    about = Subject(SubjectKind.SITE_COST, paid.site)
    for problem in paid.contradictions:
        yield Finding(about, Level.TROUBLE, Phrase(FindingCode.CONTRACT_CONTRADICTED, {"problem": problem}))
    if paid.reason is not None:
        code = _UNKNOWN.get(paid.reason.code, FindingCode.COST_UNKNOWN)
        yield Finding(about, Level.NOTE, Phrase(code, {"reason": paid.reason}))
    elif paid.not_revised is not None:
        yield Finding(about, Level.NOTE, Phrase(FindingCode.COST_NOT_REVISED, {"reason": paid.not_revised}))
    elif paid.version is not None and paid.overdue_since is not None:
        parameters: dict[str, Value] = {"due": paid.overdue_since.isoformat(), "version": paid.version}
        yield Finding(about, Level.NOTE, Phrase(FindingCode.COST_PROVISIONAL, parameters))
    elif paid.version is not None:
        yield Finding(about, Level.OK, Phrase(FindingCode.COST_BY_VERSION, {"version": paid.version}))
