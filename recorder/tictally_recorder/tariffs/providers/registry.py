"""The tariff providers that this program has: a new one is one line here."""

from collections.abc import Callable, Iterator
from typing import Final

from tictally_recorder.registry import Registry
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.providers.cre.provider import Cre
from tictally_recorder.tariffs.providers.protocol import ProviderError, TariffProvider

_providers: Final[Registry[TariffProvider]] = Registry("tariff providers")


def register(provider: TariffProvider) -> Callable[[], None]:
    """Make a tariff provider known to settings, command line, health, doctor and API.

    Returns:
        A function that makes it unknown again.

    Raises:
        ValueError: there is one of that name.
    """
    return _providers.register(provider)


def providers() -> Iterator[TariffProvider]:
    """Every registered provider, in order of registration."""
    return iter(_providers)


def provider_of(content: bytes, file: str) -> TariffProvider:
    """The provider whose file it is.

    Args:
        content: of the file.
        file: its name, for people.

    Raises:
        ProviderError: no provider recognizes it, or more than one does.
    """
    found = [each for each in providers() if each.recognizes(content)]
    if len(found) == 1:
        return found[0]
    if found:
        names = " or ".join(each.name for each in found)
        sentence = f"it may be a file of {names}; select one with --provider"
    else:
        forms = "; ".join(f"{each.name}: {each.form}" for each in providers())
        sentence = f"no tariff provider recognizes this file; there are: {forms or 'none'}"
    raise ProviderError([TariffError(file, 1, sentence)])


register(Cre())
