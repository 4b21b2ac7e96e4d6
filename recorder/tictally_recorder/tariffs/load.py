"""A tariff from its TOML file, refused with line and sentence where it cannot be right. Pure."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Self

from tictally_recorder.file_problem import FileProblem, not_toml
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.followed_prices import in_turn
from tictally_recorder.tariffs.model import Direction, ImportRecord, Tariff, TaxTable, Version
from tictally_recorder.tariffs.rule_reader import read_rules
from tictally_recorder.tariffs.toml_lines import Path, TomlLines
from tictally_recorder.tariffs.toml_reader import TomlValues
from tictally_recorder.tariffs.version_reader import follows, read_versions
from tictally_shared.phrase import Phrase, Value

_LIST_KEYS: Final = frozenset(
    {"id", "supplier", "currency", "periods", "revised", "names", "taxes", "version", "direction", "overlay", "series"}
    | {"rule", "days", "day_begins"}
)
_OVERLAY_KEYS: Final = frozenset({"id", "overlay", "version"})
_IMPORT_KEYS: Final = frozenset({"provider", "imported"})
_FORMER_DIRECTIONS: Final = {"drawn": Direction.CONSUMPTION, "injected": Direction.INJECTION}
_LANGUAGES: Final = frozenset({"fr", "en"})


class TariffFile:
    """A file that could be read as TOML.

    Attributes:
        id: of the tariff that it is about.
        overlay: True if it replaces or adds single versions of a list that stands elsewhere.
        series: name of the file with its price series, or None.
        imported: the last import into it; None if it is none of imports.
        file: its own name, for people.
    """

    def __init__(self, text: str, file: str) -> None:
        """Read the outermost keys.

        Args:
            text: of the file.
            file: its name, for people.

        Raises:
            TariffError: it is not TOML, or one of those keys is wrong.
        """
        self._init(read_toml(text, file))

    @classmethod
    def of(cls, values: TomlValues) -> Self:
        """Of a file that has been read as TOML. Raises as the constructor does."""
        made = cls.__new__(cls)
        made._init(values)  # noqa: SLF001 - its own
        return made

    def _init(self, values: TomlValues) -> None:
        self._values = values
        self.file = values.file
        self.overlay = values.flag(("overlay",))
        if self.overlay:
            values.keys((), _OVERLAY_KEYS, _IMPORT_KEYS)
        else:
            values.keys((), _LIST_KEYS)
        self.id = values.id(("id",))
        self.imported = None
        if self.overlay and values.has(("provider",)):
            self.imported = ImportRecord(values.text(("provider",)), values.day(("imported",)))
        self.series = values.text(("series",)) if values.has(("series",)) else None
        if not values.is_tables(("version",)):
            raise values.wrong(("version",), Phrase(FileProblem.NO_VERSION))
        self._paths: list[Path] = [("version", number) for number in range(values.count(("version",)))]

    def wrong(self, path: Path, problem: Phrase | str) -> TariffError:
        """The error to raise for a key, where others than this module find it."""
        return self._values.wrong(path, problem)

    @property
    def followed(self) -> frozenset[str]:
        """Ids of the tariffs whose prices its versions follow."""
        return frozenset(filter(None, (follows(self._values, path) for path in self._paths)))

    def tariff(
        self,
        tables: Mapping[str, TaxTable] = MappingProxyType({}),
        tariffs: Mapping[str, Tariff] = MappingProxyType({}),
    ) -> Tariff:
        """The whole list.

        Args:
            tables: id → table of taxes, those that a list can refer to.
            tariffs: id → tariff, those whose prices a list can follow.

        Raises:
            TariffError: something in it cannot be right.
        """
        values = self._values
        periods = values.texts(("periods",))
        if self.series is None and not periods:
            raise values.wrong(("periods",), Phrase(FileProblem.PERIODS_MISSING))
        if self.series is not None and periods:
            raise values.wrong(("periods",), Phrase(FileProblem.PERIODS_OF_SERIES))
        tariff = Tariff(
            id=self.id,
            supplier=values.text(("supplier",)),
            names={language: values.text(("names", language)) for language in values.keys(("names",), _LANGUAGES)},
            currency=values.currency(("currency",)),
            periods=periods,
            versions=(),
            direction=_direction(values),
            revised=values.days_of_year(("revised",)),
            series=self.series is not None,
            tax_table=self._tax_table(tables),
            rules=read_rules(values, periods),
        )
        if not tariff.names:
            raise values.wrong(("names",), Phrase(FileProblem.NAMES_MISSING))
        if tariff.rules is not None and tariff.direction is Direction.INJECTION:
            raise values.wrong(("rule",), Phrase(FileProblem.RULES_OF_INJECTION))
        if not tariff.revised and self.followed:
            days = {day for each in self.followed for day in (tariffs[each].revised if each in tariffs else ())}
            tariff = replace(tariff, revised=tuple(sorted(days)))
        return replace(tariff, versions=self._merged({}, self._versions(tariff, tariffs)))

    def versions(self, base: Tariff) -> tuple[Version, ...]:
        """The versions of this file alone, in order. Raises as `overlaid` does."""
        return self._merged({}, self._versions(base))

    def overlaid(self, base: Tariff, but: Collection[date] = ()) -> Tariff:
        """Another list with the versions of this file in it: one with the same first day is replaced.

        Args:
            base: the list of the same id.
            but: first days of versions of this file that are left out.

        Raises:
            TariffError: something in this file cannot be right, or does not fit between the other versions.
        """
        standing = {version.start: version for version in base.versions}
        new = [(path, each) for path, each in self._versions(base) if each[0].start not in but]
        return replace(base, versions=self._merged(standing, new))

    def _tax_table(self, tables: Mapping[str, TaxTable]) -> TaxTable | None:
        if not self._values.has(("taxes",)):
            return None
        return tables[self._values.one_of(("taxes",), sorted(tables))]

    def _versions(
        self, tariff: Tariff, tariffs: Mapping[str, Tariff] = MappingProxyType({})
    ) -> list[tuple[Path, tuple[Version, ...]]]:
        return [(path, read_versions(self._values, path, tariff, tariffs)) for path in self._paths]

    def _merged(
        self, standing: Mapping[date, Version], new: list[tuple[Path, tuple[Version, ...]]]
    ) -> tuple[Version, ...]:
        """All versions in order; what one becomes later holds until the next one that is written."""
        by_start = dict(standing)
        seen: dict[date, Path] = {}
        for path, each in new:
            version = replace(each[0], until=each[-1].until)
            if version.start in seen:
                raise self._values.wrong(
                    (*path, "from"), Phrase(FileProblem.TWO_VERSIONS, {"start": str(version.start)})
                )
            seen[version.start] = path
            by_start[version.start] = version
        versions = tuple(sorted(by_start.values(), key=lambda version: version.start))
        for earlier, later in pairwise(versions):
            if earlier.until is not None and earlier.until >= later.start:
                # An overlay may be the later of the two, and its own line is the one that can be changed.
                path = (*seen[earlier.start], "until") if earlier.start in seen else (*seen[later.start], "from")
                about: dict[str, Value] = {
                    "start": str(earlier.start),
                    "until": str(earlier.until),
                    "later": str(later.start),
                }
                raise self._values.wrong(path, Phrase(FileProblem.VERSIONS_OVERLAP, about))
        starts = [version.start for version in versions]
        for _, each in new:
            del by_start[each[0].start]
            end = min((start for start in starts if start > each[0].start), default=date.max)
            held = in_turn(version for version in each if version.start < end)
            by_start |= {version.start: version for version in held}
        return tuple(sorted(by_start.values(), key=lambda version: version.start))


def _direction(values: TomlValues) -> Direction:
    path = ("direction",)
    former = next((way for name, way in _FORMER_DIRECTIONS.items() if values.is_word(path, name)), None)
    return former or Direction(values.one_of(path, tuple(Direction), Direction.CONSUMPTION))


def read_toml(text: str, file: str) -> TomlValues:
    """A file of the user's as TOML; a byte order mark, which editors of Windows write, is no part of it.

    Raises:
        TariffError: it is not TOML.
    """
    text = text.removeprefix("\ufeff")
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:  # also of what is TOML: Python's own bounds of digits and depth
        raise _not_toml(error, text, file) from None
    return TomlValues(document, TomlLines(text), file)


def _not_toml(error: Exception, text: str, file: str) -> TariffError:
    if not isinstance(error, tomllib.TOMLDecodeError):
        return TariffError(file, 1, Phrase(FileProblem.UNUSABLE, {"detail": str(error)}))
    return TariffError(file, *not_toml(error, text))
