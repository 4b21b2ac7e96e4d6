"""Readings by HTTP: powers of devices without a register, in the interface of meterit."""
