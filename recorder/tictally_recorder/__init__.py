"""The recorder: keeps what meters said in a ledger, and answers from it."""
