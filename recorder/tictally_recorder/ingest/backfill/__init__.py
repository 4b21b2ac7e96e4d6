"""Which frames the ledger lacks, what is requested from an edge, and what is lost. Pure: no clock, no I/O."""

from tictally_recorder.ingest.backfill.edge_health import EdgeFrames, HealthError, parse_health
from tictally_recorder.ingest.backfill.planner import Known, Plan, Planner, Request, floors_of

__all__ = ["EdgeFrames", "HealthError", "Known", "Plan", "Planner", "Request", "floors_of", "parse_health"]
