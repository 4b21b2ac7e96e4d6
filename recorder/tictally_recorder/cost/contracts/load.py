"""Reads and validates the file of contracts; an error names file and line."""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.lump_sums import LUMP_SUMS, read_lump_sums
from tictally_recorder.cost.contracts.model import Contract, Contracts, iso_text
from tictally_recorder.cost.contracts.moments import DayOrMoment, MomentError, as_end, day_or_moment
from tictally_recorder.cost.contracts.off_peak import read_chosen_weekday, read_off_peak
from tictally_recorder.file_problem import FileProblem, not_toml, unreadable
from tictally_recorder.ledger import ProbableExchange
from tictally_recorder.tariffs.broken import BrokenTariff, BrokenTariffs
from tictally_recorder.tariffs.errors import InFileError, TariffError
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.tariffs.toml_lines import TomlLines
from tictally_recorder.tariffs.toml_reader import TomlValues
from tictally_shared.phrase import Phrase, Value

_KEYS: Final = (
    *("site", "tariff", "power", "from", "until", "aliases", "off_peak", "chosen_day", "billing_day"),
    "billed_in_advance",
)
_FORMER_KEYS: Final = {"windows": "off_peak"}
_SITE: Final = re.compile(r"[a-z0-9-]{1,32}")
_POWER_AT_MOST: Final = 999_999
_KW_AT_MOST: Final = 1000
_LAST_OF_MONTH: Final = 31
MOST_MONTHS: Final = 12
"""That a subscription is billed in advance."""
_WRONG_NUMBERS: Final = {
    "billing_day": FileProblem.BILLING_DAY_WRONG,
    "billed_in_advance": FileProblem.BILLED_IN_ADVANCE_WRONG,
}

Refuse = Callable[[str, Phrase], "ContractError"]
"""(key, problem) → the error, at the key's line."""


class ContractError(InFileError):
    """A contract that cannot be used.

    Args:
        file: where it stands.
        line: of the file, from 1.
        problem: what is wrong there, or a sentence in English where it has no code of its own.
        number: of the contract among those of the file, from 0; None where no contract is meant.
        key: of the contract that is wrong, or an empty text.

    Attributes:
        number: as above.
        key: as above.
    """

    def __init__(
        self, file: str, line: int, problem: Phrase | str, *, number: int | None = None, key: str = ""
    ) -> None:
        super().__init__(file, line, problem)
        self.number = number
        self.key = key


@dataclass(frozen=True, slots=True)
class TariffsNamed:
    """What contracts may be on, and in whose local time they begin and end.

    Attributes:
        tariffs: id → tariff.
        tz: of local times.
        broken: those in files that cannot be used: what a contract states about them is accepted as it is.
    """

    tariffs: Mapping[str, Tariff]
    tz: ZoneInfo
    broken: BrokenTariffs = field(default_factory=BrokenTariffs)

    def find(self, tariff_id: str) -> Tariff | BrokenTariff | None:
        """The tariff of an id, or None."""
        known = self.tariffs.get(tariff_id)
        return self.broken.find(tariff_id, is_known=known is not None) or known


@dataclass(frozen=True, slots=True)
class _Sites:
    """The ledger's sites, and those of them that may be one."""

    ids: Collection[str]
    exchanges: Sequence[ProbableExchange]

    def missing(self) -> Phrase:
        """Why a contract has to name its site."""
        about: dict[str, Value] = {"sites": tuple(sorted(self.ids))}
        if not self.exchanges:
            return Phrase(FileProblem.SITE_MISSING, about)
        latest = self.exchanges[-1]
        return Phrase(FileProblem.SITE_MISSING_OR_METER_EXCHANGED, about | {"new": latest.new, "old": latest.old})


def read_contracts(
    path: Path, named: TariffsNamed, sites: Collection[str] = (), exchanges: Sequence[ProbableExchange] = ()
) -> Contracts:
    """The contracts of a file; none where there is no such file.

    Args:
        path: the file.
        named: all tariffs that a contract may be on.
        sites: ids of the ledger's sites: with more than one, each contract has to name its own.
        exchanges: sites that may be one, which the error then names.

    Raises:
        ContractError: the file cannot be read, or a contract cannot be used.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Contracts()
    except OSError as error:
        raise ContractError(str(path), 1, unreadable(error)) from None
    except UnicodeDecodeError:
        raise ContractError(str(path), 1, Phrase(FileProblem.NOT_UTF8)) from None
    return parse_contracts(text, str(path), named, sites, exchanges)


def sites_named(path: Path) -> set[str]:
    """The sites that contracts of a file name, which the ledger need not have; none where it cannot be read."""
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return set()
    tables = document.get("contract")
    sites = (each.get("site") for each in tables if isinstance(each, dict)) if isinstance(tables, list) else ()
    return {site for site in sites if isinstance(site, str)}


def parse_contracts(
    text: str,
    file: str,
    named: TariffsNamed,
    sites: Collection[str] = (),
    exchanges: Sequence[ProbableExchange] = (),
) -> Contracts:
    """As `read_contracts`, of a text that stood in a file."""
    try:
        return _parsed(text, file, named, _Sites(sites, exchanges))
    except (ValueError, RecursionError) as error:  # numbers with thousands of digits, or what is nested as deeply
        raise ContractError(file, 1, Phrase(FileProblem.UNUSABLE, {"detail": str(error)})) from None


def _parsed(text: str, file: str, named: TariffsNamed, sites: _Sites) -> Contracts:
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ContractError(file, *not_toml(error, text)) from None
    places = TomlLines(text)
    if other := next((key for key in document if key not in {"contract", LUMP_SUMS}), None):
        raise ContractError(file, places.line((other, 0)), Phrase(FileProblem.OTHER_TABLE, {"key": repr(other)}))
    tables = document.get("contract", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise ContractError(file, places.line(("contract",)), Phrase(FileProblem.NO_CONTRACT_TABLE))

    def refusing(number: int) -> Refuse:
        return lambda key, problem: ContractError(
            file, places.line(("contract", number, key)), problem, number=number, key=key
        )

    numbered = [
        (replace(_contract(table, named, sites, refusing(at)), number=at), at) for at, table in enumerate(tables)
    ]
    for one, other_one in combinations(numbered, 2):
        (earlier, _), (later, number) = sorted((one, other_one), key=lambda each: (each[0].order, each[1]))
        if problem := _overlap(earlier, later):
            raise refusing(number)("from", problem)
    try:
        lump_sums = read_lump_sums(TomlValues(document, places, file), sites.missing() if len(sites.ids) > 1 else None)
    except TariffError as error:
        raise ContractError(error.file, error.line, error.problem) from None
    return Contracts((contract for contract, _ in numbered), lump_sums)


def _contract(table: dict[str, Any], named: TariffsNamed, sites: _Sites, refuse: Refuse) -> Contract:
    table = {_FORMER_KEYS.get(key, key): value for key, value in table.items()}
    if other := next((key for key in table if key not in _KEYS), None):
        raise refuse(other, Phrase(FileProblem.OTHER_KEY, {"key": repr(other), "keys": tuple(_KEYS)}))
    tariff = _tariff(table, named, refuse)
    start, until = _when(table, "from", named.tz, refuse), _when(table, "until", named.tz, refuse)
    if start is None:
        raise refuse("from", Phrase(FileProblem.FIRST_DAY_MISSING))
    if until is not None:
        until = as_end(until, is_moment=isinstance(table["until"], datetime))
        if until.day < start.day or (until.at and start.at and until.at <= start.at):
            about: dict[str, Value] = {
                "until": iso_text(until.at or until.day),
                "start": iso_text(start.at or start.day),
            }
            raise refuse("until", Phrase(FileProblem.ENDS_BEFORE_START, about))
    return Contract(
        site=_site(table, sites, refuse),
        tariff=tariff.id,
        start=start.day,
        until=until.day if until else None,
        power_kva=None if isinstance(table.get("power"), dict) else _power(table, tariff, refuse),
        powers_kw=_powers(table, tariff, refuse),
        direction=tariff.direction,
        aliases=_aliases(table, tariff, refuse),
        off_peak=read_off_peak(table, refuse),
        chosen_weekday=read_chosen_weekday(table, refuse),
        billing_day=_whole(table, "billing_day", (1, _LAST_OF_MONTH), refuse),
        billed_in_advance=_whole(table, "billed_in_advance", (0, MOST_MONTHS), refuse),
        starts_at=start.at,
        ends_at=until.at if until else None,
    )


def _tariff(table: dict[str, Any], named: TariffsNamed, refuse: Refuse) -> Tariff | BrokenTariff:
    value = table.get("tariff")
    if value is None:
        raise refuse("tariff", Phrase(FileProblem.TARIFF_MISSING))
    if not isinstance(value, str) or (found := named.find(value)) is None:
        about: dict[str, Value] = {"tariff": repr(value), "tariffs": tuple(sorted(named.tariffs))}
        raise refuse("tariff", Phrase(FileProblem.TARIFF_UNKNOWN, about))
    return found


def _site(table: dict[str, Any], sites: _Sites, refuse: Refuse) -> str | None:
    site = table.get("site")
    if site is None:
        if len(sites.ids) > 1:
            raise refuse("site", sites.missing())
        return None
    if not isinstance(site, str) or not _SITE.fullmatch(site):
        raise refuse("site", Phrase(FileProblem.SITE_WRONG, {"site": repr(site)}))
    return site


def _when(table: dict[str, Any], key: str, tz: ZoneInfo, refuse: Refuse) -> DayOrMoment | None:
    if (value := table.get(key)) is None:
        return None
    try:
        return day_or_moment(key, value, tz)
    except MomentError as error:
        raise refuse(key, error.problem) from None


def _power(table: dict[str, Any], tariff: Tariff | BrokenTariff, refuse: Refuse) -> int | None:
    power = table.get("power")
    if power is not None and (type(power) is not int or not 0 < power <= _POWER_AT_MOST):
        raise refuse("power", Phrase(FileProblem.POWER_WRONG, {"found": repr(power)}))
    if isinstance(tariff, BrokenTariff):
        return power
    priced = {each for version in tariff.versions for each in (*version.energy, *version.subscription)}
    named = sorted(each for each in priced if each is not None)
    if power not in priced and None not in priced and named:
        have: dict[str, Value] = {"tariff": tariff.id, "powers": tuple(map(str, named))}
        if power is None:
            raise refuse("power", Phrase(FileProblem.POWER_MISSING, have))
        raise refuse("power", Phrase(FileProblem.POWER_NOT_IN_TARIFF, have | {"power_kva": power}))
    return power


def _powers(table: dict[str, Any], tariff: Tariff | BrokenTariff, refuse: Refuse) -> dict[str, Decimal]:
    """Powers by period in kW, where the tariff has prices of them."""
    found = table.get("power")
    terms = () if isinstance(tariff, BrokenTariff) else [each.power_term for each in tariff.versions if each.power_term]
    names = tuple(dict.fromkeys(name for each in terms for name in each))
    about: dict[str, Value] = {"tariff": tariff.id, "powers": names}
    if not isinstance(found, dict):
        if terms:
            raise refuse("power", Phrase(FileProblem.POWERS_MISSING, about))
        return {}
    if not terms and not isinstance(tariff, BrokenTariff):
        raise refuse("power", Phrase(FileProblem.POWER_WRONG, {"found": ", ".join(found)[:40]}))
    powers: dict[str, Decimal] = {}
    for name, kw in found.items():
        powers[name] = power = Decimal(kw) if type(kw) is int else kw
        if not isinstance(power, Decimal) or not power.is_finite() or not 0 < power <= _KW_AT_MOST:
            wrong: dict[str, Value] = {"name": name[:20], "found": str(kw)[:40]}
            raise refuse("power", Phrase(FileProblem.POWERS_WRONG, wrong))
    if terms and not any(powers.keys() == each.keys() for each in terms):
        raise refuse("power", Phrase(FileProblem.POWERS_NOT_IN_TARIFF, about))
    return powers


def _whole(table: dict[str, Any], key: str, bounds: tuple[int, int], refuse: Refuse) -> int | None:
    """A whole number between bounds, both included."""
    found = table.get(key)
    if found is not None and (type(found) is not int or not bounds[0] <= found <= bounds[1]):
        raise refuse(key, Phrase(_WRONG_NUMBERS[key], {"found": repr(found)[:40]}))
    return found


def _aliases(table: dict[str, Any], tariff: Tariff | BrokenTariff, refuse: Refuse) -> dict[str, str]:
    aliases = table.get("aliases", {})
    if not isinstance(aliases, dict):
        raise refuse("aliases", Phrase(FileProblem.ALIASES_WRONG))
    for name, period in aliases.items():
        periods = (period,) if isinstance(tariff, BrokenTariff) else tariff.periods
        if not isinstance(period, str) or period not in periods:
            about: dict[str, Value] = {"name": repr(name), "period": repr(period), "tariff": tariff.id}
            known = () if isinstance(tariff, BrokenTariff) else tariff.periods
            raise refuse("aliases", Phrase(FileProblem.ALIAS_UNKNOWN, about | {"periods": known}))
    # Strings of meters are stored with runs of spaces collapsed.
    return {" ".join(name.split()): period for name, period in aliases.items()}


def _overlap(earlier: Contract, later: Contract) -> Phrase | None:
    same_site = earlier.site is None or later.site is None or earlier.site == later.site
    if not same_site or earlier.direction is not later.direction:
        return None
    if earlier.order == later.order:
        about: dict[str, Value] = {"tariff": earlier.tariff, "other": later.tariff, "day": later.begins}
        return Phrase(FileProblem.SAME_DAY, about)
    if earlier.until is None or earlier.until < later.start:
        return None
    if earlier.ends_at and later.starts_at and earlier.ends_at <= later.starts_at:
        return None
    until = iso_text(earlier.ends_at or earlier.until)
    about = {"start": later.begins, "tariff": earlier.tariff, "until": until}
    return Phrase(FileProblem.OVERLAP, about)
