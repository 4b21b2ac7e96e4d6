"""Writes the tables of codes in docs/codes.md and docs/api.md, from the codes and their English words."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tictally_recorder.file_problem import FileProblem
from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.jobs.result import ResultCode
from tictally_recorder.notifications.model import NotificationCode
from tictally_recorder.problem import ProblemCode
from tictally_recorder.reason import ReasonCode
from tictally_recorder.remark import RemarkCode
from tictally_recorder.tariffs.check import IssueCode
from tictally_recorder.translations import ENGLISH
from tictally_shared.phrase import PhraseCode

_DOCS: Final = Path(__file__).parent.parent / "docs"
# Page → the beginning of a section's heading → the codes in its table.
_TABLES: Final[dict[str, dict[str, tuple[type[PhraseCode], ...]]]] = {
    "codes.md": {
        "## `remark`": (RemarkCode,),
        "## `issue`": (IssueCode,),
        "## `problem`": (ProblemCode,),
        "## `notification`": (NotificationCode,),
        "## `job_result`": (ResultCode,),
        "## `file`": (FileProblem,),
        "## `import`": (ImportProblem,),
    },
    "api.md": {"## Reasons": (ReasonCode,)},
}
_RULE: Final = "|---|---|\n"


def page(name: str) -> str:
    """The page with its tables as they should be.

    Raises:
        ValueError: a section or its table is missing.
    """
    text = (_DOCS / name).read_text(encoding="utf-8")
    for heading, families in _TABLES[name].items():
        text = _replaced(text, heading, [code for family in families for code in family])
    return text


def _replaced(text: str, heading: str, codes: Iterable[PhraseCode]) -> str:
    begin = text.index(_RULE, text.index(f"\n{heading}")) + len(_RULE)
    end = re.compile(r"^(?!\|)", re.MULTILINE).search(text, begin)
    rows = "".join(f"| `{code.value}` | {_words(code)} |\n" for code in codes)
    return text[:begin] + rows + (text[end.start() :] if end is not None else "")


def _words(code: PhraseCode) -> str:
    return ENGLISH.template(code).replace("|", r"\|")


def main() -> None:
    """Write both pages."""
    for name in _TABLES:
        (_DOCS / name).write_text(page(name), encoding="utf-8")


if __name__ == "__main__":
    main()
