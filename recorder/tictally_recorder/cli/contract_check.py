"""The checks of `tictally tariff check` on contracts: their tariffs, their sites, what meters announce."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tictally_recorder.cost import Terms
from tictally_recorder.cost.contract_problems import contract_problems
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.contracts.reported_periods import reported_periods, unused_aliases
from tictally_recorder.cost.reasons import missing_amounts
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.check import IssueCode, TariffIssue, check
from tictally_recorder.tariffs.model import Direction, Tariff, TaxTable, Version
from tictally_shared.calendar import day_bounds_ms, local_day, midnight_ms
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


def contract_findings(
    reader: LedgerReader, sites: Iterable[Site], terms: Terms, day: date, tz: ZoneInfo
) -> list[TariffIssue]:
    """Where the contracts of a day differ from what meters report, or lack what their tariffs' rules ask for."""
    return [
        TariffIssue(
            contract.tariff, Phrase(IssueCode.CONTRACT, {"site": site.id, "problem": problem}), contract.start, None
        )
        for site in sites
        if (contract := terms.contracts.on(site.id, Direction.CONSUMPTION, day))
        if contract.tariff in terms.tariffs
        for problem in contract_problems(reader, site, contract, terms.tariffs[contract.tariff], tz)
    ]


def findings_of_aliases(reader: LedgerReader, sites: Iterable[Site], terms: Terms, tz: ZoneInfo) -> list[TariffIssue]:
    """Aliases that were never used while their contract held and its site's meter was heard."""
    found = []
    for site in sites:
        for contract in terms.contracts.of_site(site.id):
            last = last_day(terms.contracts, contract)
            # A contract may be from the year 1, or until the year 9999: frames are of none of these.
            first = max(contract.start, local_day(min(meter.first_ms for meter in site.meters), tz))
            newest = min(last or date.max, local_day(max(meter.last_ms for meter in site.meters), tz))
            if not contract.aliases or newest < first:
                continue
            reported = reported_periods(reader, site, midnight_ms(first, tz), day_bounds_ms(newest, tz)[1])
            unused = unused_aliases(reported, contract.aliases) if reported else ()
            if unused:
                about: dict[str, Value] = {"site": site.id, "tariff": contract.tariff, "aliases": unused}
                phrase = Phrase(IssueCode.ALIAS_UNUSED, about | {"start": contract.begins})
                found.append(TariffIssue(contract.tariff, phrase, contract.start, last))
    return found


def findings_of_powers(terms: Terms) -> list[TariffIssue]:
    """Prices and subscriptions that are missing at the powers of contracts, while these hold."""
    found: list[TariffIssue] = []
    for contract in terms.contracts.all:
        tariff = terms.tariffs.get(contract.tariff)
        last = last_day(terms.contracts, contract)
        for version, since, until in _held(tariff, contract, last) if tariff else ():
            for reason in (
                missing_amounts(tariff, version, contract.power_kva) if tariff and version.subscription else ()
            ):
                about: dict[str, Value] = {"reason": reason, "start": str(since)}
                issue = TariffIssue(version.tariff, Phrase(IssueCode.AMOUNT_MISSING, about), since, until)
                found += [] if issue in found else [issue]
    return found


def _held(tariff: Tariff, contract: Contract, last: date | None) -> Iterator[tuple[Version, date, date | None]]:
    """The versions in force at a contract's power, with their first and last days while it held."""
    ends = [version.start - timedelta(days=1) for version in tariff.versions[1:]]
    for version, before_next in zip(tariff.versions, [*ends, None], strict=True):
        known = [each for each in (version.until, before_next, last) if each is not None]
        since, until = max(version.start, contract.start), min(known, default=None)
        if until is None or since <= until:
            in_force = tariff.in_force(since, contract.power_kva)
            if in_force is not None:
                yield in_force, since, until


def findings_of_sites(sites: Collection[Site], ignored: Iterable[str], contracts: Contracts) -> list[TariffIssue]:
    """Contracts of sites that the ledger does not have; none while it has no site at all, and none of ignored ones."""
    known = {site.id for site in sites}.union(ignored)
    return [
        TariffIssue(contract.tariff, _of_no_site(contract.site, contract, known), contract.start, contract.until)
        for contract in contracts.all
        if known and contract.site is not None and contract.site not in known
    ]


def _of_no_site(site: str, contract: Contract, known: Collection[str]) -> Phrase:
    about: dict[str, Value] = {"tariff": contract.tariff, "start": contract.begins, "site": site}
    return Phrase(IssueCode.NO_SITE, about | {"sites": tuple(sorted(known))})


def last_day(contracts: Contracts, contract: Contract) -> date | None:
    """The last day on which a contract holds, also if for a part of it; or None if it goes on."""
    end = contracts.end_of(contract)
    return end.date() if isinstance(end, datetime) else end


def _spans(contracts: Contracts) -> dict[str, list[tuple[date, date, int | None]]]:
    """Tariff → first and last day and power of each contract on it, by its id."""
    found: dict[str, list[tuple[date, date, int | None]]] = {}
    for contract in contracts.all:
        last = last_day(contracts, contract) or date.max
        found.setdefault(contract.tariff, []).append((contract.start, last, contract.power_kva))
    return dict(sorted(found.items()))
