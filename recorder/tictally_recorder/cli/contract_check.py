"""The checks of `tictally tariff check` on contracts: their tariffs, their sites, what meters announce."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta

from tictally_recorder.cost import Terms
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.contracts.meter_reported import contradictions
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.check import IssueCode, TariffIssue, check
from tictally_recorder.tariffs.model import Direction, Tariff, TaxTable
from tictally_shared.phrase import Phrase, Value


@contextmanager
def ledger_of(settings: Settings) -> Iterator[LedgerReader | None]:
    """The ledger, or None if there is none yet: tariffs can be checked without.

    Raises:
        LedgerError: there is a file that cannot be read as one.
    """
    if not settings.ledger.exists():
        yield None
        return
    with LedgerReader.open(settings.ledger) as reader:
        yield reader


def findings_of_used(
    tariffs: Mapping[str, Tariff], tables: Collection[TaxTable], contracts: Contracts, day: date
) -> list[TariffIssue]:
    """What the contracts' tariffs lack, by a day, while a contract was on them."""
    found: list[TariffIssue] = []
    for tariff_id, spans in _spans(contracts).items():
        if tariff_id not in tariffs:
            continue
        of_tariff: list[TariffIssue] = []
        for first, last, power in spans:
            for finding in check([tariffs[tariff_id]], day, power, tables):
                concerns = finding.since <= last and first <= (finding.until or date.max)
                if concerns and finding not in of_tariff:
                    of_tariff.append(finding)
        found += sorted(of_tariff, key=lambda finding: finding.since)
    return found


def findings(reader: LedgerReader, sites: Iterable[Site], terms: Terms, day: date) -> list[TariffIssue]:
    """Where the meters announce what the contracts of a day do not have."""
    return [
        TariffIssue(
            contract.tariff, Phrase(IssueCode.CONTRACT, {"site": site.id, "problem": problem}), contract.start, None
        )
        for site in sites
        if (contract := terms.contracts.on(site.id, Direction.CONSUMPTION, day))
        if contract.tariff in terms.tariffs
        for problem in contradictions(reader, site, contract, terms.tariffs[contract.tariff])
    ]


def findings_of_sites(sites: Collection[Site], contracts: Contracts) -> list[TariffIssue]:
    """Contracts of sites that the ledger does not have; none while it has no site at all."""
    known = {site.id for site in sites}
    return [
        TariffIssue(contract.tariff, _of_no_site(contract.site, contract, known), contract.start, contract.until)
        for contract in contracts.all
        if known and contract.site is not None and contract.site not in known
    ]


def _of_no_site(site: str, contract: Contract, known: Collection[str]) -> Phrase:
    about: dict[str, Value] = {"tariff": contract.tariff, "start": str(contract.start), "site": site}
    return Phrase(IssueCode.NO_SITE, about | {"sites": tuple(sorted(known))})


def _spans(contracts: Contracts) -> dict[str, list[tuple[date, date, int | None]]]:
    """Tariff → first and last day and power of each contract on it, by its id."""
    found: dict[str, list[tuple[date, date, int | None]]] = {}
    for contract in contracts.all:
        followers = [
            other.start - timedelta(days=1)
            for other in contracts.all
            if other.start > contract.start
            and other.direction is contract.direction
            and (None in {other.site, contract.site} or other.site == contract.site)
        ]
        last = min([*followers, contract.until or date.max])
        found.setdefault(contract.tariff, []).append((contract.start, last, contract.power_kva))
    return dict(sorted(found.items()))
