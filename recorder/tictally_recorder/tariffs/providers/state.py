"""How tariff providers stand, for health, doctor, API and command line: registry and tariffs put together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tictally_recorder.tariffs.catalogue import TariffCatalogue, imported_name
from tictally_recorder.tariffs.providers.protocol import TariffProvider
from tictally_recorder.tariffs.providers.registry import providers


@dataclass(frozen=True, slots=True)
class ProvidedTariff:
    """A tariff of a provider.

    Attributes:
        id: of the tariff.
        newest: first day of its newest version; None if there is no such tariff here.
        imported: day of the last import from the provider's files, or None.
        overdue_since: day on which a revision was due that is not known, or None.
        problem: why its file of imports cannot be used, a sentence, or None.
    """

    id: str
    newest: date | None
    imported: date | None = None
    overdue_since: date | None = None
    problem: str | None = None

    def to_record(self) -> dict[str, object]:
        """The tariff as API and command line show it."""
        return {
            "id": self.id,
            "newest": _iso(self.newest),
            "imported": _iso(self.imported),
            "overdue_since": _iso(self.overdue_since),
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A tariff provider.

    Attributes:
        provider: itself.
        tariffs: that it publishes.
        day: today, local.
    """

    provider: TariffProvider
    tariffs: tuple[ProvidedTariff, ...]
    day: date

    @property
    def name(self) -> str:
        """Its key."""
        return self.provider.name

    @property
    def imported(self) -> date | None:
        """Day of the last import from its files, or None."""
        return max((each.imported for each in self.tariffs if each.imported is not None), default=None)

    @property
    def age_days(self) -> int | None:
        """Days since the last import, or None."""
        return None if self.imported is None else max((self.day - self.imported).days, 0)

    @property
    def overdue_since(self) -> date | None:
        """The first day on which a revision of one of its tariffs was due that is not known, or None."""
        return min((each.overdue_since for each in self.tariffs if each.overdue_since is not None), default=None)

    @property
    def problem(self) -> str | None:
        """Why a file that was imported from it cannot be used, a sentence, or None."""
        return next((each.problem for each in self.tariffs if each.problem is not None), None)

    def to_record(self) -> dict[str, object]:
        """The provider as API and command line show it."""
        return {
            "name": self.name,
            "title": self.provider.title,
            "form": self.provider.form,
            **self.to_health(),
            "tariffs": [each.to_record() for each in self.tariffs],
        }

    def to_health(self) -> dict[str, object]:
        """`imported`, `age_days` since then, `overdue_since` and `problem`."""
        return {
            "imported": _iso(self.imported),
            "age_days": self.age_days,
            "overdue_since": _iso(self.overdue_since),
            "problem": self.problem,
        }


def provider_states(catalogue: TariffCatalogue, day: date) -> list[ProviderState]:
    """Every registered provider, in order of registration.

    Args:
        catalogue: all tariffs.
        day: today, local.
    """
    return [ProviderState(each, tuple(_tariffs(each, catalogue, day)), day) for each in providers()]


def _tariffs(provider: TariffProvider, catalogue: TariffCatalogue, day: date) -> Iterator[ProvidedTariff]:
    problems = {Path(error.file).name: str(error) for error in reversed(catalogue.errors)}
    for tariff_id in provider.tariffs:
        tariff, record = catalogue.tariffs.get(tariff_id), catalogue.imports.get(tariff_id)
        yield ProvidedTariff(
            id=tariff_id,
            newest=None if tariff is None else tariff.versions[-1].start,
            imported=record.day if record is not None and record.provider == provider.name else None,
            overdue_since=None if tariff is None else tariff.overdue_since(day),
            problem=problems.get(imported_name(tariff_id)),
        )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
