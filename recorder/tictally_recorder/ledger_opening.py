"""Opens the recorder's ledger: a new one begins only where none is known to have been."""

import logging
from datetime import UTC, datetime

from tictally_recorder.ledger import EdgeLimits, KnownLedgers, Ledger, LedgerError
from tictally_recorder.ledger.connection import is_missing
from tictally_recorder.settings import Settings

_log = logging.getLogger(__name__)


def open_ledger(settings: Settings, *, begins_new: bool = False) -> Ledger:
    """Open the ledger for recording, or begin one.

    Args:
        settings: path of the ledger, and the folder where known ledgers are noted.
        begins_new: True begins one also where there was one before; an existing ledger is opened all the same.

    Raises:
        LedgerError: its folder is missing, or the ledger that was there is; or it cannot be used.
    """
    path, known = settings.ledger, None if settings.state is None else KnownLedgers(settings.state)
    if path.parent == settings.state:  # nobody chose this folder, so no disk is missing
        _make_folder(settings)
    if known is not None and not begins_new and path.parent.is_dir() and is_missing(path):
        _require_unknown(settings, known)
    ledger = Ledger.open(path, EdgeLimits(meters=settings.meters_per_edge))
    if ledger.is_new:
        _log.info("new ledger path=%s: there was none", path)
    if known is not None:
        try:
            known.remember(path, datetime.now(UTC))
        except OSError as error:
            _log.warning(
                "TICTALLY_STATE: %s cannot be written (%s), so a missing disk of the ledger will not be noticed",
                settings.state,
                error.strerror or error,
            )
    return ledger


def _require_unknown(settings: Settings, known: KnownLedgers) -> None:
    since = known.since(settings.ledger)
    if since is not None:
        raise LedgerError(
            f"the ledger {settings.ledger} is missing, and there was one since {since}: mount its disk, or restore a "
            "backup (`tictally restore FILE`); to begin an empty one, run `tictally record --new-ledger` once"
        )


def _make_folder(settings: Settings) -> None:
    try:
        settings.ledger.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"the ledger's folder {settings.ledger.parent} cannot be created: {error.strerror}; "
            "TICTALLY_LEDGER names another place"
        ) from None
