"""Chaos: the whole system under faults injected for real, and its ledger compared with what the meters sent."""
