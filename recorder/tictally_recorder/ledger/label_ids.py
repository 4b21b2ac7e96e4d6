"""Labels by the small numbers that rows hold instead of them."""

import sqlite3


class LabelNames:
    """Ids of labels, given when a label is first met, for ever.

    Attributes:
        ids: label → id.
        names: id → label.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.names: dict[int, str] = dict(connection.execute("SELECT id, name FROM label"))
        self.ids = {name: each for each, name in self.names.items()}

    def id(self, name: str) -> int:
        """A label's id, a new one where it is new; in a transaction."""
        found = self.ids.get(name)
        if found is None:
            found = len(self.ids) + 1
            self._connection.execute("INSERT INTO label VALUES (?, ?)", (found, name))
            self.ids[name] = found
            self.names[found] = name
        return found
