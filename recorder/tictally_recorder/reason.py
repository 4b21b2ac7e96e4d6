"""Why a figure is unknown, provisional or in need of action, as data: a code with its parameters.

The words of a reason are a clause: lower case, without full stop, to follow "because".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeAlias

from tictally_recorder.file_problem import FileProblem
from tictally_shared.phrase import Phrase, PhraseCode

Parameter: TypeAlias = str | int | Phrase | tuple[str | Phrase, ...] | tuple[tuple[str, str], ...]
"""Days and moments are ISO 8601, spans of time are pairs of moments, fractions are decimal strings; a phrase is what is
wrong in a file."""


class ReasonCode(PhraseCode):
    """Every reason that there is; the placeholders of its words are its parameters."""

    # Contracts and tariffs
    NO_CONTRACT = "no_contract"
    NO_CONSUMPTION_CONTRACT = "no_consumption_contract"
    CONTRACT_NOT_BEGUN = "contract_not_begun"
    CONTRACT_ENDED = "contract_ended"
    UNKNOWN_TARIFF = "unknown_tariff"
    NO_VERSION = "no_version"
    REVISION_OVERDUE = "revision_overdue"
    POWER_NOT_REVISED = "power_not_revised"
    NO_PRICE = "no_price"
    NO_PRICE_AT_POWER = "no_price_at_power"
    NO_SUBSCRIPTION = "no_subscription"
    NO_SUBSCRIPTION_AT_POWER = "no_subscription_at_power"
    NO_SERIES = "no_series"
    NO_PRICE_AT_TIME = "no_price_at_time"
    NO_PRICES_THEN = "no_prices_then"
    NO_PRICE_IN_DAYS = "no_price_in_days"
    TERMS_FILE_REJECTED = "terms_file_rejected"

    # Energy
    NO_FRAMES = "no_frames"
    PERIOD_NOT_COUNTED = "period_not_counted"
    TOTAL_WITHOUT_PERIODS = "total_without_periods"
    REGISTER_WITHOUT_PERIOD = "register_without_period"
    PERIOD_NOT_IN_TARIFF = "period_not_in_tariff"
    UNMETERED_SPANS = "unmetered_spans"
    UNMETERED_IN_PART = "unmetered_in_part"
    ENERGY_IMPLAUSIBLE = "energy_implausible"
    REGISTER_FELL = "register_fell"

    # Comparison of tariffs
    TEMPO_COLOUR_UNKNOWN = "tempo_colour_unknown"
    OFF_PEAK_HOURS_UNKNOWN = "off_peak_hours_unknown"
    CHOSEN_WEEKDAY_UNKNOWN = "chosen_weekday_unknown"
    NO_LIST_OF_DAYS = "no_list_of_days"
    NO_REGISTER_FOR_PERIODS = "no_register_for_periods"

    # Standby
    TOO_FEW_NIGHTS = "too_few_nights"
    NO_PERIOD_REPORTED = "no_period_reported"
    REPORTED_PERIODS_NOT_IN_TARIFF = "reported_periods_not_in_tariff"
    WEEK_OF_PERIODS_NEEDED = "week_of_periods_needed"
    YEAR_OF_PERIODS_NEEDED = "year_of_periods_needed"

    @classmethod
    def family(cls) -> str:
        """Keys begin with `reason.`."""
        return "reason"


@dataclass(frozen=True, slots=True)
class Reason(Phrase):
    """One reason.

    Attributes:
        code: which.
        parameters: name → what fills the placeholder of that name in the reason's words.
    """

    code: ReasonCode
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __hash__(self) -> int:
        """By code and parameters, so that equal reasons of many days are one key."""
        return Phrase.__hash__(self)

    @classmethod
    def from_json(cls, code: str, parameters: Mapping[str, object]) -> Self:
        """What `as_json` made.

        Raises:
            ValueError: there is no such code, or a parameter is of another type.
        """
        return cls(ReasonCode(code), {name: _parameter(value) for name, value in parameters.items()})


_OF_PHRASE: Final = {"code", "parameters"}


def _parameter(value: object) -> Parameter:
    if isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return _phrase(value)
    if isinstance(value, list | tuple) and all(isinstance(each, str | Mapping) for each in value):
        return tuple(each if isinstance(each, str) else _phrase(each) for each in value)
    if isinstance(value, list | tuple) and all(_is_span(each) for each in value):
        return tuple((str(start), str(end)) for start, end in value)
    raise ValueError(f"{value!r} is no parameter of a reason")


def _phrase(value: Mapping[str, Any]) -> Phrase:
    if value.keys() != _OF_PHRASE:
        raise ValueError(f"{value!r} is no parameter of a reason")
    inner = {name: _parameter(each) for name, each in value["parameters"].items()}
    return Phrase(FileProblem(value["code"]), inner)


def _is_span(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(each, str) for each in value)  # noqa: PLR2004 - from and to
