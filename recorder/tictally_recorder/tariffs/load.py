"""A tariff from its TOML file, refused with line and sentence where it cannot be right. Pure."""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

from tictally_recorder.problem import FileProblem
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.model import Confidence, Direction, ImportRecord, Price, Tariff, Taxes, Version
from tictally_recorder.tariffs.toml_lines import Path, TomlLines
from tictally_recorder.tariffs.toml_reader import ENERGY_AT_MOST, MONTHLY_AT_MOST, TomlValues
from tictally_shared.phrase import Phrase, Value

UNKNOWN: Final = "unknown"
"""What a file writes for a subscription that there was and that is not known; forgotten ones are rejected."""
_LIST_KEYS: Final = frozenset(
    {"id", "supplier", "currency", "periods", "revised", "names", "version", "direction", "overlay", "series"}
)
_OVERLAY_KEYS: Final = frozenset({"id", "overlay", "version"})
_IMPORT_KEYS: Final = frozenset({"provider", "imported"})
_VERSION_KEYS: Final = frozenset(
    {"from", "until", "confidence", "source", "note", "energy", "subscription", "subscription_ht", "power", "taxes"}
)
# Files of people that were written for former names are read as before.
_FORMER_KEYS: Final = {"confidence": "sureness"}
_FORMER_DIRECTIONS: Final = {"drawn": Direction.CONSUMPTION, "injected": Direction.INJECTION}
_POWER_KEYS: Final = frozenset({"energy", "subscription", "subscription_ht"})
_TAXES: Final = {
    "accise": (Decimal(1), "a kWh"),
    "cta_share": (Decimal(1), "(all of it)"),
    "vat_energy": (Decimal(1), "(all of it)"),
    "vat_subscription": (Decimal(1), "(all of it)"),
}
_LANGUAGES: Final = frozenset({"fr", "en"})
_AT: Final = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


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
        try:
            document = tomllib.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError) as error:  # also of what is TOML: Python's own bounds of digits and depth
            raise _not_toml(error, text, file) from None
        self._values = values = TomlValues(document, TomlLines(text), file)
        self.file = file
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
        versions = document.get("version")
        if not isinstance(versions, list) or not versions or not all(isinstance(each, dict) for each in versions):
            raise values.wrong(("version",), Phrase(FileProblem.NO_VERSION))
        self._paths: list[Path] = [("version", number) for number in range(len(versions))]

    def wrong(self, path: Path, problem: Phrase | str) -> TariffError:
        """The error to raise for a key, where others than this module find it."""
        return self._values.wrong(path, problem)

    def tariff(self) -> Tariff:
        """The whole list.

        Raises:
            TariffError: something in it cannot be right.
        """
        values = self._values
        periods = values.texts(("periods",))
        if self.series is None and not periods:
            raise values.wrong(("periods",), "periods is missing: the names of the periods that have a price")
        if self.series is not None and periods:
            raise values.wrong(("periods",), "a price series has no periods; leave them out")
        tariff = Tariff(
            id=self.id,
            supplier=values.text(("supplier",)),
            names={language: values.text(("names", language)) for language in values.keys(("names",), _LANGUAGES)},
            currency=self._currency(),
            periods=periods,
            versions=(),
            direction=_direction(values),
            revised=values.days_of_year(("revised",)),
            series=self.series is not None,
        )
        if not tariff.names:
            raise values.wrong(("names",), 'names is missing: names.fr = "…" or names.en = "…"')
        return replace(tariff, versions=self._merged({}, self._versions(tariff)))

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
        new = [(path, version) for path, version in self._versions(base) if version.start not in but]
        return replace(base, versions=self._merged(standing, new))

    def _currency(self) -> str:
        value = self._values.text(("currency",))
        if not re.fullmatch(r"[A-Z]{3}", value):
            raise self._values.wrong(("currency",), f"{value[:20]!r} is no currency: three letters, EUR")
        return value

    def _versions(self, tariff: Tariff) -> list[tuple[Path, Version]]:
        return [(path, _version(self._values, path, tariff)) for path in self._paths]

    def _merged(self, standing: Mapping[date, Version], new: list[tuple[Path, Version]]) -> tuple[Version, ...]:
        by_start = dict(standing)
        seen: dict[date, Path] = {}
        for path, version in new:
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
        return versions


def _version(values: TomlValues, path: Path, tariff: Tariff) -> Version:
    values.keys(path, _VERSION_KEYS, _FORMER_KEYS.values())
    start = values.day((*path, "from"))
    until = values.day((*path, "until")) if values.has((*path, "until")) else None
    if until is not None and until < start:
        raise values.wrong(
            (*path, "until"), Phrase(FileProblem.UNTIL_BEFORE_FROM, {"until": str(until), "start": str(start)})
        )
    powers = {values.power((*path, "power", key)): key for key in values.keys((*path, "power"))}
    for key in powers.values():
        values.keys((*path, "power", key), _POWER_KEYS)
    subscription = _subscription(values, path, powers, tariff)
    return Version(
        tariff=tariff.id,
        start=start,
        until=until,
        energy=_energy(values, path, powers, tariff),
        subscription=subscription,
        subscription_ht=_subscription_ht(values, path, powers, subscription),
        taxes=_taxes(values, (*path, "taxes")),
        source=values.text((*path, "source")),
        confidence=Confidence(values.one_of((*path, _key_in_use(values, path, "confidence")), tuple(Confidence))),
        note=values.text((*path, "note"), ""),
        file=values.file,
    )


def _direction(values: TomlValues) -> Direction:
    path = ("direction",)
    former = next((way for name, way in _FORMER_DIRECTIONS.items() if values.is_word(path, name)), None)
    return former or Direction(values.one_of(path, tuple(Direction), Direction.CONSUMPTION))


def _key_in_use(values: TomlValues, path: Path, key: str) -> str:
    """The former name of a key where the table has only that."""
    former = _FORMER_KEYS[key]
    return former if values.has((*path, former)) and not values.has((*path, key)) else key


def _energy(
    values: TomlValues, path: Path, powers: Mapping[int, str], tariff: Tariff
) -> dict[int | None, dict[str, Price]]:
    """Prices of each power that is named, or of every power where none is.

    What stands at the version itself is taken over to each power: so a power that is not named has no price, and the
    two ways to write the same prices have the same hash.
    """
    common = _prices(values, (*path, "energy"), tariff)
    if not powers:
        _complete(values, path, common, tariff, None)
        return {None: common} if common else {}
    found: dict[int | None, dict[str, Price]] = {}
    for power, key in sorted(powers.items()):
        prices = common | _prices(values, (*path, "power", key, "energy"), tariff)
        _complete(values, (*path, "power", key), prices, tariff, power)
        if prices:
            found[power] = {period: prices[period] for period in tariff.periods}
    return found


def _complete(values: TomlValues, path: Path, prices: Iterable[str], tariff: Tariff, power: int | None) -> None:
    missing = tuple(period for period in tariff.periods if period not in prices)
    if missing and power is None:
        raise values.wrong(path, Phrase(FileProblem.PRICES_MISSING, {"periods": missing}))
    if missing and power is not None:
        about: dict[str, Value] = {"periods": missing, "power_kva": power}
        raise values.wrong(path, Phrase(FileProblem.PRICES_MISSING_AT_POWER, about))


def _prices(values: TomlValues, path: Path, tariff: Tariff) -> dict[str, Price]:
    found = {}
    for period in values.keys(path):
        here = (*path, period)
        if tariff.series:
            raise values.wrong(here, "a price series has its prices in its own file, none in a version")
        if period not in tariff.periods:
            about: dict[str, Value] = {"period": repr(period[:40]), "tariff": tariff.id, "periods": tariff.periods}
            raise values.wrong(here, Phrase(FileProblem.PERIOD_UNKNOWN, about))
        values.keys(here, ("ttc", "ht"))
        ttc = values.amount((*here, "ttc"), ENERGY_AT_MOST, "a kWh")
        ht = values.amount((*here, "ht"), ENERGY_AT_MOST, "a kWh") if values.has((*here, "ht")) else None
        if ht is not None and ht > ttc:
            raise values.wrong(here, f"without taxes ({ht}) it is more than with them ({ttc})")
        found[period] = Price(ttc, ht)
    return found


def _subscription(
    values: TomlValues, path: Path, powers: Mapping[int, str], tariff: Tariff
) -> dict[int | None, Decimal]:
    if powers:
        if values.has((*path, "subscription")):
            raise values.wrong((*path, "subscription"), "powers are named here: give each of them its own subscription")
        each = {power: _monthly(values, (*path, "power", key, "subscription")) for power, key in sorted(powers.items())}
        return {power: amount for power, amount in each.items() if amount is not None}
    if tariff.direction is Direction.INJECTION and not values.has((*path, "subscription")):
        return {None: Decimal(0)}
    amount = _monthly(values, (*path, "subscription"))
    return {} if amount is None else {None: amount}


def _monthly(values: TomlValues, path: Path) -> Decimal | None:
    if values.has(path) and values.is_word(path, UNKNOWN):
        return None
    return values.amount(path, MONTHLY_AT_MOST, "a month")


def _subscription_ht(
    values: TomlValues, path: Path, powers: Mapping[int, str], with_taxes: Mapping[int | None, Decimal]
) -> dict[int | None, Decimal]:
    paths: dict[int | None, Path] = {None: (*path, "subscription_ht")}
    paths |= {power: (*path, "power", key, "subscription_ht") for power, key in sorted(powers.items())}
    found = {
        power: values.amount(here, MONTHLY_AT_MOST, "a month") for power, here in paths.items() if values.has(here)
    }
    for power, ht in found.items():
        if power in with_taxes and ht > with_taxes[power]:
            sentence = f"without taxes ({ht}) a month's subscription is more than with them ({with_taxes[power]})"
            raise values.wrong(paths[power], sentence)
    return found


def _taxes(values: TomlValues, path: Path) -> Taxes:
    values.keys(path, _TAXES)
    return Taxes(
        **{
            name: values.amount((*path, name), at_most, unit)
            for name, (at_most, unit) in _TAXES.items()
            if values.has((*path, name))
        }
    )


def _not_toml(error: Exception, text: str, file: str) -> TariffError:
    message = str(error)
    if not isinstance(error, tomllib.TOMLDecodeError):
        return TariffError(file, 1, Phrase(FileProblem.UNUSABLE, {"detail": message}))
    at = _AT.search(message)
    line = int(at[1]) if at is not None and at[1] else max(1, len(text.splitlines()))
    return TariffError(file, line, Phrase(FileProblem.NOT_TOML, {"detail": _AT.sub("", message)}))
