"""Sites that are recorded no more and shown nowhere, until that is undone: a simulated meter beside the real one."""

from contextlib import closing
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.connection import open_for_writing, require, transaction
from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.frame_numbers import Status
from tictally_recorder.ledger.invalidation import invalidate_site
from tictally_recorder.ledger.outbox_queue import forget_site, mark_cost_of_site
from tictally_recorder.ledger.sites import find_site, note_change
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase

# Frames that arrived meanwhile are unknown again, so that the edges that still hold them are asked for them.
_FORGET_IGNORED: Final = """
DELETE FROM frame_number WHERE status = ? AND boot IN (
    SELECT boot.id FROM boot JOIN meter_edge ON meter_edge.edge = boot.edge
    JOIN meter ON meter.id = meter_edge.meter WHERE meter.site = ?
)
"""


def ignore_site(path: Path, name: str, now_ms: int) -> str:
    """Record a site no more, and show it nowhere; what is recorded of it stays. Also while a recorder runs.

    Args:
        path: the ledger.
        name: id of the site, or the key of one of its meters.
        now_ms: since when.

    Returns:
        The site's id.

    Raises:
        LedgerError: it is unknown, or ignored already.
        LedgerUnavailable: the ledger is busy.
    """
    require(path)
    with closing(open_for_writing(path)) as connection, transaction(connection):
        site, site_name = find_site(connection, name)
        changed = connection.execute(
            "UPDATE site SET ignored_ms = ? WHERE id = ? AND ignored_ms IS NULL", (now_ms, site)
        )
        if not changed.rowcount:
            raise LedgerError(Phrase(ProblemCode.SITE_IGNORED_ALREADY, {"site": site_name}))
        note_change(connection)
        forget_site(connection, site)
        return site_name


def undo_ignore(path: Path, name: str) -> str:
    """Record a site again, and show what was recorded. Arguments, return value and errors as `ignore_site`."""
    require(path)
    with closing(open_for_writing(path)) as connection, transaction(connection):
        site, site_name = find_site(connection, name)
        changed = connection.execute(
            "UPDATE site SET ignored_ms = NULL WHERE id = ? AND ignored_ms IS NOT NULL", (site,)
        )
        if not changed.rowcount:
            raise LedgerError(Phrase(ProblemCode.SITE_NOT_IGNORED, {"site": site_name}))
        note_change(connection)
        connection.execute(_FORGET_IGNORED, (Status.IGNORED, site))
        invalidate_site(connection, site)
        mark_cost_of_site(connection, site)
        return site_name
