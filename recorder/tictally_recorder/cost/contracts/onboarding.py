"""How a site comes to its first contract, for a person who asks what its energy costs."""

from pathlib import Path
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.load import sites_named
from tictally_recorder.cost.contracts.meter_reported import Announced
from tictally_recorder.ledger import Site
from tictally_shared.calendar import local_day


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
    return "\n".join(lines)
