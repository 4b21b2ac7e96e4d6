"""Sites: where meters follow one another."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from tictally_recorder.ledger.cost_store import CostDay, Costs
from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.invalidation import touch_all, untouch
from tictally_recorder.ledger.model import Meter, Site
from tictally_recorder.ledger.outbox_queue import mark_cost
from tictally_recorder.ledger.schema import open_for_writing, require, transaction


def join_sites(path: Path, new: str, old: str) -> None:
    """Make the meters of site `new` part of site `old`, whose id stays; also while a recorder runs.

    Args:
        path: the ledger.
        new: id of the site that ends, or the key of one of its meters.
        old: id of the site that stays, or the key of one of its meters.

    Raises:
        LedgerError: one of them is unknown, or both are the same.
        LedgerUnavailable: the ledger is busy.
    """
    require(path)
    with closing(open_for_writing(path)) as connection, transaction(connection):
        join(connection, new, old)


def join(connection: sqlite3.Connection, new: str, old: str) -> None:
    """As `join_sites`, in a transaction."""
    ends, stays = _site(connection, new), _site(connection, old)
    if ends == stays:
        raise LedgerError(f"{new} and {old} are one site already")
    connection.execute("UPDATE meter SET site = ? WHERE site = ?", (stays, ends))
    Costs(connection).drop_site(ends)
    touch_all(connection, stays)
    connection.execute("DELETE FROM site WHERE id = ?", (ends,))


def _site(connection: sqlite3.Connection, name: str) -> int:
    found = site_id(connection, name)
    if found is not None:
        return found
    row = connection.execute("SELECT site FROM meter WHERE key = ? LIMIT 1", (name,)).fetchone()
    if row is None:
        known = ", ".join(each for (each,) in connection.execute("SELECT name FROM site ORDER BY name LIMIT 20"))
        raise LedgerError(f"there is no site {name[:40]!r} in the ledger; it knows {known or 'none yet'}")
    return int(row[0])


def site_id(connection: sqlite3.Connection, name: str) -> int | None:
    """The ledger's own number of a site, or None where there is none."""
    row = connection.execute("SELECT id FROM site WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def store_cost(connection: sqlite3.Connection, site: Site, days: Iterable[CostDay]) -> int | None:
    """Let days of a site have figures, which are then touched no more; in a transaction.

    Returns:
        How many of them differ from what was there; None, and nothing was done, where the site has other meters now.
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
            untouch(connection, meter, day.first, day.end - 1)
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
