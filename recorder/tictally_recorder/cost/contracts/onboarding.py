"""Whether a site needs a contract, and how it comes to its first, for a person who asks what its energy costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.load import sites_named
from tictally_recorder.cost.contracts.meter_reported import Announced
from tictally_recorder.cost.contracts.model import Contracts
from tictally_recorder.energy.register_totals import direction_of
from tictally_recorder.ledger import LedgerReader, Meter, Site, probable_exchanges
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.translations import ENGLISH
from tictally_shared.calendar import local_day
from tictally_shared.catalogue import Catalogue
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


def how_to_join(site: Site, sites: Iterable[Site], words: Catalogue = ENGLISH) -> str:
    """What to do where a site without contract may be an old one whose meter was exchanged; empty if it is not."""
    old = next((each.old for each in probable_exchanges(sites) if each.new == site.id), None)
    return "" if old is None else words.text("begin_text.join", old=old, new=site.id)


@dataclass(frozen=True, slots=True)
class FirstContract:
    """The contract that a site lacks.

    Attributes:
        contracts_file: where contracts stand.
        tz: whose days are meant.
        site: that has none.
        announced: the option that its meter reports, used in the example.
        is_only_site: True if a contract need not name its site.
    """

    contracts_file: Path
    tz: ZoneInfo
    site: Site
    announced: Announced
    is_only_site: bool

    @property
    def lines(self) -> list[str]:
        """An example of it, for the file; the prices that a meter of a producer earns are unknown."""
        site = [] if self.is_only_site and not self._others else [f'site = "{self.site.id}"']
        first = f"from = {local_day(self.site.meters[0].first_ms, self.tz)}"
        if self.announced.name == PRODUCER:
            return ["[[contract]]", *site, 'tariff = "the-id-of-your-tariff"', first]
        tariff = f'tariff = "{self.announced.shipped_tariff or "edf-bleu-base"}"'
        return ["[[contract]]", *site, tariff, f"power = {self.announced.power_kva or 6}", first]

    @property
    def _others(self) -> set[str]:
        """Sites that the file names, where the ledger has none but this."""
        if not self.is_only_site or self.announced.name == PRODUCER:
            return set()
        return sites_named(self.contracts_file) - {self.site.id}

    def how_to_begin(self, words: Catalogue = ENGLISH) -> str:
        """What to write where, so that the site's energy has a cost."""
        file = str(self.contracts_file)
        reported = self.announced.name, f"{self.announced.power_kva} kVA" if self.announced.power_kva else None
        option = words.listed(parts) if (parts := [each for each in reported if each]) else ""
        text = [words.text("begin_text.no_contract", site=self.site.id)]
        example = [f"    {line}" for line in self.lines]
        if self.announced.name == PRODUCER:
            return "\n".join([*text, words.text("begin_text.producer", option=option, file=file), *example])
        if others := ", ".join(sorted(self._others)):
            text.append(words.text("begin_text.other_sites", file=file, sites=others, site=self.site.id))
        else:
            text.append(words.text("begin_text.write", file=file))
        source = words.text("begin_text.announced", option=option) if option else words.text("begin_text.not_announced")
        return "\n".join([*text, *example, source, words.text("begin_text.command")])
