"""Templates of market offers: what suppliers sold on a day, as files to begin one's own with.

They are no tariffs of the catalogue: prices of the market change within months, and a person has to look at them first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tictally_recorder.file_problem import FileProblem, unwritable
from tictally_recorder.problem import ProblemCode
from tictally_recorder.tariffs.catalogue import TariffCatalogue
from tictally_recorder.tariffs.errors import TariffError, UnknownTariff
from tictally_recorder.tariffs.load import TariffFile, read_toml
from tictally_recorder.tariffs.model import Tariff, TaxTable
from tictally_recorder.tariffs.toml_reader import TomlValues
from tictally_shared.phrase import Phrase
from tictally_shared.runtime import atomic_file

_FOLDER: Final = "templates"
_TOML: Final = ".toml"


@dataclass(frozen=True)
class Template:
    """A file to begin with.

    Attributes:
        id: of the tariff in it, and the file's name.
        text: of the file.
        values: of the same, as TOML.
    """

    id: str
    text: str
    values: TomlValues

    def tariff(self, tables: Mapping[str, TaxTable]) -> Tariff:
        """The tariff in it.

        Args:
            tables: of taxes, by id.
        """
        return TariffFile.of(self.values).tariff(tables)


@cache
def templates() -> Mapping[str, Template]:
    """All of them by id, in alphabetical order."""
    found = {}
    folder = resources.files(__package__).joinpath(_FOLDER)
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(_TOML):
            text = file.read_text(encoding="utf-8")
            name = file.name.removesuffix(_TOML)
            found[name] = Template(name, text, read_toml(text, f"{_FOLDER}/{file.name}"))
    return MappingProxyType(found)


def template(name: str) -> Template:
    """The template of an id.

    Raises:
        UnknownTariff: there is none.
    """
    if (found := templates().get(name)) is None:
        raise UnknownTariff(Phrase(ProblemCode.TEMPLATE_UNKNOWN, {"template": name[:40]}))
    return found


def with_templates(catalogue: TariffCatalogue) -> TariffCatalogue:
    """A catalogue with the tariffs of templates beside its own, of which it keeps those with the same id."""
    found = {name: each.tariff(catalogue.tax_tables) for name, each in templates().items()}
    return replace(catalogue, tariffs=MappingProxyType({**found, **catalogue.tariffs}))


def write_template(found: Template, folder: Path) -> Path:
    """Write a template among the user's tariffs; the path of its file.

    Args:
        found: the template.
        folder: of the user's tariffs; it is created, but not the one above.

    Raises:
        TariffError: there is a file of that name, or it cannot be written.
    """
    path = folder / f"{found.id}{_TOML}"
    try:
        folder.mkdir(exist_ok=True)
        if path.exists():
            raise TariffError(str(path), 1, Phrase(FileProblem.EXISTS))
        atomic_file.write_text(path, found.text)
    except OSError as error:
        raise TariffError(str(path), 1, unwritable(error)) from None
    return path
