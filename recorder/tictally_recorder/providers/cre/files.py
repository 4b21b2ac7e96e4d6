"""Fetches the CRE's three files, each by the id that the portal keeps for it whatever the file is called."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tictally_recorder.fetch import Answer, FetchError
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.problem import ProblemCode
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.providers.cre.provider import Cre
from tictally_recorder.tariffs.providers.protocol import ProviderError, PublishedHistory
from tictally_shared.phrase import Phrase, Value

# data.gouv.fr, "Historique des tarifs réglementés de vente d'électricité pour les consommateurs résidentiels".
RESOURCES: Final = {
    "edf-bleu-base": "c13d05e5-9e55-4d03-bf7e-042a2ade7e49",
    "edf-bleu-hphc": "f7303b3a-93c7-4242-813d-84919034c416",
    "edf-bleu-tempo": "0c3d1d36-c412-4620-8566-e5cbb4fa2b5a",
}


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file that was fetched and read.

    Attributes:
        answer: as it came, to be accepted once it was used.
        history: what it has.
    """

    answer: Answer
    history: PublishedHistory


def fetched_files(
    client: FetchClient, url: str, settings: Settings, *, only_changed: bool
) -> Iterator[FetchedFile | FetchError]:
    """The files, one after the other; in place of one that cannot be used, why.

    Args:
        client: sends the requests.
        url: of the portal.
        settings: the recorder's.
        only_changed: leave out those that were accepted last and have not changed.

    Raises:
        FetchError: the portal cannot be reached; the files after that one are not asked for.
    """
    for tariff_id, resource in RESOURCES.items():
        address = f"{url}/{resource}"
        answer = client.get_changed(address) if only_changed else client.get(address)
        if answer is not None:
            yield _read(answer, tariff_id, settings)


def _read(answer: Answer, tariff_id: str, settings: Settings) -> FetchedFile | FetchError:
    try:
        history = Cre().read(answer.body, f"{answer.service}, {tariff_id}", settings)
    except ProviderError as error:
        detail = "; ".join(str(each) for each in error.errors[:3])
        return _unexpected(answer, detail)
    if history.tariff != tariff_id:
        return _unexpected(answer, f"the file of {tariff_id} has the columns of {history.tariff}")
    return FetchedFile(answer, history)


def _unexpected(answer: Answer, detail: str) -> FetchError:
    about: dict[str, Value] = {"service": answer.service, "detail": detail}
    return FetchError(Phrase(ProblemCode.FETCH_UNEXPECTED, about))
