"""What the doctor finds in a comparison with Enedis' figures of the last month."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tictally_recorder.finding import Finding, FindingCode, Level, Subject, SubjectKind
from tictally_recorder.ledger import LedgerError, LedgerReader
from tictally_recorder.reconciliation import DayComparison, Verdict, reconcile
from tictally_recorder.settings import Settings
from tictally_shared.calendar import local_day, runs_of_days
from tictally_shared.phrase import Phrase, PhraseCode, Value

_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class ReconciledSite:
    """A site whose days have figures of Enedis.

    Attributes:
        site: its id.
        days: at least one.
    """

    site: str
    days: Sequence[DayComparison]


def collect_reconciliation(settings: Settings, now_ms: int) -> tuple[ReconciledSite, ...]:
    """The sites that can be compared; none where the ledger cannot be read, which is reported elsewhere."""
    today = local_day(now_ms, settings.zone)
    days = today - timedelta(days=_DAYS), today
    try:
        with LedgerReader.open(settings.ledger) as reader, reader.snapshot():
            found = [(site.id, reconcile(reader, site, days, settings.zone)) for site in reader.sites()]
    except LedgerError:
        return ()
    return tuple(ReconciledSite(site, of_site) for site, of_site in found if of_site)


def reconciliation_findings(sites: Iterable[ReconciledSite]) -> Iterator[Finding]:
    """How many days of each site agree, and which ones do not, by likely reason."""
    for site in sites:
        about = Subject(SubjectKind.SITE, site.site)
        agreeing = [each for each in site.days if each.verdict in {Verdict.EQUAL, Verdict.ROUNDED}]
        if agreeing:
            parameters: dict[str, Value] = {"count": len(agreeing)}
            yield Finding(about, Level.OK, Phrase(FindingCode.RECONCILED, parameters))
        by_cause: dict[PhraseCode, list[DayComparison]] = {}
        for each in site.days:
            if each.cause is not None and each.verdict is Verdict.DIFFERENT:
                by_cause.setdefault(each.cause.code, []).append(each)
        for days in by_cause.values():
            runs = tuple((str(first), str(last)) for first, last in runs_of_days(each.day for each in days))
            cause = days[-1].cause
            yield Finding(
                about, Level.NOTE, Phrase(FindingCode.RECONCILE_DIFFERS, {"ranges": runs, "cause": cause or ""})
            )
