"""What the doctor finds in the facts, in the order in which a person reads it. Pure."""

from zoneinfo import ZoneInfo

from tictally_recorder.doctor.costs import cost_findings, site_findings
from tictally_recorder.doctor.disputes import dispute_findings
from tictally_recorder.doctor.edges import broker_finding, clock_findings, edge_findings
from tictally_recorder.doctor.facts import Facts
from tictally_recorder.doctor.reconciliation import reconciliation_findings
from tictally_recorder.doctor.storage import backup_findings, ledger_findings
from tictally_recorder.finding import Finding, Moments
from tictally_recorder.imports.state import importer_findings
from tictally_recorder.jobs.report import job_findings
from tictally_recorder.sinks.findings import sink_findings
from tictally_recorder.tariffs.providers.findings import provider_findings
from tictally_shared.phrase import Phrase


def diagnose(facts: Facts, tz: ZoneInfo) -> list[Finding]:
    """All findings.

    Args:
        facts: that were collected.
        tz: time zone of moments.
    """
    moments, ledger = Moments(facts.now_ms, tz), facts.ledger
    found = [*ledger_findings(ledger, moments)]
    if facts.backup is not None:
        found += backup_findings(facts.backup, moments)
    found += job_findings(facts.jobs, moments)
    found.append(broker_finding(facts))
    found += sink_findings(facts.sinks, () if isinstance(ledger, Phrase) else ledger.sinks, facts.now_ms)
    if not isinstance(ledger, Phrase):
        found += clock_findings(facts, ledger, moments)
        found += edge_findings(facts, ledger, moments)
        found += dispute_findings(facts, ledger)
        found += site_findings(ledger, moments)
        found += reconciliation_findings(facts.reconciled)
        found += cost_findings(facts.cost)
    found += provider_findings(facts.providers)
    found += importer_findings(facts.importers, moments)
    return found
