"""A doctor's look at contracts and price lists: by what does each site pay today, and is that right?"""

from datetime import UTC, date, datetime

from tictally_recorder.contracts.announced import contradictions
from tictally_recorder.cost.model import Terms
from tictally_recorder.cost.watch import WatchedTerms
from tictally_recorder.doctor.facts import CostFacts, PaidFacts
from tictally_recorder.ledger import LedgerError, LedgerReader, Site
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.model import Direction


def look_at_cost(settings: Settings, now_ms: int) -> CostFacts:
    """What there is to see; nothing where the ledger cannot be read, which is said elsewhere."""
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(settings.zone).date()
    watched = WatchedTerms(settings.contracts_file, settings.tariffs_folder)
    try:
        with LedgerReader.open(settings.ledger) as reader:
            sites = reader.sites()
            watched.look(sites)
            if watched.terms is None:
                return CostFacts(watched.problem)
            return CostFacts(None, tuple(_paid(reader, site, watched.terms, today) for site in sites))
    except LedgerError:
        return CostFacts()


def _paid(reader: LedgerReader, site: Site, terms: Terms, today: date) -> PaidFacts:
    contract = terms.contracts.on(site.id, Direction.DRAWN, today)
    if contract is None:
        return PaidFacts(site.id, None, f"there is no contract for {today}")
    tariff = terms.tariffs[contract.tariff]
    said = tuple(contradictions(reader, site, contract, tariff))
    version = tariff.on(today)
    if version is None:
        return PaidFacts(site.id, None, f"{tariff.id} has no version for {today}", contradictions=said)
    return PaidFacts(site.id, version.id, None, tariff.overdue_since(today), said)
