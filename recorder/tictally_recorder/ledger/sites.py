"""Sites: delivery points, where one meter may replace another."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from tictally_recorder.ledger.connection import open_for_writing, transaction
from tictally_recorder.ledger.cost_store import CostDay, Costs
from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.invalidation import clear, invalidate_site
from tictally_recorder.ledger.model import Meter, Site
from tictally_recorder.ledger.outbox_queue import mark_cost


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
    ends, stays = _site(connection, new), _site(connection, old)
    if ends == stays:
        raise LedgerError(f"{new} and {old} are already the same site")
    connection.execute("UPDATE meter SET site = ? WHERE site = ?", (stays, ends))
    Costs(connection).drop_site(ends)
    invalidate_site(connection, stays)
    connection.execute("DELETE FROM site WHERE id = ?", (ends,))


def _site(connection: sqlite3.Connection, name: str) -> int:
    found = site_id(connection, name)
    if found is not None:
        return found
    row = connection.execute("SELECT site FROM meter WHERE key = ? LIMIT 1", (name,)).fetchone()
    if row is None:
        known = ", ".join(each for (each,) in connection.execute("SELECT name FROM site ORDER BY name LIMIT 20"))
        raise LedgerError(
            f"there is no site {name[:40]!r} in the ledger; {f'its sites are {known}' if known else 'it has none yet'}"
        )
    return int(row[0])


def site_id(connection: sqlite3.Connection, name: str) -> int | None:
    """The id of a site's row, or None if there is none."""
    row = connection.execute("SELECT id FROM site WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def store_cost(connection: sqlite3.Connection, site: Site, days: Iterable[CostDay]) -> int | None:
    """Store the figures of a site's days and clear their invalidation; in a transaction.

    Returns:
        How many of them changed; None if the site has other meters now, and nothing was stored.
    """
    found = site_id(connection, site.id)
    meters = {each for (each,) in connection.execute("SELECT id FROM meter WHERE site = ?", (found,))}
    if found is None or meters != {meter.id for meter in site.meters}:
        return None
    costs, changed = Costs(connection), 0
    for day in days:
        if costs.put(found, day):
            changed += 1
            mark_cost(connection, found, day.day.toordinal())
        for meter in meters:
            clear(connection, meter, day.first, day.end - 1)
    return changed


def all_sites(connection: sqlite3.Connection) -> list[Site]:
    """Every site with its meters, by id."""
    edges: dict[int, set[str]] = {}
    reads = "SELECT meter.site, edge.name FROM meter_edge JOIN meter ON meter.id = meter JOIN edge ON edge.id = edge"
    for site, name in connection.execute(reads):
        edges.setdefault(site, set()).add(name)
    meters: dict[int, list[Meter]] = {}
    for site, *fields in connection.execute(
        "SELECT site, id, key, serial, first_ms, last_ms FROM meter ORDER BY first_ms, id"
    ):
        meters.setdefault(site, []).append(Meter(*fields))
    sites = connection.execute("SELECT id, name FROM site ORDER BY name")
    return [Site(name, tuple(meters[each]), tuple(sorted(edges.get(each, ())))) for each, name in sites]
