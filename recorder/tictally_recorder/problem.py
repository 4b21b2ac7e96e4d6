"""Why something of the user's or of another program cannot be used, as data, and the errors that carry it."""

from collections.abc import Mapping
from typing import Any

from tictally_recorder.translations import ENGLISH
from tictally_shared.phrase import Phrase, PhraseCode


class ProblemCode(PhraseCode):
    """Problems of sinks, jobs and contracts."""

    OTHER = "other"

    # Contracts
    OPTION_DIFFERS = "option_differs"
    POWER_DIFFERS = "power_differs"

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

    # Requests to services on the internet
    FETCH_OFFLINE = "fetch_offline"
    FETCH_TIMEOUT = "fetch_timeout"
    FETCH_CERTIFICATE = "fetch_certificate"
    FETCH_DENIED = "fetch_denied"
    FETCH_BANNED = "fetch_banned"
    FETCH_CLOCK = "fetch_clock"
    FETCH_STATUS = "fetch_status"
    FETCH_FAILED = "fetch_failed"
    FETCH_TOO_LARGE = "fetch_too_large"
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
    SERIES_UNUSABLE = "series_unusable"
    SERIES_NOT_WRITTEN = "series_not_written"

    # Parts of the above.
    TASK_MISSING = "task_missing"
    TASK_OFF = "task_off"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `problem.`."""
        return "problem"


class FileProblem(PhraseCode):
    """What is wrong in a line of a file of contracts or prices."""

    OTHER = "other"
    UNREADABLE = "unreadable"
    UNUSABLE = "unusable"
    NOT_UTF8 = "not_utf8"
    NOT_TOML = "not_toml"

    # Contracts
    OTHER_TABLE = "other_table"
    NO_CONTRACT_TABLE = "no_contract_table"
    OTHER_KEY = "other_key"
    FIRST_DAY_MISSING = "first_day_missing"
    ENDS_BEFORE_START = "ends_before_start"
    TARIFF_MISSING = "tariff_missing"
    TARIFF_UNKNOWN = "tariff_unknown"
    SITE_MISSING = "site_missing"
    SITE_MISSING_OR_METER_EXCHANGED = "site_missing_or_meter_exchanged"
    SITE_WRONG = "site_wrong"
    DATE_WRONG = "date_wrong"
    POWER_WRONG = "power_wrong"
    POWER_MISSING = "power_missing"
    POWER_NOT_IN_TARIFF = "power_not_in_tariff"
    ALIASES_WRONG = "aliases_wrong"
    ALIAS_UNKNOWN = "alias_unknown"
    HOURS_WRONG = "hours_wrong"
    SEASONS_WRONG = "seasons_wrong"
    SEASONS_INCOMPLETE = "seasons_incomplete"
    SEASONS_OVERLAP = "seasons_overlap"
    WEEKDAY_WRONG = "weekday_wrong"
    SAME_DAY = "same_day"
    OVERLAP = "overlap"

    # Tariffs
    KEY_UNKNOWN = "key_unknown"
    KEY_MISSING = "key_missing"
    NOT_A_TABLE = "not_a_table"
    NOT_A_TEXT = "not_a_text"
    NOT_A_LIST = "not_a_list"
    NOT_A_DATE = "not_a_date"
    NOT_AN_AMOUNT = "not_an_amount"
    NOT_ONE_OF = "not_one_of"
    AMOUNT_NEGATIVE = "amount_negative"
    AMOUNT_TOO_LARGE = "amount_too_large"
    AMOUNT_TOO_SMALL = "amount_too_small"
    AMOUNT_UNUSUAL = "amount_unusual"
    NO_VERSION = "no_version"
    TWO_VERSIONS = "two_versions"
    VERSIONS_OVERLAP = "versions_overlap"
    UNTIL_BEFORE_FROM = "until_before_from"
    PERIOD_UNKNOWN = "period_unknown"
    PRICES_MISSING = "prices_missing"
    PRICES_MISSING_AT_POWER = "prices_missing_at_power"

    # Prices that follow others
    TAXES_NEEDED = "taxes_needed"
    TAXES_UNKNOWN = "taxes_unknown"
    PRICES_AND_DISCOUNT = "prices_and_discount"
    FOLLOWED_UNKNOWN = "followed_unknown"
    FOLLOWED_BROKEN = "followed_broken"
    FOLLOWED_DIFFERS = "followed_differs"
    FOLLOWED_LATER = "followed_later"

    # Rules of a tariff's periods
    NOT_HOURS = "not_hours"
    NOT_A_TIME = "not_a_time"
    NOT_A_SEASON = "not_a_season"
    NO_RULE = "no_rule"
    RULES_WITHOUT_PERIODS = "rules_without_periods"
    RULE_UNREACHABLE = "rule_unreachable"
    RULE_LAST = "rule_last"
    PERIODS_WITHOUT_RULE = "periods_without_rule"
    LIST_UNUSED = "list_unused"
    LIST_INTERRUPTED = "list_interrupted"
    DAY_OUTSIDE_LIST = "day_outside_list"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `file.`."""
        return "file"


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


def stored_problem(stored: Mapping[str, Any] | None) -> Phrase | None:
    """What `Phrase.as_json` made of a problem whose parameters are texts and numbers.

    Raises:
        ValueError: there is no such code.
    """
    return None if stored is None else Phrase(ProblemCode(stored["code"]), stored["parameters"])
