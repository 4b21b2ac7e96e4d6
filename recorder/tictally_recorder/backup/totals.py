"""What a site's registers counted in all, in a fraction of the time that an answer by periods takes."""

from collections.abc import Mapping
from typing import Final

from tictally_recorder.cost.registers import DRAWN_TOTAL, INJECTED_TOTAL
from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.contracts import CONTRACTS

_EVER_MS: Final = 2**62
_SUPPLIER: Final = "EASF"
_HISTORIQUE: Final = frozenset(register for contract in CONTRACTS.values() for register in contract.registers)


def totals(reader: LedgerReader, site: Site) -> dict[str, int]:
    """Register → energy over all that the ledger has, of those that a total is made of.

    As an answer by periods has it: what a register rose, over all of its meters; where it fell another count began.
    """
    seen = {meter.id: reader.labels_seen(meter.id).keys() for meter in site.meters}
    needed = {DRAWN_TOTAL, INJECTED_TOTAL, *_HISTORIQUE}
    if not any(DRAWN_TOTAL in labels for labels in seen.values()):
        needed |= {label for labels in seen.values() for label in labels if label.startswith(_SUPPLIER)}
    found: dict[str, int] = {}
    for meter in site.meters:
        only = needed & seen[meter.id]
        newest: dict[str, int] = {}
        for quarter in reader.registers(meter.id, 0, _EVER_MS, only=only) if only else ():
            registers = quarter.registers
            for name in only & registers.keys():
                for run in registers[name]:
                    risen = max(run.first - newest.get(name, run.first), 0) + run.last - run.first
                    found[name] = found.get(name, 0) + risen
                    newest[name] = run.last
    return found


def drawn_wh(counted: Mapping[str, int]) -> int:
    """All that was drawn: the standard mode's total, or its parts where that is missing, and historique registers."""
    standard = [wh for name, wh in counted.items() if name.startswith(_SUPPLIER)]
    historique = sum(wh for name, wh in counted.items() if name in _HISTORIQUE)
    return counted.get(DRAWN_TOTAL, sum(standard)) + historique
