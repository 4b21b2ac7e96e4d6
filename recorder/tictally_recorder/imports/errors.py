"""What can be wrong with a file of history, as data, and the error that carries it."""

from tictally_recorder.problem import ProblemError
from tictally_shared.phrase import Phrase, PhraseCode


class ImportProblem(PhraseCode):
    """Why nothing is imported from a file; most are about one of its lines."""

    UNREADABLE = "unreadable"
    MISSING = "missing"
    NOT_RECOGNIZED = "not_recognized"
    AMBIGUOUS = "ambiguous"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    LINE_TOO_LONG = "line_too_long"
    ENCRYPTED = "encrypted"
    IS_A_FOLDER = "is_a_folder"
    NO_FILE = "no_file"
    UNPACK_FIRST = "unpack_first"
    OTHER_SPREADSHEET = "other_spreadsheet"
    TWO_FILES = "two_files"
    HAS_MACROS = "has_macros"
    NEEDS_PACKAGE = "needs_package"
    COLUMN_MISSING = "column_missing"
    NOT_A_TIME = "not_a_time"
    TIME_SKIPPED = "time_skipped"
    TIMES_OUT_OF_ORDER = "times_out_of_order"
    TIME_TWICE = "time_twice"
    TIME_TWICE_WITHOUT_LINE = "time_twice_without_line"
    TOO_MANY = "too_many"
    NOT_A_NUMBER = "not_a_number"
    NEGATIVE = "negative"
    IMPLAUSIBLE_POWER = "implausible_power"
    UNIT_UNKNOWN = "unit_unknown"
    STEP_UNKNOWN = "step_unknown"
    STAMP_UNKNOWN = "stamp_unknown"
    PERIOD_UNKNOWN = "period_unknown"
    NOT_A_FRAME = "not_a_frame"
    START_NEEDED = "start_needed"
    TWO_METERS = "two_meters"
    OTHER_METER = "other_meter"
    SERIES_NEEDED = "series_needed"
    SEVERAL_SITES = "several_sites"
    TWO_COUNTERS = "two_counters"
    TWO_DELIVERY_POINTS = "two_delivery_points"
    OTHER_DELIVERY_POINT = "other_delivery_point"
    SHEET_MISSING = "sheet_missing"
    SITE_NEEDED = "site_needed"
    NEW_SITE_NEEDED = "new_site_needed"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `import.`."""
        return "import"


class ImportFileError(ProblemError):
    """A file from which nothing is imported.

    Args:
        file: its name.
        line: from 1; 0 where it is about the whole file.
        problem: what is wrong.

    Attributes:
        file: its name.
        line: from 1, or 0.
        problem: what is wrong.
    """

    def __init__(self, file: str, line: int, problem: Phrase) -> None:
        super().__init__(problem)
        self.file = file
        self.line = line

    def __str__(self) -> str:
        sentence = super().__str__()
        return f"{self.file}, line {self.line}: {sentence}" if self.line else f"{self.file}: {sentence}"
