"""Exports the ledger's content as tables that any program reads. `docs/export.md` describes them."""

from tictally_recorder.export.tables import TABLES, ExportError, ExportQuery, ExportTable
from tictally_recorder.export.write import Format, export

__all__ = ["TABLES", "ExportError", "ExportQuery", "ExportTable", "Format", "export"]
