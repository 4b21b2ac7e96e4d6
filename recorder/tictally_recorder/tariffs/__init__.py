"""Tariffs as histories: what a kWh and a month cost, by which version, from which source."""
