"""Whether a site needs a contract, and how it comes to its first, for a person who asks what its energy costs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.load import sites_named
from tictally_recorder.cost.contracts.meter_reported import Announced
from tictally_recorder.cost.contracts.model import Contracts
from tictally_recorder.energy.register_totals import direction_of
from tictally_recorder.ledger import LedgerReader, Meter, Site, probable_exchanges
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import local_day
from tictally_shared.tariff_options import PRODUCER

_EVER_MS: Final = 2**62


def needs_contract(reader: LedgerReader, site: Site, contracts: Contracts, announced: Announced) -> bool:
    """True if a site has no contract, or consumes and has one for injection only.

    Args:
        reader: the ledger.
        site: of it.
        contracts: all of them.
        announced: what the site's meter reports.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    directions = {contract.direction for contract in contracts.of_site(site.id)}
    if not directions or Direction.CONSUMPTION in directions:
        return not directions
    return announced.name != PRODUCER and any(_has_consumed(reader, meter) for meter in site.meters)


def _has_consumed(reader: LedgerReader, meter: Meter) -> bool:
    """True if a register of consumption differs between a meter's first and last quarter-hour with registers."""
    oldest = next((each for each in reader.registers(meter.id, 0, _EVER_MS) if each.registers), None)
    newest = next((each for each in reader.registers(meter.id, 0, _EVER_MS, newest_first=True) if each.registers), None)
    if oldest is None or newest is None:
        return False
    return any(
        direction_of(name) is Direction.CONSUMPTION
        and (name not in oldest.registers or oldest.registers[name][0].first != runs[-1].last)
        for name, runs in newest.registers.items()
    )


def how_to_join(site: Site, sites: Iterable[Site]) -> str:
    """What to do where a site without contract may be an old one whose meter was exchanged; empty if it is not."""
    old = next((each.old for each in probable_exchanges(sites) if each.new == site.id), None)
    if old is None:
        return ""
    return (
        f"If its meter replaced that of site {old}, make them one instead, whose contracts go on: "
        f"`tictally site join {site.id} {old}`."
    )


def how_to_begin(contracts_file: Path, tz: ZoneInfo, site: Site, announced: Announced, *, is_only_site: bool) -> str:
    """What to write where, so that a site's energy has a cost.

    Args:
        contracts_file: where contracts stand.
        tz: whose days are meant.
        site: that has none.
        announced: the option that its meter reports, used in the example.
        is_only_site: True if a contract need not name its site.
    """
    first = local_day(site.meters[0].first_ms, tz)
    lines = [f"there is no contract of site {site.id}, so what its energy costs is not known."]
    if announced.name == PRODUCER:
        lines += [
            f"The meter announces {announced}. Write what your buyer pays into a tariff of your own with",
            f'direction = "injection" (see docs/cost.md), and into {contracts_file} since when, such as',
            "    [[contract]]",
            *([] if is_only_site else [f'    site = "{site.id}"']),
            '    tariff = "the-id-of-your-tariff"',
            f"    from = {first}",
        ]
        return "\n".join(lines)
    others = sites_named(contracts_file) - {site.id} if is_only_site else set()
    if others:
        named = ", ".join(sorted(others))
        lines += [
            f"The contracts in {contracts_file} are of sites that the ledger does not have: {named}.",
            f'Write site = "{site.id}" there, or beside them which tariff it is on, from when, such as',
        ]
    else:
        lines.append(f"Write into {contracts_file} which tariff it is on, from when, such as")
    lines.append("    [[contract]]")
    if others or not is_only_site:
        lines.append(f'    site = "{site.id}"')
    lines += [
        f'    tariff = "{announced.shipped_tariff or "edf-bleu-base"}"',
        f"    power = {announced.power_kva or 6}",
        f"    from = {first}",
    ]
    option = str(announced)
    known = f"The meter announces {option}; " if option else "The meter does not announce what it is on; "
    lines.append(f"{known}`tictally tariff list` lists the tariffs; your bill has the rest.")
    lines.append("`tictally contract add` asks for all of it and writes it.")
    return "\n".join(lines)
