"""All tariffs there are: those shipped with the program, and the user's own, which win."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tictally_recorder.calendars.tempo import (
    FETCHED_NAME,
    CalendarFileError,
    TempoCalendar,
    bundled_tempo,
    load_tempo,
)
from tictally_recorder.file_problem import FileProblem, unreadable
from tictally_recorder.problem import ProblemCode
from tictally_recorder.tariffs.broken import BrokenTariffs, broken_tariffs
from tictally_recorder.tariffs.errors import TariffError, UnknownTariff
from tictally_recorder.tariffs.load import TariffFile, read_toml
from tictally_recorder.tariffs.model import Formula, ImportRecord, Tariff, TaxTable, Version
from tictally_recorder.tariffs.series import Series, read_series
from tictally_recorder.tariffs.tax_table_reader import TaxTableFile, is_tax_table
from tictally_recorder.tariffs.toml_reader import TomlValues
from tictally_shared.phrase import Phrase, Value

_SHIPPED: Final = "shipped"
_TOML: Final = ".toml"
# Python's errors for numbers with thousands of digits, and of what is nested as deeply.
_ABSURD: Final = (ValueError, RecursionError)


@dataclass(frozen=True)
class TariffCatalogue:
    """Tariffs by id.

    Attributes:
        tariffs: each with its whole history.
        series: the prices of those that have a price series.
        errors: files of the user that could not be used, or only in part. The lists stand as if such a file were not
            there; so whoever shows a figure shows these too.
        beneath: versions of imports over which the user's own from the same days hold, by the list's id.
        imports: the last import of those that have some, by the list's id.
        broken: what those files cost: the tariffs in them, which `tariffs` may have from another file.
        tax_tables: tables of taxes by id.
        tempo: colours of Tempo days, bundled and fetched.
        series_files: what price series were read from, or were to be: a list may name a file of any folder.
    """

    tariffs: Mapping[str, Tariff]
    series: Mapping[str, Series] = field(default_factory=dict)
    errors: tuple[TariffError, ...] = ()
    beneath: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)
    imports: Mapping[str, ImportRecord] = field(default_factory=dict)
    series_files: tuple[Path, ...] = ()
    broken: BrokenTariffs = field(default_factory=BrokenTariffs)
    tax_tables: Mapping[str, TaxTable] = field(default_factory=dict)
    tempo: TempoCalendar = field(default_factory=bundled_tempo)

    def tariff(self, tariff_id: str) -> Tariff:
        """The list of an id.

        Raises:
            UnknownTariff: there is none.
        """
        if (found := self.tariffs.get(tariff_id)) is None:
            about: dict[str, Value] = {"tariff": tariff_id[:40], "tariffs": tuple(sorted(self.tariffs))}
            raise UnknownTariff(Phrase(ProblemCode.TARIFF_UNKNOWN, about))
        return found


def load_catalogue(folder: Path | None = None) -> TariffCatalogue:
    """The shipped lists with a user's folder over them.

    Args:
        folder: its `*.toml` are read in the order of their names; None, or one that is not there: shipped lists alone.

    Raises:
        TariffError: a shipped file is broken, which is this program's fault; the user's own end in `errors`.
    """
    catalogue = _Building()
    catalogue.tax_tables |= _bundled().tax_tables
    own = catalogue.read_own(_own_paths(folder, catalogue.errors))
    # A user's rates count in bundled tariffs too, which therefore come after them.
    catalogue.put_own_tables(values for _, values in own if is_tax_table(values.document))
    has_own_taxes = catalogue.tax_tables != _bundled().tax_tables
    for tariff in _bundled_with(catalogue.tax_tables) if has_own_taxes else _bundled().tariffs:
        catalogue.put(tariff)
    catalogue.put_own([(path, values) for path, values in own if not is_tax_table(values.document)])
    catalogue.apply_formulas()
    is_readable = not any(error.file == str(folder) for error in catalogue.errors)
    tempo, tempo_errors = _tempo(folder if is_readable else None)
    return TariffCatalogue(
        MappingProxyType(catalogue.tariffs),
        MappingProxyType(catalogue.series),
        (*catalogue.errors, *tempo_errors),
        MappingProxyType(catalogue.beneath),
        MappingProxyType(catalogue.imports),
        tuple(catalogue.series_files),
        broken_tariffs(folder, catalogue.errors),
        MappingProxyType(catalogue.tax_tables),
        tempo,
    )


@dataclass(frozen=True, slots=True)
class _Bundled:
    """What comes with the program."""

    tax_tables: Mapping[str, TaxTable]
    tariffs: tuple[Tariff, ...]


@cache
def _bundled() -> _Bundled:
    """Read once: bundled files do not change while the program runs."""
    files = _bundled_files()
    building = _Building()
    building.put_tables(values for values in files if is_tax_table(values.document))
    return _Bundled(MappingProxyType(building.tax_tables), tuple(_tariffs_in(files, building.tax_tables)))


def _bundled_with(tax_tables: Mapping[str, TaxTable]) -> Iterator[Tariff]:
    """The bundled tariffs with other taxes."""
    return _tariffs_in(_bundled_files(), tax_tables)


def _bundled_files() -> list[TomlValues]:
    return [
        read_toml(file.read_text(encoding="utf-8"), f"{_SHIPPED}/{file.name}")
        for file in sorted(resources.files(__package__).joinpath(_SHIPPED).iterdir(), key=lambda file: file.name)
        if file.name.endswith(_TOML)
    ]


def _tariffs_in(files: Iterable[TomlValues], tax_tables: Mapping[str, TaxTable]) -> Iterator[Tariff]:
    return (TariffFile.of(values).tariff(tax_tables) for values in files if not is_tax_table(values.document))


def _tempo(folder: Path | None) -> tuple[TempoCalendar, list[TariffError]]:
    """The colours; a file of fetched ones that cannot be used costs no tariff its price, only comparisons some days."""
    if folder is None:
        return bundled_tempo(), []
    try:
        return load_tempo(folder), []
    except CalendarFileError as error:
        return bundled_tempo(), [TariffError(str(folder / FETCHED_NAME), error.line, error.problem)]


def is_shipped(version: Version) -> bool:
    """True if a version is from a list that came with the program, False if a user's file has it."""
    return version.file.startswith(f"{_SHIPPED}/")


def imported_name(tariff_id: str) -> str:
    """Of the file that imports of a list are written to."""
    return f"{tariff_id}-imported.toml"


def days_of_a_person(tariff: Tariff, imported: str) -> set[date]:
    """First days of the versions that the user's own files have, which hold over an import's.

    Args:
        tariff: the list.
        imported: name of the file of its imports, as the versions from it have it.
    """
    return {version.start for version in tariff.versions if not is_shipped(version) and version.file != imported}


def _own_paths(folder: Path | None, errors: list[TariffError]) -> list[Path]:
    if folder is None:
        return []
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(_TOML) and not path.name.startswith("."))
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        errors.append(TariffError(str(folder), 1, Phrase(FileProblem.FOLDER_IS_FILE)))
    except OSError as error:
        errors.append(TariffError(str(folder), 1, unreadable(error)))
    return []


class _Building:
    def __init__(self) -> None:
        self.tariffs: dict[str, Tariff] = {}
        self.series: dict[str, Series] = {}
        self.errors: list[TariffError] = []
        self.beneath: dict[str, tuple[Version, ...]] = {}
        self.imports: dict[str, ImportRecord] = {}
        self.series_files: list[Path] = []
        self.tax_tables: dict[str, TaxTable] = {}
        self._own: dict[str, str] = {}
        """Which of the user's files has a whole list, or (`id date`) a version."""

    def put(self, tariff: Tariff, series: Series | None = None) -> None:
        self.tariffs[tariff.id] = tariff
        self.series.pop(tariff.id, None)
        if series is not None:
            self.series[tariff.id] = series

    def read_own(self, paths: Iterable[Path]) -> list[tuple[Path, TomlValues]]:
        """Those files of the user's that are TOML."""
        found = []
        for path in paths:
            with self._noting_errors(str(path)):
                found.append((path, read_toml(_read(path), str(path))))
        return found

    def put_tables(self, files: Iterable[TomlValues]) -> None:
        """Tables of taxes, whole ones and those that lie over others."""
        for values in files:
            file = TaxTableFile(values)
            base = self.tax_tables.get(file.id) if file.overlay else None
            if file.overlay and base is None:
                about: dict[str, Value] = {"taxes": file.id, "known": tuple(sorted(self.tax_tables))}
                raise values.wrong(("id",), Phrase(FileProblem.OVER_NO_TAXES, about))
            self.tax_tables[file.id] = file.table() if base is None else base.overlaid(file.table())

    def put_own_tables(self, files: Iterable[TomlValues]) -> None:
        """The user's, whole ones first."""
        for values in sorted(files, key=lambda values: bool(values.document.get("overlay"))):
            with self._noting_errors(values.file):
                self.put_tables([values])

    def put_own(self, files: Iterable[tuple[Path, TomlValues]]) -> None:
        """Whole lists first, then what lies over single versions of them, then what was imported of the others.

        Lists whose prices follow another one come after it is complete, and what lies over them last.
        """
        overlays, followers = [], []
        for path, values in files:
            with self._noting_errors(str(path)):
                file = TariffFile.of(values)
                if file.overlay:
                    overlays.append(file)
                elif file.followed:
                    followers.append((path, file))
                else:
                    self._put_list(path, file)
        late = {file.id for _, file in followers}
        self._put_overlays(each for each in overlays if each.id not in late)
        complete = dict(self.tariffs)
        for path, file in followers:
            with self._noting_errors(str(path)):
                self._refuse_broken(file)
                self._put_list(path, file, complete)
        self._put_overlays(each for each in overlays if each.id in late)

    def _put_overlays(self, overlays: Iterable[TariffFile]) -> None:
        for overlay in sorted(overlays, key=_is_imported):
            with self._noting_errors(overlay.file):
                self._put_overlay(overlay)

    def _refuse_broken(self, file: TariffFile) -> None:
        """Raise if a list follows one of which a file cannot be used: its bundled prices may be wrong."""
        broken = broken_tariffs(Path(file.file).parent, self.errors)
        for each in sorted(file.followed):
            if (found := broken.find(each, is_known=each in self.tariffs)) is not None:
                about: dict[str, Value] = {"tariff": each, "file": found.error.file}
                raise file.wrong(("version",), Phrase(FileProblem.FOLLOWED_BROKEN, about))

    def apply_formulas(self) -> None:
        """Make the prices of series final, by the version of each step's local day."""
        for tariff_id, series in self.series.items():
            tariff = self.tariffs[tariff_id]
            if any(version.formula != Formula() for version in tariff.versions):
                self.series[tariff_id] = series.by_formula(_formula_of(tariff))

    @contextmanager
    def _noting_errors(self, file: str) -> Iterator[None]:
        try:
            yield
        except TariffError as error:
            self.errors.append(error)
        except _ABSURD as error:
            self.errors.append(TariffError(file, 1, Phrase(FileProblem.UNUSABLE, {"detail": str(error)})))

    def _put_list(self, path: Path, file: TariffFile, complete: Mapping[str, Tariff] = MappingProxyType({})) -> None:
        self._refuse_taken(file.id, file, FileProblem.TARIFF_TAKEN)
        tariff, series = file.tariff(self.tax_tables, complete), None
        if file.series is not None:
            prices = path.parent / file.series
            self.series_files.append(prices)
            series = read_series(_read(prices), str(prices), tariff.currency)
        self._own[file.id] = file.file
        self.put(tariff, series)

    def _put_overlay(self, file: TariffFile) -> None:
        if (base := self.tariffs.get(file.id)) is None:
            about: dict[str, Value] = {"tariff": file.id, "known": tuple(sorted(self.tariffs))}
            raise file.wrong(("id",), Phrase(FileProblem.OVER_NO_TARIFF, about))
        if _is_imported(file):
            held = days_of_a_person(base, file.file)
            self.tariffs[file.id] = file.overlaid(base, but=held)
            if file.imported is not None:
                self.imports[file.id] = file.imported
            self.beneath[file.id] = tuple(each for each in file.versions(base) if each.start in held)
            return
        merged = file.overlaid(base)
        added = [version for version in merged.versions if version.file == file.file]
        for version in added:
            self._refuse_taken(version.id, file, FileProblem.VERSION_TAKEN)
        self._own |= {version.id: file.file for version in added}
        self.tariffs[file.id] = merged

    def _refuse_taken(self, key: str, file: TariffFile, code: FileProblem) -> None:
        if (other := self._own.get(key)) is not None:
            raise file.wrong(("id",), Phrase(code, {"name": key, "other": other}))


def _formula_of(tariff: Tariff) -> Callable[[date, Decimal], Decimal]:
    def apply(day: date, price: Decimal) -> Decimal:
        version = tariff.on(day)
        return price if version is None else version.formula.apply(price)

    return apply


def _is_imported(file: TariffFile) -> bool:
    return Path(file.file).name == imported_name(file.id)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise TariffError(str(path), 1, unreadable(error)) from None
    except UnicodeError:
        raise TariffError(str(path), 1, Phrase(FileProblem.NOT_UTF8)) from None
    except ValueError as error:  # of its name
        raise TariffError(str(path), 1, Phrase(FileProblem.UNREADABLE, {"detail": str(error)})) from None
