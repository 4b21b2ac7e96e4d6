"""A contract as a form has it: dates, hours and powers as text, which become a contract or a problem of one field."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from tictally_recorder.api.problem_details import Problem
from tictally_recorder.cost.contracts.edit import SUMMER, NewContract
from tictally_recorder.cost.contracts.load import ContractError
from tictally_recorder.cost.contracts.model import Contract, Contracts, iso_text
from tictally_recorder.cost.contracts.moments import DayOrMoment, MomentError, as_end, day_or_moment
from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.hours import WEEKDAYS, Hours, parse_hours
from tictally_shared.phrase import Phrase

_POWER_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,20}")
_LONGEST: Final = 40
_MOST: Final = 20
# The keys of the file whose fields have other names here.
_FIELDS: Final = {"power": "power_kva", "windows": "off_peak"}


class ContractForm(BaseModel):
    """What a contract is to be."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")

    tariff: str = Field(max_length=64, description="Id of a tariff, as `/tariffs` lists them.")
    start: str = Field(
        alias="from", max_length=_LONGEST, description="First local day, or a moment: `2026-03-10T14:00`."
    )
    until: str | None = Field(None, max_length=_LONGEST, description="Last day, or the moment at which it ended.")
    site: str | None = Field(None, max_length=64, description="Required where the ledger has several sites.")
    power_kva: int | None = Field(None, description="Subscribed power.")
    powers_kw: dict[str, str] = Field(
        {}, max_length=_MOST, description="Powers by period in kW, where the tariff has prices of these."
    )
    off_peak: list[str] | None = Field(
        None,
        max_length=_MOST,
        description="Off-peak hours: `22:30-06:30`. null: none for a new contract, those that it has for another one.",
    )
    summer_off_peak: list[str] = Field(
        [], max_length=_MOST, description="Those from April to October, where they differ."
    )
    chosen_day: str | None = Field(None, max_length=_LONGEST, description="Weekday that the customer chose: `wed`.")
    billing_day: int | None = Field(None, description="Day of the month on which bills begin.")
    billed_in_advance: int | None = Field(None, description="Months of the subscription billed in advance.")

    def contract(self, tz: ZoneInfo) -> NewContract:
        """What the fields stand for.

        Args:
            tz: of local times.

        Raises:
            Problem: a field has no value that a contract can have.
        """
        start = _moment("from", self.start, tz)
        return NewContract(
            self.tariff,
            start,
            None if not self.until else as_end(_moment("until", self.until, tz), is_moment="T" in self.until),
            site=self.site or None,
            power_kva=self.power_kva,
            powers_kw=_powers(self.powers_kw),
            off_peak=_hours("off_peak", self.off_peak or ()),
            summer_off_peak=_hours("summer_off_peak", self.summer_off_peak),
            chosen_weekday=_weekday(self.chosen_day),
            billing_day=self.billing_day,
            billed_in_advance=self.billed_in_advance,
        )


def contract_record(contract: Contract, contracts: Contracts) -> dict[str, object]:
    """A contract as `ContractForm` takes it, with its number, direction and end."""
    seasons = {each.season: each.hours for each in contract.off_peak}
    end = contract.ends_at or contract.until
    last = contracts.end_of(contract)
    return {
        "contract": contract.number,
        "site": contract.site,
        "direction": str(contract.direction),
        "tariff": contract.tariff,
        "from": contract.begins,
        "until": None if end is None else iso_text(end),
        "last": None if last is None else iso_text(last),
        "power_kva": contract.power_kva,
        "powers_kw": {name: f"{kw:f}" for name, kw in contract.powers_kw.items()},
        "off_peak": _texts(seasons.get(None, ())),
        "summer_off_peak": _texts(seasons.get(SUMMER, ())),
        "has_other_seasons": not seasons.keys() <= {None, SUMMER},
        "chosen_day": None if contract.chosen_weekday is None else WEEKDAYS[contract.chosen_weekday],
        "billing_day": contract.billing_day,
        "billed_in_advance": contract.billed_in_advance,
        "aliases": dict(contract.aliases),
    }


def problem_of(error: ContractError, number: int | None) -> Problem:
    """Why a contract is refused, with the field that is wrong.

    Args:
        error: of the file as it would be.
        number: of the contract that is to be written; a problem of another one names no field.
    """
    field = _FIELDS.get(error.key, error.key) if error.number is not None and error.number == number else ""
    found = Problem(HTTPStatus.BAD_REQUEST, error.sentence if field else str(error), parameter=field or None)
    found.reason = error.problem if field else error.reason
    if error.problem.code in {FileProblem.NOT_WRITABLE, FileProblem.CONTRACTS_MADE_ELSEWHERE}:
        found.status, found.reason = HTTPStatus.CONFLICT, error.problem
    return found


def _wrong(field: str, problem: Phrase) -> Problem:
    return problem_of(ContractError("", 1, problem, number=0, key=field), 0)


def _moment(key: str, text: str, tz: ZoneInfo) -> DayOrMoment:
    try:
        value: date | datetime = datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        raise _wrong(key, Phrase(FileProblem.DATE_WRONG, {"key": key, "found": repr(text)})) from None
    try:
        return day_or_moment(key, value, tz)
    except MomentError as error:
        raise _wrong(key, error.problem) from None


def _hours(key: str, texts: Sequence[str]) -> tuple[Hours, ...]:
    try:
        return tuple(parse_hours(each.strip()) for each in texts if each.strip())
    except ValueError:
        raise _wrong(key, Phrase(FileProblem.HOURS_WRONG, {"found": repr(list(texts))[:80]})) from None


def _weekday(text: str | None) -> int | None:
    if not text:
        return None
    if text not in WEEKDAYS:
        raise _wrong("chosen_day", Phrase(FileProblem.WEEKDAY_WRONG, {"found": repr(text), "choices": WEEKDAYS}))
    return WEEKDAYS.index(text)


def _powers(powers: Mapping[str, str]) -> dict[str, Decimal]:
    found = {}
    for name, text in powers.items():
        try:
            kw = Decimal(text.replace(",", "."))
        except InvalidOperation:
            kw = Decimal("NaN")
        if not kw.is_finite() or "E" in f"{kw}" or not _POWER_NAME.fullmatch(name):
            raise _wrong("powers_kw", Phrase(FileProblem.POWERS_WRONG, {"name": name[:20], "found": text[:40]}))
        found[name] = kw
    return found


def _texts(hours: Sequence[Hours]) -> list[str]:
    return [f"{begin:%H:%M}-{end:%H:%M}" for begin, end in hours]
