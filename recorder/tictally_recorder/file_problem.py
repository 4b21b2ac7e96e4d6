"""What is wrong in a file of the user's, as data: a code with its parameters; `file.<code>` are its words."""

import tomllib
from errno import EACCES, EISDIR, ENOENT, ENOTDIR, EPERM
from typing import Final

from tictally_shared.phrase import Phrase, PhraseCode
from tictally_shared.toml_syntax import TomlFault, toml_error


class FileProblem(PhraseCode):
    """What is wrong in a line of a file of contracts or prices."""

    OTHER = "other"
    UNREADABLE = "unreadable"
    UNUSABLE = "unusable"
    NOT_UTF8 = "not_utf8"
    NOT_TOML = "not_toml"
    MISSING = "missing"
    NOT_ALLOWED = "not_allowed"
    IS_FOLDER = "is_folder"
    NOT_WRITABLE = "not_writable"

    # What is no TOML
    TOML_DATE_IMPOSSIBLE = "toml_date_impossible"
    TOML_DATE_FORM = "toml_date_form"
    TOML_NO_SECONDS = "toml_no_seconds"
    TOML_COMMA = "toml_comma"
    TOML_FLAG = "toml_flag"
    TOML_CURLY_QUOTES = "toml_curly_quotes"
    TOML_LAST_COMMA = "toml_last_comma"
    TOML_TWICE = "toml_twice"
    TOML_QUOTE_OPEN = "toml_quote_open"
    TOML_BACKSLASH = "toml_backslash"
    TOML_BRACKET_OPEN = "toml_bracket_open"
    TOML_EQUALS_MISSING = "toml_equals_missing"
    TOML_VALUE = "toml_value"
    TOML_STATEMENT = "toml_statement"

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
    MOMENT_NOT_A_QUARTER = "moment_not_a_quarter"
    MOMENT_SKIPPED = "moment_skipped"
    MOMENT_TWICE = "moment_twice"
    POWER_WRONG = "power_wrong"
    POWERS_WRONG = "powers_wrong"
    POWERS_MISSING = "powers_missing"
    POWERS_NOT_IN_TARIFF = "powers_not_in_tariff"
    POWER_MISSING = "power_missing"
    POWER_NOT_IN_TARIFF = "power_not_in_tariff"
    ALIASES_WRONG = "aliases_wrong"
    ALIAS_UNKNOWN = "alias_unknown"
    HOURS_WRONG = "hours_wrong"
    SEASONS_WRONG = "seasons_wrong"
    SEASONS_INCOMPLETE = "seasons_incomplete"
    SEASONS_OVERLAP = "seasons_overlap"
    WEEKDAY_WRONG = "weekday_wrong"
    CONTRACT_NOT_CHANGEABLE = "contract_not_changeable"
    CONTRACTS_MADE_ELSEWHERE = "contracts_made_elsewhere"
    BILLING_DAY_WRONG = "billing_day_wrong"
    BILLED_IN_ADVANCE_WRONG = "billed_in_advance_wrong"
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
    AMOUNT_IN_CENTS = "amount_in_cents"
    AMOUNT_OF_A_MWH = "amount_of_a_mwh"
    RATE_TOO_HIGH = "rate_too_high"
    TOO_MANY_DECIMALS = "too_many_decimals"
    HT_ABOVE_TTC = "ht_above_ttc"
    SUBSCRIPTION_BESIDE_POWERS = "subscription_beside_powers"
    NOT_AN_ID = "not_an_id"
    NOT_A_CURRENCY = "not_a_currency"
    NOT_A_FLAG = "not_a_flag"
    NOT_A_LIST_OF = "not_a_list_of"
    NOT_A_LIST_OF_POWERS = "not_a_list_of_powers"
    NOT_A_POWER = "not_a_power"
    NOT_A_DAY_OF_YEAR = "not_a_day_of_year"
    TWICE_IN_LIST = "twice_in_list"
    PERIODS_MISSING = "periods_missing"
    PERIODS_OF_SERIES = "periods_of_series"
    NAMES_MISSING = "names_missing"
    PRICES_OF_SERIES = "prices_of_series"
    FORMULA_WITHOUT_SERIES = "formula_without_series"
    FOLDER_IS_FILE = "folder_is_file"
    OVER_NO_TARIFF = "over_no_tariff"
    OVER_NO_TAXES = "over_no_taxes"
    TARIFF_TAKEN = "tariff_taken"
    VERSION_TAKEN = "version_taken"
    EXISTS = "exists"
    NOT_OF_AN_IMPORT = "not_of_an_import"
    CHANGED_SINCE_IMPORT = "changed_since_import"

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
    RULES_OF_INJECTION = "rules_of_injection"
    RULE_UNREACHABLE = "rule_unreachable"
    RULE_LAST = "rule_last"
    PERIODS_WITHOUT_RULE = "periods_without_rule"
    LIST_UNUSED = "list_unused"
    LIST_INTERRUPTED = "list_interrupted"
    DAY_OUTSIDE_LIST = "day_outside_list"

    # Price series
    SERIES_HEADING = "series_heading"
    SERIES_EMPTY = "series_empty"
    SERIES_COLUMNS = "series_columns"
    SERIES_NOT_CSV = "series_not_csv"
    SERIES_MINUTES = "series_minutes"
    SERIES_STEP = "series_step"
    SERIES_SAME_TIME = "series_same_time"
    SERIES_NOT_A_TIME = "series_not_a_time"
    SERIES_WITHOUT_OFFSET = "series_without_offset"
    SERIES_OFF_QUARTER = "series_off_quarter"
    SERIES_NOT_A_PRICE = "series_not_a_price"
    SERIES_PRICE_TOO_HIGH = "series_price_too_high"
    SERIES_MOSTLY_HIGH = "series_mostly_high"

    # Colours of Tempo days
    COLOUR_LINE_WRONG = "colour_line_wrong"
    DAY_LINE_WRONG = "day_line_wrong"
    LIST_NOT_CHANGEABLE = "list_not_changeable"
    COLOUR_TWICE = "colour_twice"

    # Parts of the above: what an amount is of.
    UNIT_KWH = "unit_kwh"
    UNIT_KW_DAY = "unit_kw_day"
    POWER_TERM_BESIDE_POWERS = "power_term_beside_powers"
    UNIT_MONTH = "unit_month"
    UNIT_YEAR = "unit_year"
    UNIT_ONCE = "unit_once"
    UNIT_FACTOR = "unit_factor"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `file.`."""
        return "file"


_BY_ERRNO: Final = {
    ENOENT: FileProblem.MISSING,
    EACCES: FileProblem.NOT_ALLOWED,
    EPERM: FileProblem.NOT_ALLOWED,
    EISDIR: FileProblem.IS_FOLDER,
    ENOTDIR: FileProblem.MISSING,
}


def unreadable(error: OSError) -> Phrase:
    """Why a file cannot be read."""
    code = _BY_ERRNO.get(error.errno or 0)
    if code is not None:
        return Phrase(code)
    return Phrase(FileProblem.UNREADABLE, {"detail": error.strerror or str(error)})


def unwritable(error: OSError) -> Phrase:
    """Why a file cannot be written."""
    return Phrase(FileProblem.NOT_WRITABLE, {"detail": error.strerror or str(error)})


def not_toml(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, Phrase]:
    """The line of a text that is no TOML, and what is wrong there."""
    found = toml_error(error, text)
    problem = Phrase(FileProblem(f"toml_{found.fault}"), {"found": found.found})
    if found.fault in {TomlFault.DATE_IMPOSSIBLE, TomlFault.DATE_FORM, TomlFault.NO_SECONDS}:
        return found.line, problem  # who writes a wrong date need not know what TOML is
    return found.line, Phrase(FileProblem.NOT_TOML, {"detail": problem})
