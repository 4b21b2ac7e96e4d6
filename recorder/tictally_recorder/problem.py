"""Why something of the user's or of another program cannot be used, as data, and the errors that carry it."""

from tictally_recorder.translations import ENGLISH
from tictally_shared.phrase import Phrase, PhraseCode


class ProblemCode(PhraseCode):
    """Problems of sinks, jobs, contracts, the ledger and its files."""

    OTHER = "other"

    # Contracts
    OPTION_DIFFERS = "option_differs"
    POWER_DIFFERS = "power_differs"
    OFF_PEAK_MISSING = "off_peak_missing"
    OFF_PEAK_DIFFERS = "off_peak_differs"
    CHOSEN_DAY_MISSING = "chosen_day_missing"

    # Sinks
    SINK_FAILED = "sink_failed"
    INFLUX_NOT_CONFIGURED = "influx_not_configured"
    INFLUX_UNREACHABLE = "influx_unreachable"
    INFLUX_DENIES_ACCESS = "influx_denies_access"
    INFLUX_LACKS = "influx_lacks"
    INFLUX_ANSWERS = "influx_answers"
    INFLUX_ASKS_TO_WAIT = "influx_asks_to_wait"
    INFLUX_QUERY_FAILED = "influx_query_failed"
    INFLUX_REQUEST_TOO_LARGE = "influx_request_too_large"
    INFLUX_BUCKET_MISSING = "influx_bucket_missing"
    INFLUX_ORGANIZATION_MISSING = "influx_organization_missing"
    INFLUX_TASKS_MISSING = "influx_tasks_missing"
    INFLUX_TASK_FAILED = "influx_task_failed"
    INFLUX_TASK_SLOW = "influx_task_slow"
    INFLUX_CLOCK_AHEAD = "influx_clock_ahead"
    INFLUX_CLOCK_BEHIND = "influx_clock_behind"
    STATISTICS_NOT_CONFIGURED = "statistics_not_configured"
    HOME_ASSISTANT_DENIES_ACCESS = "home_assistant_denies_access"
    HOME_ASSISTANT_NOT_ADMINISTRATOR = "home_assistant_not_administrator"
    HOME_ASSISTANT_NOT_STORED = "home_assistant_not_stored"
    HOME_ASSISTANT_HAS_NO_TOKENS = "home_assistant_has_no_tokens"
    HOME_ASSISTANT_NO_SUCH_STATISTIC = "home_assistant_no_such_statistic"
    HOME_ASSISTANT_ENTITY_WITHOUT_STATISTICS = "home_assistant_entity_without_statistics"
    HOME_ASSISTANT_ENTITY_IN_OTHER_UNIT = "home_assistant_entity_in_other_unit"

    # Jobs
    JOB_HANGS = "job_hangs"
    JOB_TOO_LONG = "job_too_long"
    JOB_FAILED = "job_failed"
    RECORDER_STOPPED = "recorder_stopped"
    BACKUP_FOLDER_EMPTY = "backup_folder_empty"
    BACKUP_FOLDER_HANGS = "backup_folder_hangs"
    BACKUP_FOLDER_SHARED = "backup_folder_shared"
    BACKUP_TOO_LONG = "backup_too_long"
    BACKUP_NOT_STARTED = "backup_not_started"
    REMOTE_BACKUP_NOTHING_YET = "remote_backup_nothing_yet"
    REMOTE_BACKUP_NOT_STARTED = "remote_backup_not_started"
    REMOTE_BACKUP_TOO_LONG = "remote_backup_too_long"
    REMOTE_BACKUP_FAILED = "remote_backup_failed"
    REMOTE_BACKUP_CHANGED_FILE = "remote_backup_changed_file"

    # Requests to services on the internet
    FETCH_OFFLINE = "fetch_offline"
    FETCH_TIMEOUT = "fetch_timeout"
    FETCH_CERTIFICATE = "fetch_certificate"
    FETCH_DENIED = "fetch_denied"
    FETCH_BANNED = "fetch_banned"
    FETCH_CLOCK = "fetch_clock"
    FETCH_FORBIDDEN = "fetch_forbidden"
    FETCH_STATUS = "fetch_status"
    FETCH_FAILED = "fetch_failed"
    FETCH_TOO_LARGE = "fetch_too_large"
    FETCH_CUT_OFF = "fetch_cut_off"
    FETCH_UNENCRYPTED = "fetch_unencrypted"
    FETCH_NOT_JSON = "fetch_not_json"
    FETCH_NOT_XML = "fetch_not_xml"
    FETCH_UNEXPECTED = "fetch_unexpected"
    SERVICE_UNREACHABLE = "service_unreachable"
    PACKAGE_MISSING = "package_missing"
    ENEDIS_NO_FIGURE = "enedis_no_figure"
    ENEDIS_BANNED = "enedis_banned"
    ENEDIS_POINT_NEEDED = "enedis_point_needed"
    ENEDIS_SITE_NEEDED = "enedis_site_needed"
    HOME_ASSISTANT_NOT_CONFIGURED = "home_assistant_not_configured"
    PRICES_NOT_PUBLISHED = "prices_not_published"
    PRICES_INCOMPLETE = "prices_incomplete"
    PRICES_TWICE = "prices_twice"
    PRICES_OF_ANOTHER_DAY = "prices_of_another_day"
    PRICES_WITHOUT_ZONE = "prices_without_zone"
    PRICE_IMPLAUSIBLE = "price_implausible"
    COLOUR_IMPLAUSIBLE = "colour_implausible"
    COLOUR_NOT_PUBLISHED = "colour_not_published"
    ENTSOE_NOT_CONFIGURED = "entsoe_not_configured"
    RTE_NOT_CONFIGURED = "rte_not_configured"
    NOTHING_TO_UNDO = "nothing_to_undo"
    REVISION_DOUBTFUL = "revision_doubtful"
    REVISION_NOT_WRITTEN = "revision_not_written"
    SERIES_UNUSABLE = "series_unusable"
    SERIES_NOT_WRITTEN = "series_not_written"

    # What a command was asked for and is not there
    LEDGER_MISSING = "ledger_missing"
    LEDGER_FOLDER_MISSING = "ledger_folder_missing"
    LEDGER_IS_FOLDER = "ledger_is_folder"
    NOT_A_LEDGER = "not_a_ledger"
    LEDGER_IN_USE = "ledger_in_use"
    SITE_UNKNOWN = "site_unknown"
    SITE_IGNORED = "site_ignored"
    SITE_IGNORED_ALREADY = "site_ignored_already"
    SITE_NOT_IGNORED = "site_not_ignored"
    SITES_ALREADY_ONE = "sites_already_one"
    RUN_UNKNOWN = "run_unknown"
    NOTE_UNKNOWN = "note_unknown"
    NOTE_EMPTY = "note_empty"
    NOTE_TOO_LONG = "note_too_long"
    NOTE_TOO_FAR = "note_too_far"
    NO_METER_KEY = "no_meter_key"
    IMPORT_ENDED = "import_ended"
    TARIFF_UNKNOWN = "tariff_unknown"
    TEMPLATE_UNKNOWN = "template_unknown"
    TARIFF_NOT_OWN = "tariff_not_own"
    TARIFF_ONLY_TEMPLATE = "tariff_only_template"
    FOLDER_MISSING = "folder_missing"
    BACKUP_IS_FOLDER = "backup_is_folder"
    BACKUP_NOT_OVERWRITTEN = "backup_not_overwritten"
    NOT_A_BACKUP = "not_a_backup"
    BACKUP_UNREADABLE = "backup_unreadable"
    RESTORE_WHILE_RECORDING = "restore_while_recording"
    EXPORT_FOLDER_MISSING = "export_folder_missing"
    EXPORT_INTO_FILE = "export_into_file"

    # Notifications
    NOTIFY_APPRISE_MISSING = "notify_apprise_missing"
    NOTIFY_TARGET_WRONG = "notify_target_wrong"
    NOTIFY_TARGET_FAILS = "notify_target_fails"
    NOTIFY_BY_RECORDER = "notify_by_recorder"
    NOTIFY_NO_TARGET = "notify_no_target"

    # Parts of the above.
    TASK_MISSING = "task_missing"
    TASK_OFF = "task_off"
    REMOTE_BACKUP_FILE_RESTORED = "remote_backup_file_restored"
    REMOTE_BACKUP_FILE_LOST = "remote_backup_file_lost"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `problem.`."""
        return "problem"


def uncoded(detail: str) -> Phrase:
    """A problem of which there is only a sentence in English: an error of the ledger, of another program."""
    return Phrase(ProblemCode.OTHER, {"detail": detail})


class ProblemError(Exception):
    """An error whose message is made from data.

    Args:
        problem: or a sentence in English, where it has no code of its own.

    Attributes:
        problem: what happened.
        retry_after_s: how long to wait at least before the next attempt, seconds; None: as usual.
        is_normal: True if it happens in a healthy home too: no internet for a while, prices that come later.
    """

    retry_after_s: float | None = None
    is_normal: bool = False

    def __init__(self, problem: Phrase | str) -> None:
        self.problem = problem if isinstance(problem, Phrase) else uncoded(problem)
        super().__init__(ENGLISH.phrase(self.problem))
