"""A table of taxes from its TOML file. Pure."""

from collections.abc import Mapping
from typing import Final

from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.plausible_amounts import tax_bounds
from tictally_recorder.tariffs.provenance import Confidence, Provenance
from tictally_recorder.tariffs.taxes import TAX_NAMES, TaxRate, TaxTable
from tictally_recorder.tariffs.toml_lines import Path
from tictally_recorder.tariffs.toml_reader import UNKNOWN, TomlValues
from tictally_shared.phrase import Phrase

_KEYS: Final = frozenset({"id", "overlay", "names", *TAX_NAMES})
_RATE_KEYS: Final = frozenset({"from", "rate", "source", "confidence", "note", "unusual"})
_LANGUAGES: Final = frozenset({"fr", "en"})


def is_tax_table(document: Mapping[str, object]) -> bool:
    """True if a TOML file has rates of taxes and no version of a tariff."""
    return "version" not in document and any(isinstance(document.get(tax), list) for tax in TAX_NAMES)


class TaxTableFile:
    """A file with a table of taxes.

    Attributes:
        id: of the table.
        overlay: True if it replaces or adds single rates of a table that stands elsewhere.
    """

    def __init__(self, values: TomlValues) -> None:
        """Read the outermost keys.

        Raises:
            TariffError: one of them is wrong.
        """
        self._values = values
        values.keys((), _KEYS)
        self.id = values.id(("id",))
        self.overlay = values.flag(("overlay",))

    def table(self) -> TaxTable:
        """The table, of an overlay the rates of this file alone.

        Raises:
            TariffError: something in it cannot be right.
        """
        values = self._values
        names = {language: values.text(("names", language)) for language in values.keys(("names",), _LANGUAGES)}
        rates = {tax: self._rates(tax) for tax in TAX_NAMES if values.has((tax,))}
        return TaxTable(self.id, names, rates, values.file)

    def _rates(self, tax: str) -> tuple[TaxRate, ...]:
        found: dict[object, TaxRate] = {}
        for number in range(self._values.count((tax,))):
            path = (tax, number)
            rate = self._rate(tax, path)
            if rate.start in found:
                about = {"start": str(rate.start)}
                raise self._values.wrong((*path, "from"), Phrase(FileProblem.TWO_VERSIONS, about))
            found[rate.start] = rate
        return tuple(sorted(found.values(), key=lambda rate: rate.start))

    def _rate(self, tax: str, path: Path) -> TaxRate:
        values = self._values
        values.keys(path, _RATE_KEYS)
        here = (*path, "rate")
        return TaxRate(
            values.day((*path, "from")),
            None
            if values.is_word(here, UNKNOWN)
            else values.amount(here, tax_bounds(tax, is_unusual=values.flag((*path, "unusual")))),
            Provenance(
                values.text((*path, "source")),
                Confidence(values.one_of((*path, "confidence"), tuple(Confidence))),
                values.text((*path, "note"), ""),
            ),
        )
