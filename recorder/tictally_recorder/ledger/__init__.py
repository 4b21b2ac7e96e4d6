"""The ledger: a SQLite file with decades of meter readings. One process writes it, any number read it."""

from tictally_recorder.ledger.consumption_store import StoredConsumption
from tictally_recorder.ledger.cost_store import CostDay, CostEntry, CostLine
from tictally_recorder.ledger.daily_maxima import DailyMaximum
from tictally_recorder.ledger.edge_limits import EdgeLimits, Limit
from tictally_recorder.ledger.errors import NO_FRAMES, LedgerError, LedgerGone, LedgerInUse, LedgerUnavailable
from tictally_recorder.ledger.exchange import ProbableExchange, probable_exchanges
from tictally_recorder.ledger.frame_numbers import NumberRange, Status
from tictally_recorder.ledger.ignored_sites import ignore_site, undo_ignore
from tictally_recorder.ledger.importing import Importing, importing
from tictally_recorder.ledger.integrity import integrity
from tictally_recorder.ledger.known_ledgers import KnownLedgers
from tictally_recorder.ledger.model import (
    INTEGRATED_EDGE,
    BatchResult,
    Ends,
    IgnoredSite,
    LedgerCounts,
    Live,
    Message,
    Meter,
    Quarter,
    Run,
    Site,
    TextChange,
)
from tictally_recorder.ledger.notes import Note, NoteError, Notes, edit_notes
from tictally_recorder.ledger.observations.model import (
    CONSUMPTION,
    INJECTION,
    WATT_MINUTES,
    ImportedFile,
    ImportRun,
    IntervalEnergy,
    Observation,
    ObservedFile,
    RegisterReading,
)
from tictally_recorder.ledger.outbox import Outbox, RawFrame, RejectedPoint, SinkCounts, TimeWindow, refill_sinks
from tictally_recorder.ledger.production import Produced
from tictally_recorder.ledger.quarantine import RejectionSummary
from tictally_recorder.ledger.quarter_codec import LiveQuarter
from tictally_recorder.ledger.reader import LedgerReader
from tictally_recorder.ledger.site_removal import remove_site
from tictally_recorder.ledger.sites import join_sites
from tictally_recorder.ledger.standby_store import Night
from tictally_recorder.ledger.voltage_means import TEN_MINUTES_MS, VoltageMean
from tictally_recorder.ledger.writer import Ledger

__all__ = [
    "CONSUMPTION",
    "INJECTION",
    "INTEGRATED_EDGE",
    "NO_FRAMES",
    "TEN_MINUTES_MS",
    "WATT_MINUTES",
    "BatchResult",
    "CostDay",
    "CostEntry",
    "CostLine",
    "DailyMaximum",
    "EdgeLimits",
    "Ends",
    "IgnoredSite",
    "ImportRun",
    "ImportedFile",
    "Importing",
    "IntervalEnergy",
    "KnownLedgers",
    "Ledger",
    "LedgerCounts",
    "LedgerError",
    "LedgerGone",
    "LedgerInUse",
    "LedgerReader",
    "LedgerUnavailable",
    "Limit",
    "Live",
    "LiveQuarter",
    "Message",
    "Meter",
    "Night",
    "Note",
    "NoteError",
    "Notes",
    "NumberRange",
    "Observation",
    "ObservedFile",
    "Outbox",
    "ProbableExchange",
    "Produced",
    "Quarter",
    "RawFrame",
    "RegisterReading",
    "RejectedPoint",
    "RejectionSummary",
    "Run",
    "SinkCounts",
    "Site",
    "Status",
    "StoredConsumption",
    "TextChange",
    "TimeWindow",
    "VoltageMean",
    "edit_notes",
    "ignore_site",
    "importing",
    "integrity",
    "join_sites",
    "probable_exchanges",
    "refill_sinks",
    "remove_site",
    "undo_ignore",
]
