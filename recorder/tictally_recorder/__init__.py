"""The recorder: stores frames of meters in a ledger, and answers from it."""
