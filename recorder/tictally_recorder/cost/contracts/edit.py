"""Changes a file of contracts as a person would: what stands in it, comments too, stays as it is. Pure."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.contracts.moments import DayOrMoment, day_or_moment
from tictally_recorder.tariffs.hours import WEEKDAYS, Hours
from tictally_recorder.tariffs.toml_lines import TomlLines

_SUMMER: Final = '["04-01", "10-31"]'


class ContractEditError(ValueError):
    """What a file has cannot be changed by a program; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class NewContract:
    """What is to be added.

    Attributes:
        tariff: id of the tariff.
        start: when it begins.
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
        found += [f'site = "{self.site}"'] if self.site is not None else []
        found.append(f'tariff = "{self.tariff}"')
        found += [f"power = {self.power_kva}"] if self.power_kva is not None else []
        if self.powers_kw:
            found.append(f"power = {{ {', '.join(f'{name} = {kw}' for name, kw in self.powers_kw.items())} }}")
        found.append(f"from = {self.start.toml}")
        if self.summer_off_peak:
            found += [
                "off_peak = [",
                f"    {{ season = {_SUMMER}, hours = {_written(self.summer_off_peak)} }},",
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
        raise ContractEditError("the contract has no line of its own for `from`; write `until` by hand")
    return "\n".join([*lines[:line], f"until = {last.toml}", *lines[line:], ""])


def _written(hours: Sequence[Hours]) -> str:
    return "[" + ", ".join(f'"{begin:%H:%M}-{end:%H:%M}"' for begin, end in hours) + "]"
