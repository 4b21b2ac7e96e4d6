"""Imports history from files of other programs and companies into the ledger."""
