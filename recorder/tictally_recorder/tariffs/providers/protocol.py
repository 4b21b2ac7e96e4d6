"""What a tariff provider is: whoever publishes the prices of tariffs, in files of a form of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol

from pydantic import BaseModel

from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.model import Confidence, Price, Taxes


class ProviderError(Exception):
    """A file from which nothing is imported.

    Attributes:
        errors: everything that is wrong with it, in the order of its lines.
    """

    def __init__(self, errors: Sequence[TariffError]) -> None:
        self.errors = tuple(sorted(errors, key=lambda error: error.line))
        super().__init__("\n".join(str(error) for error in self.errors))


@dataclass(frozen=True, slots=True)
class PublishedPrices:
    """What a power costs from a revision on, as published: nothing is rounded.

    Attributes:
        line: of the file, from 1.
        prices: of every period.
        yearly: the subscription of a year with taxes, or None if it is not published.
        yearly_ht: the same without taxes.
    """

    line: int
    prices: Mapping[str, Price]
    yearly: Decimal | None
    yearly_ht: Decimal | None


@dataclass(frozen=True, slots=True)
class PublishedRevision:
    """All prices from one first day on.

    Attributes:
        start: the first day.
        end: the last day, or None: in force.
        powers: kVA → what it costs.
        taxes: in the amounts, as far as the file or the law gives them. A version that exists keeps its own.
    """

    start: date
    end: date | None
    powers: Mapping[int, PublishedPrices]
    taxes: Taxes = field(default_factory=Taxes)


@dataclass(frozen=True, slots=True)
class PublishedHistory:
    """A whole file.

    Attributes:
        tariff: id of the tariff that it is about.
        revisions: in the order of their first days.
        file: its name, for people.
    """

    tariff: str
    revisions: tuple[PublishedRevision, ...]
    file: str


@dataclass(frozen=True, slots=True)
class Publication:
    """How versions are made of what a provider publishes.

    Attributes:
        source: of the versions, for people.
        note: of new versions, for people, or an empty text.
        confidence: how reliable they are.
        price_step: to which its prices of a kWh are rounded: a bill has no more decimals.
        has_billed_subscriptions: True if its subscriptions are those of bills. Where they are only close to them,
            subscriptions that a tariff has already stay, unless the user decides otherwise.
    """

    source: str
    note: str
    confidence: Confidence
    price_step: Decimal
    has_billed_subscriptions: bool


class TariffProvider(Protocol):
    """Whoever publishes tariffs. It reads files; where they come from is not its concern."""

    @property
    def name(self) -> str:
        """Its key on the command line, in health, API and names of settings: `[a-z][a-z0-9_]*`."""

    @property
    def title(self) -> str:
        """Its name for people."""

    @property
    def settings(self) -> type[BaseModel] | None:
        """Its section of the settings, each field with a description and a default; None if it has none."""

    @property
    def tariffs(self) -> Sequence[str]:
        """Ids of the tariffs that it publishes."""

    @property
    def form(self) -> str:
        """What files it reads, for people: `CSV of Base, HP/HC or Tempo`."""

    @property
    def publication(self) -> Publication:
        """How versions are made of what it publishes."""

    def recognizes(self, content: bytes, /) -> bool:
        """True if a file is probably one of its own, even if something in it is wrong."""

    def read(self, content: bytes, file: str, settings: Settings, /) -> PublishedHistory:
        """Read a file.

        Args:
            content: of the file.
            file: its name, for people.
            settings: the recorder's, with the provider's own section.

        Raises:
            ProviderError: it is no such file, or something in it cannot be right; every fault has its sentence.
        """

    def doubt(self, revision: PublishedRevision, taxes: Taxes, /) -> str | None:
        """Why the amounts of a revision contradict one another, a sentence; None if they are plausible.

        Args:
            revision: as it was read.
            taxes: those of the tariff's version from the same day, as far as they are known.
        """
