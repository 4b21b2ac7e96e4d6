"""Every code of phrases with an example value for each placeholder of its words."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import tictally_recorder.translations
from tictally_recorder.file_problem import FileProblem
from tictally_recorder.finding import FindingCode
from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.notifications.model import NotificationCode
from tictally_recorder.problem import ProblemCode
from tictally_recorder.reason import Parameter, Reason, ReasonCode
from tictally_recorder.remark import RemarkCode, UnknownPart
from tictally_recorder.tariffs.check import IssueCode
from tictally_shared.phrase import Phrase, PhraseCode, Value

FAMILIES: Final[tuple[type[PhraseCode], ...]] = (
    FindingCode,
    RemarkCode,
    UnknownPart,
    IssueCode,
    ProblemCode,
    NotificationCode,
    ResultCode,
    FileProblem,
    ImportProblem,
)
PLACEHOLDER: Final = re.compile(r"\{(\w+)(?:\|(\w+))?\}")
# By format: what such a placeholder can be filled with.
_OF_FORMAT: Final[dict[str, Value]] = {
    "age": 7200,
    "clauses": (Reason(ReasonCode.NO_CONTRACT), Reason(ReasonCode.NO_FRAMES)),
    "date": "2026-08-03",
    "days": (("2026-08-03", "2026-08-05"), ("2026-08-07", "2026-08-07")),
    "decimal": "12.5",
    "joined": ("EASF01", "EASF02"),
    "list": ("EASF01", "EASF02"),
    "moment": "2026-08-03T10:00+02:00",
    "period": "HP",
    "periods": ("HP", "HC"),
    "ranges": (("2026-08-03", "2026-08-05"),),
    "second": "2026-08-03T10:00:07+02:00",
    "sentences": (Phrase(RemarkCode.GAPS_DIVIDED),),
    "size": 12_300_000,
    "spans": (("2026-08-03T10:00", "2026-08-03T12:30"),),
    "when": "2026-08-03T10:00",
}

REASON_PARAMETERS: Final[Mapping[str, Parameter]] = {
    "count": 3,
    "day": "2026-08-03",
    "days": 365,
    "due": "2026-08-01",
    "enough": 10,
    "file": "own.toml",
    "line": 7,
    "list_name": "sobriete",
    "newest": "own 2026-08-01",
    "nights": 30,
    "period": "HP WE",
    "periods": ("HP WE", "HC WE"),
    "power_kva": 9,
    "problem": Phrase(FileProblem.KEY_MISSING, {"key": "source"}),
    "registers": ("EASF03", "EASF04"),
    "share": "12.5",
    "spans": (("2026-08-03T10:00+02:00", "2026-08-03T12:30+02:00"),),
    "start": "2026-08-04",
    "tariff": "own",
    "time": "2026-10-25T02:15+02:00",
    "until": "2026-08-05",
    "version": "own 2026-02-01",
}


@cache
def words(language: str) -> dict[str, str | dict[str, str]]:
    """The catalogue's file of a language."""
    text = files(tictally_recorder.translations).joinpath(f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str | dict[str, str]] = json.loads(text)
    return found


def forms(of_key: str | dict[str, str]) -> list[str]:
    """The words of a key, or its plural forms."""
    return [of_key] if isinstance(of_key, str) else list(of_key.values())


def example(code: PhraseCode) -> Phrase:
    """A phrase with a value for every placeholder of its English words."""
    placeholders = {match for form in forms(words("en")[code.key]) for match in PLACEHOLDER.findall(form)}
    return Phrase(code, {name: _value(name, of_format) for name, of_format in sorted(placeholders)})


def every_phrase() -> list[Phrase]:
    """One of each code."""
    return [example(code) for family in FAMILIES for code in family]


def _value(name: str, of_format: str) -> Value:
    if of_format:
        return _OF_FORMAT[of_format]
    return 3 if name == "count" else f"<{name}>"
