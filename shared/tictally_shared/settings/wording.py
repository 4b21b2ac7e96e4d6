"""Sentences for values that pydantic rejects, in the words of a person who sets them. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo

_MAX_SHOWN: Final = 60
_LITERAL: Final = re.compile(r"'([^']*)'")

_INTEGER: Final = "must be an integer"
_NUMBER: Final = "must be a number"
_SWITCH: Final = "must be true or false"
_STRING: Final = "must be a string"
_PATH: Final = "must be a path"
_LIST: Final = "must be words separated by commas, or a list of strings"
_PAIRS: Final = "must be pairs, such as a=b, or a table"
# By type of pydantic's error: the sentence, given the error's context.
_SENTENCES: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), lambda _: _INTEGER),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), lambda _: _NUMBER),
    **dict.fromkeys(("bool_parsing", "bool_type"), lambda _: _SWITCH),
    "string_type": lambda _: _STRING,
    "path_type": lambda _: _PATH,
    "string_too_short": lambda _: "must not be empty",
    **dict.fromkeys(("tuple_type", "list_type"), lambda _: _LIST),
    **dict.fromkeys(("dict_type", "mapping_type"), lambda _: _PAIRS),
    "enum": lambda context: f"must be {' or '.join(_listed(context['expected']))}",
    "literal_error": lambda context: f"must be {' or '.join(_listed(context['expected']))}",
    "greater_than_equal": lambda context: f"must be {context['ge']} or more",
    "less_than_equal": lambda context: f"must be {context['le']} or less",
    "greater_than": lambda context: f"must be more than {context['gt']}",
    "less_than": lambda context: f"must be less than {context['lt']}",
}


def rejection(problem: Mapping[str, Any], field: FieldInfo) -> str:
    """What a value must be and is not: `must be an integer, not 'abc'`; a secret's value is left out.

    Where this module has no words for a type of error, it names only the wrong value: pydantic's own sentences are
    for programmers.

    Args:
        problem: one of `ValidationError.errors()`.
        field: the setting.
    """
    make = _SENTENCES.get(problem["type"])
    if make is None:
        return "has a wrong value" if _is_secret(field) else f"cannot be {_shown(problem.get('input'))}"
    sentence = make(problem.get("ctx", {}))
    return sentence if _is_secret(field) else f"{sentence}, not {_shown(problem.get('input'))}"


def _listed(expected: str) -> list[str]:
    """The values of `'a', 'b' or 'c'`: all but the last in one string, then the last."""
    *first, last = _LITERAL.findall(expected)
    return [", ".join(first), last] if first else [last]


def _shown(value: object) -> str:
    written = str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else repr(value)
    return written if len(written) <= _MAX_SHOWN else f"{written[:_MAX_SHOWN]}…"


def _is_secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation) or field.annotation is SecretStr
