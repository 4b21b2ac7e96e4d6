"""Sites: delivery points, where one meter may replace another."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.connection import get_value, open_for_writing, put_value, transaction
from tictally_recorder.ledger.consumption_store import Consumptions
from tictally_recorder.ledger.cost_store import CostDay, Costs
from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.invalidation import clear, invalidate_site
from tictally_recorder.ledger.meters import LabelIds
from tictally_recorder.ledger.model import IgnoredSite, Meter, Site
from tictally_recorder.ledger.observations.rebuild import rebuild
from tictally_recorder.ledger.outbox_queue import mark_cost
from tictally_recorder.ledger.statistics import meter_extents
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase

_REVISION: Final = "sites_revision"
_BY_NAME: Final = """
SELECT id, name FROM site WHERE name = :name UNION ALL
SELECT site.id, site.name FROM meter JOIN site ON site.id = meter.site WHERE key = :name LIMIT 1
"""
_OF_METER: Final = (
    *("imported_quarter", "imported_span", "imported_break", "imported_range", "invalidated", "sink_quarter"),
    "standby",
)


def join_sites(path: Path, new: str, old: str) -> None:
    """Move the meters of site `new` to site `old`, whose id stays; also while a recorder runs.

    Args:
        path: the ledger.
        new: id of the site that ends, or the key of one of its meters.
        old: id of the site that stays, or the key of one of its meters.

    Raises:
        LedgerError: one of them is unknown, or both are the same.
        LedgerUnavailable: the ledger is busy.
    """
    with closing(open_for_writing(path)) as connection, transaction(connection):
        join(connection, new, old)


def join(connection: sqlite3.Connection, new: str, old: str) -> None:
    """As `join_sites`, in a transaction."""
    (ends, _), (stays, _) = find_site(connection, new), find_site(connection, old)
    if ends == stays:
        raise LedgerError(Phrase(ProblemCode.SITES_ALREADY_ONE, {"new": new, "old": old}))
    note_change(connection)
    connection.execute("UPDATE meter SET site = ? WHERE site = ?", (stays, ends))
    connection.execute("UPDATE import_run SET site = ? WHERE site = ?", (stays, ends))
    connection.execute("UPDATE note SET site = ? WHERE site = ?", (stays, ends))
    connection.execute("DELETE FROM dirty_import WHERE site = ?", (ends,))
    drop_meters_without_frames(connection, stays)
    Costs(connection).drop_site(ends)
    rebuild(connection, LabelIds(connection), stays)
    invalidate_site(connection, stays)
    connection.execute("DELETE FROM site WHERE id = ?", (ends,))


def drop_meters_without_frames(connection: sqlite3.Connection, site_id: int) -> None:
    """Delete the meters that stand for imports alone, all but one where the site has no others and imports are left."""
    select = "SELECT id, first_ms <= last_ms FROM meter WHERE site = ? ORDER BY 2 DESC, id"
    meters = connection.execute(select, (site_id,)).fetchall()
    has_imports = connection.execute("SELECT 1 FROM import_run WHERE site = ?", (site_id,)).fetchone() is not None
    for meter_id, has_frames in meters[1:] if has_imports else meters:
        if not has_frames:
            for table in _OF_METER:
                connection.execute(f"DELETE FROM {table} WHERE meter = ?", (meter_id,))  # noqa: S608 - names of ours
            connection.execute("DELETE FROM meter WHERE id = ?", (meter_id,))


def sites_revision(connection: sqlite3.Connection) -> str | None:
    """Another text after a site was joined, ignored or removed; None if none ever was."""
    return get_value(connection, _REVISION)


def note_change(connection: sqlite3.Connection) -> None:
    """Note that a site was joined, ignored or removed, for a recorder that runs; in a transaction."""
    put_value(connection, _REVISION, str(int(sites_revision(connection) or 0) + 1))


def find_site(connection: sqlite3.Connection, name: str) -> tuple[int, str]:
    """The id of a site's row and its name, by that name or by the key of one of its meters.

    Raises:
        LedgerError: there is none.
    """
    row = connection.execute(_BY_NAME, {"name": name}).fetchone()
    if row is None:
        known = tuple(each for (each,) in connection.execute("SELECT name FROM site ORDER BY name LIMIT 20"))
        raise LedgerError(Phrase(ProblemCode.SITE_UNKNOWN, {"site": name[:40], "sites": known}))
    return int(row[0]), str(row[1])


def site_id(connection: sqlite3.Connection, name: str) -> int | None:
    """The id of a site's row, or None if there is none."""
    row = connection.execute("SELECT id FROM site WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def store_cost(connection: sqlite3.Connection, site: Site, days: Iterable[CostDay]) -> int | None:
    """Store the figures of a site's days and clear their invalidation; in a transaction.

    Returns:
        How many of them changed; None if the site has other meters now or is ignored, and nothing was stored.
    """
    found = _same_site(connection, site)
    if found is None:
        return None
    costs, changed = Costs(connection), 0
    for day in days:
        if costs.put(found, day):
            changed += 1
            mark_cost(connection, found, day.day.toordinal())
        for meter in site.meters:
            clear(connection, meter.id, day.first, day.end - 1)
    return changed


def _same_site(connection: sqlite3.Connection, site: Site) -> int | None:
    """The id of a site's row; None if it has other meters now or is ignored."""
    row = connection.execute("SELECT id FROM site WHERE name = ? AND ignored_ms IS NULL", (site.id,)).fetchone()
    found = None if row is None else int(row[0])
    meters = {each for (each,) in connection.execute("SELECT id FROM meter WHERE site = ?", (found,))}
    return found if meters == {meter.id for meter in site.meters} else None


def store_consumption(
    connection: sqlite3.Connection, site: Site, packed: Mapping[date, bytes], computed_ms: Mapping[date, int]
) -> None:
    """Store the consumption of a site's days, see `Consumptions.put`; in a transaction.

    Nothing is stored if the site has other meters now or is ignored.
    """
    if (found := _same_site(connection, site)) is not None:
        Consumptions(connection).put(found, packed, computed_ms)


def all_sites(connection: sqlite3.Connection) -> list[Site]:
    """Every site that is recorded, with its meters, by id."""
    return [site for site, ignored_ms in _sites(connection) if ignored_ms is None]


def ignored_sites(connection: sqlite3.Connection) -> list[IgnoredSite]:
    """Every site that is ignored, with its meters, by id."""
    return [IgnoredSite(site, ignored_ms) for site, ignored_ms in _sites(connection) if ignored_ms is not None]


def _sites(connection: sqlite3.Connection) -> list[tuple[Site, int | None]]:
    edges: dict[int, set[str]] = {}
    reads = "SELECT meter.site, edge.name FROM meter_edge JOIN meter ON meter.id = meter JOIN edge ON edge.id = edge"
    for site, name in connection.execute(reads):
        edges.setdefault(site, set()).add(name)
    meters: dict[int, list[Meter]] = {}
    for each in meter_extents(connection):
        meter = Meter(each.id, each.key, each.serial, each.first_ms, each.last_ms, bool(each.is_imported_last))
        meters.setdefault(each.site, []).append(meter)
    sites = connection.execute("SELECT id, name, ignored_ms FROM site ORDER BY name")
    return [
        (Site(name, tuple(meters[each]), tuple(sorted(edges.get(each, ())))), ignored_ms)
        for each, name, ignored_ms in sites
        if each in meters
    ]
