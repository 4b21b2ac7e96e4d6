"""Versions of a tariff as a file that lies over the shipped one, never in the place of a person's own."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import tomli_w

from tictally_recorder.file_problem import FileProblem, unwritable
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.model import Attribution, ImportRecord, Price, Version
from tictally_recorder.tariffs.plausible_amounts import EURO, kwh_bounds, monthly_bounds
from tictally_recorder.tariffs.taxes import TAX_NAMES
from tictally_recorder.tariffs.toml_reader import UNKNOWN
from tictally_shared.phrase import Phrase
from tictally_shared.runtime import atomic_file

_MARK: Final = "# Written by `tictally tariff import`, "
_ADVICE: Final = """\
# The next import overwrites it. What you know better belongs into a file of your own: a version there holds
# over the one from the same day here.
"""
_DIGITS: Final = 16


def overlay_text(tariff_id: str, versions: Iterable[Version], imported: ImportRecord) -> str:
    """The whole file, versions as they come; its first line names the writer and a checksum of the rest."""
    body = _ADVICE + tomli_w.dumps(
        {
            "id": tariff_id,
            "overlay": True,
            "provider": imported.provider,
            "imported": imported.day,
            "version": [_version(each) for each in versions],
        }
    )
    return f"{_mark(body.encode()).decode()}\n{body}"


def write_overlay(path: Path, text: str) -> None:
    """Put a file in its place, at once and whole.

    Args:
        path: of the file; its folder is created, but not the one above: that may be on a disk that is not mounted.
        text: from `overlay_text`.

    Raises:
        TariffError: a file of that name was written or changed by a person, or it cannot be written.
    """
    try:
        path.parent.mkdir(exist_ok=True)
        refuse_a_persons(path)
        atomic_file.remove_stale_parts(path.parent, path.name)
        atomic_file.write_text(path, text)
    except OSError as error:
        raise TariffError(str(path), 1, unwritable(error)) from None


def has_former_heading(path: Path) -> bool:
    """True if an import of a former version of this program wrote a file, and nobody has changed it."""
    try:
        mark, _, body = path.read_bytes().partition(b"\n")
    except OSError:
        return False
    return mark == _mark(body) and not body.startswith(_ADVICE.encode())


def refuse_a_persons(path: Path) -> None:
    """Raise a TariffError if a person has written or changed a file; OSError if it cannot be read."""
    try:
        mark, _, body = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return
    if not mark.startswith(_MARK.encode()):
        raise TariffError(str(path), 1, Phrase(FileProblem.NOT_OF_AN_IMPORT))
    if mark != _mark(body):
        raise TariffError(str(path), 1, Phrase(FileProblem.CHANGED_SINCE_IMPORT))


def _mark(body: bytes) -> bytes:
    # Of the bytes as they stand, the advice among them: so a file keeps its mark when other advice is written.
    return f"{_MARK}{hashlib.sha256(body).hexdigest()[:_DIGITS]}".encode()


def _version(version: Version) -> dict[str, object]:
    table: dict[str, object] = {"from": version.start}
    if version.until is not None:
        table["until"] = version.until
    table |= {"confidence": str(version.confidence), "source": version.source}
    if version.note:
        table["note"] = version.note
    common = _common(version.energy)
    table["energy"] = {period: _price(price) for period, price in common.items()}
    powers = {str(power): _power(version, power, common) for power in sorted(each for each in version.energy if each)}
    if powers:
        table["power"] = powers
    else:
        table |= _subscription(version, None)
    figures = [_attribution(each) for each in version.attributions]
    taxes = {tax: format(rate, "f") for tax in TAX_NAMES if (rate := getattr(version.taxes, tax)) is not None}
    taxes |= dict.fromkeys(sorted(version.taxes_unknown), UNKNOWN)
    return table | ({"figures": figures} if figures else {}) | ({"taxes": taxes} if taxes else {})


def _attribution(attribution: Attribution) -> dict[str, object]:
    whence = attribution.provenance
    table: dict[str, object] = {"of": sorted(attribution.figures)}
    table |= {"powers": sorted(attribution.powers)} if attribution.powers else {}
    table |= {"periods": sorted(attribution.periods)} if attribution.periods else {}
    table |= {"source": whence.source, "confidence": str(whence.confidence)}
    return table | ({"note": whence.note} if whence.note else {})


def _common(energy: Mapping[int | None, Mapping[str, Price]]) -> dict[str, Price]:
    """Of each period the price that most powers have."""
    counts: dict[str, Counter[Price]] = {}
    for prices in energy.values():
        for period, price in prices.items():
            counts.setdefault(period, Counter())[price] += 1
    return {period: count.most_common(1)[0][0] for period, count in counts.items()}


def _power(version: Version, power: int, common: Mapping[str, Price]) -> dict[str, object]:
    own = {period: _price(price) for period, price in version.energy[power].items() if price != common[period]}
    return _subscription(version, power) | ({"energy": own} if own else {})


def _subscription(version: Version, power: int | None) -> dict[str, object]:
    amount, ht = version.subscription.get(power), version.subscription_ht.get(power)
    table: dict[str, object] = {"subscription": UNKNOWN if amount is None else format(amount, "f")}
    usual = monthly_bounds(EURO, power, is_unusual=False).usual
    if usual is not None and max(amount or usual, ht or usual) > usual:
        table["unusual"] = True
    return table if ht is None else table | {"subscription_ht": format(ht, "f")}


def _price(price: Price) -> dict[str, object]:
    table: dict[str, object] = {"ttc": format(price.ttc, "f")}
    if price.ht is not None:
        table["ht"] = format(price.ht, "f")
    usual = kwh_bounds(EURO, is_unusual=False).usual
    return table | ({"unusual": True} if usual is not None and price.ttc > usual else {})
