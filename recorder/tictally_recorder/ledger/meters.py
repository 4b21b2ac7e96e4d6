"""The meters that send frames and the ids of their labels, as far as the next frame needs them in memory."""

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from tictally_recorder.ledger.rollup import Rollup

# Meters in memory between two transactions.
_MOST_CACHED: Final = 256
# A site may be there without meters, with notes.
ADD_SITE: Final = (
    "INSERT INTO site (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id"
)
_IGNORED: Final = "SELECT DISTINCT key FROM meter JOIN site ON site.id = meter.site WHERE ignored_ms IS NOT NULL"


class LabelIds:
    """Ids of labels; assigned when a label is first seen, never changed.

    Attributes:
        ids: label → id.
        names: id → label.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.names: dict[int, str] = dict(connection.execute("SELECT id, name FROM label"))
        self.ids = {name: label_id for label_id, name in self.names.items()}

    def id(self, name: str) -> int:
        """A label's id, assigned where it has none yet; in a transaction."""
        label_id = self.ids.get(name)
        if label_id is None:
            # Another process may have assigned it since, as an import does.
            execute = self._connection.execute
            execute(
                "INSERT INTO label SELECT coalesce(max(id), 0) + 1, ? FROM label WHERE true ON CONFLICT DO NOTHING",
                (name,),
            )
            label_id = int(execute("SELECT id FROM label WHERE name = ?", (name,)).fetchone()[0])
            self.ids[name] = label_id
            self.names[label_id] = name
        return label_id


@dataclass(slots=True)
class LabelState:
    """One label of one meter: when it was first and last seen, and its newest string."""

    id: int
    first_ms: int
    last_ms: int
    text: str | None = None


@dataclass(slots=True)
class MeterState:
    """One meter while its frames are stored.

    Attributes:
        id: of its row.
        serial: see `Meter`.
        first_ms: time of its oldest frame.
        last_ms: time of its newest frame.
        labels: label → its state.
        edges: ids of the edges that read it.
        open: quarters that recently got frames, by number.
        dirty: numbers of quarters that wait to be recomputed.
        named_ms: the newest change of what its registers count, since the recorder started.
        changed_labels: to be saved.
        changed_quarters: to be saved.
        gap_since_ms: from when on gaps between frames may have changed, or None: to be saved.
    """

    id: int
    serial: str | None
    first_ms: int
    last_ms: int
    labels: dict[str, LabelState] = field(default_factory=dict)
    edges: set[int] = field(default_factory=set)
    open: dict[int, Rollup] = field(default_factory=dict)
    dirty: set[int] = field(default_factory=set)
    named_ms: int = 0
    changed_labels: set[str] = field(default_factory=set)
    changed_quarters: set[int] = field(default_factory=set)
    gap_since_ms: int | None = None

    def change_gaps(self, since_ms: int) -> None:
        """Frames may have changed the gaps from a moment on."""
        self.gap_since_ms = since_ms if self.gap_since_ms is None else min(self.gap_since_ms, since_ms)


class Meters:
    """Meters by key and serial, loaded with their first frame."""

    def __init__(self, connection: sqlite3.Connection, labels: LabelIds) -> None:
        self._connection = connection
        self._labels = labels
        self._rows: dict[str, list[MeterState]] = {}  # the key used last is last
        self._used: dict[int, MeterState] = {}  # since the last save
        self._of_edge: dict[int, int] = {}
        self._ignored = {key for (key,) in connection.execute(_IGNORED)}

    def __iter__(self) -> Iterator[MeterState]:
        return (meter for rows in self._rows.values() for meter in rows)

    @property
    def used(self) -> Collection[MeterState]:
        """Those that got frames since the last save."""
        return self._used.values()

    def is_ignored(self, key: str) -> bool:
        """Whether a meter is of a site that is ignored."""
        return key in self._ignored

    def admits(self, key: str, serial: str | None, edge: int, most: int) -> bool:
        """Whether an edge may send a frame of a meter: one that it has read, or one of its first `most`.

        Args:
            key: of the meter.
            serial: see `find`.
            edge: id of the edge.
            most: meters of an edge.
        """
        rows = self._of_key(key)
        known = rows[-1:] if serial is None else [meter for meter in rows if meter.serial == serial]
        return any(edge in meter.edges for meter in known) or self._count(edge) < most

    def add_edge(self, meter: MeterState, edge: int) -> None:
        """Note that an edge reads a meter."""
        if edge not in meter.edges:
            self._of_edge[edge] = self._count(edge) + 1
            self._connection.execute("INSERT INTO meter_edge VALUES (?, ?)", (meter.id, edge))
            meter.edges.add(edge)

    def find(self, key: str, serial: str | None, time_ms: int) -> MeterState:
        """The meter that sent a frame, created where it is new; in a transaction.

        A frame without serial belongs to the key's newest meter. The first serial seen completes a meter that had none;
        another serial is another meter of the same site.
        """
        meter = self._find(self._of_key(key), key, serial, time_ms)
        self._used[meter.id] = meter
        return meter

    def _find(self, rows: list[MeterState], key: str, serial: str | None, time_ms: int) -> MeterState:
        if rows and serial is None:
            return rows[-1]
        for meter in rows:
            if meter.serial == serial:
                return meter
        for meter in rows:
            if meter.serial is None:
                self._connection.execute("UPDATE meter SET serial = ? WHERE id = ?", (serial, meter.id))
                meter.serial = serial
                return meter
        rows.append(self._add(key, serial, time_ms))
        return rows[-1]

    def _of_key(self, key: str) -> list[MeterState]:
        rows = self._rows.pop(key, None)
        self._rows[key] = self._load(key) if rows is None else rows
        return self._rows[key]

    def _count(self, edge: int) -> int:
        if edge not in self._of_edge:
            select = "SELECT count(*) FROM meter_edge WHERE edge = ?"
            (self._of_edge[edge],) = self._connection.execute(select, (edge,)).fetchone()
        return self._of_edge[edge]

    def _add(self, key: str, serial: str | None, time_ms: int) -> MeterState:
        sites = "SELECT site FROM meter WHERE key = ? ORDER BY id DESC LIMIT 1"
        site = self._connection.execute(sites, (key,)).fetchone()
        if site is None:
            (site,) = self._connection.execute(ADD_SITE, (key,)).fetchall()
        insert = "INSERT INTO meter (key, serial, site, first_ms, last_ms) VALUES (?, ?, ?, ?, ?) RETURNING id"
        ((meter_id,),) = self._connection.execute(insert, (key, serial, *site, time_ms, time_ms)).fetchall()
        return MeterState(meter_id, serial, time_ms, time_ms, gap_since_ms=0)

    def _load(self, key: str) -> list[MeterState]:
        select = "SELECT id, serial, first_ms, last_ms FROM meter WHERE key = ? ORDER BY id"
        return [self._load_details(MeterState(*row)) for row in self._connection.execute(select, (key,)).fetchall()]

    def _load_details(self, meter: MeterState) -> MeterState:
        select = self._connection.execute
        names = self._labels.names
        for label, first_ms, last_ms in select(
            "SELECT label, first_ms, last_ms FROM label_seen WHERE meter = ?", (meter.id,)
        ):
            meter.labels[names[label]] = LabelState(label, first_ms, last_ms)
        for state in meter.labels.values():
            state.text = self.newest_text(meter.id, state.id)
        meter.edges.update(row[0] for row in select("SELECT edge FROM meter_edge WHERE meter = ?", (meter.id,)))
        meter.dirty.update(row[0] for row in select("SELECT quarter FROM dirty_quarter WHERE meter = ?", (meter.id,)))
        return meter

    def newest_text(self, meter_id: int, label_id: int) -> str | None:
        """A label's newest string, or None if it has none."""
        newest = "SELECT value FROM text_change WHERE meter = ? AND label = ? ORDER BY time_ms DESC LIMIT 1"
        row = self._connection.execute(newest, (meter_id, label_id)).fetchone()
        return row[0] if row is not None else None

    def save(self) -> None:
        """Write what changed since the last call, quarters excepted; in a transaction."""
        for meter in self._used.values():
            rows = [
                (meter.id, each.id, each.first_ms, each.last_ms)
                for each in map(meter.labels.__getitem__, meter.changed_labels)
            ]
            meter.changed_labels.clear()
            self._connection.executemany("INSERT OR REPLACE INTO label_seen VALUES (?, ?, ?, ?)", rows)
            times = (meter.first_ms, meter.last_ms, meter.id)
            self._connection.execute("UPDATE meter SET first_ms = ?, last_ms = ? WHERE id = ?", times)
        self._used.clear()
        for key in list(self._rows)[:-_MOST_CACHED]:
            del self._rows[key]
