"""Answers of RTE and of the mirror as colours by day. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.calendars.tempo import implausible
from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase, Value
from tictally_shared.status_register import Colour

PARIS: Final = ZoneInfo("Europe/Paris")
"""Whose days have colours."""

# 0 is a day whose colour is not known yet.
_OF_MIRROR: Final = {0: None, 1: Colour.BLEU, 2: Colour.BLANC, 3: Colour.ROUGE}
# RTE leaves the value of a blue day out.
_OF_RTE: Final = {None: Colour.BLEU, "BLUE": Colour.BLEU, "WHITE": Colour.BLANC, "RED": Colour.ROUGE}


def read_mirror(answer: Answer) -> dict[date, Colour]:
    """Colours of a list of `{"dateJour": "2026-11-21", "codeJour": 1}`.

    Raises:
        FetchError: it is something else, a day has two colours, or a colour breaks the rules of the season.
    """
    body = answer.json()
    if not isinstance(body, list):
        raise _unexpected(answer, "it is no list")
    return _checked(answer, _mirror_days(answer, body))


def _mirror_days(answer: Answer, rows: Iterable[object]) -> Iterator[tuple[date, Colour]]:
    for row in rows:
        if not isinstance(row, Mapping):
            raise _unexpected(answer, "a day is no object")
        code = row.get("codeJour")
        if isinstance(code, bool) or code not in _OF_MIRROR:
            raise _unexpected(answer, f"codeJour is {str(code)[:20]!r}")
        day, colour = _day(answer, str(row.get("dateJour")), "dateJour"), _OF_MIRROR[code]
        if colour is not None:
            yield day, colour


def read_rte(answer: Answer) -> dict[date, Colour]:
    """Colours of `tempo_like_calendars`, whose days are stamped from midnight to midnight; see `read_mirror`."""
    body = answer.json()
    calendar = body.get("tempo_like_calendars") if isinstance(body, Mapping) else None
    values = calendar.get("values") if isinstance(calendar, Mapping) else None
    if not isinstance(values, list):
        raise _unexpected(answer, "tempo_like_calendars.values is missing")
    return _checked(answer, _rte_days(answer, values))


def _rte_days(answer: Answer, rows: Iterable[object]) -> Iterator[tuple[date, Colour]]:
    for row in rows:
        if not isinstance(row, Mapping):
            raise _unexpected(answer, "a day is no object")
        value = row.get("value")
        if not isinstance(value, str | None) or value not in _OF_RTE:
            raise _unexpected(answer, f"value is {str(value)[:20]!r}")
        yield _rte_day(answer, str(row.get("start_date"))), _OF_RTE[value]


def _day(answer: Answer, text: str, key: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _unexpected(answer, f"{key} is {text[:40]!r}") from None


def _rte_day(answer: Answer, text: str) -> date:
    """The local day that begins at a time, whichever offset that is written with."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        start = None
    local = start.astimezone(PARIS) if start is not None and start.tzinfo is not None else None
    if local is None or local.time() != time():
        raise _unexpected(answer, f"start_date is {text[:40]!r}, not midnight in France")
    return local.date()


def _checked(answer: Answer, rows: Iterable[tuple[date, Colour]]) -> dict[date, Colour]:
    found: dict[date, Colour] = {}
    for day, colour in rows:
        if found.setdefault(day, colour) is not colour:
            raise _unexpected(answer, f"{day} has two colours")
    if (wrong := implausible(found)) is not None:
        about: dict[str, Value] = {"service": answer.service, "day": str(wrong[0]), "colour": wrong[1].name}
        raise FetchError(Phrase(ProblemCode.COLOUR_IMPLAUSIBLE, about))
    return found


def _unexpected(answer: Answer, detail: str) -> FetchError:
    return FetchError(Phrase(ProblemCode.FETCH_UNEXPECTED, {"service": answer.service, "detail": detail}))
