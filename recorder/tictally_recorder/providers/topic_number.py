"""A number that another program publishes on a topic: the topic's name as a setting, and the number of a message."""

import json
from collections.abc import Collection
from typing import Annotated, Final

from pydantic import AfterValidator

NO_NUMBER: Final = frozenset({"", "unavailable", "unknown", "none", "null", "nan"})
"""What hubs publish in place of a number, in lower case: there is none at the moment."""
_LONGEST_TOPIC: Final = 200
_SHOWN: Final = 60


def _one_topic(topic: str) -> str:
    if not topic or set("#+\0") & set(topic) or len(topic) > _LONGEST_TOPIC or topic.startswith("$"):
        raise ValueError("it has to be one topic of at most 200 characters, without + and #")
    return topic


TopicName = Annotated[str, AfterValidator(_one_topic)]
"""A single topic."""


def number_of(payload: bytes, key: str | None, units: Collection[str]) -> float | None:
    """The number of a message, or None.

    Args:
        payload: a number with a decimal point or comma, maybe with its unit, or JSON.
        key: of JSON, its levels separated by dots; None: the message is the number itself.
        units: that may stand behind the number.
    """
    value: object
    try:
        text = payload.decode()
        value = text if key is None else json.loads(text)
    except (ValueError, RecursionError):
        return None
    for each in () if key is None else key.split("."):
        value = value.get(each) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        value = value.strip()
        for unit in units:
            value = value.removesuffix(unit)
        value = value.strip().replace(",", ".")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def is_no_number(payload: bytes) -> bool:
    """True for a message that only states that there is none."""
    return shown(payload).strip().lower() in NO_NUMBER


def shown(payload: bytes) -> str:
    """The begin of a message, for a log line."""
    return payload[:_SHOWN].decode(errors="replace")
