"""Sinks: replicate the ledger elsewhere, at least once, idempotently, and never at the ledger's expense."""
