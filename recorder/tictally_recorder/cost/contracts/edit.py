"""Changes a file of contracts as a person would: what stands in it, comments too, stays as it is. Pure."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.contracts.moments import DayOrMoment, day_or_moment
from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.hours import WEEKDAYS, Hours
from tictally_recorder.tariffs.toml_lines import TomlLines
from tictally_shared.phrase import Phrase

SUMMER: Final = (4, 1), (10, 31)
"""First and last day of the part of the year that may have off-peak hours of its own: (month, day)."""
_SUMMER_TOML: Final = "[" + ", ".join(f'"{month:02d}-{day:02d}"' for month, day in SUMMER) + "]"
_HEADER: Final = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_\"'-]+)")
_OTHER_HEADER: Final = re.compile(r"\s*\[(?!\s*contract\s*\.)")
_OWN: Final = "contract"
_OFF_PEAK, _FORMER_OFF_PEAK = "off_peak", "windows"


class ContractEditError(ValueError):
    """A contract is written in a form that a program cannot change.

    Attributes:
        problem: the same as data.
    """

    def __init__(self) -> None:
        super().__init__("the contract cannot be changed by a program")
        self.problem = Phrase(FileProblem.CONTRACT_NOT_CHANGEABLE)


@dataclass(frozen=True, slots=True)
class NewContract:
    """What is to be added.

    Attributes:
        tariff: id of the tariff.
        start: when it begins.
        until: its last day or the moment at which it ended, or None.
        site: its id, or None where there is one site only.
        power_kva: or None if the tariff does not ask for it.
        powers_kw: those by period, or none.
        off_peak: off-peak hours; none: none is written.
        summer_off_peak: those from April to October, where they differ.
        chosen_weekday: 0 is Monday, or None.
        billing_day: of the month, on which bills begin, or None.
        billed_in_advance: for how many months the subscription is, or None.
    """

    tariff: str
    start: DayOrMoment
    until: DayOrMoment | None = None
    site: str | None = None
    power_kva: int | None = None
    off_peak: Sequence[Hours] = ()
    summer_off_peak: Sequence[Hours] = ()
    chosen_weekday: int | None = None
    billing_day: int | None = None
    billed_in_advance: int | None = None
    powers_kw: Mapping[str, Decimal] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """As they stand in the file."""
        found = ["[[contract]]"]
        found += [f"site = {_quoted(self.site)}"] if self.site is not None else []
        found.append(f"tariff = {_quoted(self.tariff)}")
        found += [f"power = {self.power_kva}"] if self.power_kva is not None else []
        if self.powers_kw:
            found.append(f"power = {{ {', '.join(f'{name} = {kw}' for name, kw in self.powers_kw.items())} }}")
        found.append(f"from = {self.start.toml}")
        found += [f"until = {self.until.toml}"] if self.until is not None else []
        if self.summer_off_peak:
            found += [
                "off_peak = [",
                f"    {{ season = {_SUMMER_TOML}, hours = {_written(self.summer_off_peak)} }},",
                f"    {{ hours = {_written(self.off_peak)} }},",
                "]",
            ]
        elif self.off_peak:
            found.append(f"off_peak = {_written(self.off_peak)}")
        found += [f'chosen_day = "{WEEKDAYS[self.chosen_weekday]}"'] if self.chosen_weekday is not None else []
        found += [f"billing_day = {self.billing_day}"] if self.billing_day is not None else []
        found += [f"billed_in_advance = {self.billed_in_advance}"] if self.billed_in_advance is not None else []
        return found


def with_contract(text: str, added: NewContract) -> str:
    """A file with one more contract at its end."""
    before = text.rstrip("\n")
    return "\n".join([*([before, ""] if before else []), *added.lines(), ""])


def with_end(text: str, contract: Contract, last: DayOrMoment, tz: ZoneInfo) -> str:
    """A file in which a contract ends.

    Args:
        text: of the file.
        contract: one of it, without an end.
        last: its last day, or the moment at which it ends.
        tz: of local times.

    Raises:
        ContractEditError: the contract does not stand in a table of its own with a line for `from`.
    """
    tables = tomllib.loads(text).get("contract", [])
    begin = DayOrMoment(contract.start, contract.starts_at)
    number = next(
        at
        for at, table in enumerate(tables)
        if day_or_moment("from", table["from"], tz) == begin
        and (table["tariff"], table.get("site")) == (contract.tariff, contract.site)
    )
    lines = text.splitlines()
    line = TomlLines(text).line(("contract", number, "from"))
    if not lines[line - 1].lstrip().startswith("from"):
        raise ContractEditError
    return "\n".join([*lines[:line], f"until = {last.toml}", *lines[line:], ""])


def corrected(text: str, number: int, wanted: NewContract, *, keeps_off_peak: bool = False) -> str:
    """A file in which a contract is another one.

    A line whose value stays the same stays as it is. What `NewContract` does not have stays too: aliases, comments.

    Args:
        text: of the file.
        number: of the contract among those of the file, from 0.
        wanted: what it is to be.
        keeps_off_peak: True if its off-peak hours stay as they are, whatever `wanted` has.

    Raises:
        ContractEditError: the contract does not stand in a table of its own.
    """
    block = _Block.of(text, number)
    try:
        document = tomlkit.parse(block.text)
    except TOMLKitError:  # a text over several lines, of which one looks like the head of a table
        raise ContractEditError from None
    table, new = _only(document), _only(tomlkit.parse("\n".join([*wanted.lines(), ""])))
    off_peak = {_OFF_PEAK, _FORMER_OFF_PEAK}
    for key in [each for each in table if each in _WRITTEN | off_peak and each not in new]:
        if not (keeps_off_peak and key in off_peak):
            table.remove(key)
    for key, value in new.items():
        if not (keeps_off_peak and key == _OFF_PEAK) and (key not in table or table[key] != value):
            table[key] = value
    return _checked(text, block.replaced(tomlkit.dumps(document)), number, is_removed=False)


def removed(text: str, number: int) -> str:
    """A file without a contract; comments above it stay.

    Args:
        text: of the file.
        number: of the contract among those of the file, from 0.

    Raises:
        ContractEditError: the contract does not stand in a table of its own.
    """
    return _checked(text, _Block.of(text, number).without(), number, is_removed=True)


_WRITTEN: Final = frozenset(
    {"site", "tariff", "power", "from", "until", "chosen_day", "billing_day", "billed_in_advance"}
)


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of one contract.

    Attributes:
        lines: of the whole file.
        begin: number of the first one, from 0.
        end: that of the first one behind its own lines.
        behind: that of the first one behind its tables too, such as `[contract.aliases]`. Blank lines and comments
            before the next table belong to that one.
    """

    lines: Sequence[str]
    begin: int
    end: int
    behind: int

    @classmethod
    def of(cls, text: str, number: int) -> "_Block":
        lines = text.splitlines(keepends=True)
        found = TomlLines(text)
        begin = found.line((_OWN, number)) - 1
        if not (lines and (match := _HEADER.match(lines[begin])) and match[1] == _OWN and "[[" in lines[begin]):
            raise ContractEditError
        end = _trimmed(lines, begin, _HEADER)
        return cls(lines, begin, end, _trimmed(lines, begin, _OTHER_HEADER))

    @property
    def text(self) -> str:
        return "".join(self.lines[self.begin : self.end])

    def replaced(self, block: str) -> str:
        return "".join((*self.lines[: self.begin], block, *self.lines[self.end :]))

    def without(self) -> str:
        after = self.lines[self.behind :]
        if after and not after[0].strip():  # the empty line that parted it from the next one
            after = after[1:]
        return "".join((*self.lines[: self.begin], *after))


def _trimmed(lines: Sequence[str], begin: int, header: re.Pattern[str]) -> int:
    """The line behind the last one that has a value, before the next header."""
    end = next((at for at in range(begin + 1, len(lines)) if header.match(lines[at])), len(lines))
    while end > begin + 1 and lines[end - 1].strip()[:1] in {"", "#"}:
        end -= 1
    return end


def _only(document: tomlkit.TOMLDocument) -> Table:
    tables = document[_OWN]
    if not isinstance(tables, AoT):
        raise ContractEditError
    return tables[0]


def _checked(before: str, after: str, number: int, *, is_removed: bool) -> str:
    """The text after a change, of which everything but one contract is as it was."""
    try:
        old, new = tomllib.loads(before), tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        raise ContractEditError from None
    contracts = old.pop(_OWN), new.pop(_OWN, [])
    others = [
        [each for at, each in enumerate(tables) if at != number or (is_removed and tables is contracts[1])]
        for tables in contracts
    ]
    if old != new or others[0] != others[1]:
        raise ContractEditError
    return after


def _quoted(text: str) -> str:
    """JSON's strings are TOML's."""
    return json.dumps(text)


def _written(hours: Sequence[Hours]) -> str:
    return "[" + ", ".join(f'"{begin:%H:%M}-{end:%H:%M}"' for begin, end in hours) + "]"
