"""Backups: a ledger in one small file that outlives disks, machines and versions, and the way back from it."""
