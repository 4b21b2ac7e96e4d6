"""Numeric ids of labels, stored in rows instead of their names."""

import sqlite3


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
