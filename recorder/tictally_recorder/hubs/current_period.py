"""Which tariff period counts at present: what the meter that is heard last at a site says."""

from collections.abc import Mapping
from typing import Final

from tictally_recorder.energy.register_totals import period_of
from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.tariff_options import period_of_ptec

_HISTORIQUE: Final = "PTEC"
_STANDARD: Final = "NTARF"
_SUPPLIER: Final = "EASF"


def present_period(reader: LedgerReader, site: Site, since_ms: int, aliases: Mapping[str, str]) -> str | None:
    """The period by its alias, or else its own name (regulated options: theirs), or None where the meter tells none.

    Where nothing tells what a register counts, it is the register's own name.

    Args:
        reader: the ledger.
        site: of it.
        since_ms: what was heard before is no longer the present, milliseconds since 1970.
        aliases: what the meter calls a period → the price list's period.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    meter = max(site.meters, key=lambda each: each.last_ms)
    if meter.last_ms < since_ms:
        return None
    seen = reader.labels_seen(meter.id)
    told = {label: seen[label][1] for label in (_HISTORIQUE, _STANDARD) if label in seen}
    # After a change of mode both have been seen, and the other one's last word is old.
    label = max(told, key=lambda each: told[each], default=None)
    text = None if label is None else reader.newest_text(meter.id, label)
    if not text:
        return None
    if label == _HISTORIQUE:
        name = period_of_ptec(text)
        return None if name is None else aliases.get(name, name)
    called = reader.newest_text(meter.id, "LTARF") or None
    return period_of(_SUPPLIER + text, called, reader.newest_text(meter.id, "NGTF"), aliases)
