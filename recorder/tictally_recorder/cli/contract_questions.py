"""What a new contract is made of: options, and questions for what is not given."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final, TypeVar

import typer

from tictally_recorder.cli.catalogue import today
from tictally_recorder.cli.window import FROM, read_day_or_moment, read_hours, read_weekday
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.cost.contracts.asked import AskedByTariff
from tictally_recorder.cost.contracts.load import MOST_MONTHS
from tictally_recorder.cost.contracts.meter_reported import Announced
from tictally_recorder.cost.contracts.moments import DayOrMoment
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.hours import WEEKDAYS, Hours
from tictally_recorder.tariffs.model import Direction, Tariff
from tictally_shared.catalogue import Catalogue

_T = TypeVar("_T")
_FIRST_OF_MONTH: Final = 1
SiteOption = Annotated[
    str | None, typer.Option("--site", metavar="SITE", help="Site, where the ledger has more than one.")
]


@dataclass(frozen=True, slots=True)
class ContractOptions:
    """What a new contract has, as the user wrote it.

    Attributes:
        tariff: `--tariff`, or None.
        power: `--power`, or None.
        powers: `--powers`, or None.
        start: `--from`, or None.
        site: `--site`, or None.
        off_peak: `--off-peak`, or None.
        summer: `--summer-off-peak`, or None.
        chosen_day: `--chosen-day`, or None.
        billing_day: `--billing-day`, or None.
        in_advance: `--billed-in-advance`, or None.
    """

    tariff: Annotated[
        str | None, typer.Option("--tariff", metavar="ID", help="A tariff, as `tictally tariff list` names it.")
    ] = None
    power: Annotated[int | None, typer.Option("--power", metavar="KVA", help="Subscribed power.")] = None
    powers: Annotated[
        str | None,
        typer.Option("--powers", metavar="LIST", help="Powers by period in kW, as in Spain: P1=4.6,P2=3.45."),
    ] = None
    start: Annotated[
        str | None,
        typer.Option(FROM, metavar="WHEN", help="The first local day, or a local time: 2026-03-10T14:00."),
    ] = None
    site: SiteOption = None
    off_peak: Annotated[
        str | None,
        typer.Option("--off-peak", metavar="HOURS", help="Off-peak hours: 22:00-06:00, several separated by commas."),
    ] = None
    summer: Annotated[
        str | None,
        typer.Option(
            "--summer-off-peak", metavar="HOURS", help="Off-peak hours from April to October, where they differ."
        ),
    ] = None
    chosen_day: Annotated[
        str | None, typer.Option("--chosen-day", metavar="DAY", help="The weekday that you selected: mon, tue, …")
    ] = None
    billing_day: Annotated[
        int | None,
        typer.Option("--billing-day", metavar="N", help="Day of the month on which your bills begin, for `--by bill`."),
    ] = None
    in_advance: Annotated[
        int | None,
        typer.Option(
            "--billed-in-advance",
            metavar="MONTHS",
            min=0,
            max=MOST_MONTHS,
            help="How many months of the subscription the supplier bills in advance, for `bill`: 2 for EDF.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class AskedContract:
    """What a new contract has: as given, else as a person at a terminal answers, who may leave most answers empty.

    Attributes:
        given: as options.
        tariff: that it is on.
        words: of the person.
    """

    given: ContractOptions
    tariff: Tariff
    words: Catalogue

    def power(self, reported: Announced) -> int | None:
        """The subscribed power, where the tariff has prices by power."""
        if self.given.power is not None or not self._asked.powers:
            return self.given.power
        return _read("--power", asked_text("--power", self.words, "power", str(reported.power_kva or "")), int)

    def powers_kw(self) -> dict[str, Decimal]:
        """The powers by period, where the tariff has prices of these."""
        names = self._asked.power_names
        text = self.given.powers
        if text is None and names:
            proposed = ",".join(f"{name}=" for name in names)
            text = asked_text("--powers", self.words, "powers", "", example=proposed)
        found = {}
        for each in text.split(",") if text else ():
            name, _, kw = each.partition("=")
            try:
                found[name.strip()] = Decimal(kw.strip())
            except InvalidOperation:
                raise WrongUse("not_powers", "--powers", text=each.strip()[:40]) from None
        return found

    def start(self, settings: Settings) -> DayOrMoment:
        """When it begins."""
        text = self.given.start or asked_text(FROM, self.words, "start", str(today(settings)))
        return read_day_or_moment(FROM, text, settings.zone)

    def off_peak(self, counted: Sequence[str]) -> tuple[Hours, ...]:
        """The customer's off-peak hours, of winter where summer has others.

        Args:
            counted: those that the meter counts, proposed.
        """
        text = self.given.off_peak
        if text is None and self._asked.off_peak:
            text = self._answer("off_peak", ",".join(counted))
        return read_hours("--off-peak", text) if text else ()

    def summer_off_peak(self, others: Sequence[Hours]) -> tuple[Hours, ...]:
        """Those of summer.

        Args:
            others: of the rest of the year.
        """
        text = self.given.summer
        if text is not None and not others:
            raise WrongUse("needs_off_peak", "--summer-off-peak")
        if text is None and others and self.given.off_peak is None:
            text = self._answer("summer_off_peak")
        return read_hours("--summer-off-peak", text) if text else ()

    def chosen_weekday(self) -> int | None:
        """The weekday of tariffs that let the customer choose one."""
        text = self.given.chosen_day
        if text is None and self._asked.chosen_day:
            text = self._answer("chosen_day", choices=", ".join(WEEKDAYS))
        return read_weekday("--chosen-day", text) if text else None

    def billing_day(self) -> int | None:
        """The day of the month on which bills begin; the first needs no line."""
        given = self.given.billing_day
        if given is None and (text := self._answer("billing_day", str(_FIRST_OF_MONTH))):
            given = _read("--billing-day", text, int)
        return None if given == _FIRST_OF_MONTH else given

    def billed_in_advance(self) -> int | None:
        """For how many months the subscription is billed in advance."""
        given = self.given.in_advance
        if given is None and self.tariff.direction is Direction.CONSUMPTION:
            text = self._answer("billed_in_advance")
            given = _read("--billed-in-advance", text, int) if text else None
        return given

    @property
    def _asked(self) -> AskedByTariff:
        return AskedByTariff.of(self.tariff)

    def _answer(self, question: str, proposed: str = "", **about: str) -> str:
        """An answer that may be left empty; empty where nobody can be asked."""
        if not sys.stdin.isatty():
            return ""
        text = self.words.text(f"contract_text.ask_{question}", **about)
        return str(typer.prompt(text, default=proposed, show_default=bool(proposed), err=True)).strip()


def asked_text(option: str, words: Catalogue, question: str, proposed: str, **about: str) -> str:
    """The answer of a person at a terminal to what has to be known.

    Args:
        option: by which it can be given.
        words: of the person.
        question: `contract_text.ask_<question>`.
        proposed: the answer where none is typed, or an empty text.
        about: what the question names.

    Raises:
        WrongUse: nobody can be asked.
    """
    if not sys.stdin.isatty():
        raise WrongUse("nobody_asked", option)
    return str(typer.prompt(words.text(f"contract_text.ask_{question}", **about), default=proposed or None, err=True))


def _read(option: str, text: str, read: Callable[[str], _T]) -> _T:
    try:
        return read(text)
    except ValueError:
        raise WrongUse("cannot_be_read", option, text=text[:40]) from None
