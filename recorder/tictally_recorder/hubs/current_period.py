"""The tariff period that counts now, as the meter with a site's newest frame reports it."""

from collections.abc import Mapping
from typing import Final

from tictally_recorder.energy.register_totals import period_of
from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.tariff_options import register_of_ptec

_HISTORIQUE: Final = "PTEC"
_STANDARD: Final = "NTARF"
_SUPPLIER: Final = "EASF"


def current_period(reader: LedgerReader, site: Site, since_ms: int, aliases: Mapping[str, str]) -> str | None:
    """The period by its alias, else its own name (regulated options: theirs), or None if the meter reports none.

    Where nothing shows what a register counts, it is the register's own name.

    Args:
        reader: the ledger.
        site: of it.
        since_ms: a meter without a frame since then has no current period, milliseconds since 1970.
        aliases: what the meter calls a period → the tariff's period.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    meter = max(site.meters, key=lambda each: each.last_ms)
    if meter.last_ms < since_ms:
        return None
    seen = reader.labels_seen(meter.id)
    changed_ms = {label: seen[label][1] for label in (_HISTORIQUE, _STANDARD) if label in seen}
    # After a change of mode both labels have been seen, and the one of the old mode is stale.
    label = max(changed_ms, key=lambda each: changed_ms[each], default=None)
    text = None if label is None else reader.newest_text(meter.id, label)
    if not text:
        return None
    if label == _HISTORIQUE:
        register = register_of_ptec(text)
        return None if register is None else period_of(register, None, None, aliases)
    called = reader.newest_text(meter.id, "LTARF") or None
    return period_of(_SUPPLIER + text, called, reader.newest_text(meter.id, "NGTF"), aliases)
