"""What the doctor finds about tariff providers: whether their tariffs are up to date, and imports usable."""

from collections.abc import Iterable, Iterator
from datetime import date

from tictally_recorder.finding import Finding, FindingCode, Level, Subject, SubjectKind
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.providers.state import ProviderState, provider_states
from tictally_shared.phrase import Phrase, Value


def collect_providers(settings: Settings, day: date) -> tuple[ProviderState, ...]:
    """Read the tariffs and every import.

    Args:
        settings: with the folder of the user's tariffs.
        day: today, local.
    """
    return tuple(provider_states(load_catalogue(settings.tariffs_folder), day))


def provider_findings(states: Iterable[ProviderState]) -> Iterator[Finding]:
    """A finding about each provider.

    Args:
        states: of all providers.
    """
    for state in states:
        about = Subject(SubjectKind.TARIFF_PROVIDER, state.name)
        if state.problem is not None:
            yield Finding(about, Level.TROUBLE, Phrase(FindingCode.IMPORT_UNUSABLE, {"detail": state.problem}))
        elif state.overdue_since is not None:
            yield Finding(about, Level.NOTE, Phrase(FindingCode.TARIFFS_OVERDUE, _overdue(state)))
        else:
            parameters: dict[str, Value] = {"tariffs": tuple(state.provider.tariffs), "last": _last_import(state)}
            yield Finding(about, Level.OK, Phrase(FindingCode.TARIFFS_UP_TO_DATE, parameters))


def _overdue(state: ProviderState) -> dict[str, Value]:
    overdue = tuple(each.id for each in state.tariffs if each.overdue_since is not None)
    return {"tariffs": overdue, "due": str(state.overdue_since), "last": _last_import(state)}


def _last_import(state: ProviderState) -> Phrase:
    if state.imported is None:
        return Phrase(FindingCode.NO_IMPORT_YET)
    return Phrase(FindingCode.LAST_IMPORT, {"day": state.imported.isoformat()})
