"""A version of a tariff from its table in a TOML file. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from tictally_recorder.file_problem import FileProblem
from tictally_recorder.tariffs.followed_prices import days_of_taxes, following, in_turn, monthly_with_taxes, with_taxes
from tictally_recorder.tariffs.model import (
    Attribution,
    Confidence,
    Direction,
    Figure,
    Formula,
    Price,
    Provenance,
    Tariff,
    Taxes,
    Version,
)
from tictally_recorder.tariffs.plausible_amounts import (
    Bounds,
    kwh_bounds,
    monthly_bounds,
    power_term_bounds,
    tax_bounds,
)
from tictally_recorder.tariffs.taxes import TAX_NAMES
from tictally_recorder.tariffs.toml_lines import Path
from tictally_recorder.tariffs.toml_reader import UNKNOWN, TomlValues
from tictally_shared.phrase import Phrase, Value

_VERSION_KEYS: Final = frozenset(
    {"from", "until", "confidence", "source", "note", "energy", "subscription", "subscription_ht", "power", "taxes"}
    | {"figures", "unusual", "formula", "discount", "cta_base", "power_term"}
)
# Files of people that were written for former names are read as before.
_FORMER_KEYS: Final = {"confidence": "sureness"}
_POWER_KEYS: Final = frozenset({"energy", "subscription", "subscription_ht", "cta_base", "unusual"})
_OF_ENERGY: Final = frozenset({"accise", "vat_energy"})
_OF_SUBSCRIPTION: Final = frozenset({"cta_share", "vat_subscription"})
_PRICE_KEYS: Final = ("ttc", "ht", "unusual")
_DISCOUNT_KEYS: Final = frozenset({"tariff", "energy"})
_FRACTION: Final = Bounds(Decimal(0), Decimal(1), FileProblem.UNIT_FACTOR)
_FORMULA_BOUNDS: Final = {
    "factor": Bounds(Decimal(0), Decimal(3), FileProblem.UNIT_FACTOR),
    "margin": Bounds(Decimal(-1), Decimal(1), FileProblem.UNIT_KWH),
    "taxes": Bounds(Decimal(1), Decimal(2), FileProblem.UNIT_FACTOR),
}
_FIGURE_KEYS: Final = frozenset({"of", "powers", "periods", "source", "confidence", "note"})


def read_versions(
    values: TomlValues, path: Path, tariff: Tariff, tariffs: Mapping[str, Tariff] = MappingProxyType({})
) -> tuple[Version, ...]:
    """The version of a tariff that stands at a path, and one more for each later day on which its prices change.

    They change where they are written without taxes, and these change; and where they follow another tariff.

    Args:
        values: of the file.
        path: of the version.
        tariff: to which it belongs, without versions.
        tariffs: id → tariff, those whose prices others can follow.

    Raises:
        TariffError: something in it cannot be right.
    """
    values.keys(path, _VERSION_KEYS, _FORMER_KEYS.values())
    head = _read_version(values, path, tariff, values.day((*path, "from")))
    if (base := _followed(values, path, tariff, tariffs)) is not None:
        factor = 1 - values.amount((*path, "discount", "energy"), _FRACTION)
        found = following(head, base, factor, has_subscription=_has_subscription(values, path))
        if isinstance(found, Phrase):
            raise values.wrong((*path, "discount"), found)
        if not _has_monthly_ht(values, path):
            return found
        by_day = {each.start: _read_version(values, path, tariff, each.start) for each in found}
        return tuple(replace(each, subscription=by_day[each.start].subscription) for each in found)
    taxes = _OF_ENERGY if _is_by_ht(values, path) else frozenset[str]()
    taxes |= _OF_SUBSCRIPTION if _has_monthly_ht(values, path) else frozenset()
    later = (_read_version(values, path, tariff, day) for day in days_of_taxes(head, taxes))
    return in_turn([head, *later])


def follows(values: TomlValues, path: Path) -> str | None:
    """The id of the tariff that a version's prices follow, or None."""
    here = (*path, "discount", "tariff")
    return values.id(here) if values.has(here) else None


def _has_subscription(values: TomlValues, path: Path) -> bool:
    return any(values.has((*path, key)) for key in ("subscription", "power", "cta_base"))


def _has_monthly_ht(values: TomlValues, path: Path) -> bool:
    """True if a subscription is written without taxes alone, with what the CTA is a share of."""
    places = [path, *((*path, "power", key) for key in values.keys((*path, "power")))]
    return any(values.has((*each, "cta_base")) and not values.has((*each, "subscription")) for each in places)


def _followed(values: TomlValues, path: Path, tariff: Tariff, tariffs: Mapping[str, Tariff]) -> Tariff | None:
    here = (*path, "discount")
    if not values.has(here):
        return None
    values.keys(here, _DISCOUNT_KEYS)
    if tariff.tax_table is None:
        raise values.wrong(here, Phrase(FileProblem.TAXES_NEEDED))
    powers = values.keys((*path, "power"))
    for own in ((*path, "energy"), *((*path, "power", key, "energy") for key in powers)):
        if values.has(own):
            raise values.wrong(own, Phrase(FileProblem.PRICES_AND_DISCOUNT))
    if (base := tariffs.get(values.id((*here, "tariff")))) is None:
        about: dict[str, Value] = {"tariff": values.id((*here, "tariff")), "tariffs": tuple(sorted(tariffs))}
        raise values.wrong((*here, "tariff"), Phrase(FileProblem.FOLLOWED_UNKNOWN, about))
    if base.series or set(base.periods) != set(tariff.periods) or base.direction is not tariff.direction:
        about = {"tariff": base.id, "periods": base.periods}
        raise values.wrong((*here, "tariff"), Phrase(FileProblem.FOLLOWED_DIFFERS, about))
    return base


def _is_by_ht(values: TomlValues, path: Path) -> bool:
    """True if a price is written without taxes alone."""
    tables = [(*path, "energy"), *((*path, "power", key, "energy") for key in values.keys((*path, "power")))]
    prices = [(*table, period) for table in tables for period in values.keys(table)]
    return any(values.has((*price, "ht")) and not values.has((*price, "ttc")) for price in prices)


def _read_version(values: TomlValues, path: Path, tariff: Tariff, start: date) -> Version:
    """The version at a path by the taxes of a day, from which it is then made to hold."""
    first = values.day((*path, "from"))
    until = values.day((*path, "until")) if values.has((*path, "until")) else None
    if until is not None and until < first:
        raise values.wrong(
            (*path, "until"), Phrase(FileProblem.UNTIL_BEFORE_FROM, {"until": str(until), "start": str(first)})
        )
    powers = {values.power((*path, "power", key)): key for key in values.keys((*path, "power"))}
    for key in powers.values():
        values.keys((*path, "power", key), _POWER_KEYS)
    version = Version(
        tariff=tariff.id,
        start=start,
        until=until,
        energy={},
        subscription={},
        taxes=_taxes(values, (*path, "taxes")),
        taxes_unknown=_unknown_taxes(values, (*path, "taxes")),
        tax_table=tariff.tax_table,
        attributions=tuple(_attributions(values, path, tariff)),
        source=values.text((*path, "source")),
        confidence=Confidence(values.one_of((*path, _key_in_use(values, path, "confidence")), tuple(Confidence))),
        note=values.text((*path, "note"), ""),
        file=values.file,
        formula=_formula(values, (*path, "formula"), tariff),
    )
    is_following = values.has((*path, "discount"))
    if is_following and not _has_subscription(values, path):
        return version
    power_term = _power_term(values, path, powers, tariff)
    if power_term and not _has_subscription(values, path):
        subscription: dict[int | None, Decimal] = {None: Decimal(0)}
    else:
        subscription = _subscription(values, path, powers, tariff, version)
    return replace(
        version,
        power_term=power_term,
        energy={} if is_following else _energy(values, path, powers, tariff, version),
        subscription=subscription,
        subscription_ht=_subscription_ht(values, path, powers, tariff, subscription),
    )


def _formula(values: TomlValues, path: Path, tariff: Tariff) -> Formula:
    if not values.has(path):
        return Formula()
    if not tariff.series:
        raise values.wrong(path, Phrase(FileProblem.FORMULA_WITHOUT_SERIES))
    values.keys(path, _FORMULA_BOUNDS)
    found = {
        key: values.amount((*path, key), bounds) for key, bounds in _FORMULA_BOUNDS.items() if values.has((*path, key))
    }
    return Formula(**found)


def _key_in_use(values: TomlValues, path: Path, key: str) -> str:
    """The former name of a key where the table has only that."""
    former = _FORMER_KEYS[key]
    return former if values.has((*path, former)) and not values.has((*path, key)) else key


def _energy(
    values: TomlValues, path: Path, powers: Mapping[int, str], tariff: Tariff, version: Version
) -> dict[int | None, dict[str, Price]]:
    """Prices of each power that is named, or of every power where none is.

    What stands at the version itself is taken over to each power: so a power that is not named has no price, and the
    two ways to write the same prices have the same hash.
    """
    common = _prices(values, (*path, "energy"), tariff, version)
    if not powers:
        _complete(values, path, common, tariff, None)
        return {None: common} if common else {}
    found: dict[int | None, dict[str, Price]] = {}
    for power, key in sorted(powers.items()):
        prices = common | _prices(values, (*path, "power", key, "energy"), tariff, version)
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


def _prices(values: TomlValues, path: Path, tariff: Tariff, version: Version) -> dict[str, Price]:
    found = {}
    for period in values.keys(path):
        here = (*path, period)
        if tariff.series:
            raise values.wrong(here, Phrase(FileProblem.PRICES_OF_SERIES))
        if period not in tariff.periods:
            about: dict[str, Value] = {"period": repr(period[:40]), "tariff": tariff.id, "periods": tariff.periods}
            raise values.wrong(here, Phrase(FileProblem.PERIOD_UNKNOWN, about))
        values.keys(here, _PRICE_KEYS)
        bounds = kwh_bounds(tariff.currency, is_unusual=values.flag((*here, "unusual")))
        ht = values.amount((*here, "ht"), bounds) if values.has((*here, "ht")) else None
        if ht is not None and not values.has((*here, "ttc")):
            found[period] = Price(_with_taxes(values, here, ht, version), ht)
            continue
        ttc = values.amount((*here, "ttc"), bounds)
        if ht is not None and ht > ttc:
            raise values.wrong(here, Phrase(FileProblem.HT_ABOVE_TTC, {"ht": str(ht), "ttc": str(ttc)}))
        found[period] = Price(ttc, ht)
    return found


def _with_taxes(values: TomlValues, path: Path, ht: Decimal, version: Version) -> Decimal:
    """A price with the taxes of the version's first day."""
    if version.tax_table is None and version.taxes == Taxes():
        raise values.wrong(path, Phrase(FileProblem.TAXES_NEEDED))
    ttc = with_taxes(ht, version.taxes_on(version.start))
    if ttc is None:
        raise values.wrong(path, Phrase(FileProblem.TAXES_UNKNOWN, {"day": str(version.start)}))
    return ttc


def _power_term(values: TomlValues, path: Path, powers: Mapping[int, str], tariff: Tariff) -> dict[str, Price]:
    """The prices of a kW and day of powers by period."""
    here = (*path, "power_term")
    if not values.has(here):
        return {}
    if powers:
        raise values.wrong(here, Phrase(FileProblem.POWER_TERM_BESIDE_POWERS))
    bounds = power_term_bounds(tariff.currency)
    found = {}
    for name in values.keys(here):
        values.keys((*here, name), ("ttc", "ht"))
        ttc = values.amount((*here, name, "ttc"), bounds)
        ht = values.amount((*here, name, "ht"), bounds) if values.has((*here, name, "ht")) else None
        if ht is not None and ht > ttc:
            raise values.wrong((*here, name), Phrase(FileProblem.HT_ABOVE_TTC, {"ht": str(ht), "ttc": str(ttc)}))
        found[name] = Price(ttc, ht)
    return found


def _subscription(
    values: TomlValues, path: Path, powers: Mapping[int, str], tariff: Tariff, version: Version
) -> dict[int | None, Decimal]:
    if powers:
        if values.has((*path, "subscription")):
            raise values.wrong((*path, "subscription"), Phrase(FileProblem.SUBSCRIPTION_BESIDE_POWERS))
        each = {
            power: _monthly_ttc(values, (*path, "power", key), tariff, power, version)
            for power, key in sorted(powers.items())
        }
        return {power: amount for power, amount in each.items() if amount is not None}
    if tariff.direction is Direction.INJECTION and not _has_subscription(values, path):
        return {None: Decimal(0)}
    amount = _monthly_ttc(values, path, tariff, None, version)
    return {} if amount is None else {None: amount}


def _monthly_ttc(values: TomlValues, path: Path, tariff: Tariff, power: int | None, version: Version) -> Decimal | None:
    """As it is written, else what the taxes of the version's first day make of the one without."""
    here = (*path, "cta_base")
    if values.has((*path, "subscription")) or not values.has(here):
        return _monthly(values, path, "subscription", tariff, power)
    ht = _monthly(values, path, "subscription_ht", tariff, power)
    if version.tax_table is None and version.taxes == Taxes():
        raise values.wrong(here, Phrase(FileProblem.TAXES_NEEDED))
    base = values.amount(here, monthly_bounds(tariff.currency, power, is_unusual=False))
    amount = None if ht is None else monthly_with_taxes(ht, base, version.taxes_on(version.start))
    if amount is None and ht is not None:
        raise values.wrong(here, Phrase(FileProblem.TAXES_UNKNOWN, {"day": str(version.start)}))
    return amount


def _monthly(values: TomlValues, path: Path, key: str, tariff: Tariff, power: int | None) -> Decimal | None:
    here = (*path, key)
    if values.has(here) and values.is_word(here, UNKNOWN):
        return None
    bounds = monthly_bounds(tariff.currency, power, is_unusual=values.flag((*path, "unusual")))
    return values.amount(here, bounds)


def _subscription_ht(
    values: TomlValues, path: Path, powers: Mapping[int, str], tariff: Tariff, with_taxes: Mapping[int | None, Decimal]
) -> dict[int | None, Decimal]:
    paths: dict[int | None, Path] = {None: path}
    paths |= {power: (*path, "power", key) for power, key in sorted(powers.items())}
    found = {}
    for power, here in paths.items():
        if not values.has((*here, "subscription_ht")):
            continue
        ht = _monthly(values, here, "subscription_ht", tariff, power)
        if ht is None:
            continue
        found[power] = ht
        if power in with_taxes and abs(ht) > abs(with_taxes[power]):
            about: dict[str, Value] = {"ht": str(ht), "ttc": str(with_taxes[power])}
            raise values.wrong((*here, "subscription_ht"), Phrase(FileProblem.HT_ABOVE_TTC, about))
    return found


def _taxes(values: TomlValues, path: Path) -> Taxes:
    values.keys(path, (*TAX_NAMES, "unusual"))
    is_unusual = values.flag((*path, "unusual"))
    found = {
        tax: values.amount((*path, tax), tax_bounds(tax, is_unusual=is_unusual))
        for tax in TAX_NAMES
        if values.has((*path, tax)) and not values.is_word((*path, tax), UNKNOWN)
    }
    return Taxes(**found)


def _unknown_taxes(values: TomlValues, path: Path) -> frozenset[str]:
    return frozenset(tax for tax in TAX_NAMES if values.is_word((*path, tax), UNKNOWN))


def _attributions(values: TomlValues, path: Path, tariff: Tariff) -> Iterator[Attribution]:
    for number in range(values.count((*path, "figures"))):
        here = (*path, "figures", number)
        values.keys(here, _FIGURE_KEYS)
        figures = values.texts((*here, "of"))
        if not figures or not set(figures) <= set(Figure):
            of: dict[str, Value] = {"key": "of", "choices": tuple(Figure)}
            raise values.wrong((*here, "of"), Phrase(FileProblem.NOT_A_LIST_OF, of))
        periods = values.texts((*here, "periods"))
        if not set(periods) <= set(tariff.periods):
            among: dict[str, Value] = {"key": "periods", "choices": tariff.periods}
            raise values.wrong((*here, "periods"), Phrase(FileProblem.NOT_A_LIST_OF, among))
        yield Attribution(
            frozenset(map(Figure, figures)),
            Provenance(
                values.text((*here, "source")),
                Confidence(values.one_of((*here, "confidence"), tuple(Confidence))),
                values.text((*here, "note"), ""),
            ),
            frozenset(values.powers((*here, "powers"))),
            frozenset(periods),
        )
