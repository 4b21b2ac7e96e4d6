"""Readings by HTTP, as meterit takes them: powers of devices that have no register, integrated and marked so."""
