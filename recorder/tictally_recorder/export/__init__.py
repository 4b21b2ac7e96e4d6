"""The ledger's content as tables that any program reads, so that it outlives this one. `docs/export.md` has them."""

from tictally_recorder.export.errors import ExportError
from tictally_recorder.export.tables import TABLES, Asked, Table
from tictally_recorder.export.write import Format, export

__all__ = ["TABLES", "Asked", "ExportError", "Format", "Table", "export"]
