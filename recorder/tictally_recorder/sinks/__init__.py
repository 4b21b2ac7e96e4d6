"""Where the ledger is copied to: at least once, idempotent, and never at the ledger's expense."""
