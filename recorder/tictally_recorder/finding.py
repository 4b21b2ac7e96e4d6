"""What a diagnosis finds, as data: a code with its parameters, a level, and what it is about.

Whoever shows a finding makes its words, from the catalogue of the reader's language, where the code `broker_silent`
stands as `finding.broker_silent`; what to do stands beside it as `finding.broker_silent.advice`, where there is any.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from tictally_shared.phrase import Phrase, PhraseCode


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    TROUBLE = "trouble"


class SubjectKind(StrEnum):
    """What findings are about; the words of one are `finding.about.<kind>`."""

    SETTINGS = "settings"
    LEDGER = "ledger"
    RECORDER = "recorder"
    BACKUP = "backup"
    JOB = "job"
    BROKER = "broker"
    SINK = "sink"
    CLOCK = "clock"
    EDGES = "edges"
    EDGE = "edge"
    SITE = "site"
    COST = "cost"
    SITE_COST = "site_cost"
    TARIFF_PROVIDER = "tariff_provider"
    IMPORTER = "importer"


class FindingCode(PhraseCode):
    """Every finding; the placeholders of its words are its parameters."""

    SETTING_IGNORED = "setting_ignored"

    LEDGER_UNREADABLE = "ledger_unreadable"
    LEDGER_READABLE = "ledger_readable"
    LEDGER_DAMAGED = "ledger_damaged"
    LEDGER_INTACT = "ledger_intact"
    DISK_FULL = "disk_full"
    DISK_FREE = "disk_free"
    RECORDER_STOPPED = "recorder_stopped"
    RECORDER_RUNS = "recorder_runs"
    MESSAGES_DEFERRED = "messages_deferred"
    MESSAGES_REJECTED = "messages_rejected"
    MESSAGES_REJECTED_WITH_NEWEST = "messages_rejected_with_newest"
    LEDGER_READABLE_BY_ALL = "ledger_readable_by_all"
    RECORDER_NAME_USED_TWICE = "recorder_name_used_twice"
    LEDGER_COPIED = "ledger_copied"
    MESSAGES_WITHHELD = "messages_withheld"

    BACKUP_DISABLED = "backup_disabled"
    BACKUP_FAILED = "backup_failed"
    BACKUP_NONE_YET = "backup_none_yet"
    BACKUP_LATE = "backup_late"
    BACKUP_MADE = "backup_made"
    BACKUP_ON_LEDGERS_DISK = "backup_on_ledgers_disk"

    JOB_FAILED = "job_failed"
    JOB_NOT_RUN_YET = "job_not_run_yet"
    JOB_SUCCEEDED = "job_succeeded"

    BROKER_CONNECTED = "broker_connected"
    BROKER_DENIES_ACCESS = "broker_denies_access"
    BROKER_UNREACHABLE = "broker_unreachable"
    BROKER_HOST_UNKNOWN = "broker_host_unknown"
    BROKER_CERTIFICATE = "broker_certificate"
    BROKER_SILENT = "broker_silent"

    SINK_READY = "sink_ready"
    SINK_FAILS = "sink_fails"
    SINK_LAGS = "sink_lags"
    SINK_COMPLETE = "sink_complete"
    SINK_REJECTED_POINTS = "sink_rejected_points"

    CLOCK_BEHIND = "clock_behind"
    CLOCK_RIGHT = "clock_right"

    NO_EDGE = "no_edge"
    READINGS_BY_HTTP = "readings_by_http"
    EDGE_ONLINE = "edge_online"
    EDGE_OFFLINE = "edge_offline"
    EDGE_STATE_UNKNOWN = "edge_state_unknown"
    EDGE_UNKNOWN_TO_BROKER = "edge_unknown_to_broker"
    EDGE_HEALTH_OLD = "edge_health_old"
    EDGE_IN_OTHER_ZONE = "edge_in_other_zone"
    EDGE_SENDS_NOTHING = "edge_sends_nothing"
    EDGE_SENDS_NOTHING_FROM_PORT = "edge_sends_nothing_from_port"
    EDGE_WAITS_FOR_CLOCK = "edge_waits_for_clock"
    FRAMES_MISSING = "frames_missing"
    FRAMES_LOST = "frames_lost"
    MORE_FRAMES_LOST = "more_frames_lost"
    EDGE_NAME_USED_TWICE = "edge_name_used_twice"
    EDGE_MESSAGES_WITHHELD = "edge_messages_withheld"
    EDGE_NUMBERS_USED_TWICE = "edge_numbers_used_twice"
    EDGE_METERS_LIMITED = "edge_meters_limited"
    EDGE_BOOTS_LIMITED = "edge_boots_limited"
    EDGE_DEFERRED_LIMITED = "edge_deferred_limited"
    EDGE_CONFLICTS_LIMITED = "edge_conflicts_limited"

    RECONCILED = "reconciled"
    RECONCILE_DIFFERS = "reconcile_differs"
    SITE_IGNORED = "site_ignored"
    SITE_METERS = "site_meters"
    SITE_METERS_WITH_EDGES = "site_meters_with_edges"
    METER_MAY_BE_EXCHANGED = "meter_may_be_exchanged"

    CONTRACTS_UNUSABLE = "contracts_unusable"
    TARIFF_FILE_UNUSABLE = "tariff_file_unusable"
    TAX_FILE_UNUSABLE = "tax_file_unusable"
    TARIFF_DRAFT_UNUSABLE = "tariff_draft_unusable"
    CONTRACT_CONTRADICTED = "contract_contradicted"
    COST_UNKNOWN = "cost_unknown"
    COST_WITHOUT_CONTRACT = "cost_without_contract"
    COST_WITHOUT_AMOUNT = "cost_without_amount"
    COST_OF_BROKEN_FILE = "cost_of_broken_file"
    COST_PROVISIONAL = "cost_provisional"
    COST_NOT_REVISED = "cost_not_revised"
    COST_BY_VERSION = "cost_by_version"

    TARIFFS_UP_TO_DATE = "tariffs_up_to_date"
    TARIFFS_OVERDUE = "tariffs_overdue"
    IMPORT_UNUSABLE = "import_unusable"

    IMPORTER_READY = "importer_ready"
    IMPORTER_NEEDS_PACKAGE = "importer_needs_package"

    # Parts of the above.
    NO_SUCH_HOST = "no_such_host"
    NO_NAME_SERVER = "no_name_server"
    NO_RESPONSE = "no_response"
    NO_ROUTE = "no_route"
    CONNECTION_REFUSED = "connection_refused"
    NO_TLS = "no_tls"
    CERTIFICATE_OTHER_NAME = "certificate_other_name"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_UNKNOWN_AUTHORITY = "certificate_unknown_authority"
    CLOSED_WITHOUT_ANSWER = "closed_without_answer"
    NO_ANSWER_WITHIN = "no_answer_within"
    NEWEST_FRAME = "newest_frame"
    NEWEST_FRAME_AHEAD = "newest_frame_ahead"
    NO_FRAME_YET = "no_frame_yet"
    NEWEST_BACKUP = "newest_backup"
    NO_BACKUP_YET = "no_backup_yet"
    LAST_SUCCESS = "last_success"
    NO_SUCCESS_YET = "no_success_yet"
    WINDOWS_WAITING = "windows_waiting"
    NO_WINDOW_WAITING = "no_window_waiting"
    METER_SPAN = "meter_span"
    LAST_IMPORT = "last_import"
    NO_IMPORT_YET = "no_import_yet"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `finding.`."""
        return "finding"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about.

    Attributes:
        kind: of thing.
        name: of the edge, site, sink, job, tariff provider or importer; empty if there is only one of the kind.
    """

    kind: SubjectKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        about: what it is about.
        level: trouble needs a person.
        phrase: what was found.
    """

    about: Subject
    level: Level
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Moments:
    """Writes times for parameters of phrases.

    Attributes:
        now_ms: this machine's clock, milliseconds since 1970.
        tz: time zone of moments.
    """

    now_ms: int
    tz: ZoneInfo

    def iso(self, time_ms: int) -> str:
        """A time to the second, ISO 8601 with offset."""
        return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self.tz).isoformat()

    def age_s(self, time_ms: int) -> int:
        """Seconds since a time, 0 if it is ahead."""
        return max(self.now_ms - time_ms, 0) // 1000

    def since(self, time_ms: int | None, code: FindingCode, never: FindingCode) -> Phrase:
        """A phrase with `time` and `age` of an event, or another where it has not happened yet."""
        if time_ms is None:
            return Phrase(never)
        return Phrase(code, {"time": self.iso(time_ms), "age": self.age_s(time_ms)})
